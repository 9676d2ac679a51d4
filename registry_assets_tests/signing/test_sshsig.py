"""Signatures: what ssh-keygen makes we verify, what we make ssh-keygen verifies, and no other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.errors import SignatureInvalid
from registry_assets.signing.keys import read_public_key
from registry_assets.signing.signers import open_signer
from registry_assets.signing.sshsig import (
    SshSignature,
    check_namespace,
    message_to_sign,
    verify,
)
from registry_assets.signing.wire import mpint, string, uint32
from registry_assets_tests.signing.openssh import signed, verified

MESSAGE = b"the bytes\0that somebody signs\n"
NAMESPACE = "approval@example.org"
ORDER = 2**252 + 27742317777372353535851937790883648493
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def ours(key: Path) -> SshSignature:
    """Sign the message with a key's file."""
    return open_signer(key).sign(MESSAGE, namespace=NAMESPACE)


def accepted(blob: bytes) -> bool:
    """Whether a signature in binary form is taken for one of the message."""
    try:
        verify(SshSignature.from_blob(blob), MESSAGE, namespace=NAMESPACE)
    except SignatureInvalid:
        return False
    return True


def test_a_signature_by_ssh_keygen_is_verified(key: Path) -> None:
    armor = signed(key, MESSAGE, namespace=NAMESPACE)
    signature = SshSignature.from_armor(armor)
    assert verify(signature, MESSAGE, namespace=NAMESPACE) == read_public_key(key)
    assert signature.to_armor() == armor


def test_a_signature_by_ssh_keygen_with_sha256_is_verified(key: Path) -> None:
    armor = signed(key, MESSAGE, namespace=NAMESPACE, hash_algorithm="sha256")
    signature = SshSignature.from_armor(armor)
    assert signature.hash_algorithm == "sha256"
    assert verify(signature, MESSAGE, namespace=NAMESPACE) == read_public_key(key)


def test_ssh_keygen_verifies_a_signature_of_ours(key: Path, tmp_path: Path) -> None:
    armor = ours(key).to_armor()

    def asked(message: bytes = MESSAGE, namespace: str = NAMESPACE) -> bool:
        signers = f"ana {read_public_key(key).line}\n"
        return verified(
            tmp_path, message, armor, signers=signers, principal="ana", namespace=namespace
        )

    assert asked()
    assert not asked(message=MESSAGE + b"!")
    assert not asked(namespace="another")


def test_an_ed25519_signature_is_the_same_bytes_as_that_of_ssh_keygen(ed25519: Path) -> None:
    assert ours(ed25519).to_armor() == signed(ed25519, MESSAGE, namespace=NAMESPACE)


def test_a_signature_reads_back_from_what_was_written(key: Path) -> None:
    signature = ours(key)
    assert SshSignature.from_blob(signature.to_blob()) == signature
    assert SshSignature.from_armor(signature.to_armor()) == signature


def test_a_signature_is_of_one_message_one_purpose_and_one_key(
    ed25519: Path, another: Path
) -> None:
    signature = ours(ed25519)
    for message in (b"", MESSAGE[:-1], MESSAGE + b"\0", MESSAGE.upper()):
        with pytest.raises(SignatureInvalid, match="not of the key SHA256:"):
            verify(signature, message, namespace=NAMESPACE)
    with pytest.raises(SignatureInvalid, match=f"made for {NAMESPACE}, not for activation"):
        verify(signature, MESSAGE, namespace="activation")
    relabelled = SshSignature(signature.public_key, "activation", signature.raw)
    with pytest.raises(SignatureInvalid, match="not of the key"):
        verify(relabelled, MESSAGE, namespace="activation")
    claimed = SshSignature(read_public_key(another), NAMESPACE, signature.raw)
    with pytest.raises(SignatureInvalid, match="not of the key"):
        verify(claimed, MESSAGE, namespace=NAMESPACE)
    weaker = SshSignature(signature.public_key, NAMESPACE, signature.raw, "sha256")
    with pytest.raises(SignatureInvalid, match="not of the key"):
        verify(weaker, MESSAGE, namespace=NAMESPACE)


