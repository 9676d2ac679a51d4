"""What people say about models and versions: kept with its author, and part of no digest."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.catalog.ledger import Event
from registry_assets.catalog.words import Saying
from registry_assets.errors import (
    DeclarationError,
    InvalidName,
    NotFound,
    RegistryError,
    TagRefused,
)
from registry_assets.lifecycle.describing import MOST_TAGS
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.lifecycle.reserving import Request
from registry_assets_tests.catalog.history import (
    MODEL,
    PERSON,
    History,
    fail_training,
    new_history,
    reopened,
)
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.copies import copied
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.worlds import SENSOR, World

FIRST = f"{MODEL}:1"
ABOUT = (MODEL, FIRST, f"{MODEL}:2", f"{MODEL}:3")


@pytest.fixture(scope="module")
def spoken_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 is committed, 2 reserved, 3 failed."""
    history = new_history(tmp_path_factory.mktemp("spoken of") / "project")
    history.declare()
    history.version(1)
    history.reserve("two", seed=2)
    fail_training(history, history.reserve("three", seed=3).version.number)
    return history.registry.home.folder


@pytest.fixture
def history(spoken_of: Path, tmp_path: Path) -> History:
    """A copy of it, to be changed."""
    return reopened(copied(spoken_of, tmp_path / "project"))


def newest(history: History) -> Event:
    """The last thing that happened to the model."""
    return history.registry.log(MODEL)[-1]


def test_an_edit_is_one_event_with_its_author_and_what_was_there_before(history: History) -> None:
    before = len(history.registry.log(MODEL))
    done = history.registry.tag(
        FIRST, {"team": "risk", "quarter": "Q2"}, run=PERSON, reason="they took it over"
    )
    assert done.changed
    assert done.words.tags == {"quarter": "Q2", "team": "risk"}
    assert done.words.sayings["team"] == Saying("risk", "ann", "2013-04-01T06:00:00.000000Z")
    event = newest(history)
    assert len(history.registry.log(MODEL)) == before + 1
    assert (event.kind, event.body["actor"]) == ("tags_changed", "ann")
    assert event.body["reason"] == "they took it over"
    assert event.sentence == "late:1 was tagged: quarter=Q2, team=risk (it was ops)"
    assert event.body["facts"] == {
        "version": 1,
        "tags": {
            "quarter": {"before": None, "after": "Q2"},
            "team": {"before": "ops", "after": "risk"},
        },
    }


@pytest.mark.parametrize("about", ABOUT)
def test_repeating_an_edit_changes_nothing(history: History, about: str) -> None:
    for edit in ({"quarter": "Q2", "never": None}, {"quarter": None}):
        assert history.registry.tag(about, edit, run=PERSON).changed
        told = history.registry.log(MODEL)
        assert not history.registry.tag(about, edit, run=PERSON, reason="again").changed
        assert history.registry.log(MODEL) == told
    history.registry.describe(about, "What we know.", run=PERSON)
    told = history.registry.log(MODEL)
    assert not history.registry.describe(about, "What we know.", run=PERSON).changed
    assert history.registry.log(MODEL) == told


def test_saying_what_was_declared_changes_nothing(history: History) -> None:
    told = history.registry.log(MODEL)
    for about in (MODEL, FIRST):
        assert not history.registry.tag(about, {"team": "ops"}, run=PERSON).changed
    assert not history.registry.describe(MODEL, "Is it late?", run=PERSON).changed
    assert history.registry.log(MODEL) == told


def test_an_empty_description_goes_back_to_the_declared_one(history: History) -> None:
    registry = history.registry
    assert registry.describe(FIRST, "It is a good one.", run=PERSON).words.description == Saying(
        "It is a good one.", "ann", "2013-04-01T06:00:00.000000Z"
    )
    assert newest(history).body["facts"] == {
        "version": 1,
        "description": {"before": "the one with the hat", "after": "It is a good one."},
    }
    assert registry.describe(FIRST, " \n", run=PERSON).words.description == Saying(
        "the one with the hat"
    )
    assert not registry.describe(FIRST, "", run=PERSON).changed


