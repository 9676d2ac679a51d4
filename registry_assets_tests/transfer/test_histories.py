"""Whatever happened in a registry, and in whatever order it is carried: the other side says so."""

import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.observations import Outcome
from registry_assets.errors import PromotionHeld, RollbackRefused
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import PERSON, fail_training, new_history
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.catalog.watched import Watch
from registry_assets_tests.transfer.moves import carry, rows, said

MODELS = ("early", "late")
NUMBERS = st.integers(1, 4)
STEP = st.one_of(
    st.tuples(
        st.just("declare"), st.sampled_from(MODELS), st.sampled_from(("Is it?", "Is it so?"))
    ),
    st.tuples(st.just("version"), st.sampled_from(MODELS), st.booleans()),
    st.tuples(st.just("fail"), st.sampled_from(MODELS), st.none()),
    st.tuples(st.just("reserve"), st.sampled_from(MODELS), st.none()),
    st.tuples(st.just("promote"), st.sampled_from(MODELS), NUMBERS),
    st.tuples(st.just("rollback"), st.sampled_from(MODELS), st.none()),
    st.tuples(st.just("evaluate"), st.sampled_from(MODELS), NUMBERS),
    st.tuples(st.just("observe"), st.sampled_from(MODELS), NUMBERS),
    st.tuples(st.just("miss"), st.sampled_from(MODELS), NUMBERS),
    st.tuples(st.just("snapshot"), st.sampled_from(("2013-01", "2013-02")), NUMBERS),
    st.tuples(st.just("carry"), st.booleans(), st.none()),
)


class Story:
    """A registry in which things happen, and another to which they are carried in between."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = new_history(folder / "origin")
        self.target = new_history(folder / "target")
        self.count = 0

    def happen(self, step: tuple[str, object, object]) -> None:
        """Let one thing happen, if it can."""
        self.count += 1
        kind, subject, what = step
        origin = self.origin
        if kind == "declare":
            origin.declare(str(subject), description=str(what))
        elif kind == "snapshot":
            origin.snapshot(str(subject), content=int(str(what)))
        elif kind == "carry":
            self.carry(packed=bool(subject))
        elif str(subject) in [model.name for model in origin.registry.models()]:
            self._happen_to(kind, str(subject), what)

    def _happen_to(self, kind: str, model: str, what: object) -> None:
        origin, seed = self.origin, self.count
        if kind == "version":
            origin.version(seed, model=model, failing=("good_enough",) if what else ())
        elif kind in ("fail", "reserve"):
            reserved = origin.reserve(f"request {seed}", seed=seed, model=model).version
            if kind == "fail":
                fail_training(origin, reserved.number, model=model)
            return
        elif kind == "rollback":
            run = replace(PERSON, run_id=f"run-{seed}")
            with suppress(RollbackRefused):
                origin.registry.rollback(model, reason="it was slow", run=run)
            return
        committed = {
            found.version.number
            for found in origin.registry.versions(model)
            if found.version.state == "committed"
        }
        if what not in committed:
            return
        if kind == "evaluate":
            origin.evaluate(int(str(what)), model=model)
        elif kind in ("observe", "miss"):
            outcome: Outcome = "passed" if kind == "observe" else "failed"
            month = f"2013-{1 + seed % 3:02}"
            numbers = (int(str(what)),)
            Watch(origin, model).observe("drift", month, outcome, versions=numbers, content=seed)
        elif kind == "promote":
            try:
                origin.promote(int(str(what)), model=model)
            except PromotionHeld:
                return

    def carry(self, *, packed: bool) -> None:
        """Carry everything over, twice."""
        at = self.folder / f"{self.count}{'.tar' if packed else ''}"
        carry(self.origin.registry, self.target.registry, at)
        before = rows(self.target.registry)
        assert not self.target.registry.import_from(at, run=PERSON).changed
        assert rows(self.target.registry) == before


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, min_size=4, max_size=12))
def test_any_history_is_the_same_on_the_other_side(steps: list[tuple[str, object, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder))
        story.happen(("declare", "late", "Is it?"))
        for step in steps:
            story.happen(step)
        story.count += 1
        story.carry(packed=True)
        origin, target = story.origin.registry, story.target.registry
        for model in origin.models():
            assert said(target, model.name) == said(origin, model.name)
        assert target.snapshots("flights") == origin.snapshots("flights")
        kept = content(target.backends.catalog)
        reindex(target.backends)
        assert content(target.backends.catalog) == kept
        origin.backup(story.folder / "backup")
        again, _ = Registry.restore(story.folder / "backup", story.folder / "again")
        assert again.verify().problems == ()
        assert rows(again) == rows(origin)
        assert content(again.backends.catalog) == content(origin.backends.catalog)


def test_the_story_takes_every_way(tmp_path: Path) -> None:
    story = Story(tmp_path)
    for step in (
        ("declare", "late", "Is it?"),
        ("version", "late", False),
        ("version", "late", True),
        ("promote", "late", 1),
        ("promote", "late", 2),
        ("fail", "late", None),
        ("reserve", "late", None),
        ("carry", True, None),
        ("evaluate", "late", 2),
        ("miss", "late", 1),
        ("miss", "late", 1),
        ("promote", "late", 2),
        ("rollback", "late", None),
        ("observe", "late", 1),
        ("carry", False, None),
    ):
        story.happen(step)
    assert said(story.target.registry, "late") == said(story.origin.registry, "late")
    assert [hold.number for hold in story.target.registry.holds("late")] == [2]
    with story.target.catalog.read() as connection:
        (alert,) = list_alerts(connection, "late", states=("resolved",))
    assert alert.count == 2
    versions = story.origin.registry.versions("late")
    assert [found.stage for found in versions] == [
        "production",
        "archived",
        "failed",
        "development",
    ]
