"""`keys`, and `verify --offline`: who is trusted, and what a pulled folder proves by that."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import registry_assets
from registry_assets.errors import AttestationRefused
from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.signing.openssh import new_key
from registry_assets_tests.transfer.moves import identity
from registry_assets_tests.worlds import World


@pytest.fixture
def trusted(command: Command, tmp_path: Path) -> Path:
    """What `registry keys > trusted` writes."""
    path = tmp_path / "trusted"
    path.write_text(command("keys").out)
    return path


@pytest.fixture
def pulled(command: Command, tmp_path: Path) -> Path:
    assert command("pull", "flight_delay@production", str(tmp_path / "model")).code == 0
    return tmp_path / "model"


def test_keys_prints_one_line_for_each_as_ssh_reads_it(command: Command, world: World) -> None:
    ran = command("keys")
    principal = f"registry@{identity(world.registry)}"
    assert ran.out.startswith(f'{principal} namespaces="registry_assets/attestation" ssh-ed25519 ')
    assert ran.out.count("\n") == 1
    (signer,) = command("keys", "--json").document["signers"]
    assert signer["principal"] == principal
    assert signer["namespaces"] == ["registry_assets/attestation"]
    assert signer["key"] in ran.out


def test_rotate_asks_and_says_where_the_new_key_is(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    asked = command("keys", "rotate", "--reason", "the host was rebuilt", folder=copied)
    assert asked.code == 2
    assert "nothing was changed" in asked.err
    assert command("keys", "rotate", folder=copied).code == 2
    blank = command("keys", "rotate", "--reason", " ", folder=copied)
    # Refused before anybody is asked.
    assert (blank.code, "[y/N]" in blank.err) == (2, False)
    assert "another key needs a reason" in blank.err
    done = command("keys", "rotate", "--reason", "rebuilt", "--yes", "--json", folder=copied)
    assert done.document["file"] == str(Registry.open(copied).home.signing_key)
    assert done.document["key"] in command("keys", folder=copied).out
    assert command("keys", folder=copied).out.count("\n") == 2
    ran = command("keys", "rotate", "--reason", "again", "--yes", folder=copied)
    assert "keep a copy with your secrets" in ran.out
    assert "registry keys" in ran.out


def test_init_names_an_owner_once(command: Command, tmp_path: Path) -> None:
    owner, other = new_key(tmp_path / "owner"), new_key(tmp_path / "other")
    ran = command("init", "project", "--owner-key", f"{owner}.pub", folder=tmp_path)
    assert ran.code == 0
    assert "activates the first policy" in ran.out
    assert "keep a copy with your secrets" in ran.out
    again = command("init", "project", "--owner-key", str(owner), "--json", folder=tmp_path)
    key = str(tmp_path / "project" / ".registry" / "keys" / "attestation")
    assert (again.code, again.document["signing_key"]) == (0, key)
    refused = command("init", "project", "--owner-key", str(other), folder=tmp_path)
    assert (refused.code, refused.out) == (1, "")
    assert "cannot become the owner's key" in refused.err
    missing = command("init", "project", "--owner-key", "nothing.pub", folder=tmp_path)
    assert missing.code == 2
    assert "There is no key" in missing.err


def test_a_pulled_folder_is_proven_by_the_keys(
    command: Command, pulled: Path, trusted: Path
) -> None:
    ran = command("verify", "--offline", str(pulled), "--trusted", str(trusted), width=300)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert all(line.startswith("ok      ") for line in lines[:-1])
    assert lines[-1] == f"{pulled} is what was promoted, by the keys in {trusted}."
    arguments = ("--trusted", str(trusted), "--json")
    document = command("verify", "--offline", str(pulled), *arguments).document
    assert (document["verified"], document["reference"]) == (True, "flight_delay:2")
    assert (document["pointer"], document["kind"]) == ("production", "promotion")


def test_what_fails_is_printed_with_what_was_expected(
    command: Command, pulled: Path, trusted: Path
) -> None:
    file = pulled / "package.json"
    file.unlink()
    file.write_bytes(b"{}")
    ran = command("verify", "--offline", str(pulled), "--trusted", str(trusted))
    assert ran.code == 1
    failed = ran.out[ran.out.index("FAILED  files") :].splitlines()
    assert failed[1].strip() == "package.json"
    assert failed[2].strip().startswith("expected  sha256:")
    assert failed[3].strip().startswith("found     sha256:44136fa355b3678a")
    assert "proves nothing: 1 of" in ran.out
    arguments = ("--trusted", str(trusted), "--json")
    ran = command("verify", "--offline", str(pulled), *arguments)
    assert (ran.code, ran.document["verified"]) == (1, False)


def test_what_is_mistyped_is_said(command: Command, pulled: Path, tmp_path: Path) -> None:
    for arguments, said in (
        (("--offline", str(pulled)), "by whose keys?"),
        (("flight_delay", "--offline", str(pulled)), "and at nothing of a registry"),
        (("--offline", str(tmp_path / "nothing"), "--trusted", __file__), "Line 1"),
        (("--offline", str(pulled), "--trusted", str(tmp_path / "no")), "cannot be read"),
        # Whoever gives it means the keys to be looked at, and a registry has its own.
        (("--trusted", __file__), "give --offline DIR"),
    ):
        ran = command("verify", *arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert said in ran.err


def test_a_machine_that_trusts_keys_loads_what_they_prove(
    world: World, trusted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_TRUSTED_KEYS", str(trusted))
    assert registry_assets.load("flight_delay@production", home=world.folder).version == 2
    trusted.write_text("")
    with pytest.raises(AttestationRefused, match="none is listed"):
        registry_assets.load("flight_delay@production", home=world.folder)


def test_listing_keys_imports_nothing_heavy(world: World) -> None:
    program = (
        "import sys; from registry_assets.cli.app import run; code = run(['keys', '--json']);"
        "print(*{n.partition('.')[0] for n in sys.modules}, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=world.folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["signers"]
    assert {"dagster", "pandas", "boto3", "evidently"}.isdisjoint(done.stderr.split())