def test_a_reference_by_pointer_or_digest_is_the_version_it_names(history: History) -> None:
    registry = history.registry
    history.promote(1)
    digest = registry.resolve(FIRST).digest
    registry.tag(f"{MODEL}@production", {"quarter": "Q2"}, run=PERSON)
    registry.describe(f"{MODEL}@{digest}", "The first.", run=PERSON)
    words = registry.words(FIRST)
    assert (words.tags["quarter"], words.description.text) == ("Q2", "The first.")


@pytest.mark.parametrize("about", ["nobody", f"{MODEL}:9", f"{MODEL}@canary"])
def test_nothing_can_be_said_about_what_is_not_there(history: History, about: str) -> None:
    with refused(NotFound):
        history.registry.tag(about, {"quarter": "Q2"}, run=PERSON)
    with refused(NotFound):
        history.registry.describe(about, "Who?", run=PERSON)


HARMLESS = {
    "emoji": "🚀 👩‍👩‍👧 ok",
    "another script": "продакшн 生产",
    "SQL": "'; DROP TABLE tags; --",
    "markup": "[bold]<script>alert(1)</script>[/bold]",
    "as long as may be": "x" * 500,
    "lines": "one\ntwo\tthree",
    "a path": "../../etc/passwd",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_text_comes_back_as_it_went_in(history: History, text: str) -> None:
    history.registry.tag(FIRST, {"note": text}, run=PERSON)
    history.registry.describe(FIRST, text, run=PERSON)
    words = history.registry.words(FIRST)
    assert (words.tags["note"], words.description.text) == (text, text)
    assert history.registry.verify().clean


HARMFUL = {
    "NUL": "a\x00b",
    "an escape": "\x1b[2J",
    "right to left": "abc\u202egpj",
    "half a character": "\ud800",
    "10 MB": "x" * 10_000_000,
}


@pytest.mark.parametrize("text", HARMFUL.values(), ids=HARMFUL)
def test_text_that_deceives_or_is_too_long_is_refused(history: History, text: str) -> None:
    told = history.registry.log(MODEL)
    with refused(DeclarationError):
        history.registry.tag(FIRST, {"good": "yes", "note": text}, run=PERSON)
    with refused(DeclarationError):
        history.registry.describe(FIRST, text, run=PERSON)
    with refused(DeclarationError):
        history.registry.tag(FIRST, {"good": "yes"}, run=PERSON, reason=text)
    with pytest.raises(RegistryError):
        history.registry.tag(FIRST, {text: "yes"}, run=PERSON)
    assert history.registry.log(MODEL) == told
    assert history.registry.words(FIRST).tags == {"team": "ops"}


@pytest.mark.parametrize("name", ["", "Team", "cost-center", "1st", "a.b", "a b", "t" * 64])
def test_a_tag_has_a_name_that_can_be_asked_for(history: History, name: str) -> None:
    with pytest.raises(InvalidName, match="is no tag"):
        history.registry.tag(FIRST, {name: "x"}, run=PERSON)


def test_a_value_is_text_and_not_blank(history: History) -> None:
    wrong: Any = 3
    with refused(DeclarationError, "must be text; found int"):
        history.registry.tag(FIRST, {"note": wrong}, run=PERSON)
    with refused(DeclarationError, "blank value", "--remove note"):
        history.registry.tag(FIRST, {"note": " "}, run=PERSON)


def test_there_are_at_most_a_hundred_tags(history: History) -> None:
    registry = history.registry
    many: dict[str, str | None] = {f"t{i}": "x" for i in range(MOST_TAGS - 1)}
    registry.tag(FIRST, many, run=PERSON)  # and the declared one
    with refused(DeclarationError, "late:1 would have 101 tags; at most 100 are kept"):
        registry.tag(FIRST, {"one_more": "x"}, run=PERSON)
    registry.tag(FIRST, {"one_more": "x", "t0": None}, run=PERSON)
    with refused(DeclarationError, "20,000 tags"):
        registry.tag(MODEL, {f"t{i}": "x" * 500 for i in range(20_000)}, run=PERSON)
    assert registry.verify().clean


ASKED: dict[str, Any] = {"tier": ["gold", "silver"], "cost_center": []}


def test_what_the_policy_does_not_allow_is_refused_at_once(history: History) -> None:
    registry = history.registry
    history.declare(asked=ASKED)
    told = registry.log(MODEL)
    for about in ABOUT[:3]:
        with refused(TagRefused, "tier=bronze is not allowed", "gold, silver") as caught:
            registry.tag(about, {"tier": "bronze", "quarter": "Q2"}, run=PERSON)
        error: Any = caught.value
        assert error.names == ("tier",)
        for name in ("tier", "cost_center", "team", "use_case"):
            with refused(TagRefused, f"{name} cannot be taken away"):
                registry.tag(about, {name: None}, run=PERSON)
    assert registry.log(MODEL) == told
    assert registry.tag(FIRST, {"tier": "gold", "cost_center": "anything"}, run=PERSON).changed


def test_a_version_waits_for_the_tags_that_the_policy_asks_for(history: History) -> None:
    def codes() -> list[str]:
        decision = history.registry.decision(MODEL, 1)
        return [reason.code for reason in getattr(decision and decision.answer, "reasons", ())]

    registry = history.registry
    assert codes() == []
    registry.tag(FIRST, {"tier": "bronze"}, run=PERSON)  # before anybody asked
    history.declare(asked=ASKED)
    assert codes() == ["tag_missing", "tag_not_allowed"]
    registry.tag(FIRST, {"tier": "gold"}, run=PERSON)
    assert codes() == ["tag_missing"]
    registry.tag(FIRST, {"cost_center": "7"}, run=PERSON)
    assert codes() == []
    history.promote(1)
    (promotion,) = registry.promotions(MODEL)
    assert promotion.evidence["tags"] == {"cost_center": "7", "tier": "gold"}


def test_no_word_is_part_of_a_digest_or_makes_another_version(trained: World) -> None:
    registry, model = trained.registry, trained.model()
    before = registry.version("flight_delay:1")
    registry.tag("flight_delay:1", {"team": "risk", "reviewed": "yes"}, run=SENSOR)
    registry.describe("flight_delay:1", "Reviewed.", run=SENSOR)
    registry.tag("flight_delay", {"team": "risk"}, run=SENSOR)
    after = registry.version("flight_delay:1")
    # Digest, recipe digest, metadata, stage, evaluation, verdicts: all but the tags decided on.
    assert replace(after, decision=before.decision) == before
    assert registry.reserve(model, Request("again"), run=SENSOR).outcome == "repeats"
    registry.evaluate(model, 1, run=SENSOR)
    again = registry.version("flight_delay:1").evaluation
    assert again is not None
    assert before.evaluation is not None
    assert (again.digest, again.metrics) == (before.evaluation.digest, before.evaluation.metrics)
    assert registry.verify().clean


NAMES = st.sampled_from(["quarter", "tier", "team_lead", "note"])
VALUES = st.none() | st.sampled_from(["Q1", "Q2", "'", "é\n🚀"])
EDITS = st.tuples(st.sampled_from(ABOUT), st.dictionaries(NAMES, VALUES, max_size=3))


@settings(max_examples=20)
@given(st.lists(EDITS, max_size=6))
def test_any_edits_leave_what_a_dictionary_would_hold(
    spoken_of: Path, edits: list[tuple[str, dict[str, str | None]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = reopened(copied(spoken_of, Path(folder) / "project"))
        registry = history.registry
        expected = {about: dict(registry.words(about).tags) for about in ABOUT}
        for about, edit in edits:
            held = expected[about]
            told = len(registry.log(MODEL))
            changes = any(held.get(name) != value for name, value in edit.items())
            assert registry.tag(about, edit, run=PERSON).changed == changes
            assert len(registry.log(MODEL)) == told + changes
            merged = {**held, **edit}
            expected[about] = {name: v for name, v in merged.items() if v is not None}
        assert {about: registry.words(about).tags for about in ABOUT} == {
            about: dict(sorted(tags.items())) for about, tags in expected.items()
        }
        kept = content(history.catalog)
        reindex(registry.backends)
        assert content(history.catalog) == kept
        assert registry.verify().clean


def test_the_author_of_each_edit_is_in_the_ledger_whoever_edits_next(history: History) -> None:
    for value, who in (("Q2", PERSON), ("Q3", SENSOR)):
        history.registry.tag(FIRST, {"quarter": value}, run=who)
    edits = history.registry.log(MODEL)[-2:]
    assert [event.body["actor"] for event in edits] == [PERSON.actor, SENSOR.actor]
    assert [event.body["facts"]["tags"]["quarter"]["before"] for event in edits] == [None, "Q2"]
    assert history.registry.words(FIRST).sayings["quarter"].actor == SENSOR.actor
