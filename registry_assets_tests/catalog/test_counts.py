"""Lists and counts of many models and versions, at a number of queries that stays."""

import pytest

from registry_assets.errors import InvalidReference, NotFound
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.catalog.statements import statements


@pytest.fixture
def several(history: History) -> History:
    """Three models: one with versions of three stages, one with one, one with none."""
    for seed in (1, 2):
        history.promote(history.version(seed))
    history.version(3, failing=["good_enough"])
    history.declare("early")
    history.version(1, model="early")
    history.declare("never")
    return history


def test_models_come_by_the_page(several: History) -> None:
    registry = several.registry
    assert [model.name for model in registry.models(limit=2)] == ["early", "late"]
    assert [model.name for model in registry.models(after="early")] == ["late", "never"]
    assert registry.models(after="never") == ()
    assert registry.count_models() == 3


def test_a_page_of_models_says_how_many_versions_of_which_stage(several: History) -> None:
    registry = several.registry
    models = registry.models()
    assert registry.stages(models) == {
        "early": {"staging": 1},
        "late": {"archived": 1, "production": 1, "rejected": 1},
        "never": {},
    }
    counts = registry.model_counts(models)
    assert [(c.versions, c.newest, c.version) for c in counts.values()] == [
        (1, "staging", None),
        (3, "rejected", 2),
        (0, None, None),
    ]
    held = registry.holdings(models)
    assert {name: [p.version if p else None for _, p in pairs] for name, pairs in held.items()} == {
        "early": [None],
        "late": [2],
        "never": [None],
    }


def test_what_is_said_of_a_page_costs_the_same_however_long_it_is(several: History) -> None:
    registry = several.registry
    costs = []
    for models in (registry.models(limit=1), registry.models()):
        with statements() as asked:
            registry.stages(models)
            registry.model_counts(models)
            registry.holdings(models)
        costs.append(len(asked))
    assert costs[0] == costs[1]


def test_a_mistyped_name_is_looked_for_among_its_neighbours_only(history: History) -> None:
    for number in range(30):
        history.declare(f"model_{number:02}")
    with statements() as asked, pytest.raises(NotFound, match="did you mean late"):
        history.registry.model("lste")
    assert all(" LIMIT " in text for text in asked if "ORDER BY" in text)
    with pytest.raises(NotFound, match=r"there are: late, model_00, .* and more"):
        history.registry.model("zzzzzzzz")


def test_a_wrong_number_is_answered_without_reading_every_version(several: History) -> None:
    with statements() as asked, pytest.raises(NotFound, match="it has 1 to 3"):
        several.registry.version_numbered(MODEL, 9)
    assert any("next_version" in text for text in asked)
    with pytest.raises(NotFound, match="it has none yet"):
        several.registry.version_numbered("never", 1)
    with pytest.raises(InvalidReference, match=f"name a version, {MODEL}:3"):
        several.registry.resolve(MODEL)


def test_unfinished_versions_are_the_newest_of_them(several: History) -> None:
    for seed in range(4, 9):
        several.reserve(f"later {seed}", seed=seed)
    found = several.registry.unfinished(MODEL, above=4, limit=3)
    assert [version.number for version in found] == [6, 7, 8]
