"""A past period is lived again by the real steps, and the real registry is left alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_assets.declaration import (
    Decay,
    Drift,
    Monitoring,
    OnDrift,
    OnNewData,
    Promotion,
    Quality,
    RegisteredModel,
    Schedule,
)
from registry_assets.errors import FolderTaken, NotFound
from registry_assets.governance.document import Activation, Person, PolicyDocument
from registry_assets.home import CATALOG, STORE
from registry_assets.lifecycle.replaying import Plan, Replayed
from registry_assets.registry import Registry
from registry_assets.signing.signers import generate_key
from registry_assets_tests.worlds import World, flights, small_world

PERIOD = Plan("2013-03", "2013-05")
MONTHS = ("2013-01", "2013-02", "2013-03", "2013-04")
LATER = 600


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Four quiet months, and one whose flights leave later; nothing was ever trained."""
    with small_world(tmp_path_factory.mktemp("past") / "project", months=MONTHS) as world:
        rows = flights(seed=5)
        world.arrive("2013-05", rows.assign(sched_dep_time=rows["sched_dep_time"] + LATER))
        yield world


def lived_with(world: World, *triggers: object) -> RegisteredModel:
    """The world's model, watched, and retrained by these."""
    plan = Monitoring(
        keys=("key",),
        drift=Drift(watch=("hour",)),
        quality=Quality(duplicates=0.0),
        decay=(Decay("roc_auc", 0.3),),
    )
    return replace(world.model(), monitoring=plan, retrain=triggers)  # type: ignore[arg-type]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a registry that holds anything, by its name."""
    found = (path for path in sorted((folder / ".registry").rglob("*")) if path.is_file())
    return {str(path): path.read_bytes() for path in found if path.stat().st_size}


@pytest.fixture(scope="module")
def drifted(past: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Replayed, Path]:
    """The period, lived with a retraining by drift; and the folder it was lived in."""
    folder = tmp_path_factory.mktemp("lived")
    model = lived_with(past, OnDrift(cooldown_days=0))
    return past.registry.replay(model, PERIOD, folder=folder), folder


def test_it_begins_with_a_version_of_what_was_there_before(
    drifted: tuple[Replayed, Path],
) -> None:
    lived, _ = drifted
    assert (lived.before, lived.metric, lived.policy) == (2, "roc_auc", None)
    assert lived.began is not None
    (first,) = lived.began.retrained
    assert (first.version, first.trigger, first.outcome) == (1, "manual", "promoted")
    assert first.at == "2013-03-01T00:00:00.000000Z"
    assert [each.version for each in lived.began.moved] == [1]


def test_every_partition_is_watched_when_its_period_has_ended(
    drifted: tuple[Replayed, Path],
) -> None:
    lived, _ = drifted
    assert [step.partition for step in lived.steps] == ["2013-03", "2013-04", "2013-05"]
    assert [step.arrived_at[:10] for step in lived.steps] == [
        "2013-04-01",
        "2013-05-01",
        "2013-06-01",
    ]
    assert [step.version for step in lived.steps] == [1, 1, 1]
    for step in lived.steps:
        assert step.lived is not None
        assert step.promised is not None
        assert step.compared == 3
    quiet, also_quiet, late = lived.steps
    assert quiet.told == also_quiet.told == ()
    assert [(f.check, f.outcome) for f in late.failed if f.check == "feature_drift"] == [
        ("feature_drift", "failed")
    ]


def test_what_drifts_is_retrained_and_its_thread_told(drifted: tuple[Replayed, Path]) -> None:
    lived, _ = drifted
    late = lived.steps[-1]
    (asked,) = late.retrained
    assert (asked.version, asked.trigger) == (2, "drift")
    assert asked.why.startswith("drift of hour")
    assert asked.outcome in ("promoted", "held")
    assert bool(asked.held_by) == (asked.outcome == "held")
    occasions = [(each.occasion, each.check) for each in late.told]
    assert ("opened", "feature_drift") in occasions
    assert ("retrained", "feature_drift") in occasions
    assert lived.totals["retrainings"] == 2
    assert lived.totals["by_trigger"] == {"manual": 1, "drift": 1}
    assert lived.steps[0].skipped == ("drift: no alert about flight_delay:1 tells of it",)


def test_the_scratch_registry_is_one_that_can_be_looked_at(drifted: tuple[Replayed, Path]) -> None:
    _, folder = drifted
    scratch = Registry.open(folder)
    assert [each.version.number for each in scratch.versions("flight_delay")] == [1, 2]
    assert scratch.verify(deep=True).clean


