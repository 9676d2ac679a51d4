"""History comes into another registry as it was, once, whole, or not at all."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.ledger import foreign_chain
from registry_assets.catalog.tables import evaluations, imported_rows
from registry_assets.errors import ImportRefused, NotFound
from registry_assets.lifecycle.checkpoints import read_checkpoint
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.transfer.moves import (
    Steps,
    carry,
    identity,
    own_events,
    rows,
    said,
    segments,
)


def test_everything_that_is_said_of_a_model_is_said_on_the_other_side(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "all")
    for model in (MODEL, "other"):
        assert said(target.registry, model) == said(origin.registry, model)
    assert target.registry.snapshots("flights") == origin.registry.snapshots("flights")


def test_a_chosen_model_comes_alone_and_with_what_it_was_made_from(
    origin: History, target: History, tmp_path: Path
) -> None:
    came = carry(origin.registry, target.registry, tmp_path / "one.tar", [MODEL])
    assert [(fit.name, fit.fit) for fit in came.models] == [(MODEL, "new")]
    assert [model.name for model in target.registry.models()] == [MODEL]
    assert said(target.registry, MODEL) == said(origin.registry, MODEL)
    # One was observed on. No version names the other: it stays where it is.
    assert came.snapshots == 1
    assert [held.partition for held in target.registry.snapshots("flights")] == ["2013-01"]


def test_a_registry_that_has_rows_gives_others_the_next_numbers(
    origin: History, target: History, tmp_path: Path
) -> None:
    target.declare("mine")
    for seed in range(3):
        target.version(seed, model="mine")
    before = said(target.registry, "mine")
    carry(origin.registry, target.registry, tmp_path / "all")
    assert said(target.registry, "mine") == before
    found = rows(target.registry)
    numbers = [row["id"] for row in found["evaluations"] if row["model"] == MODEL]
    assert min(numbers) > 3
    origins = {row["origin"] for row in found["imported_rows"]}
    assert origins == {identity(origin.registry)}
    assert said(target.registry, MODEL) == said(origin.registry, MODEL)


def test_importing_twice_changes_nothing(origin: History, target: History, tmp_path: Path) -> None:
    carry(origin.registry, target.registry, tmp_path / "all")
    before = rows(target.registry)
    again = target.registry.import_from(tmp_path / "all", run=PERSON)
    assert not again.changed
    assert {fit.fit for fit in again.models} == {"unchanged"}
    assert rows(target.registry) == before


def test_an_import_is_one_event_for_each_model(
    origin: History, target: History, tmp_path: Path
) -> None:
    came = carry(origin.registry, target.registry, tmp_path / "all")
    kinds = ["registry_key_added", "snapshots_imported", "model_imported", "model_imported"]
    assert own_events(target.registry) == kinds
    last = target.registry.log("-registry")[-2]
    assert last.body["actor"] == PERSON.actor
    log = origin.registry.log(MODEL)
    assert last.sentence == f"late came from registry {came.origin} with its {len(log)} events"
    assert last.body["facts"]["sequence"] == len(log)
    assert last.body["facts"]["digest"] == log[-1].digest


def test_a_later_export_adds_what_happened_since(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "1")
    origin.declare(description="Is it late now?")
    origin.promote(origin.version(20))
    origin.snapshot("2013-03")
    came = carry(origin.registry, target.registry, tmp_path / "2")
    assert [fit.fit for fit in came.models] == ["extended", "unchanged"]
    assert came.snapshots == 1
    assert said(target.registry, MODEL) == said(origin.registry, MODEL)
    earlier = target.registry.import_from(tmp_path / "1", run=PERSON)
    assert [fit.fit for fit in earlier.models] == ["ahead", "unchanged"]
    assert said(target.registry, MODEL) == said(origin.registry, MODEL)


def test_life_goes_on_where_it_was_brought(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "all")
    number = target.version(30)
    assert number == 5  # 4 is reserved in the origin
    target.promote(number)
    promotion = target.registry.promotions(MODEL)[-1]
    assert (promotion.from_version, promotion.generation) == (2, 5)
    assert target.registry.verify().problems == ()
    assert json.loads(said(target.registry, MODEL)["file"])["generation"] == 5


def test_a_number_that_is_reserved_elsewhere_is_named(
    origin: History, target: History, tmp_path: Path
) -> None:
    assert carry(origin.registry, target.registry, tmp_path / "all").reserved == ("late:4",)
    again = target.registry.import_from(tmp_path / "all", run=PERSON)
    assert again.reserved == ()


def test_history_goes_from_hand_to_hand(origin: History, target: History, tmp_path: Path) -> None:
    a, b = origin.registry, target.registry
    c = new_history(tmp_path / "third").registry
    carry(a, b, tmp_path / "a to b", [MODEL])
    theirs = len(a.log(MODEL))
    target.promote(target.version(30))
    carry(b, c, tmp_path / "b to c")
    assert said(c, MODEL) == said(b, MODEL)
    # Four of a version that is trained, judged and promoted; and alerts end with the one before.
    both = len(b.log(MODEL))
    assert both >= theirs + 4
    assert segments(c, MODEL)[-2:] == [(theirs, identity(a)), (both, identity(b))]
    chains = {row["chain"] for row in rows(c)["events"]}
    assert {foreign_chain(identity(a)), foreign_chain(identity(b))} <= chains
    carry(c, a, tmp_path / "c to a")
    assert said(a, MODEL) == said(b, MODEL)
    # What came home is the row that it was: under its own number, and no other's.
    home = {row["original_id"]: row["origin"] for row in rows(a)["imported_rows"]}
    assert set(home.values()) == {identity(b)}
    origin.version(31)
    carry(a, c, tmp_path / "a to c")
    carry(a, b, tmp_path / "a to b again", [MODEL])
    assert said(b, MODEL) == said(c, MODEL) == said(a, MODEL)


def test_what_was_only_passed_on_keeps_its_maker(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "1")
    third = new_history(tmp_path / "third").registry
    carry(target.registry, third, tmp_path / "2")
    log = origin.registry.log(MODEL)
    assert segments(third, MODEL)[-1] == (len(log), identity(origin.registry))
    carry(origin.registry, third, tmp_path / "3")
    assert own_events(third).count("model_imported") == 2


def test_a_model_without_a_past_comes_too(tmp_path: Path, target: History) -> None:
    other = new_history(tmp_path / "other")
    other.declare("young")
    carry(other.registry, target.registry, tmp_path / "1")
    assert segments(target.registry, "young") == [(0, identity(other.registry))]
    other.version(1, model="young")
    carry(other.registry, target.registry, tmp_path / "2")
    assert said(target.registry, "young") == said(other.registry, "young")


def test_a_name_that_exists_with_another_history_is_refused(
    origin: History, target: History, tmp_path: Path
) -> None:
    target.declare()
    target.version(1)
    before = rows(target.registry)
    origin.registry.export(tmp_path / "all")
    with pytest.raises(ImportRefused, match="late exists here with another history") as refused:
        target.registry.import_from(tmp_path / "all", run=PERSON)
    assert identity(origin.registry) in refused.value.message
    assert rows(target.registry) == before


def test_a_history_that_went_on_in_two_places_is_refused_at_the_first_event_that_differs(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "1")
    shared = len(origin.registry.log(MODEL))
    origin.version(20)
    target.version(21)
    before = rows(target.registry)
    origin.registry.export(tmp_path / "2", [MODEL])
    with pytest.raises(ImportRefused, match=f"event {shared + 1} of the export is not event"):
        target.registry.import_from(tmp_path / "2", run=PERSON)
    assert rows(target.registry) == before


def test_two_registries_under_one_identity_are_told_apart(
    exported: Path, origin: History, target: History, tmp_path: Path
) -> None:
    twin, _ = Registry.restore(exported, tmp_path / "twin")
    origin.declare("mine")
    History(twin, origin.clock).declare("yours")
    carry(origin.registry, target.registry, tmp_path / "1")
    twin.export(tmp_path / "2")
    with pytest.raises(ImportRefused, match="differ at event 10 of its own chain"):
        target.registry.import_from(tmp_path / "2", run=PERSON)


def test_an_older_copy_of_a_registry_does_not_learn_its_own_future(
    exported: Path, origin: History, tmp_path: Path
) -> None:
    older, _ = Registry.restore(exported, tmp_path / "older")
    origin.version(20)
    origin.registry.export(tmp_path / "newer")
    with pytest.raises(ImportRefused, match="the catalog here is older") as refused:
        older.import_from(tmp_path / "newer", run=PERSON)
    assert "backup" in refused.value.hint


def test_a_pointer_file_that_knows_more_refuses_the_import(
    origin: History, target: History, tmp_path: Path
) -> None:
    origin.registry.export(tmp_path / "older")
    origin.promote(origin.version(20))
    file = origin.registry.backends.store.read_pointer(MODEL, "production")
    assert file is not None
    target.registry.backends.store.write_pointer(MODEL, "production", file)
    with pytest.raises(ImportRefused, match="has moved 5 times, the export 4"):
        target.registry.import_from(tmp_path / "older", run=PERSON)
    assert target.registry.models() == ()


def test_an_unknown_model_is_not_exported(origin: History, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        origin.registry.export(tmp_path / "none", ["lat"])
    assert list(tmp_path.iterdir()) == [tmp_path / "origin"]


def test_what_was_recorded_here_stays_current_whatever_comes(
    origin: History, target: History, tmp_path: Path
) -> None:
    mine = target.snapshot("2013-01", content=7)
    carry(origin.registry, target.registry, tmp_path / "1")
    theirs = {held.partition: held for held in origin.registry.snapshots("flights")}
    held = {held.partition: held for held in target.registry.snapshots("flights")}
    assert held == {**theirs, "2013-01": mine}
    # The same content again is no new snapshot; other content is, and takes the place.
    assert target.snapshot("2013-02").digest == theirs["2013-02"].digest
    newer = target.snapshot("2013-02", content=8)
    carry(target.registry, third := new_history(tmp_path / "third").registry, tmp_path / "2")
    digests = {held.partition: held.digest for held in third.snapshots("flights")}
    assert digests == {"2013-01": mine.digest, "2013-02": newer.digest}


def test_the_index_is_the_one_that_would_be_made_anew(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "1")
    origin.promote(origin.version(20))
    carry(origin.registry, target.registry, tmp_path / "2")
    stages: list[Stage] = [found.stage for found in target.registry.versions(MODEL)]
    assert stages == ["archived", "archived", "failed", "development", "production"]
    backends = target.registry.backends
    kept = content(backends.catalog)
    assert reindex(backends).unreadable == ()
    assert content(backends.catalog) == kept


def test_numbers_of_rows_are_translated_and_never_reused(
    origin: History, target: History, tmp_path: Path
) -> None:
    target.declare("mine")
    target.version(1, model="mine")
    carry(origin.registry, target.registry, tmp_path / "1")
    target.version(2, model="mine")
    with target.registry.backends.catalog.read() as connection:
        numbers = list(connection.execute(sa.select(evaluations.c.id)).scalars())
        known = connection.execute(
            sa.select(imported_rows.c.original_id).where(
                imported_rows.c.table_name == "evaluations"
            )
        )
        originals = list(known.scalars())
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    assert sorted(originals) == [1, 2, 3, 4]
    assert target.registry.verify().clean


def test_progress_is_told(origin: History, target: History, tmp_path: Path) -> None:
    steps = Steps()
    done = origin.registry.export(tmp_path / "all.tar", progress=steps)
    target.registry.import_from(tmp_path / "all.tar", run=PERSON, progress=steps)
    total = done.description.counts["bytes"]
    for what in ("copying", "checking", "storing"):
        counted = [(done, of) for said, done, of in steps.told if said == what]
        assert counted[0] == (0, total)
        assert counted[-1] == (total, total)


def test_a_pointer_file_from_elsewhere_is_a_checkpoint_here(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "1")
    target.promote(target.version(30))
    theirs, ours = (
        read_checkpoint(Path(each.home.store) / "pointers" / MODEL / "production.json")
        for each in (origin.registry, target.registry)
    )
    for kept in (theirs, ours):
        assert target.registry.verify(checkpoint=kept).problems == ()
    assert origin.registry.verify(checkpoint=ours).problems != ()
