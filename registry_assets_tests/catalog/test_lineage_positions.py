"""How much was told is remembered by receiver, on both databases, and moves by compare and swap."""

from dataclasses import replace

from registry_assets.catalog.ledger import GENESIS, REGISTRY, Head
from registry_assets.catalog.lineage_positions import (
    CHAIN,
    LONGEST_ERROR,
    Position,
    Refused,
    is_of_this_ledger,
    read_position,
    told_chains,
    write_position,
)
from registry_assets_tests.catalog.history import MODEL, History

FILE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def note(history: History, before: Position, after: Position) -> bool:
    with history.catalog.write(chain=CHAIN) as connection:
        return write_position(connection, before, after)


def read(history: History, receiver: str = FILE) -> Position:
    with history.catalog.read() as connection:
        return read_position(connection, receiver)


def test_what_was_noted_is_read_back(begun: History) -> None:
    new = read(begun)
    assert new == Position(FILE)
    after = replace(
        new.moved(MODEL, Head(3, "sha256:" + "a" * 64)),
        refused=(Refused(MODEL, 2, "no"),),
        failures=2,
        error="it is down",
        next_at="2013-06-01",
        updated_at="2013-05-31",
    )
    assert note(begun, new, after)
    assert read(begun) == after
    assert read(begun, OTHER) == Position(OTHER)
    cleared = replace(after, refused=(), failures=0, error=None, next_at=None)
    assert note(begun, after, cleared)
    assert read(begun) == cleared


def test_of_two_who_note_at_once_one_does(begun: History) -> None:
    new = read(begun)
    first, second = (new.moved(MODEL, Head(n, GENESIS)) for n in (1, 2))
    assert note(begun, new, first)
    assert not note(begun, new, second)
    assert read(begun) == first
    assert note(begun, first, second)
    assert not note(begun, first, new)


def test_an_error_is_kept_only_as_far_as_it_is_of_use(begun: History) -> None:
    new = read(begun)
    assert note(begun, new, replace(new, error="x" * 9000 + "\x1b"))
    said = read(begun)
    assert said.error is not None
    assert len(said.error) <= LONGEST_ERROR
    assert note(begun, said, new)  # what is read can be swapped


def test_every_chain_is_told_but_those_of_other_registries(begun: History) -> None:
    with begun.catalog.read() as connection:
        chains = told_chains(connection)
        assert set(chains) == {REGISTRY, MODEL}
        for chain, head in chains.items():
            assert is_of_this_ledger(connection, chain, head)
            assert not is_of_this_ledger(connection, chain, replace(head, digest=GENESIS))
            later = replace(head, sequence=head.sequence + 1)
            assert not is_of_this_ledger(connection, chain, later)
        assert is_of_this_ledger(connection, "anything", Position(FILE).head("anything"))
