"""Public keys: read as OpenSSH writes them, and nothing else taken for one."""

import base64
import shutil
from pathlib import Path

import pytest

from registry_assets.errors import KeyUnusable
from registry_assets.signing.algorithms import verifies_ed25519
from registry_assets.signing.keys import KINDS, LONGEST_FILE, PublicKey, read_public_key
from registry_assets.signing.wire import string
from registry_assets_tests.signing.openssh import run

PRIME = 2**255 - 19
OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = [
    (y | sign << 255).to_bytes(32, "little")
    for y, signs in (
        (1, [0]),
        (PRIME - 1, [0]),
        (0, [0, 1]),
        (OF_ORDER_8, [0, 1]),
        (PRIME - OF_ORDER_8, [0, 1]),
    )
    for sign in signs
]


def ed25519_line(point: bytes) -> str:
    """A line of a key with that point."""
    blob = string(b"ssh-ed25519") + string(point)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def ecdsa_blob(point: bytes, *, curve: bytes = b"nistp256") -> bytes:
    """The blob of a key with that point."""
    return string(b"ecdsa-sha2-nistp256") + string(curve) + string(point)


def test_a_key_reads_back_from_its_line(key: Path) -> None:
    written = key.with_suffix(".pub").read_text()
    public = PublicKey.parse(written)
    assert PublicKey.parse(public.line) == public
    assert written.startswith(f"{public.line} ")
    assert public.kind in KINDS


def test_a_fingerprint_is_the_one_that_ssh_keygen_prints(key: Path) -> None:
    printed = run("ssh-keygen", "-l", "-f", key)
    assert read_public_key(key).fingerprint == printed.split()[1]


def test_a_comment_is_no_part_of_a_key(ed25519: Path) -> None:
    public = read_public_key(ed25519)
    assert PublicKey.parse(f"{public.line} PRIVATE notes of Zoë\r\n") == public
    assert len({public, PublicKey.parse(public.line)}) == 1


def test_other_kinds_are_refused_by_name(keys: dict[str, Path]) -> None:
    with pytest.raises(KeyUnusable, match="kind ssh-rsa is not taken; ssh-ed25519"):
        read_public_key(keys["rsa-2048"])
    for kind in ("ssh-dss", "sk-ssh-ed25519@openssh.com", "ssh-ed25519-cert-v01@openssh.com"):
        with pytest.raises(KeyUnusable, match=f"kind {kind} is not taken"):
            PublicKey.parse(f"{kind} AAAA somebody")


def test_the_kind_within_a_key_is_what_counts(keys: dict[str, Path]) -> None:
    rsa = keys["rsa-2048"].with_suffix(".pub").read_text()
    with pytest.raises(KeyUnusable, match="kind ssh-rsa is not taken"):
        PublicKey.parse(rsa.replace("ssh-rsa", "ssh-ed25519", 1))
    ecdsa = read_public_key(keys["ecdsa-256"]).line
    with pytest.raises(KeyUnusable, match="says ssh-ed25519, and holds one of ecdsa"):
        PublicKey.parse(ecdsa.replace("ecdsa-sha2-nistp256", "ssh-ed25519", 1))


@pytest.mark.parametrize("kind", ["ed25519", "rsa-2048"])
def test_a_private_key_is_refused_and_never_shown(keys: dict[str, Path], kind: str) -> None:
    text = keys[kind].read_text()
    secret = text.splitlines()[1:-1]
    for given in (text, "".join(secret), secret[0], secret[-1]):
        with pytest.raises(KeyUnusable) as raised:
            PublicKey.parse(given)
        assert not any(line[:20] in str(raised.value) for line in secret)
    with pytest.raises(KeyUnusable, match="private key, where a public one"):
        PublicKey.parse(text)


