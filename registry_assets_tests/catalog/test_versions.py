"""Numbers: reserved once per request, bound once, and never handed out again."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from registry_assets.catalog.tables import versions
from registry_assets.catalog.versions import (
    AUTOMATIC,
    VersionRecord,
    find_by_digest,
    get_committed,
    get_version,
    list_versions,
    require_reserved,
)
from registry_assets.errors import (
    CatalogError,
    DeclarationError,
    NotFound,
    NotReserved,
    RegistryError,
    VersionFailed,
)
from registry_assets_tests.catalog.history import MODEL, History, fail_training, recipe


def test_numbers_are_consecutive_from_one(history: History) -> None:
    taken = [history.reserve(f"r{seed}", seed=seed) for seed in range(3)]
    assert [found.version.number for found in taken] == [1, 2, 3]
    assert {found.outcome for found in taken} == {"reserved"}
    assert [found.version.recipe for found in taken] == [recipe(seed) for seed in range(3)]


def test_each_model_counts_for_itself(history: History) -> None:
    history.declare("other")
    history.reserve("r")
    assert history.reserve("r", model="other").version.reference == "other:1"


def test_a_request_gives_its_number_again_and_what_became_of_it(history: History) -> None:
    first = history.reserve("r").version
    assert (history.reserve("r").version, history.reserve("r").outcome) == (first, "in_progress")
    history.commit(1)
    assert history.reserve("r").outcome == "repeats"
    # Even when data or code have moved on since: a repeated request never trains twice.
    again = history.reserve("r", seed=9)
    assert again.version.number == 1
    assert "this very request gave late:1 before" in again.sentence


def test_a_failed_number_is_never_taken_up_again(history: History) -> None:
    history.reserve("r")
    fail_training(history, 1)
    with pytest.raises(VersionFailed, match=r"late:1 failed, .*: the sky fell") as caught:
        history.commit(1)
    assert "late__retrain" in caught.value.hint
    again = history.reserve("r")
    assert (again.version.number, again.outcome) == (1, "failed_before")
    assert "the sky fell" in again.sentence
    assert history.reserve("by hand").version.number == 2


def test_a_recipe_in_training_is_not_trained_twice(history: History) -> None:
    history.reserve("one")
    again = history.reserve("two")
    assert (again.version.number, again.outcome) == (1, "in_progress")
    assert "late:1" in again.sentence


def test_the_recipe_of_a_committed_version_names_what_it_would_repeat(history: History) -> None:
    history.reserve("one")
    history.commit(1)
    again = history.reserve("two")
    assert (again.version.number, again.outcome) == (1, "repeats")
    assert "late:1, which is committed" in again.sentence


@pytest.mark.parametrize("trigger", AUTOMATIC)
def test_what_failed_is_not_tried_again_by_itself(history: History, trigger: str) -> None:
    history.reserve("one")
    fail_training(history, 1)
    again = history.reserve("two", trigger=trigger)
    assert (again.version.number, again.outcome) == (1, "failed_before")
    assert "the sky fell" in again.sentence


def test_a_person_who_tries_again_gets_a_new_number(history: History) -> None:
    history.reserve("one")
    fail_training(history, 1)
    assert history.reserve("two").version.number == 2
    assert history.registry.version_numbered(MODEL, 1).version.state == "failed"


def test_a_committed_twin_answers_for_a_recipe_that_failed_later(history: History) -> None:
    history.reserve("one")
    fail_training(history, 1)
    history.reserve("two")
    history.commit(2)
    assert history.reserve("three", trigger="schedule").version.number == 2


def test_a_number_is_bound_once(history: History) -> None:
    history.reserve("one")
    bound = history.commit(1)
    assert bound.state == "committed"
    assert history.commit(1, content=2) == bound
    assert [event.kind for event in history.registry.log(MODEL)] == [
        "version_reserved",
        "version_committed",
    ]


def test_a_manifest_is_bound_to_one_number(history: History) -> None:
    digest = history.commit(history.reserve("one").version.number).digest
    other = history.reserve("two", seed=2).version.number
    same = sa.update(versions).where(versions.c.number == other)

    def bind() -> None:
        with history.catalog.write() as connection:
            connection.execute(same.values(state="committed", digest=digest))

    with pytest.raises(CatalogError, match=r"(?i)unique"):
        bind()


def test_a_committed_version_does_not_fail_any_more(history: History) -> None:
    history.reserve("one")
    bound = history.commit(1)
    assert fail_training(history, 1) == bound


@pytest.mark.parametrize("change", [lambda h: h.commit(7), lambda h: fail_training(h, 7)])
def test_a_number_that_nobody_reserved_says_what_to_launch(
    history: History, change: Callable[[History], object]
) -> None:
    with pytest.raises(NotReserved, match="version 7 of late was never reserved") as caught:
        change(history)
    assert "late__retrain" in caught.value.hint
    assert history.registry.log(MODEL) == ()


def test_a_model_that_was_never_declared_takes_no_number(history: History) -> None:
    with pytest.raises(NotFound, match="'latest'"):
        history.reserve("one", model="latest")


@pytest.mark.parametrize(
    "failure", ["nul \0", "surrogate \ud800", "turned \u202e line", "x" * 10_000, "\x1b[2J"]
)
def test_a_failure_of_any_wording_is_recorded(history: History, failure: str) -> None:
    history.reserve("one")
    recorded = fail_training(history, 1, failure).failure
    assert recorded is not None
    assert recorded[:2] == failure[:2].replace("\x1b", "\ufffd")
    assert len(recorded) <= 2000
    assert not set(recorded) & set("\0\ud800\u202e\x1b")
    assert history.registry.verify().clean


@pytest.mark.parametrize("request_id", ["nul \0", "surrogate \ud800", "x" * 10_000])
def test_a_request_must_be_text(history: History, request_id: str) -> None:
    with pytest.raises(DeclarationError, match="request"):
        history.reserve(request_id)
    assert history.registry.log(MODEL) == ()


@pytest.mark.parametrize(
    ("state", "digest"),
    [("committed", None), ("reserved", "sha256:" + "0" * 64), ("trained", None)],
)
def test_the_schema_keeps_state_and_digest_together(
    history: History, state: str, digest: str | None
) -> None:
    history.reserve("one")

    def edit() -> None:
        with history.catalog.write() as connection:
            connection.execute(sa.update(versions).values(state=state, digest=digest))

    with pytest.raises(CatalogError, match=r"(?i)check constraint"):
        edit()


def test_versions_are_found_by_number_state_and_digest(history: History) -> None:
    history.version(1)
    history.reserve("two", seed=2)
    history.reserve("three", seed=3)
    fail_training(history, 3)
    with history.catalog.read() as connection:
        bound = get_version(connection, MODEL, 1)
        assert get_committed(connection, MODEL, 1) == bound
        assert find_by_digest(connection, MODEL, str(bound.digest)) == bound
        assert [v.number for v in list_versions(connection, MODEL)] == [1, 2, 3]
        assert [v.number for v in list_versions(connection, MODEL, state="failed")] == [3]
        assert list_versions(connection, "unknown") == ()
        assert require_reserved(connection, MODEL, 3).state == "failed"


@pytest.mark.parametrize(
    ("ask", "kind", "said"),
    [
        (lambda c: get_version(c, MODEL, 9), NotFound, "late has no version 9: it has 1 to 2"),
        (lambda c: get_version(c, "other", 1), NotFound, "'other'"),
        (lambda c: get_committed(c, MODEL, 1), VersionFailed, "late:1 is failed: the sky fell"),
        (lambda c: get_committed(c, MODEL, 2), VersionFailed, "its training is not finished"),
        (lambda c: find_by_digest(c, MODEL, "sha256:" + "f" * 64), NotFound, "has the digest"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    history: History,
    ask: Callable[[object], VersionRecord],
    kind: type[RegistryError],
    said: str,
) -> None:
    history.reserve("one")
    fail_training(history, 1)
    history.reserve("two", seed=2)
    with history.catalog.read() as connection, pytest.raises(kind, match=said) as caught:
        ask(connection)
    assert caught.value.hint


def test_a_model_without_versions_says_so(history: History) -> None:
    with (
        history.catalog.read() as connection,
        pytest.raises(NotFound, match="it has none yet"),
    ):
        get_version(connection, MODEL, 1)
