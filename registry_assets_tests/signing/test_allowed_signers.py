"""Lists of who may sign: ssh-keygen reads what we write, and we read no more than we write."""

from pathlib import Path

import pytest

from registry_assets.errors import SignatureInvalid, SignersInvalid
from registry_assets.signing.allowed_signers import (
    AllowedSigner,
    read_allowed_signers,
    write_allowed_signers,
)
from registry_assets.signing.keys import PublicKey, read_public_key
from registry_assets.signing.signers import open_signer
from registry_assets_tests.signing.openssh import verified


@pytest.fixture
def public(ed25519: Path) -> PublicKey:
    """Ana's public key."""
    return read_public_key(ed25519)


def test_a_list_reads_back_as_it_was_written(keys: dict[str, Path]) -> None:
    signers = tuple(
        AllowedSigner(f"person{number}@example.org", read_public_key(path), ("approval", "git"))
        for number, (kind, path) in enumerate(keys.items())
        if not kind.startswith("rsa")
    )
    assert read_allowed_signers(write_allowed_signers(signers)) == signers
    assert all(AllowedSigner.parse(signer.line) == signer for signer in signers)
    assert read_allowed_signers("") == ()
    assert write_allowed_signers(()) == ""


def test_ssh_keygen_takes_our_list_for_what_it_says(
    key: Path, another: Path, tmp_path: Path
) -> None:
    signers = write_allowed_signers(
        [
            AllowedSigner("ben", read_public_key(another), ("approval",)),
            AllowedSigner("ana", read_public_key(key), ("approval", "registry@example.org")),
        ]
    )

    def asked(principal: str, namespace: str) -> bool:
        armor = open_signer(key).sign(b"message", namespace=namespace).to_armor()
        return verified(
            tmp_path,
            b"message",
            armor,
            signers=signers,
            principal=principal,
            namespace=namespace,
        )

    assert asked("ana", "approval")
    assert asked("ana", "registry@example.org")
    assert not asked("ana", "git")
    assert not asked("ben", "approval")
    assert not asked("eve", "approval")


def test_comments_and_empty_lines_say_nothing(public: PublicKey) -> None:
    signer = AllowedSigner("ana@example.org", public, ("approval",))
    text = f"# who may sign\r\n\n  # more\n{signer.line} Ana's laptop\r\n\t\n"
    assert read_allowed_signers(text) == (signer,)


@pytest.mark.parametrize(
    "before",
    [
        "ana",
        "ana cert-authority",
        'ana valid-before="20300101"',
        'ana valid-after="20200101" namespaces="approval"',
        'ana namespaces="approval",valid-before="20300101"',
        'ana namespaces="approval",cert-authority',
        'ana cert-authority,namespaces="approval"',
        'ana namespaces="approval" cert-authority',
        'ana namespaces="approval" namespaces="git"',
        "ana namespaces=approval",
        'ana NAMESPACES="approval"',
        'ana namespaces=""',
        'ana namespaces="approval,"',
        'ana namespaces="*"',
        'ana namespaces="!git,*"',
        'ana namespaces="approval git"',
        '* namespaces="approval"',
        '*@example.org namespaces="approval"',
        'ana,ben namespaces="approval"',
        '!ana namespaces="approval"',
        '"ana" namespaces="approval"',
        '"ana b" namespaces="approval"',
        '-ana namespaces="approval"',
        'ана namespaces="approval"',
        f'{"a" * 201} namespaces="approval"',
        'namespaces="approval"',
        "",
    ],
)
def test_a_line_that_says_more_than_is_understood_is_refused(
    public: PublicKey, before: str
) -> None:
    good = AllowedSigner("zoe", public, ("approval",)).line
    with pytest.raises(SignersInvalid, match="Line 2: "):
        read_allowed_signers(f"# {good}\n{before} {public.line}\n")


def test_a_key_that_is_not_taken_is_refused_where_it_stands(
    public: PublicKey, keys: dict[str, Path]
) -> None:
    rsa = keys["rsa-2048"].with_suffix(".pub").read_text()
    for line in (rsa, public.line[:-4], keys["ed25519"].read_text()):
        with pytest.raises(SignersInvalid, match="Line 1: "):
            read_allowed_signers(f'ana namespaces="approval" {line}')


def test_a_key_belongs_to_one_person_on_one_line(public: PublicKey) -> None:
    ana = AllowedSigner("ana", public, ("approval",))
    for name, namespace in (("ben", "approval"), ("ana", "git")):
        other = AllowedSigner(name, public, (namespace,))
        with pytest.raises(SignersInvalid, match="stands twice: of ana and of"):
            write_allowed_signers([ana, other])
        with pytest.raises(SignersInvalid, match="stands twice: of ana and of"):
            read_allowed_signers(f"{ana.line}\n{other.line}\n")


def test_a_signer_that_a_list_cannot_hold_cannot_be_made(public: PublicKey) -> None:
    for principal in ("", "a b", "a\nb", "a,b", "*", "#ana", 'a"b'):
        with pytest.raises(SignersInvalid, match="Who may sign must be called"):
            AllowedSigner(principal, public, ("approval",))
    with pytest.raises(SignersInvalid, match="for no purpose"):
        AllowedSigner("ana", public, ())
    with pytest.raises(SignatureInvalid, match="namespace"):
        AllowedSigner("ana", public, ("a,b",))
