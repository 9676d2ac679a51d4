"""Moving a pointer: what holds it, what a repeat does, what deployments are told."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.declaration import AtLeast, Promotion, SliceFloor
from registry_assets.errors import (
    CatalogBehind,
    NotFound,
    OutcomeUnknown,
    PromotionHeld,
    RegistryError,
    StoreError,
)
from registry_assets.lifecycle import promoting
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.moving import verify_bytes
from registry_assets.lifecycle.reserving import Request
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.changes import (
    DAMAGE,
    Damage,
    blob,
    estimator_of,
    history,
    mend,
    refused,
    unchanged,
)
from registry_assets_tests.worlds import PERSON, SENSOR, World


def pointer_file(world: World, model: str = "flight_delay") -> Path:
    return world.folder / ".registry" / "store" / "pointers" / model / "production.json"


def moves(world: World) -> int:
    """How often the ledger says that a pointer moved."""
    return sum(event.kind == "pointer_moved" for event in history(world.registry))


def test_a_promotion_moves_the_pointer_and_tells_deployments_why(trained: World) -> None:
    done = trained.registry.promote("flight_delay", 1, run=SENSOR, reason="every gate passed")
    assert done.moved
    version = trained.registry.version("flight_delay@production")
    assert (version.version.number, version.stage) == (1, "production")
    told = json.loads(pointer_file(trained).read_bytes())
    assert (told["version"], told["generation"]) == (1, 1)
    assert told["digest"] == version.version.digest == done.promotion.digest
    assert told["policy"] == trained.registry.model("flight_delay").policy_digest
    assert {verdict["outcome"] for verdict in told["evidence"]["verdicts"]} == {
        "passed",
        "no_baseline",
    }
    assert trained.registry.verify().problems == ()


def test_repeating_a_promotion_gives_it_back(trained: World) -> None:
    first = trained.registry.promote("flight_delay", 1, run=SENSOR)
    before = pointer_file(trained).read_bytes()
    with unchanged(trained):
        again = trained.registry.promote("flight_delay", 1, run=PERSON, reason="once more")
    assert (again.moved, again.promotion) == (False, first.promotion)
    assert pointer_file(trained).read_bytes() == before
    assert moves(trained) == 1


@contextmanager
def meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch, act: Callable[[Registry], object]
) -> Iterator[None]:
    """Let something happen while a promotion hashes, after it has decided."""

    def interrupted(backends: Backends, digest: str) -> None:
        monkeypatch.setattr(promoting, "verify_bytes", verify_bytes)
        act(Registry.open(world.folder))
        verify_bytes(backends, digest)

    with monkeypatch.context():
        monkeypatch.setattr(promoting, "verify_bytes", interrupted)
        yield


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda other: other.archive("flight_delay:1", run=PERSON), "archived"),
        (lambda other: other.reject("flight_delay:1", run=PERSON, reason="poor"), "rejected"),
    ],
    ids=["archived", "rejected"],
)
def test_what_happens_after_a_promotion_has_decided_is_decided_on_again(
    trained: World, monkeypatch: pytest.MonkeyPatch, act: Callable[[Registry], object], code: str
) -> None:
    with meanwhile(trained, monkeypatch, act), pytest.raises(PromotionHeld) as held:
        trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert [reason.code for reason in held.value.reasons] == [code]
    assert (trained.registry.pointer("flight_delay").version, moves(trained)) == (None, 0)
    assert trained.registry.verify().clean


def test_a_promotion_that_another_made_meanwhile_is_given_back(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with meanwhile(
        trained, monkeypatch, lambda other: other.promote("flight_delay", 1, run=PERSON)
    ):
        again = trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert (again.moved, again.promotion.generation, moves(trained)) == (False, 1, 1)
    assert trained.registry.verify().clean


def test_a_held_promotion_lists_every_reason_and_changes_nothing(trained: World) -> None:
    strict = replace(
        trained.model(),
        gates=(AtLeast("roc_auc", 0.999), SliceFloor("roc_auc", by="origin", floor=0.998)),
        promotion=Promotion(risk="high", approvals=2, roles=("risk",)),
    )
    trained.registry.evaluate(strict, 1, run=SENSOR)
    with (
        unchanged(trained),
        refused(PromotionHeld, "may not take production", "nothing was changed") as caught,
    ):
        trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert isinstance(caught.value, PromotionHeld)
    assert [(reason.code, reason.subject) for reason in caught.value.reasons] == [
        ("check_failed", "roc_auc_at_least"),
        ("check_failed", "roc_auc_floor_by_origin"),
        ("approval_missing", "production"),
    ]
    for reason in caught.value.reasons:
        assert reason.sentence in str(caught.value)
    assert not pointer_file(trained).exists()
    assert trained.registry.pointer("flight_delay").version is None


def test_what_was_never_evaluated_is_held(trained: World) -> None:
    number = trained.reserve(request="stronger", params={"C": 2.0})
    with unchanged(trained), refused(PromotionHeld, "flight_delay:2 is reserved"):
        trained.registry.promote("flight_delay", number, run=SENSOR)


def test_going_back_is_no_promotion(succeeded: World) -> None:
    succeeded.registry.promote("flight_delay", 2, run=SENSOR)
    with unchanged(succeeded), refused(PromotionHeld, "rollback"):
        succeeded.registry.promote("flight_delay", 1, run=SENSOR)
    told = json.loads(pointer_file(succeeded).read_bytes())
    assert (told["version"], told["generation"]) == (2, 2)
    stages = [version.stage for version in succeeded.registry.versions("flight_delay")]
    assert stages == ["archived", "production"]


@pytest.mark.parametrize(
    ("model", "number", "pointer", "words"),
    [
        ("flight_delays", 1, "production", ("'flight_delays'", "did you mean flight_delay?")),
        ("flight_delay", 5, "production", ("no version 5", "registry versions flight_delay")),
        ("flight_delay", 1, "staging", ("no pointer called 'staging'", "it has: production")),
    ],
)
def test_what_does_not_exist_is_not_promoted(
    trained: World, model: str, number: int, pointer: str, words: tuple[str, ...]
) -> None:
    with unchanged(trained), refused(NotFound, *words):
        trained.registry.promote(model, number, run=SENSOR, pointer=pointer)


@DAMAGE
def test_a_damaged_version_is_not_promoted(trained: World, damage: Damage) -> None:
    estimator = estimator_of(trained, 1)
    path = blob(trained, estimator)
    content = path.read_bytes()
    damage(path)
    before = history(trained.registry)
    with refused(damage.error, estimator, "backup"):
        trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert history(trained.registry) == before
    assert not pointer_file(trained).exists()
    (problem,) = trained.registry.verify().problems
    assert problem.subject == estimator
    assert "flight_delay:1" in problem.touches

    mend(path, content)
    assert trained.registry.promote("flight_delay", 1, run=SENSOR).moved
    assert trained.registry.verify().problems == ()


@pytest.mark.parametrize("stale", [None, b"{}", "a folder"])
def test_a_pointer_file_that_is_behind_is_found_and_mended_by_repeating(
    succeeded: World, stale: bytes | str | None
) -> None:
    path = pointer_file(succeeded)
    told = path.read_bytes()
    path.unlink()
    if isinstance(stale, bytes):
        path.write_bytes(stale)
    elif stale:
        path.mkdir()
    (problem,) = succeeded.registry.verify().problems
    expected = "pointer_file_unknown" if path.is_dir() else "pointer_file_behind"
    assert problem.code == expected
    assert problem.touches == ("flight_delay@production",)
    if path.is_dir():
        path.rmdir()

    again = succeeded.registry.promote("flight_delay", 1, run=SENSOR)
    assert not again.moved
    assert path.read_bytes() == told
    assert succeeded.registry.verify().problems == ()
    assert moves(succeeded) == 1


def test_a_pointer_file_that_nobody_promoted_is_found(trained: World) -> None:
    path = pointer_file(trained)
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"version": 1}')
    (problem,) = trained.registry.verify().problems
    assert problem.code == "pointer_file_behind"
    assert "nothing was ever promoted" in problem.sentence
    trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert trained.registry.verify().problems == ()


def test_a_promotion_whose_file_cannot_be_written_says_that_it_was_made(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(trained.registry.home.store) / "tmp"

    def breaks(point: str) -> None:
        if point == "promote.verified":
            folder.rmdir()
            folder.write_text("a file where the store wants a folder")

    with (
        monkeypatch.context() as patch,
        refused(
            OutcomeUnknown,
            "flight_delay@production holds version 1",
            str(folder),
            "promote it again",
        ),
    ):
        patch.setattr(promoting, "reached", breaks)
        trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert trained.registry.pointer("flight_delay").version == 1

    folder.unlink()
    folder.mkdir()
    assert [p.code for p in trained.registry.verify().problems] == ["pointer_file_behind"]
    assert not trained.registry.promote("flight_delay", 1, run=SENSOR).moved
    assert trained.registry.verify().problems == ()
    assert moves(trained) == 1


def test_a_store_that_cannot_be_read_stops_a_promotion_before_it_is_made(trained: World) -> None:
    folder = pointer_file(trained).parent.parent
    folder.rmdir()
    folder.write_text("a file where the store wants a folder")
    with pytest.raises(StoreError, match=str(folder)):
        trained.registry.promote("flight_delay", 1, run=SENSOR)
    assert moves(trained) == 0


def test_an_older_catalog_moves_nothing_back_and_gives_no_number_out_again(
    trained: World,
) -> None:
    catalog, copy = Path(trained.registry.home.catalog), trained.folder / "copy"
    trained.registry.promote("flight_delay", 1, run=SENSOR)
    with closing(sqlite3.connect(catalog)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    trained.month("2013-04")
    number = trained.version(request="two")
    trained.registry.promote("flight_delay", number, run=SENSOR)
    told = pointer_file(trained).read_bytes()

    for file in catalog.parent.glob(f"{catalog.name}*"):
        file.unlink()
    copy.rename(catalog)  # somebody put yesterday's copy back
    registry = Registry.open(trained.folder)
    for attempt in (
        lambda: registry.promote("flight_delay", 1, run=SENSOR),
        lambda: registry.stale_pointer("flight_delay"),
        lambda: registry.reserve(trained.model(), Request("again"), run=SENSOR),
    ):
        with refused(CatalogBehind, "moved 2 times", "the catalog 1"):
            attempt()
    assert pointer_file(trained).read_bytes() == told
    assert [problem.code for problem in registry.verify().problems] == ["catalog_behind"]


def test_a_pointer_file_of_a_model_that_the_catalog_has_lost_is_found(trained: World) -> None:
    path = pointer_file(trained).parents[1] / "ghost" / "production.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"generation": 3}')
    (problem,) = trained.registry.verify().problems
    assert (problem.code, problem.subject) == ("catalog_behind", "ghost@production")


def test_a_high_risk_model_that_nobody_approved_is_moved_by_no_call(arrived: World) -> None:
    arrived.table()
    registry, model = arrived.registry, arrived.high_risk_model()
    number = arrived.version(model, request="first")
    assert registry.version("seat_credit:1").stage == "staging"
    for run in (SENSOR, PERSON, replace(PERSON, actor="risk")):
        with unchanged(arrived), refused(PromotionHeld, "waits for 1 approval", "role risk"):
            registry.promote("seat_credit", number, run=run, reason="approved by me")
    # Asking again, evaluating again, and the same declaration with other roles give no approval.
    registry.evaluate(replace(model, promotion=Promotion(risk="high")), number, run=SENSOR)
    with unchanged(arrived), refused(PromotionHeld, "waits for 1 approval by a person"):
        registry.promote("seat_credit", number, run=SENSOR)
    assert registry.promotions("seat_credit") == ()
    assert not pointer_file(arrived, "seat_credit").exists()
    with pytest.raises(RegistryError, match="holds no version yet"):
        registry.load("seat_credit@production")
