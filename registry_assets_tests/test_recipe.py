"""A recipe is what it is made of, whatever order or process it was written down in."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.canonical import Json, canonical_json
from registry_assets.errors import RegistryError
from registry_assets.recipe import Recipe, SnapshotRef

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PARAMS = st.dictionaries(TEXT, VALUES, max_size=4)
REFS = st.builds(SnapshotRef, TEXT, TEXT, TEXT)
RECIPES = st.builds(
    Recipe,
    model=TEXT,
    target=TEXT,
    train=st.lists(REFS, max_size=3).map(tuple),
    holdout=st.lists(REFS, max_size=3).map(tuple),
    split=st.dictionaries(TEXT, TEXT | st.integers(0, 9), max_size=3),
    code=TEXT,
    params=PARAMS,
    distributions=st.dictionaries(TEXT, TEXT, max_size=3),
)
APRIL = SnapshotRef("features", "2013-04", "sha256:" + "4" * 64)
MAY = SnapshotRef("features", "2013-05", "sha256:" + "5" * 64)
BASE = Recipe(
    model="late",
    target="late",
    train=(APRIL,),
    holdout=(MAY,),
    split={"holdout": "latest_partitions", "count": 1},
    code="sha256:" + "c" * 64,
    params={"max_iter": 100, "tree": {"depth": 3, "leaves": 8}},
    distributions={"numpy": "2.1", "scikit-learn": "1.6"},
)


def stored(recipe: Recipe) -> Recipe:
    """The recipe, after it went into the catalog and came back."""
    return Recipe.from_json(json.loads(canonical_json(recipe.to_json())))


def backwards(value: Json) -> Json:
    """The same JSON with the members of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


@given(RECIPES)
def test_what_was_stored_is_the_recipe(recipe: Recipe) -> None:
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert stored(recipe) == recipe
    assert stored(recipe).digest == recipe.digest


@given(PARAMS)
def test_parameters_come_back_with_their_types(params: dict[str, Json]) -> None:
    def spelled(value: Json) -> str:
        return json.dumps(value, sort_keys=True)

    assert spelled(dict(stored(replace(BASE, params=params)).params)) == spelled(params)


def test_one_and_one_point_nought_are_different_trainings() -> None:
    # To scikit-learn `max_features=1` is a single feature, and 1.0 is all of them.
    one, all_of_them = (replace(BASE, params={"max_features": given}) for given in (1, 1.0))
    assert one.digest != all_of_them.digest
    assert type(stored(all_of_them).params["max_features"]) is float


@given(RECIPES)
def test_the_order_of_members_does_not_change_the_digest(recipe: Recipe) -> None:
    turned: dict[str, Any] = {
        name: backwards(dict(getattr(recipe, name)))
        for name in ("split", "params", "distributions")
    }
    assert replace(recipe, **turned).digest == recipe.digest


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, model="later"),
        lambda r: replace(r, target="very_late"),
        lambda r: replace(r, train=(APRIL, MAY)),
        lambda r: replace(r, train=(replace(APRIL, digest=MAY.digest),)),
        lambda r: replace(r, holdout=(APRIL,)),
        lambda r: replace(r, split={"holdout": "latest_partitions", "count": 2}),
        lambda r: replace(r, code="sha256:" + "d" * 64),
        lambda r: replace(r, params={**r.params, "max_iter": 101}),
        lambda r: replace(r, distributions={**r.distributions, "numpy": "2.2"}),
        lambda r: replace(r, estimator="sha256:" + "e" * 64),
    ],
)
def test_whatever_determines_a_training_changes_the_digest(
    change: Callable[[Recipe], Recipe],
) -> None:
    assert change(BASE).digest != BASE.digest


def test_the_order_of_snapshots_is_part_of_the_recipe() -> None:
    ordered = replace(BASE, train=(APRIL, MAY))
    assert replace(BASE, train=(MAY, APRIL)).digest != ordered.digest


def test_a_plan_gates_policy_and_tags_are_not_part_of_it() -> None:
    assert {field.name for field in fields(Recipe)} == {
        *("model", "target", "train", "holdout", "split", "code", "params", "distributions"),
        "estimator",  # of what was trained elsewhere: its bytes stand for how it was made
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, object()])
def test_what_json_cannot_say_is_refused_with_its_place(value: Json) -> None:
    with pytest.raises(RegistryError, match=r"\$\.C"):
        _ = replace(BASE, params={"C": value}).digest


def test_a_snapshot_is_shown_by_asset_and_partition() -> None:
    assert str(APRIL) == "features[2013-04]"
    assert str(replace(APRIL, partition="")) == "features"