def test_the_real_registry_keeps_every_byte_whatever_the_environment_says(
    past: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bytes_of(past.folder)
    # As on a machine of a production registry: what is lived must not go there.
    monkeypatch.setenv(CATALOG, str(past.folder / ".registry" / "catalog.sqlite"))
    monkeypatch.setenv(STORE, str(past.folder / ".registry" / "store"))
    model = lived_with(past, OnNewData())
    lived = past.registry.replay(model, Plan("2013-01", "2013-02"), folder=tmp_path / "lived")
    assert bytes_of(past.folder) == before
    # One month alone has nothing to be judged on; with the second there is.
    first, second = lived.steps
    assert lived.began is None
    assert first.retrained == ()
    assert any("hold" in each or "partition" in each for each in first.skipped)
    assert [each.outcome for each in second.retrained] == ["promoted"]
    with pytest.raises(FolderTaken, match="has a registry already"):
        past.registry.replay(model, Plan("2013-01", "2013-02"), folder=tmp_path / "lived")


def test_a_schedule_looks_when_its_time_has_come_and_at_what_is_there_then(
    past: World, tmp_path: Path
) -> None:
    model = lived_with(past, Schedule("0 6 1 * *"))
    lived = past.registry.replay(model, Plan("2013-03", "2013-03"), folder=tmp_path)
    (step,) = lived.steps
    (asked,) = step.retrained
    assert (asked.trigger, asked.at) == ("schedule", "2013-04-01T06:00:00.000000Z")
    assert lived.began is not None
    # On 1 March it finds what it would train to be version 1.
    assert any("the recipe is that of flight_delay:1" in each for each in lived.began.skipped)


@pytest.mark.thorough
def test_what_a_cooldown_kept_back_is_asked_for_when_it_ends(past: World, tmp_path: Path) -> None:
    model = lived_with(past, OnNewData(cooldown_days=40))
    lived = past.registry.replay(model, Plan("2013-03", "2013-03"), folder=tmp_path)
    (step,) = lived.steps
    (asked,) = step.retrained
    # Version 1 was asked for on 1 March; March arrived on 1 April.
    assert (asked.trigger, asked.at) == ("new_data", "2013-04-10T00:00:00.000000Z")
    assert any("nothing is for 40 days after that" in each for each in step.skipped)


@pytest.mark.parametrize("approve_all", [False, True])
def test_where_people_have_to_agree_it_is_held_unless_they_are_taken_to(
    past: World, tmp_path: Path, *, approve_all: bool
) -> None:
    risky = replace(lived_with(past), promotion=Promotion(risk="high", approvals=2, roles=("ops",)))
    plan = Plan("2013-03", "2013-03", approve_all=approve_all)
    lived = past.registry.replay(risky, plan, folder=tmp_path)
    assert lived.began is not None
    (first,) = lived.began.retrained
    assert first.outcome == ("promoted" if approve_all else "held")
    assert ("approv" in first.held_by) == (not approve_all)
    assert (lived.policy is not None) == approve_all
    assert lived.steps[0].version == (1 if approve_all else None)


def test_the_policy_that_is_given_is_the_one_in_force(past: World, tmp_path: Path) -> None:
    ann = Person(name="ann", roles=("risk",), keys=(generate_key()[1].line,))
    strict = PolicyDocument(people=(ann,), activation=Activation(roles=("risk",)), unlisted="hold")
    plan = Plan("2013-03", "2013-03", document=strict)
    lived = past.registry.replay(lived_with(past), plan, folder=tmp_path)
    assert lived.policy == strict.digest
    assert lived.began is not None
    (first,) = lived.began.retrained
    assert first.outcome == "held"
    assert "policy" in first.held_by
    assert lived.totals["held"] == 1
    assert lived.totals["moves"] == 0


@pytest.mark.parametrize(("start", "end"), [("2012-12", "2013-02"), ("2013-03", "2013-02")])
def test_a_period_that_there_is_not_is_refused(
    past: World, tmp_path: Path, start: str, end: str
) -> None:
    with pytest.raises(NotFound):
        past.registry.replay(lived_with(past), Plan(start, end), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_partitions_come_at_the_end_of_their_periods(past: World) -> None:
    from registry_assets.lifecycle.replaying.arriving import find_arrivals

    with past.registry.backends.catalog.read() as connection:
        before, during = find_arrivals(connection, past.model(), PERIOD)
    assert [each.partition for each in before] == ["2013-01", "2013-02"]
    assert [each.at for each in during] == [
        datetime(2013, month, 1, tzinfo=UTC) for month in (4, 5, 6)
    ]
