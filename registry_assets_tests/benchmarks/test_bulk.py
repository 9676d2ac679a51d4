"""What the bulk loader writes is what the product would have written."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.bulk.forms import Form
from benchmarks.bulk.loading import LOADER, Shape, load, model_name
from registry_assets.catalog.tables import events
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.registry import Registry
from registry_assets_tests.catalog.test_indexing import content

VERSIONS, PRODUCTION = 25, 20


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = Registry.init(tmp_path_factory.mktemp("loaded"))
    load(registry, Shape(range(2), VERSIONS, production=PRODUCTION))
    return registry


def test_nothing_is_found_against_a_loaded_registry(loaded: Registry) -> None:
    found = loaded.verify()
    assert found.problems == ()
    assert found.events > 2 * 3 * VERSIONS


def test_the_index_is_what_the_product_makes_of_the_rows(loaded: Registry) -> None:
    before = content(loaded.backends.catalog)
    reindex(loaded.backends)
    assert content(loaded.backends.catalog) == before


def test_every_version_and_the_pointer_are_found(loaded: Registry) -> None:
    for place in range(2):
        name = model_name(place)
        assert [summary.version.number for summary in loaded.versions(name)] == [
            *range(1, VERSIONS + 1)
        ]
        assert loaded.resolve(f"{name}@production").number == PRODUCTION
        assert [promotion.version for promotion in loaded.promotions(name)] == [10, 20]


def test_a_loaded_version_is_promoted_and_the_registry_stays_sound(tmp_path: Path) -> None:
    registry = Registry.init(tmp_path)
    load(registry, Shape(range(1), 3, production=1, promoted_every=1))
    assert registry.promote(model_name(0), 3, run=LOADER).moved
    assert registry.verify().problems == ()


def test_more_models_can_be_loaded_beside_those_that_are_there(tmp_path: Path) -> None:
    registry = Registry.init(tmp_path)
    load(registry, Shape(range(1), 3, production=2, promoted_every=2))
    load(registry, Shape(range(1, 3), 3, production=2, promoted_every=2))
    assert registry.verify().problems == ()
    with registry.backends.catalog.read() as connection:
        chains = connection.execute(sa.select(events.c.chain).distinct()).scalars().all()
    assert sorted(chains) == ["-registry", "late_0", "late_1", "late_2"]


def test_a_form_that_differs_from_what_the_product_writes_is_refused() -> None:
    def whole(share: float) -> dict[str, float]:
        return {"share": share}

    with pytest.raises(AssertionError, match="form and product differ"):
        Form(whole).fill({"share": 1.0})  # canonical JSON writes 1


def test_a_form_that_leaves_a_value_out_is_refused() -> None:
    def forgetful(number: int, forgotten: int) -> dict[str, int]:
        return {"number": number}

    with pytest.raises(ValueError, match="forgotten"):
        Form(forgetful)
