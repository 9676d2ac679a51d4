"""What became of alerts is told once at least, in its order, and never what did not happen."""

import pytest

from registry_assets.catalog.alerts import OPENED
from registry_assets.catalog.ledger import change
from registry_assets.catalog.outbox import (
    CHAIN,
    LONGEST_ERROR,
    Delivery,
    Letter,
    address,
    append,
    claim,
    count_deliveries,
    due,
    find_letter,
    list_deliveries,
    list_letters,
    retry,
    settle,
    unaddressed,
)
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.catalog.watched import Watch

NOW = "2013-06-01"
LATER = "2013-06-02"
MUCH_LATER = "2013-06-03"


@pytest.fixture
def watch(history: History) -> Watch:
    """A model with an alert about drift, found twice, and one about its data."""
    history.promote(history.version(1))
    watch = Watch(history)
    watch.observe("drift", "2013-05", "failed")
    watch.observe("drift", "2013-06", "failed")
    watch.observe("predictions", "2013-05", "failed")
    return watch


def letters(watch: Watch) -> tuple[Letter, ...]:
    """Every letter."""
    with watch.history.catalog.read() as connection:
        return list_letters(connection, MODEL)


def settle_who(watch: Watch, **times: str) -> None:
    """Address every letter to these sinks."""
    with watch.history.catalog.write(chain=CHAIN) as connection:
        for letter in unaddressed(connection):
            assert address(connection, letter, times, now=NOW)


def waiting(watch: Watch, now: str = NOW, *, sinks: list[str] | None = None) -> list[Delivery]:
    """What may be tried now."""
    with watch.history.catalog.read() as connection:
        return list(due(connection, now=now, sinks=sinks))


def keys(found: list[Delivery]) -> list[tuple[str, str]]:
    """Letters and sinks."""
    return [(each.letter.key, each.sink) for each in found]


def begin(watch: Watch, delivery: Delivery, *, until: str = LATER) -> Delivery | None:
    """Claim a delivery."""
    with watch.history.catalog.write(chain=CHAIN) as connection:
        return claim(connection, delivery, until=until, now=NOW)


def finish(watch: Watch, claimed: Delivery | None, state: str, **more: str) -> bool:
    """Note how it ended."""
    assert claimed is not None
    with watch.history.catalog.write(chain=CHAIN) as connection:
        return settle(connection, claimed, state, now=NOW, **more)  # type: ignore[arg-type]


def deliver(watch: Watch, delivery: Delivery, state: str = "delivered", **more: str) -> None:
    """Try a delivery."""
    assert finish(watch, begin(watch, delivery), state, **more)


def test_a_letter_is_written_with_what_it_tells_of(watch: Watch) -> None:
    first, second, third = letters(watch)
    assert [each.key for each in (first, second, third)] == [
        "late/1/opened/1",
        "late/1/repeated/2",
        "late/2/opened/1",
    ]
    assert (first.occasion, first.body, first.alert) == ("opened", {"said": "half of it moved"}, 1)
    assert first.addressed_at is None
    with watch.history.catalog.read() as connection:
        assert list_letters(connection, MODEL, 2) == (third,)
        assert find_letter(connection, second.key) == second
        assert find_letter(connection, "nothing") is None
    assert watch.history.registry.verify().clean


def test_a_key_is_written_once(watch: Watch) -> None:
    before = letters(watch)
    history = watch.history
    with change(
        history.catalog, chain=MODEL, kind=OPENED, actor="ann", clock=history.clock
    ) as draft:
        found = append(
            draft, key=before[0].key, model=MODEL, alert=2, occasion="resolved", body={"n": 1}
        )
    assert found == before[0]
    assert letters(watch) == before


def write_and_die(watch: Watch) -> None:
    """Append a letter, and die before the commit."""
    history = watch.history
    with change(
        history.catalog, chain=MODEL, kind=OPENED, actor="ann", clock=history.clock
    ) as draft:
        append(draft, key="new", model=MODEL, alert=1, occasion="escalated", body={})
        raise RuntimeError("it dies")


def test_what_did_not_happen_is_not_told(watch: Watch) -> None:
    before = letters(watch)
    with pytest.raises(RuntimeError, match="it dies"):
        write_and_die(watch)
    assert letters(watch) == before


def test_who_gets_a_letter_is_settled_once(watch: Watch) -> None:
    with watch.history.catalog.write(chain=CHAIN) as connection:
        first, second, _ = unaddressed(connection)
        assert address(connection, first, {"log": NOW}, now=NOW)
        assert not address(connection, first, {"log": NOW, "mail": NOW}, now=LATER)
        assert address(connection, second, {}, now=NOW)
        assert [each.key for each in unaddressed(connection)] == ["late/2/opened/1"]
        assert unaddressed(connection, limit=0) == ()
        assert count_deliveries(connection) == {"waiting": 1}
    assert [each.addressed_at for each in letters(watch)] == [NOW, NOW, None]


def test_a_sink_of_later_gets_nothing_of_what_was_before_it(watch: Watch) -> None:
    settle_who(watch, log=NOW)
    watch.observe("drift", "2013-07")
    watch.observe("drift", "2013-08", "failed")
    settle_who(watch, log=NOW, mail=NOW)
    assert [key for key, sink in keys(waiting(watch)) if sink == "mail"] == ["late/3/opened/1"]


