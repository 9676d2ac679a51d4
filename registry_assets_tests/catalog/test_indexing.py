"""The index says what the rows say, after every change and when it is made anew."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.index_tables import (
    INDEX,
    edges,
    indexed_models,
    indexed_versions,
    number_terms,
    text_terms,
)
from registry_assets.catalog.versions import commit, reserve
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.recipe import Recipe, SnapshotRef
from registry_assets_tests.catalog.history import MODEL, PERSON, History, lived_in

DIGEST = "sha256:" + "ab" * 32


def stages(history: History) -> dict[int, str]:
    """The stage of each version, as the index has it."""
    with history.catalog.read() as connection:
        rows = connection.execute(sa.select(indexed_versions.c.number, indexed_versions.c.stage))
        return dict(rows.tuples().all())


def terms(history: History, table: sa.Table, entity: str) -> dict[str, Any]:
    """What can be asked about, of one entity."""
    with history.catalog.read() as connection:
        query = sa.select(table.c.name, table.c.value).where(table.c.entity == entity)
        return dict(connection.execute(query).tuples().all())


def content(catalog: Catalog) -> dict[str, list[Any]]:
    """Everything in the index, apart from the numbers that rows have by chance."""
    found = {}
    with catalog.read() as connection:
        named = {
            row.id: (row.model, row.number)
            for row in connection.execute(sa.select(indexed_versions))
        }
        for table in INDEX:
            rows = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for row in rows:
                if row.get("entity") == "version":
                    row["id"] = named[row["id"]]
                elif table in (indexed_versions, indexed_models) or row.get("entity") == "model":
                    row.pop("id")
            found[table.name] = sorted(map(str, rows))
    return found


def test_the_stage_follows_what_happens(begun: History) -> None:
    assert stages(begun) == {1: "staging", 2: "development"}
    begun.promote(1)
    assert stages(begun) == {1: "production", 2: "development"}
    begun.promote(begun.version(3))
    begun.version(4, failing=["good_enough"])
    assert stages(begun) == {1: "archived", 2: "development", 3: "production", 4: "rejected"}


def test_another_suite_judges_the_versions_on_their_way_anew_and_no_others(
    begun: History,
) -> None:
    begun.promote(1)
    begun.version(3)
    begun.version(4, failing=["good_enough"])
    begun.declare(gates={"good_enough": False})
    assert stages(begun) == {
        1: "production",
        2: "development",
        3: "development",
        4: "development",
    }
    begun.evaluate(3)
    assert stages(begun)[3] == "staging"
    begun.declare()  # as it was: the evaluations of then count again
    assert stages(begun) == {1: "production", 2: "development", 3: "staging", 4: "rejected"}


def test_numbers_text_and_truth_values_are_terms_of_their_own_types(history: History) -> None:
    params: dict[str, Json] = {"rate": 0.5, "trees": 200, "kernel": "rbf", "grid": [1], "x": None}
    params["shuffle"] = True
    asked = Recipe(MODEL, "late", (), (), {"holdout": "by_key"}, "code", params, {})
    reserve(
        history.catalog,
        asked,
        request="typed",
        trigger="manual",
        actor="ann",
        reason="",
        clock=history.clock,
    )
    assert terms(history, number_terms, "version") == {"params.rate": 0.5, "params.trees": 200.0}
    assert terms(history, text_terms, "version") == {
        "params.kernel": "rbf",
        "params.shuffle?": "true",
    }


def test_a_tag_that_is_edited_or_taken_away_is_the_one_that_counts(begun: History) -> None:
    def tag(number: int, name: str, value: str | None) -> None:
        about = f"{MODEL}:{number}" if number else MODEL
        begun.registry.tag(about, {name: value}, run=PERSON)

    tag(1, "quarter", "Q2")
    tag(0, "team", "risk")
    assert terms(begun, text_terms, "version")["tags.quarter"] == "Q2"
    assert terms(begun, text_terms, "model") == {"tags.team": "risk", "owner": "team:ops"}
    tag(1, "quarter", None)
    assert "tags.quarter" not in terms(begun, text_terms, "version")


def test_a_version_leads_back_to_its_data_and_an_evaluation_to_its_version(
    history: History,
) -> None:
    asked = Recipe(
        MODEL,
        "late",
        (SnapshotRef("flights", "2013-01", DIGEST),),
        (),
        {"holdout": "by_key"},
        "code",
        {},
        {},
    )
    reserve(
        history.catalog,
        asked,
        request="with data",
        trigger="manual",
        actor="ann",
        reason="",
        clock=history.clock,
    )
    version = commit(
        history.catalog,
        model=MODEL,
        number=1,
        digest="sha256:" + "cd" * 32,
        metadata={},
        findings=[],
        run_id="run-1",
        actor="ann",
        clock=history.clock,
    )
    with history.catalog.read() as connection:
        found = connection.execute(sa.select(edges.c.child, edges.c.role, edges.c.parent)).all()
    assert [tuple(row) for row in found] == [(version.digest, "train", DIGEST)]


def test_an_index_made_anew_is_the_one_that_was_kept(tmp_path: Path) -> None:
    history = lived_in(tmp_path)
    kept = content(history.catalog)
    with history.catalog.write() as connection:
        for table in INDEX:
            connection.execute(sa.delete(table))
    assert content(history.catalog) != kept
    done = reindex(history.registry.backends)
    assert (done.models, done.versions, done.evaluations, done.unreadable) == (1, 3, 3, ())
    assert content(history.catalog) == kept
