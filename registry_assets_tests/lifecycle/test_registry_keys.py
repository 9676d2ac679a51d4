"""The registry's keys: made once, replaced on purpose, and listed for whoever checks signatures."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.clock import ReplayClock
from registry_assets.errors import (
    DeclarationError,
    KeyUnusable,
    PolicyRefused,
    SigningKeyMissing,
    StoreUnwritable,
)
from registry_assets.governance.attestations import NAMESPACE
from registry_assets.governance.document import Person
from registry_assets.home import Home
from registry_assets.lifecycle.registry_keys import open_attestation_signer
from registry_assets.registry import Registry
from registry_assets.signing.allowed_signers import read_allowed_signers, write_allowed_signers
from registry_assets.signing.signers import open_signer
from registry_assets.store import create_store
from registry_assets_tests.catalog.history import PERSON, START, History, new_history, reopened
from registry_assets_tests.governance.people import governed, signatory
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.signing.openssh import run, signed
from registry_assets_tests.transfer.moves import identity

INIT = "from registry_assets.registry import Registry; Registry.init('.')"
ROTATE = (
    "from registry_assets.registry import Registry; from registry_assets_tests.catalog.history"
    " import PERSON; Registry.open('.').rotate_key(reason='lost', run=PERSON)"
)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return new_history(tmp_path / "project")


def key_file(history: History) -> Path:
    return history.registry.home.signing_key


def fingerprints(history: History) -> list[str]:
    """Of the keys that attestations were ever signed with, oldest first."""
    return [
        signer.key.fingerprint
        for signer in history.registry.signers()
        if signer.namespaces == (NAMESPACE,)
    ]


def kinds(history: History) -> list[str]:
    return [event.kind for event in history.registry.log(REGISTRY)]


def signs_with(history: History) -> str:
    with history.catalog.read() as connection:
        signer = open_attestation_signer(connection, history.registry.backends)
    return signer.public_key.fingerprint


def killed_at(point: str, program: str, folder: Path) -> None:
    """Run a program that dies at a point."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "REGISTRY_FAULT": point},
        check=False,
    )
    assert done.returncode == -9


def test_a_new_registry_has_a_private_key_of_its_own_and_says_so_first(history: History) -> None:
    path = key_file(history)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    mark = open_signer(path).public_key.fingerprint
    assert fingerprints(history) == [mark] == [signs_with(history)]
    (event,) = history.registry.log(REGISTRY)
    assert event.kind == "registry_key_added"
    assert event.facts["fingerprint"] == mark
    assert mark in event.sentence
    assert history.registry.verify().clean


def test_the_private_key_is_where_the_setting_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_SIGNING_KEY", str(tmp_path / "secrets" / "key"))
    history = new_history(tmp_path / "project")
    assert (tmp_path / "secrets" / "key").is_file()
    assert not (tmp_path / "project" / ".registry" / "keys").exists()
    assert fingerprints(history) == [signs_with(history)]


def test_init_again_changes_nothing(history: History) -> None:
    before = key_file(history).read_bytes()
    Registry.init(history.registry.home.folder)
    assert key_file(history).read_bytes() == before
    assert kinds(history) == ["registry_key_added"]


def test_a_machine_without_the_private_key_gets_none_by_init(history: History) -> None:
    key_file(history).unlink()
    again = Registry.init(history.registry.home.folder)
    assert not key_file(history).exists()
    assert [event.kind for event in again.log(REGISTRY)] == ["registry_key_added"]


def test_an_init_that_died_before_the_row_goes_on_with_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    killed_at("keys.written", INIT, folder)
    left = (folder / ".registry" / "keys" / "attestation").read_bytes()
    history = new_history(folder)
    assert key_file(history).read_bytes() == left
    assert fingerprints(history) == [signs_with(history)]