def test_a_signature_over_the_message_alone_is_none(ed25519: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    private = load_ssh_private_key(ed25519.read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    signature = SshSignature(read_public_key(ed25519), NAMESPACE, private.sign(MESSAGE))
    with pytest.raises(SignatureInvalid):
        verify(signature, MESSAGE, namespace=NAMESPACE)


def test_no_byte_of_a_signature_can_change(key: Path) -> None:
    blob = ours(key).to_blob()
    assert accepted(blob)
    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 1 << position % 8
        assert not accepted(bytes(changed)), position


def test_a_cut_or_lengthened_signature_is_refused(key: Path) -> None:
    blob = ours(key).to_blob()
    for length in range(len(blob)):
        with pytest.raises(SignatureInvalid):
            SshSignature.from_blob(blob[:length])
    for longer in (blob + b"\0", blob + blob, blob + bytes(1 << 20)):
        with pytest.raises(SignatureInvalid):
            SshSignature.from_blob(longer)


def lengths(blob: bytes) -> list[int]:
    """Where a length stands: before each field, and each field within key and signature."""
    outer = list(fields(blob, 10, len(blob)))
    inner = [field for around in (outer[0], outer[-1]) for field in fields(blob, *around)]
    return [start - 4 for start, _ in outer + inner]


def fields(blob: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each field between two places begins and ends."""
    while start < end:
        size = int.from_bytes(blob[start : start + 4], "big")
        yield start + 4, start + 4 + size
        start += 4 + size


@pytest.mark.parametrize("length", [2**32 - 1, 2**31, 2**20, 0])
def test_a_length_that_is_not_true_is_refused(ed25519: Path, length: int) -> None:
    blob = ours(ed25519).to_blob()
    found = lengths(blob)
    assert len(found) == 9
    for position in found:
        if blob[position : position + 4] == uint32(length):
            continue
        with pytest.raises(SignatureInvalid):
            SshSignature.from_blob(blob[:position] + uint32(length) + blob[position + 4 :])


def with_parts(
    signature: SshSignature,
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    namespace: bytes = NAMESPACE.encode(),
    reserved: bytes = b"",
    hash_algorithm: bytes = b"sha512",
    algorithm: bytes | None = None,
    raw: bytes | None = None,
    after: bytes = b"",
) -> bytes:
    """Write a signature's binary form with a part of it exchanged."""
    kind = signature.public_key.kind.encode() if algorithm is None else algorithm
    inner = string(kind) + string(signature.raw if raw is None else raw) + after
    return (
        magic
        + uint32(version)
        + string(signature.public_key.blob)
        + string(namespace)
        + string(reserved)
        + string(hash_algorithm)
        + string(inner)
    )


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"magic": b"SSHSIX"}, "does not begin like one"),
        ({"version": 0}, "version 0, not 1"),
        ({"version": 2}, "version 2, not 1"),
        ({"namespace": b""}, "namespace of a signature must be"),
        ({"namespace": b"a b"}, "namespace of a signature must be"),
        ({"namespace": b"*"}, "namespace of a signature must be"),
        ({"namespace": "ä".encode()}, "not ASCII"),
        ({"namespace": b"a" * 101}, "namespace of a signature must be"),
        ({"reserved": b"x"}, "nothing has a meaning yet"),
        ({"hash_algorithm": b"md5"}, "no hash of sha512, sha256"),
        ({"hash_algorithm": b""}, "no hash of sha512, sha256"),
        ({"algorithm": b"ecdsa-sha2-nistp256"}, "another algorithm than its key's"),
        ({"algorithm": b""}, "another algorithm than its key's"),
        ({"raw": bytes(63)}, "64 bytes, this one 63"),
        ({"raw": bytes(65)}, "64 bytes, this one 65"),
        ({"after": b"x"}, "1 bytes follow its end"),
    ],
)
def test_a_signature_with_a_part_exchanged_is_refused(
    ed25519: Path, parts: dict[str, object], reason: str
) -> None:
    signature = ours(ed25519)
    assert with_parts(signature) == signature.to_blob()
    with pytest.raises(SignatureInvalid, match=reason):
        SshSignature.from_blob(with_parts(signature, **parts))  # type: ignore[arg-type]


def test_the_same_ed25519_signature_with_a_greater_number_is_none(ed25519: Path) -> None:
    signature = ours(ed25519)
    number = int.from_bytes(signature.raw[32:], "little") + ORDER
    raw = signature.raw[:32] + number.to_bytes(32, "little")
    assert not accepted(with_parts(signature, raw=raw))


