"""Composing a recipe and reserving a number for it."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.declaration import AtLeast, Where
from registry_assets.errors import (
    CodeCommitUnknown,
    DataUnusable,
    DeclarationError,
    RegistryError,
    TrainingFailed,
)
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.reserving import Request, compose_recipe
from registry_assets.recipe import Recipe
from registry_assets_tests.lifecycle.changes import refused, rewrite, unchanged
from registry_assets_tests.packaging.test_closure import install
from registry_assets_tests.worlds import FEATURES, PERSON, SENSOR, TAGS, World

TWO_AWAY = {
    "ontime/features.py": FEATURES.replace(
        "import pandas as pd", "import pandas as pd\nimport ontime.times"
    ),
    "ontime/times.py": "from ontime.units import PER_HOUR\n",
    "ontime/units.py": "PER_HOUR = 100\n",
}


def recipe_of(world: World) -> Recipe:
    return compose_recipe(world.registry.backends, world.model())


def test_the_same_recipe_twice_names_the_version_it_would_repeat(trained: World) -> None:
    with unchanged(trained):
        again = trained.registry.reserve(trained.model(), Request("again"), run=PERSON)
    assert (again.outcome, again.version.number) == ("repeats", 1)
    assert "nothing to do" in again.sentence
    assert "flight_delay:1" in again.sentence


def test_a_request_repeated_is_the_same_reservation(arrived: World) -> None:
    first = arrived.registry.reserve(arrived.model(), Request("one"), run=PERSON)
    with unchanged(arrived):
        again = arrived.registry.reserve(arrived.model(), Request("one"), run=PERSON)
        other = arrived.registry.reserve(arrived.model(), Request("two"), run=PERSON)
    assert (first.outcome, again.outcome, other.outcome) == ("reserved", *["in_progress"] * 2)
    assert first.version == again.version == other.version
    assert "flight_delay:1" in other.sentence


def test_what_failed_is_tried_again_only_by_a_person(arrived: World) -> None:
    model = arrived.model(params={"fail": "the sky fell"})
    number = arrived.reserve(model, request="one")
    with refused(TrainingFailed, "the sky fell"):
        arrived.registry.train(model, number, run=SENSOR)
    with unchanged(arrived):
        skipped = arrived.registry.reserve(model, Request("tick", trigger="sensor"), run=SENSOR)
    assert (skipped.outcome, skipped.version.number) == ("failed_before", 1)
    assert "the sky fell" in skipped.sentence
    again = arrived.registry.reserve(model, Request("by hand"), run=PERSON)
    assert (again.outcome, again.version.number) == ("reserved", 2)


def test_a_helper_two_imports_away_changes_the_recipe(arrived: World) -> None:
    arrived.code.write(TWO_AWAY)
    before = recipe_of(arrived)
    arrived.code.write({"ontime/units.py": "PER_HOUR = 60\n"})
    assert recipe_of(arrived).digest != before.digest


def test_an_unrelated_module_or_upgrade_does_not_change_the_recipe(
    arrived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived.code.write({"ontime/units.py": "import wheels\n", **TWO_AWAY})
    arrived.code.write({"ontime/units.py": "import wheels\nPER_HOUR = 100\n"})

    def with_versions(*, wheels: str, unrelated: str) -> Recipe:
        site = tmp_path / f"{wheels}-{unrelated}" / "site-packages"
        install(site, "wheels", version=wheels)
        install(site, "unrelated_lib", version=unrelated)
        with monkeypatch.context() as patched:
            patched.syspath_prepend(str(site))
            arrived.code.forget()
            return recipe_of(arrived)

    before = with_versions(wheels="1.0", unrelated="1.0")
    arrived.code.write({"ontime/reports.py": "import ontime.features\nVALUE = 1\n"})
    assert with_versions(wheels="1.0", unrelated="2.0") == before
    assert with_versions(wheels="1.1", unrelated="2.0").digest != before.digest


def test_other_gates_make_no_version_but_ask_for_an_evaluation(trained: World) -> None:
    registry = trained.registry
    stricter = replace(trained.model(), gates=(AtLeast("roc_auc", 0.61),))
    again = registry.reserve(stricter, Request("stricter"), run=PERSON)
    assert (again.outcome, again.version.number) == ("repeats", 1)

    decision = registry.decision("flight_delay")
    assert decision is not None
    assert isinstance(decision.answer, Held)
    assert decision.answer.needs_evaluation
    assert registry.version("flight_delay:1").stage == "development"

    registry.evaluate(stricter, 1, run=SENSOR)
    decision = registry.decision("flight_delay")
    assert decision is not None
    assert decision.ready
    assert [v.version.number for v in registry.versions("flight_delay")] == [1]
    assert registry.verify().problems == ()


def test_other_tags_make_no_version_and_are_recorded(trained: World) -> None:
    registry = trained.registry
    tagged = replace(trained.model(), tags={**TAGS, "team": "airline-ml"})
    again = registry.reserve(tagged, Request("tagged"), run=PERSON)
    assert (again.outcome, again.version.number) == ("repeats", 1)
    assert registry.model("flight_delay").tags["team"] == "airline-ml"
    assert "tags" in registry.log("flight_delay")[-1].sentence
    assert registry.verify().problems == ()


def no_parameter_of_that_name(world: World) -> None:
    world.reserve(request="one", params={"depth": 3})


def not_a_number(world: World) -> None:
    world.reserve(request="one", params={"C": float("nan")})


def an_empty_month(world: World) -> None:
    rewrite(world, "2013-02", lambda frame: frame.iloc[:0])
    world.reserve(request="one")


def a_slice_of_no_column(world: World) -> None:
    plan = replace(world.model().evaluation, slices=("origin", "airline"))
    world.reserve(replace(world.model(), evaluation=plan, gates=GATES), request="one")


def a_condition_on_no_column(world: World) -> None:
    plan = replace(world.model().evaluation, slices=(Where("late", "`dep minute` > 1"),))
    world.reserve(replace(world.model(), evaluation=plan, gates=GATES), request="one")


def a_trigger_of_no_kind(world: World) -> None:
    world.registry.reserve(world.model(), Request("one", trigger="magic"), run=PERSON)


GATES = (AtLeast("roc_auc", 0.6),)
REFUSALS: list[tuple[Callable[[World], None], type[RegistryError], tuple[str, ...]]] = [
    (no_parameter_of_that_name, DeclarationError, ("depth", "C, sense, fail")),
    (not_a_number, DeclarationError, ("C", "nan")),
    (an_empty_month, DataUnusable, ("flight_features[2013-02] is empty",)),
    (
        a_slice_of_no_column,
        DataUnusable,
        ("flight_features[2013-03]", "no column airline", "and retrain"),
    ),
    (a_condition_on_no_column, DataUnusable, ("no column dep minute", "correct the name")),
    (a_trigger_of_no_kind, DeclarationError, ("'magic'", "drift, manual, new_data, schedule")),
]


@pytest.mark.parametrize(("ask", "kind", "words"), REFUSALS)
def test_what_cannot_be_trained_is_refused_and_reserves_nothing(
    arrived: World,
    ask: Callable[[World], None],
    kind: type[RegistryError],
    words: tuple[str, ...],
) -> None:
    with refused(kind, *words):
        ask(arrived)
    assert arrived.registry.models() == ()
    assert arrived.registry.verify().problems == ()


def test_without_data_it_says_what_to_materialize(arrived: World) -> None:
    model = arrived.model()
    features = replace(arrived._features(model), key="other_features")
    with unchanged(arrived), refused(DataUnusable, "other_features", "materialize"):
        arrived.reserve(replace(model, features=features), request="one")


def test_without_git_nothing_is_reserved(
    arrived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with unchanged(arrived), refused(CodeCommitUnknown, "git is not installed"):
        arrived.reserve(request="one")


@pytest.mark.parametrize(("begun", "words"), [(False, "not a git repository"), (True, "no commit")])
def test_without_a_commit_nothing_is_reserved(arrived: World, begun: bool, words: str) -> None:
    shutil.rmtree(arrived.folder / ".git")
    if begun:
        subprocess.run(["git", "init", "--quiet"], cwd=arrived.folder, check=True)
    with unchanged(arrived), refused(CodeCommitUnknown, words, "REGISTRY_CODE_COMMIT"):
        arrived.reserve(request="one")


def test_the_commit_may_be_named_where_there_is_no_history(
    arrived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(arrived.folder / ".git")
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "0123abcd")
    assert arrived.reserve(request="one") == 1