def test_inits_at_once_make_one_key(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    create_store(home.store)
    Catalog.create(home.catalog)
    programs = [subprocess.Popen([sys.executable, "-c", INIT], cwd=tmp_path) for _ in range(3)]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    history = reopened(tmp_path)
    assert kinds(history) == ["registry_key_added"]
    assert fingerprints(history) == [signs_with(history)]


def test_what_is_no_private_key_in_its_place_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("mine")
    (tmp_path / "key").chmod(0o600)
    monkeypatch.setenv("REGISTRY_SIGNING_KEY", str(tmp_path / "key"))
    with pytest.raises(KeyUnusable, match="key"):
        new_history(tmp_path / "project")
    assert (tmp_path / "key").read_text() == "mine"
    (tmp_path / "key").unlink()
    assert new_history(tmp_path / "project").registry.verify().clean


def test_a_place_that_takes_no_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REGISTRY_SIGNING_KEY", str(tmp_path / "file" / "key"))
    with refused(StoreUnwritable, str(tmp_path / "file")):
        new_history(tmp_path / "project")


def test_the_owner_is_named_once(tmp_path: Path) -> None:
    owner, other = (signatory(tmp_path, name).signer.public_key for name in ("owner", "other"))
    folder = tmp_path / "project"
    history = History(Registry.init(folder, owner_key=owner, run=PERSON), ReplayClock(START))
    assert sorted(kinds(history)) == ["registry_key_added"] * 2
    owned = next(e for e in history.registry.log(REGISTRY) if e.facts["purpose"] == "owner")
    assert (owned.facts["line"], owned.body["actor"]) == (owner.line, PERSON.actor)
    Registry.init(folder, owner_key=owner)
    with refused(PolicyRefused, other.fingerprint, owner.fingerprint, "nothing was changed"):
        Registry.init(folder, owner_key=other)
    # Activating the next policy, which no other key can do before the first, would be no advice.
    with refused(PolicyRefused, "sign the first policy with that one"):
        Registry.init(folder, owner_key=other)
    assert len(kinds(history)) == 2
    # It signs the first policy, and no attestation or approval.
    assert owner.fingerprint not in {s.key.fingerprint for s in history.registry.signers()}


def test_no_owner_is_named_once_a_policy_is_in_force(history: History, tmp_path: Path) -> None:
    world = governed(history, tmp_path / "keys")
    world.activate(world.document())
    other = signatory(tmp_path, "other").signer.public_key
    with pytest.raises(PolicyRefused):
        Registry.init(history.registry.home.folder, owner_key=other)


def test_a_new_key_signs_from_now_on_and_the_old_one_stays_known(history: History) -> None:
    (before,) = fingerprints(history)
    made = history.registry.rotate_key(reason="the host was rebuilt", run=PERSON)
    assert fingerprints(history) == [before, made.key.fingerprint]
    assert signs_with(history) == made.key.fingerprint != before
    assert made.path == key_file(history)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]
    last = history.registry.log(REGISTRY)[-1]
    assert (last.kind, last.body["reason"]) == ("registry_key_added", "the host was rebuilt")
    assert history.registry.verify().clean


def test_a_new_key_needs_a_reason(history: History) -> None:
    with refused(DeclarationError, "needs a reason"):
        history.registry.rotate_key(reason=" ", run=PERSON)
    assert len(fingerprints(history)) == 1


def test_a_lost_key_is_replaced(history: History) -> None:
    key_file(history).unlink()
    with pytest.raises(SigningKeyMissing, match="not on this machine") as caught:
        signs_with(history)
    assert "registry keys rotate" in caught.value.hint
    made = history.registry.rotate_key(reason="it is lost", run=PERSON)
    assert signs_with(history) == made.key.fingerprint


@pytest.mark.parametrize("point", ["keys.written", "registry_key_added.written", "keys.added"])
def test_a_rotation_that_died_is_ended_by_the_next_one(history: History, point: str) -> None:
    (before,) = fingerprints(history)
    killed_at(point, ROTATE, history.registry.home.folder)
    if point == "keys.added":
        with pytest.raises(SigningKeyMissing, match="signed with before") as caught:
            signs_with(history)
        assert "registry keys rotate" in caught.value.hint
    else:
        assert signs_with(history) == before
    made = history.registry.rotate_key(reason="again", run=PERSON)
    assert fingerprints(history) == [before, made.key.fingerprint]
    assert signs_with(history) == made.key.fingerprint
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]
    assert history.registry.verify().clean


def test_another_registrys_key_signs_nothing_here(history: History, tmp_path: Path) -> None:
    key_file(history).write_bytes(key_file(new_history(tmp_path / "other")).read_bytes())
    with pytest.raises(SigningKeyMissing, match="none of the registry's"):
        signs_with(history)


def test_a_private_key_that_others_may_read_signs_nothing(history: History) -> None:
    key_file(history).chmod(0o644)
    with pytest.raises(KeyUnusable, match="open to others"):
        signs_with(history)


def test_the_list_has_the_registry_and_its_people_and_nobody_who_was_revoked(
    history: History, tmp_path: Path
) -> None:
    world = governed(history, tmp_path / "keys")
    world.activate(world.document())
    people = {s.principal: s.key.line for s in history.registry.signers()[1:]}
    assert people == {name: world[name].line for name in ("ann", "bob", "cleo", "dan")}
    gone = Person(name="gus", roles=("risk",), revoked_keys=(world["eve"].line,))
    world.activate(world.document(more=[gone]))
    assert "gus" not in {signer.principal for signer in history.registry.signers()}
    text = write_allowed_signers(history.registry.signers())
    assert read_allowed_signers(text) == history.registry.signers()


def test_ssh_keygen_knows_by_the_list_who_signed(history: History, tmp_path: Path) -> None:
    world = governed(history, tmp_path / "keys")
    world.activate(world.document())
    (tmp_path / "trusted").write_text(write_allowed_signers(history.registry.signers()))
    registry = f"registry@{identity(history.registry)}"
    for key, namespace, principal in (
        (key_file(history), "registry_assets/attestation", registry),
        (tmp_path / "keys" / "bob_ed25519", "registry_assets/approval", "bob"),
    ):
        (tmp_path / "sig").write_text(signed(key, b"it is so", namespace=namespace))
        files = ("-f", tmp_path / "trusted", "-s", tmp_path / "sig")
        asked = ("ssh-keygen", "-Y", "verify", *files, "-I", principal, "-n", namespace)
        assert "Good" in run(*asked, stdin=b"it is so")
