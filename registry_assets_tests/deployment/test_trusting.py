"""Where keys are trusted, a pointer is believed that they prove, and no other."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import registry_assets
from registry_assets.canonical import canonical_json
from registry_assets.deployment.folders import followed_folder
from registry_assets.deployment.pulling import pull_version
from registry_assets.deployment.seen import SeenPointers
from registry_assets.deployment.trusting import Trust
from registry_assets.deployment.versions import Source, resolve
from registry_assets.errors import AttestationRefused, BlobMissing, SignersInvalid
from registry_assets.home import TRUSTED_KEYS
from registry_assets.references import Reference
from registry_assets.signing.allowed_signers import write_allowed_signers
from registry_assets_tests.catalog.history import MODEL, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.deployment.conftest import PRODUCTION as SHELF_PRODUCTION
from registry_assets_tests.deployment.conftest import Shelf
from registry_assets_tests.deployment.proofs import PRODUCTION, Pulled, pulled
from registry_assets_tests.governance.people import AT_WORK
from registry_assets_tests.lifecycle.changes import refused

POINTER = Reference.parse(PRODUCTION)


@pytest.fixture(scope="module")
def _pulled(tmp_path_factory: pytest.TempPathFactory) -> Pulled:
    return pulled(tmp_path_factory.mktemp("pulled"))


@pytest.fixture
def model(_pulled: Pulled, tmp_path: Path) -> Pulled:
    """A copy of the registry that it came from, and of the list of its keys."""
    folder = copied(_pulled.world.history.registry.home.folder, tmp_path / "project")
    trusted = tmp_path / "trusted"
    trusted.write_text(_pulled.trusted.read_text())
    world = replace(_pulled.world, history=reopened(folder))
    return Pulled(_pulled.folder, trusted, world)


def source(model: Pulled) -> Source:
    store = model.world.history.registry.backends.store
    return Source(store, SeenPointers(store.location), Trust(model.trusted))


def told(model: Pulled) -> dict[str, Any]:
    """What the store says of the pointer."""
    data = model.world.history.registry.backends.store.read_pointer(MODEL, "production")
    return dict(json.loads(data or b""))


def tell(model: Pulled, changes: Mapping[str, Any], *, pointer: str = "production") -> None:
    """Let whoever can write to the store say something else."""
    document = {**told(model), **changes}
    store = model.world.history.registry.backends.store
    store.write_pointer(MODEL, pointer, canonical_json(document))


def test_what_the_keys_prove_is_resolved(model: Pulled) -> None:
    found = resolve(source(model), POINTER)
    assert (found.version, found.generation) == (1, 1)
    assert found.attestation == told(model)["evidence"]["attestation"]


FORGED: dict[str, Callable[[Pulled], dict[str, Any]]] = {
    "other bytes": lambda m: {"digest": str(_second(m)), "version": 2},
    "a later generation": lambda _: {"generation": 9},
    "no attestation": lambda m: {
        "evidence": {k: v for k, v in told(m)["evidence"].items() if k != "attestation"}
    },
}


def _second(model: Pulled) -> str | None:
    """Make a version that nobody promoted."""
    history = model.world.history
    number = history.version(2, authors=["ann@example.com"])
    return history.registry.resolve(f"{MODEL}:{number}").digest


@pytest.mark.parametrize("forged", FORGED)
def test_what_they_do_not_prove_is_refused_and_not_remembered(model: Pulled, forged: str) -> None:
    honest = told(model)
    tell(model, FORGED[forged](model))
    with refused(AttestationRefused, f"{MODEL}@production"):
        resolve(source(model), POINTER)
    tell(model, honest)
    assert resolve(source(model), POINTER).version == 1


def test_the_attestation_of_another_pointer_is_refused(model: Pulled) -> None:
    tell(model, {"pointer": "canary"}, pointer="canary")
    with refused(AttestationRefused, "version: pointer is production, expected canary"):
        resolve(source(model), Reference.parse(f"{MODEL}@canary"))


def test_a_revoked_key_is_heeded_by_the_next_promotion_of_a_process(model: Pulled) -> None:
    standing = source(model)
    assert resolve(standing, POINTER).version == 1
    lines = model.trusted.read_text().splitlines(keepends=True)
    model.trusted.write_text("".join(line for line in lines if not line.startswith("bob ")))
    # What was proven once stays proven in this process, and is refused in the next one.
    assert resolve(standing, POINTER).version == 1
    with refused(AttestationRefused, "bob: key is", "none is listed", str(model.trusted)):
        resolve(source(model), POINTER)


def test_a_key_that_was_rotated_is_refused_until_the_list_has_it(model: Pulled) -> None:
    history, world = model.world.history, model.world
    history.registry.rotate_key(reason="the host was rebuilt", run=AT_WORK)
    history.version(2, authors=["ann@example.com"])
    for person in ("bob", "cleo"):
        world.approve(2, person)
    history.registry.promote(MODEL, 2, run=AT_WORK)
    standing = source(model)
    with refused(AttestationRefused, "signature: key is"):
        resolve(standing, POINTER)
    model.trusted.write_text(write_allowed_signers(history.registry.signers()))
    assert resolve(standing, POINTER).version == 2


def test_what_was_signed_and_is_gone_from_the_store_is_missed(model: Pulled) -> None:
    digest = told(model)["evidence"]["attestation"].removeprefix("sha256:")
    objects = Path(str(model.world.history.registry.home.store)) / "objects" / "sha256"
    (objects / digest[:2] / digest[2:]).unlink()
    with pytest.raises(BlobMissing):
        resolve(source(model), POINTER)


def test_a_list_of_keys_that_cannot_be_read_stops_everything(model: Pulled) -> None:
    model.trusted.unlink()
    with refused(SignersInvalid, str(model.trusted)):
        resolve(source(model), POINTER)


def test_a_folder_that_follows_stays_on_what_was_proven(model: Pulled, tmp_path: Path) -> None:
    with followed_folder(source(model), POINTER, tmp_path / "models", keep=3) as followed:
        assert followed.refresh() is not None
        current = followed.current()
        tell(model, {"generation": 7})
        with refused(AttestationRefused, "version: generation is 1, expected 7"):
            followed.refresh()
        assert followed.current() == current


def test_the_setting_is_heeded_by_whoever_deploys(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.promote(1)
    assert registry_assets.load(SHELF_PRODUCTION).version == 1
    (tmp_path / "trusted").write_text("")
    monkeypatch.setenv(TRUSTED_KEYS, str(tmp_path / "trusted"))
    for deploy in (
        lambda: registry_assets.load(SHELF_PRODUCTION),
        lambda: registry_assets.resolve(SHELF_PRODUCTION),
        lambda: registry_assets.follow(SHELF_PRODUCTION),
    ):
        with refused(AttestationRefused, "nobody signed", TRUSTED_KEYS):
            deploy()


def test_a_version_that_is_named_by_its_digest_needs_no_pointer_and_no_proof(
    model: Pulled, tmp_path: Path
) -> None:
    model.trusted.write_text("")
    digest = told(model)["digest"]
    found = resolve(source(model), Reference.parse(f"{MODEL}@{digest}"))
    assert pull_version(source(model).store, found, tmp_path / "by digest")
    assert not (tmp_path / "by digest" / "attestation").exists()
