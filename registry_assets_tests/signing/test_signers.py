"""Private keys from files: which can sign, and what is said of those that cannot."""

import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from registry_assets.errors import KeyUnusable
from registry_assets.signing.keys import PublicKey, read_public_key
from registry_assets.signing.signers import Signer, generate_key, open_signer
from registry_assets.signing.sshsig import verify
from registry_assets_tests.signing.openssh import PASSPHRASE, new_key, run, signed

MESSAGE = b"message"


def nobody() -> NoReturn:
    """Fail where a passphrase is asked for that nothing needs."""
    pytest.fail("somebody was asked for a passphrase")


def signs(signer: Signer) -> PublicKey:
    """Have it sign, and give the key that did."""
    signature = signer.sign(MESSAGE, namespace="approval")
    assert signature.public_key == signer.public_key
    return verify(signature, MESSAGE, namespace="approval")


def converted(key: Path, folder: Path, *, passphrase: str = "") -> Path:
    """Copy an OpenSSH key into PEM."""
    path = folder / f"{key.name}.pem"
    shutil.copy(key, path)
    run("ssh-keygen", "-q", "-p", "-m", "PEM", "-N", passphrase, "-f", path)
    return path


def in_pem(path: Path, private: PrivateKeyTypes) -> Path:
    """Write a key as most programs but OpenSSH do: in PKCS #8."""
    form = serialization.PrivateFormat.PKCS8
    text = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.touch(0o600)
    path.write_bytes(text)
    return path


def test_each_kind_of_key_signs(key: Path) -> None:
    signer = open_signer(key, passphrase=nobody)
    assert signs(signer) == signer.public_key == read_public_key(key)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-384"])
def test_a_key_with_a_passphrase_signs_once_it_is_given(tmp_path: Path, kind: str) -> None:
    key = new_key(tmp_path / "key", kind, passphrase=PASSPHRASE)
    asked = []

    def answer() -> str:
        asked.append(1)
        return PASSPHRASE

    assert signs(open_signer(key, passphrase=answer)) == read_public_key(key)
    assert len(asked) == 1


def test_a_wrong_or_missing_passphrase_is_said_to_be_so(tmp_path: Path) -> None:
    key = new_key(tmp_path / "key", passphrase=PASSPHRASE)
    for wrong in (PASSPHRASE.upper(), "", "\ud800", "x" * 2000):
        with pytest.raises(KeyUnusable, match=f"That is not the passphrase of {key}"):
            open_signer(key, passphrase=lambda wrong=wrong: wrong)  # type: ignore[misc]
    with pytest.raises(KeyUnusable, match="has a passphrase, and nobody is here") as raised:
        open_signer(key)
    assert raised.value.hint == f"Run ssh-add {key}, and give {key}.pub."


@pytest.mark.parametrize("cipher", ["aes256-gcm@openssh.com", "aes256-cbc"])
def test_other_ciphers_of_a_passphrase_are_opened(tmp_path: Path, cipher: str) -> None:
    key = new_key(tmp_path / "key")
    run("ssh-keygen", "-q", "-p", "-a", "1", "-Z", cipher, "-N", PASSPHRASE, "-f", key)
    assert signs(open_signer(key, passphrase=lambda: PASSPHRASE)) == read_public_key(key)
    with pytest.raises(KeyUnusable, match="not the passphrase"):
        open_signer(key, passphrase=lambda: "another")


def test_a_cipher_that_is_not_read_leaves_the_agent_as_a_way(tmp_path: Path) -> None:
    key = new_key(tmp_path / "key")
    cipher = "chacha20-poly1305@openssh.com"
    run("ssh-keygen", "-q", "-p", "-a", "1", "-Z", cipher, "-N", PASSPHRASE, "-f", key)
    with pytest.raises(KeyUnusable, match="form that is not read here") as raised:
        open_signer(key, passphrase=lambda: PASSPHRASE)
    assert "ssh-add" in raised.value.hint