def numbers(signature: SshSignature) -> tuple[int, int]:
    """Both numbers of an ECDSA signature."""
    found = [
        signature.raw[start:end] for start, end in fields(signature.raw, 0, len(signature.raw))
    ]
    first, second = (int.from_bytes(each, "big") for each in found)
    return first, second


@pytest.mark.parametrize(
    "other",
    [
        lambda r, s: mpint(r) + mpint(s) + b"\0",
        lambda r, s: mpint(r),
        lambda r, s: string(bytes(8) + r.to_bytes(33, "big")) + mpint(s),
        lambda r, s: string(r.to_bytes(40, "big")) + mpint(s),
        lambda r, s: mpint(r) + string(b"\xff" + s.to_bytes(32, "big")),
        lambda r, s: mpint(0) + mpint(s),
        lambda r, s: mpint(r) + mpint(0),
        lambda r, s: mpint(r) + string(b"\0"),
        lambda r, s: mpint(r + P256_ORDER) + mpint(s),
        lambda r, s: mpint(r) + mpint(s + P256_ORDER),
        lambda r, s: mpint(P256_ORDER) + mpint(P256_ORDER),
        lambda r, s: string(b"\x7f" * 3000) + mpint(s),
        lambda r, s: uint32(2**32 - 1) + mpint(r) + mpint(s),
        lambda r, s: b"",
    ],
)
def test_the_numbers_of_an_ecdsa_signature_have_one_spelling(
    keys: dict[str, Path], other: Callable[[int, int], bytes]
) -> None:
    signature = ours(keys["ecdsa-256"])
    r, s = numbers(signature)
    assert accepted(with_parts(signature, raw=mpint(r) + mpint(s)))
    assert not accepted(with_parts(signature, raw=other(r, s)))


def test_a_signature_of_a_kind_of_key_not_taken_says_so(keys: dict[str, Path]) -> None:
    armor = signed(keys["rsa-2048"], MESSAGE, namespace=NAMESPACE)
    with pytest.raises(SignatureInvalid, match="kind ssh-rsa is not taken"):
        SshSignature.from_armor(armor)


def test_armor_may_have_other_line_ends_and_nothing_around_it(ed25519: Path) -> None:
    signature = ours(ed25519)
    armor = signature.to_armor()
    assert SshSignature.from_armor(armor.replace("\n", "\r\n")) == signature
    assert SshSignature.from_armor(f"\n{armor.strip()}") == signature
    lines = armor.splitlines()
    for other in (
        "",
        "signed:\n" + armor,
        armor + "and more",
        armor + armor,
        "\n".join(lines[1:]),
        "\n".join(lines[:-1]),
        "\n".join((lines[0], lines[-1])),
        "\n".join((lines[0], "", lines[-1])),
        "\n".join((lines[0], *lines[2:])),
        armor.replace("SSH SIGNATURE", "PGP SIGNATURE"),
        armor.replace(lines[1], lines[1][:-1] + "-"),
        armor.replace(lines[1], lines[1][:-1] + "\N{KELVIN SIGN}"),
        armor.replace("\n", " "),
        "-----BEGIN SSH SIGNATURE-----END SSH SIGNATURE-----",
        lines[0] + "\n" + "A" * 10_000_000 + "\n" + lines[-1],
    ):
        with pytest.raises(SignatureInvalid):
            SshSignature.from_armor(other)


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_bytes_are_never_more_than_refused(data: bytes) -> None:
    for blob in (data, b"SSHSIG" + uint32(1) + data):
        with pytest.raises(SignatureInvalid):
            SshSignature.from_blob(blob)
    with pytest.raises(SignatureInvalid):
        SshSignature.from_armor(data.decode("latin-1"))


@pytest.mark.parametrize("namespace", ["", "-x", "a b", "a,b", 'a"b', "a*", "!a", "a" * 101, "ä"])
def test_a_namespace_that_a_list_of_signers_could_misread_is_refused(namespace: str) -> None:
    with pytest.raises(SignatureInvalid, match="namespace of a signature must be"):
        check_namespace(namespace)
    with pytest.raises(SignatureInvalid, match="namespace of a signature must be"):
        message_to_sign(MESSAGE, namespace=namespace)
