"""A chain is read from its end: the newest events, some of them, one version's story."""

from datetime import timedelta

import pytest

from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.log import LogPage, Wanted
from registry_assets.errors import NotFound
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.catalog.statements import statements


@pytest.fixture
def lived(history: History) -> History:
    """Version 1 held production for a day, 2 holds it, and 12 is reserved."""
    for seed in (1, 2):
        history.promote(history.version(seed))
        history.clock.now += timedelta(days=1)
    for seed in range(3, 13):
        history.reserve(f"number {seed}", seed=seed)
    return history


def page(
    history: History, *, last: int = 100, before: int | None = None, **wanted: object
) -> LogPage:
    return history.registry.log_page(MODEL, Wanted(**wanted), last=last, before=before)  # type: ignore[arg-type]


def test_the_newest_come_oldest_first_with_how_many_are_earlier(lived: History) -> None:
    everything = lived.registry.log(MODEL)
    newest = page(lived, last=3)
    assert newest.events == everything[-3:]
    assert newest.earlier == len(everything) - 3
    before = page(lived, last=3, before=newest.events[0].sequence)
    assert before.events == everything[-6:-3]
    assert page(lived) == LogPage(everything, earlier=0)


def test_the_story_of_a_version_has_its_end_and_no_other_number(lived: History) -> None:
    one = page(lived, version=1)
    assert [event.kind for event in one.events] == [
        "version_reserved",
        "version_committed",
        "version_evaluated",
        "pointer_moved",
        "pointer_moved",
    ]
    assert one.events[-1].sentence == "production moved from version 1 to version 2"
    # Not 12's, and not those that hold the number 2 for another reason.
    assert {event.facts["version"] for event in page(lived, version=2).events} == {2}
    with pytest.raises(NotFound, match="no version 13"):
        page(lived, version=13)


def test_times_kinds_and_actors_are_asked_for_together(lived: History) -> None:
    second_day = "2013-04-02T06:00:00.000000Z"
    third_day = "2013-04-03T06:00:00.000000Z"
    found = page(lived, since=second_day, until=third_day)
    assert {event.effective_at for event in found.events} == {second_day}
    assert len(page(lived, since=third_day).events) == 10
    moved = page(lived, kind="pointer_moved")
    assert [event.facts["generation"] for event in moved.events] == [1, 2]
    assert page(lived, kind="pointer_moved", until=second_day).events == moved.events[:1]
    assert page(lived, actor="nobody") == LogPage((), earlier=0)


def test_a_short_answer_reads_one_page_of_a_chain(lived: History) -> None:
    with statements() as few:
        page(lived, last=2)
    assert len([text for text in few if "FROM events" in text]) == 1


def test_the_registrys_own_chain_is_read_the_same_way(history: History) -> None:
    for month in ("2013-01", "2013-02"):
        history.snapshot(month)
    found = history.registry.log_page(REGISTRY, Wanted(kind="snapshot_recorded"), last=1)
    assert [event.facts["partition"] for event in found.events] == ["2013-02"]