def test_keys_in_pem_sign(keys: dict[str, Path], tmp_path: Path) -> None:
    pem = converted(keys["ecdsa-256"], tmp_path)
    assert b"BEGIN EC PRIVATE KEY" in pem.read_bytes()
    assert signs(open_signer(pem, passphrase=nobody)) == read_public_key(keys["ecdsa-256"])
    locked = converted(keys["ecdsa-521"], tmp_path, passphrase=PASSPHRASE)
    signer = open_signer(locked, passphrase=lambda: PASSPHRASE)
    assert signs(signer) == read_public_key(keys["ecdsa-521"])
    with pytest.raises(KeyUnusable, match="not the passphrase"):
        open_signer(locked, passphrase=lambda: "another")
    pkcs8 = in_pem(tmp_path / "pkcs8", Ed25519PrivateKey.generate())
    assert signs(open_signer(pkcs8, passphrase=nobody)).kind == "ssh-ed25519"


def test_other_kinds_are_refused_before_anybody_is_asked(
    keys: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(KeyUnusable, match="kind ssh-rsa is not taken"):
        open_signer(keys["rsa-2048"], passphrase=nobody)
    locked = tmp_path / "rsa"
    shutil.copy(keys["rsa-2048"], locked)
    run("ssh-keygen", "-q", "-p", "-a", "1", "-N", PASSPHRASE, "-f", locked)
    with pytest.raises(KeyUnusable, match="kind ssh-rsa is not taken"):
        open_signer(locked, passphrase=nobody)


def test_other_kinds_in_pem_are_refused(keys: dict[str, Path], tmp_path: Path) -> None:
    for path in (
        converted(keys["rsa-2048"], tmp_path),
        in_pem(tmp_path / "x25519", x25519.X25519PrivateKey.generate()),
        in_pem(tmp_path / "koblitz", ec.generate_private_key(ec.SECP256K1())),
    ):
        with pytest.raises(KeyUnusable, match=r"kind that is not taken; Ed25519 and ECDSA are"):
            open_signer(path, passphrase=nobody)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o777])
def test_a_private_key_that_others_may_touch_is_refused_as_ssh_does(
    ed25519: Path, tmp_path: Path, mode: int
) -> None:
    key = tmp_path / "key"
    shutil.copy(ed25519, key)
    key.chmod(mode)
    with pytest.raises(KeyUnusable, match=f"open to others: its mode is 0{mode:o}") as raised:
        open_signer(key)
    assert raised.value.hint == f"Run: chmod 600 {key}"
    key.chmod(0o400)
    signs(open_signer(key))


def test_a_damaged_private_key_is_refused_and_never_shown(ed25519: Path, tmp_path: Path) -> None:
    text = ed25519.read_text()
    lines = text.splitlines()
    key = tmp_path / "key"
    key.touch(0o600)
    for damaged in (
        text[:200],
        "\n".join(lines[:1]),
        "\n".join((lines[0], lines[-1])),
        "\n".join((lines[0], "!!!!", lines[-1])),
        "\n".join((lines[0], *lines[2:])),
        "\n".join((*lines[:-2], lines[-1])),
        text.replace("OPENSSH PRIVATE", "PRIVATE"),
        text.replace("OPENSSH PRIVATE", "EC PRIVATE"),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ):
        key.write_text(damaged)
        with pytest.raises(KeyUnusable, match="damaged, or cut off") as raised:
            open_signer(key, passphrase=nobody)
        assert not any(line[:20] in str(raised.value) for line in lines[1:-1])


def test_what_is_no_key_cannot_sign(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="There is no key"):
        open_signer(tmp_path / "nobody")
    with pytest.raises(KeyUnusable, match="Is a directory"):
        open_signer(tmp_path)
    (tmp_path / "key").write_text("hello")
    with pytest.raises(KeyUnusable, match="no public key of OpenSSH"):
        open_signer(tmp_path / "key")


def test_a_new_key_is_one_of_openssh(tmp_path: Path) -> None:
    text, public = generate_key()
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_text(text)
    assert run("ssh-keygen", "-y", "-f", key).split() == public.line.split()
    signature = open_signer(key, passphrase=nobody).sign(MESSAGE, namespace="approval")
    assert signature.to_armor() == signed(key, MESSAGE, namespace="approval")
    assert generate_key()[1] != public


def test_a_signer_does_not_show_its_private_key(ed25519: Path) -> None:
    signer = open_signer(ed25519)
    assert "rivate" not in repr(signer)
    assert signer == open_signer(ed25519)
