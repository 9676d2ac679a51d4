"""`registry pull --sign`: what it writes, the tool of OpenSSF Model Signing verifies."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from registry_assets.cli.app import run
from registry_assets.deployment.contents import SIGNATURE_FILE, files_of, find_difference
from registry_assets.deployment.folders import followed_folder
from registry_assets.deployment.model_signature import open_signing_key, sign_folder
from registry_assets.deployment.pulling import pull_version
from registry_assets.deployment.versions import ResolvedVersion, resolve
from registry_assets.errors import FolderTaken, KeyUnusable, RegistryError, StoreError
from registry_assets.references import Reference
from registry_assets.store.manifests import read_manifest
from registry_assets_tests.deployment.conftest import PRODUCTION, Shelf
from registry_assets_tests.lifecycle.changes import refused

PRIVATE = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An ECDSA key in PEM, and the file of its public half."""

    private: Path
    public: Path


def key_pair(folder: Path, name: str, curve: ec.EllipticCurve) -> KeyPair:
    key = ec.generate_private_key(curve)
    made = KeyPair(folder / f"{name}.pem", folder / f"{name}.pub")
    form = serialization.PrivateFormat.TraditionalOpenSSL
    made.private.write_bytes(key.private_bytes(PRIVATE, form, PLAIN))
    public = key.public_key()
    made.public.write_bytes(
        public.public_bytes(PRIVATE, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return made


@pytest.fixture
def key(tmp_path: Path) -> KeyPair:
    return key_pair(tmp_path, "key", ec.SECP256R1())


@pytest.fixture
def signed(shelf: Shelf, key: KeyPair, tmp_path: Path) -> Path:
    """A folder with what production holds, signed."""
    shelf.promote(1)
    folder = tmp_path / "model"
    pull_version(shelf.store, held(shelf), folder)
    file = sign_folder(shelf.store, held(shelf), folder, open_signing_key(key.private))
    assert file == folder / SIGNATURE_FILE
    return folder


def held(shelf: Shelf) -> ResolvedVersion:
    return resolve(shelf.source, Reference.parse(PRODUCTION))


def tool(folder: Path, public: Path) -> tuple[bool, str]:
    """Let the tool itself verify a folder, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "model_signing", "verify", "key",
         "--signature", folder / SIGNATURE_FILE, "--public_key", public, folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_the_tool_verifies_it_with_the_public_key(
    shelf: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str], curve: ec.EllipticCurve
) -> None:
    shelf.promote(1)
    key, folder = key_pair(tmp_path, "key", curve), tmp_path / "model"
    assert run(["pull", PRODUCTION, str(folder), "--sign", str(key.private)]) == 0
    assert f"Signed with {key.private}" in capsys.readouterr().out
    good, said = tool(folder, key.public)
    assert (good, "succeeded" in said) == (True, True)
    other = key_pair(tmp_path, "other", curve)
    assert tool(folder, other.public)[0] is False


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "package.json").write_text("{}"),
        lambda folder: (folder / "package.json").unlink(),
        lambda folder: (folder / "more.py").write_text("import os"),
    ],
)
def test_the_tool_finds_what_was_changed(
    signed: Path, key: KeyPair, change: Callable[[Path], object]
) -> None:
    assert tool(signed, key.public)[0] is True
    change(signed)
    assert tool(signed, key.public)[0] is False


def test_every_file_of_the_version_is_signed_and_its_attestation_is_not(
    signed: Path, shelf: Shelf, key: KeyPair
) -> None:
    import base64

    bundle = json.loads((signed / SIGNATURE_FILE).read_bytes())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    resources = {each["name"]: each["digest"] for each in statement["predicate"]["resources"]}
    manifest = read_manifest(shelf.store, held(shelf).digest)
    expected = files_of(manifest, held(shelf).digest)
    assert {name: f"sha256:{digest}" for name, digest in resources.items()} == expected
    # Another promotion of the same version comes with another attestation.
    (signed / "attestation").mkdir()
    (signed / "attestation" / "attestation.json").write_text("{}")
    assert tool(signed, key.public)[0] is True


def test_a_signed_folder_is_pulled_again_and_signed_again(
    signed: Path, shelf: Shelf, key: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pull_version(shelf.store, held(shelf), signed) is False
    arguments: list[str] = ["pull", PRODUCTION, str(signed), "--sign", str(key.private)]
    (signed / SIGNATURE_FILE).write_bytes(broken((signed / SIGNATURE_FILE).read_bytes()))
    assert tool(signed, key.public)[0] is False
    assert run(arguments) == 0
    assert "already" in capsys.readouterr().out
    assert tool(signed, key.public)[0] is True
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["written"], document["signature"]) == (False, str(signed / SIGNATURE_FILE))


def broken(data: bytes) -> bytes:
    """Give a signature in which the signature itself is another."""
    bundle = json.loads(data)
    (entry,) = bundle["dsseEnvelope"]["signatures"]
    entry["sig"] = entry["sig"][::-1].lstrip("=") + "=" * entry["sig"].count("=")
    return json.dumps(bundle).encode()


def test_another_signature_is_never_replaced(
    signed: Path, shelf: Shelf, key: KeyPair, tmp_path: Path
) -> None:
    before = (signed / SIGNATURE_FILE).read_bytes()
    other = open_signing_key(key_pair(tmp_path, "other", ec.SECP256R1()).private)
    with refused(FolderTaken, "not this key's signature", "it was not touched"):
        sign_folder(shelf.store, held(shelf), signed, other)
    assert (signed / SIGNATURE_FILE).read_bytes() == before
    for content in (b"not even JSON", b"{}", b"[]"):
        (signed / SIGNATURE_FILE).write_bytes(content)
        with refused(FolderTaken, "not this key's signature"):
            sign_folder(shelf.store, held(shelf), signed, open_signing_key(key.private))
        assert (signed / SIGNATURE_FILE).read_bytes() == content
    (signed / SIGNATURE_FILE).unlink()
    (signed / SIGNATURE_FILE).symlink_to(tmp_path / "elsewhere.sig")
    with refused(FolderTaken, "not this key's signature"):
        sign_folder(shelf.store, held(shelf), signed, open_signing_key(key.private))


def test_what_changed_since_it_was_pulled_is_not_signed(
    signed: Path, shelf: Shelf, key: KeyPair
) -> None:
    (signed / SIGNATURE_FILE).unlink()
    (signed / "package.json").write_text("{}")
    with refused(FolderTaken, "changed while they were signed"):
        sign_folder(shelf.store, held(shelf), signed, open_signing_key(key.private))
    assert not (signed / SIGNATURE_FILE).exists()


def test_a_signature_does_not_disturb_a_followed_folder(
    shelf: Shelf, key: KeyPair, tmp_path: Path
) -> None:
    digest = shelf.promote(1)
    reference = Reference.parse(PRODUCTION)
    with followed_folder(shelf.source, reference, tmp_path / "kept", keep=2) as followed:
        followed.refresh()
    current = tmp_path / "kept" / "current"
    sign_folder(shelf.store, held(shelf), current.resolve(), open_signing_key(key.private))
    with followed_folder(shelf.source, reference, tmp_path / "kept", keep=2) as followed:
        assert followed.refresh() is None
    manifest = read_manifest(shelf.store, digest)
    assert find_difference(files_of(manifest, digest), current.resolve()).sentence == ""
    assert tool(current.resolve(), key.public)[0] is True


def test_a_version_with_a_file_in_its_place_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1, files={SIGNATURE_FILE: b"mine"})
    with refused(StoreError, "the signature's own place"):
        pull_version(shelf.store, held(shelf), tmp_path / "model")


def openssh(folder: Path) -> Path:
    file = folder / "openssh"
    command = ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return file


def with_passphrase(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    file = folder / "locked.pem"
    locked = serialization.BestAvailableEncryption(b"secret")
    file.write_bytes(key.private_bytes(PRIVATE, serialization.PrivateFormat.PKCS8, locked))
    return file


def of_another_kind(folder: Path) -> Path:
    key = ed25519.Ed25519PrivateKey.generate()
    file = folder / "ed25519.pem"
    file.write_bytes(key.private_bytes(PRIVATE, serialization.PrivateFormat.PKCS8, PLAIN))
    return file


def on_another_curve(folder: Path) -> Path:
    return key_pair(folder, "k1", ec.SECP256K1()).private


def damaged(folder: Path) -> Path:
    file = folder / "damaged.pem"
    file.write_text("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")
    return file


def missing(folder: Path) -> Path:
    return folder / "missing.pem"


@pytest.mark.parametrize(
    "make", [openssh, with_passphrase, of_another_kind, on_another_curve, damaged, missing]
)
def test_a_key_that_the_tool_does_not_take_is_refused_before_anything_is_pulled(
    shelf: Shelf,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], Path],
) -> None:
    shelf.promote(1)
    file = make(tmp_path)
    with refused(KeyUnusable, str(file), "cannot sign a model"):
        open_signing_key(file)
    assert run(["pull", PRODUCTION, str(tmp_path / "model"), "--sign", str(file)]) == 2
    assert "openssl ecparam" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_without_the_library_it_says_which_extra_has_it(
    key: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: Any = sys.modules
    for name in [name for name in there if name.partition(".")[0] == "model_signing"]:
        monkeypatch.delitem(there, name)
    monkeypatch.setitem(there, "model_signing", None)
    with refused(RegistryError, "model-signing", 'pip install "registry_assets[signing]"'):
        open_signing_key(key.private)