def test_of_one_alert_a_sink_is_told_in_order_and_of_others_meanwhile(watch: Watch) -> None:
    settle_who(watch, log=NOW, mail=NOW)
    assert keys(waiting(watch)) == [
        ("late/1/opened/1", "log"),
        ("late/1/opened/1", "mail"),
        ("late/2/opened/1", "log"),
        ("late/2/opened/1", "mail"),
    ]
    to_log, to_mail = waiting(watch)[:2]
    deliver(watch, to_log)
    deliver(watch, to_mail, "waiting", next_at=LATER, error="it was down")
    assert keys(waiting(watch)) == [
        ("late/1/repeated/2", "log"),
        ("late/2/opened/1", "log"),
        ("late/2/opened/1", "mail"),
    ]
    (again,) = waiting(watch, LATER, sinks=["mail"])[:1]
    assert (again.attempts, again.error) == (1, "it was down")
    deliver(watch, again, "given_up", error="it was down for a day")
    assert ("late/1/repeated/2", "mail") in keys(waiting(watch))


def test_only_what_is_due_at_a_sink_that_there_is_may_be_tried(watch: Watch) -> None:
    settle_who(watch, log=NOW, mail=LATER, gone=NOW)
    assert {sink for _, sink in keys(waiting(watch, sinks=["log", "mail"]))} == {"log"}
    assert {sink for _, sink in keys(waiting(watch, LATER, sinks=["log", "mail"]))} == {
        "log",
        "mail",
    }
    assert waiting(watch, sinks=[]) == []
    with watch.history.catalog.read() as connection:
        assert len(due(connection, now=LATER, limit=1)) == 1


def test_of_two_that_race_for_a_delivery_one_gets_it(watch: Watch) -> None:
    settle_who(watch, log=NOW)
    seen = waiting(watch)[0]
    first, second = begin(watch, seen), begin(watch, seen)
    assert first is not None
    assert second is None
    assert (first.attempts, first.next_at) == (1, LATER)
    assert seen.letter.key not in [key for key, _ in keys(waiting(watch))]
    assert finish(watch, first, "delivered")
    assert begin(watch, first) is None


def test_what_a_dead_deliverer_had_begun_is_tried_again_and_counted(watch: Watch) -> None:
    settle_who(watch, log=NOW)
    dead = begin(watch, waiting(watch)[0])
    (seen, *_) = waiting(watch, LATER)
    assert seen.attempts == 1
    living = begin(watch, seen, until=MUCH_LATER)
    # It was not dead, but slow: what the other notes counts.
    assert not finish(watch, dead, "given_up")
    assert finish(watch, living, "delivered")
    with watch.history.catalog.read() as connection:
        (done,) = list_deliveries(connection, states=("delivered",))
    assert done.attempts == 2


def test_a_letter_brings_along_what_waits_for_its_time_about_the_same_alert(watch: Watch) -> None:
    with watch.history.catalog.write(chain=CHAIN) as connection:
        opened, repeated, other = unaddressed(connection)
        address(connection, opened, {"log": MUCH_LATER, "mail": MUCH_LATER}, now=NOW)
        address(connection, other, {"log": MUCH_LATER}, now=NOW)
        address(connection, repeated, {"log": LATER}, now=NOW)
    assert waiting(watch) == []
    assert keys(waiting(watch, LATER)) == [("late/1/opened/1", "log")]
    deliver(watch, waiting(watch, LATER)[0])
    assert keys(waiting(watch, LATER)) == [("late/1/repeated/2", "log")]


def test_what_was_given_up_can_be_tried_again(watch: Watch) -> None:
    settle_who(watch, log=NOW)
    seen = waiting(watch)[0]
    deliver(watch, seen, "given_up", error="refused")
    with watch.history.catalog.write(chain=CHAIN) as connection:
        (lost,) = list_deliveries(connection, MODEL, 1, states=("given_up",))
        assert retry(connection, lost, now=LATER)
        assert not retry(connection, lost, now=LATER)
        assert not retry(connection, seen, now=LATER)
    (again, *_) = waiting(watch, LATER)
    assert (again.letter, again.attempts, again.error) == (lost.letter, 0, "refused")


def test_an_error_is_kept_as_text_and_not_without_end(watch: Watch) -> None:
    settle_who(watch, log=NOW)
    deliver(watch, waiting(watch)[0], "waiting", error="\0\x1b" + "x" * 10_000)
    with watch.history.catalog.read() as connection:
        (found,) = [each for each in list_deliveries(connection) if each.error]
    assert found.error is not None
    assert len(found.error) == LONGEST_ERROR
    assert found.error.startswith("\ufffd\ufffdxx")


def test_deliveries_are_counted_and_listed_newest_letter_first(watch: Watch) -> None:
    settle_who(watch, log=NOW)
    deliver(watch, waiting(watch)[0])
    with watch.history.catalog.read() as connection:
        assert count_deliveries(connection) == {"delivered": 1, "waiting": 2}
        listed = [each.letter.key for each in list_deliveries(connection, MODEL)]
        assert listed == ["late/2/opened/1", "late/1/repeated/2", "late/1/opened/1"]
        assert len(list_deliveries(connection, limit=2)) == 2
        assert list_deliveries(connection, "other") == ()