def test_a_key_of_putty_is_known_as_private() -> None:
    with pytest.raises(KeyUnusable, match="private key, where a public one"):
        PublicKey.parse("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519\tAAAA",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 ****",
        "ssh-ed25519 ñññ",
        'restrict ssh-ed25519 "AAAA"',
        "---- BEGIN SSH2 PUBLIC KEY ----",
        "\0" * 1000,
        ed25519_line(b"\x02" * 31),
        ed25519_line(b"\x02" * 33),
        ed25519_line(b"\x02" * 32) + "=",
        ed25519_line(b"\x02" * 32).replace("C", "*", 1),
        ed25519_line(b"\x02" * 32) + "\n" + ed25519_line(b"\x03" * 32),
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(KeyUnusable):
        PublicKey.parse(text)


def test_a_key_has_one_spelling(keys: dict[str, Path]) -> None:
    line = read_public_key(keys["ecdsa-256"]).line
    assert line.endswith("=")
    # The last letter before = carries bits that no byte has.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(line[-2]) ^ 1]
    assert base64.b64decode(line.split()[1]) == base64.b64decode(f"{line[:-2]}{other}=".split()[1])
    with pytest.raises(KeyUnusable, match="say nothing"):
        PublicKey.parse(f"{line[:-2]}{other}=")


def test_a_damaged_key_is_refused(key: Path) -> None:
    blob = read_public_key(key).blob
    for length in range(len(blob)):
        with pytest.raises(KeyUnusable):
            PublicKey(blob[:length])
    for damaged in (blob + b"\0", b"\xff\xff\xff\xff" + blob[4:], blob + blob):
        with pytest.raises(KeyUnusable):
            PublicKey(damaged)


def test_a_point_that_is_not_on_its_curve_is_refused(keys: dict[str, Path]) -> None:
    point = read_public_key(keys["ecdsa-256"]).point
    assert PublicKey(ecdsa_blob(point)) == read_public_key(keys["ecdsa-256"])
    compressed = bytes([2 + point[-1] % 2]) + point[1:33]
    moved = point[:-1] + bytes([point[-1] ^ 1])
    for wrong in (compressed, moved, b"\0", b"", b"\x04" + bytes(64)):
        with pytest.raises(KeyUnusable):
            PublicKey(ecdsa_blob(wrong))
    with pytest.raises(KeyUnusable, match="another curve"):
        PublicKey(ecdsa_blob(point, curve=b"nistp384"))


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_under_which_anybody_can_sign_is_refused(point: bytes) -> None:
    forged = (
        verifies_ed25519(point, r + bytes(32), b"message %d" % number)
        for number in range(64)
        for r in SMALL_ORDER
    )
    assert any(forged), "otherwise there were no reason to refuse it"
    with pytest.raises(KeyUnusable, match="anybody can sign"):
        PublicKey.parse(ed25519_line(point))


def test_a_point_in_another_spelling_is_refused() -> None:
    with pytest.raises(KeyUnusable, match="anybody can sign"):
        PublicKey.parse(ed25519_line((PRIME + 1).to_bytes(32, "little")))


def test_a_public_key_is_read_from_its_file_or_from_beside_the_private_one(
    ed25519: Path, tmp_path: Path
) -> None:
    expected = PublicKey.parse(ed25519.with_suffix(".pub").read_text())
    assert read_public_key(ed25519) == expected
    assert read_public_key(ed25519.with_suffix(".pub")) == expected
    alone = tmp_path / "ana.key"
    alone.write_text(f"# of Ana\n\n{expected.line}\n")
    assert read_public_key(alone) == expected
    only_public = tmp_path / "ana"
    shutil.copy(ed25519.with_suffix(".pub"), tmp_path / "ana.pub")
    assert read_public_key(only_public) == expected


def test_a_file_that_holds_no_public_key_is_refused(ed25519: Path, tmp_path: Path) -> None:
    line = read_public_key(ed25519).line
    alone = tmp_path / "private"
    shutil.copy(ed25519, alone)
    with pytest.raises(KeyUnusable, match="private: This is a private key"):
        read_public_key(alone)
    for content, reason in (
        (f"{line}\n{line}\n", "holds 2 lines"),
        ("", "holds 0 lines"),
        ("hello", "no public key of OpenSSH"),
        ("\xff\xfe\0", "no public key of OpenSSH"),
        ("x" * (LONGEST_FILE + 1), "longer than 65,536 bytes"),
    ):
        (tmp_path / "key.pub").write_text(content, encoding="latin-1")
        with pytest.raises(KeyUnusable, match=reason):
            read_public_key(tmp_path / "key.pub")


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="There is no key"):
        read_public_key(tmp_path / "nobody.pub")
    with pytest.raises(KeyUnusable, match="cannot be read: Is a directory"):
        read_public_key(tmp_path)
    with pytest.raises(KeyUnusable, match="cannot be read"):
        read_public_key(tmp_path / "a\0b")
    with pytest.raises(KeyUnusable, match="longer than"):
        read_public_key(Path("/dev/zero"))
