"""Holds on each database: held, released, held again; always one row, and by whom it was set."""

from registry_assets.catalog.holds import HoldRecord, State, list_holds, read_hold, write_hold
from registry_assets.catalog.ledger import change
from registry_assets_tests.catalog.history import MODEL, History


def set_hold(history: History, number: int, state: State, *, actor: str = "ann") -> HoldRecord:
    """Hold a version on production, or release it."""
    with change(
        history.catalog, chain=MODEL, kind="version_released", actor=actor, clock=history.clock
    ) as draft:
        return write_hold(draft, MODEL, "production", number, state, actor=actor, reason="slow")


def test_a_hold_is_one_row_that_says_who_set_it_last(begun: History) -> None:
    with begun.catalog.read() as connection:
        assert read_hold(connection, MODEL, "production", 1) is None
    for state, actor in (("held", "ann"), ("released", "bob"), ("held", "eve")):
        written = set_hold(begun, 1, state, actor=actor)  # type: ignore[arg-type]
        with begun.catalog.read() as connection:
            assert list_holds(connection, MODEL) == (written,)
            assert read_hold(connection, MODEL, "production", 1) == written
        assert (written.state, written.actor, written.in_force) == (state, actor, state == "held")
    assert begun.registry.verify().clean


def test_holds_are_those_of_one_pointer_by_number(begun: History) -> None:
    for number in (2, 1):
        set_hold(begun, number, "held")
    with begun.catalog.read() as connection:
        assert [h.number for h in list_holds(connection, MODEL, "production")] == [1, 2]
        assert list_holds(connection, MODEL, "canary") == ()
        assert list_holds(connection, "other") == ()
        assert read_hold(connection, MODEL, "canary", 1) is None


def test_a_hold_says_what_happened_in_one_sentence(begun: History) -> None:
    held, released = set_hold(begun, 1, "held"), set_hold(begun, 1, "released", actor="bob")
    assert held.sentence == ("production was rolled back from version 1 by ann on 2013-04-01: slow")
    assert released.sentence == ("version 1 was released for production by bob on 2013-04-01: slow")
