"""Decisions on many versions are those on each, and cost the same few queries."""

from pathlib import Path

import pytest

from registry_assets.catalog.models import get_model
from registry_assets.catalog.versions import list_versions
from registry_assets.governance.standings import read_decisions
from registry_assets_tests.catalog.history import (
    MODEL,
    History,
    fail_training,
    lived_in,
    new_history,
)
from registry_assets_tests.catalog.statements import statements
from registry_assets_tests.governance.people import governed
from registry_assets_tests.governance.test_decide import NOW


@pytest.fixture
def varied(tmp_path: Path) -> History:
    """Versions in production before and now, failed, reserved, rejected, re-evaluated."""
    history = lived_in(tmp_path / "varied")
    history.version(4, failing=["good_enough"])
    history.evaluate(history.version(5))
    history.reserve("later", seed=6)
    history.declare(gates={"good_enough": False})
    history.evaluate(5)
    fail_training(history, history.reserve("broken again", seed=7).version.number)
    return history


def test_each_decision_is_the_one_that_is_made_of_it_alone(varied: History) -> None:
    together = varied.registry.versions(MODEL)
    alone = tuple(
        varied.registry.version_numbered(MODEL, summary.version.number) for summary in together
    )
    assert len(together) == 7
    assert together == alone
    assert {summary.stage for summary in together} >= {"production", "failed", "archived"}


def test_a_page_is_the_same_as_that_part_of_the_whole(varied: History) -> None:
    whole = varied.registry.versions(MODEL)
    assert varied.registry.versions(MODEL, limit=2) == whole[-2:]
    assert varied.registry.versions(MODEL, limit=2, before=4) == whole[1:3]
    assert varied.registry.versions(MODEL, limit=100) == whole
    assert varied.registry.versions(MODEL, before=1) == ()


def test_more_versions_cost_no_more_queries(varied: History) -> None:
    # One of the three was trained: it alone has data that may be recalled.
    with statements() as few:
        varied.registry.versions(MODEL, limit=3)
    with statements() as many:
        varied.registry.versions(MODEL)
    assert len(many) == len(few)


def test_what_people_signed_about_more_versions_costs_no_more_queries(tmp_path: Path) -> None:
    history = new_history(tmp_path / "project")
    history.declare()
    world = governed(history, tmp_path / "keys")
    world.activate(world.document())
    for seed in (1, 2, 3):
        world.approve(history.version(seed, authors=["ann@example.com"]), "bob")
    with statements() as few:
        history.registry.versions(MODEL, limit=1)
    with statements() as many:
        found = history.registry.versions(MODEL)
    assert len(found) == 3
    assert len(many) == len(few)


def test_no_versions_are_decided_on_where_there_are_none(varied: History) -> None:
    with varied.catalog.read() as connection:
        model = get_model(connection, MODEL)
        none = list_versions(connection, MODEL, above=1000)
        assert list(read_decisions(connection, model, none, "production", now=NOW)) == []
