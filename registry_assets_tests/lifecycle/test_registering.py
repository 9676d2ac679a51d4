"""An estimator from a notebook or script becomes a version like any other."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import skops.io
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

from registry_assets.cli.app import registry as command
from registry_assets.cli.app import run as run_command
from registry_assets.errors import (
    DataUnusable,
    DeclarationError,
    MetadataMissing,
    NotFound,
    NotReserved,
    PackagingRefused,
    UntrustedTypes,
)
from registry_assets.lifecycle.registering import Registered, read_folder
from registry_assets_tests.lifecycle.changes import history, refused, unchanged
from registry_assets_tests.worlds import PERSON, SENSOR, World

BEGAN = datetime(2013, 4, 1, 8, tzinfo=UTC)
ENDED = datetime(2013, 4, 1, 9, 30, tzinfo=UTC)
FACTS = """\
declaration = "shipped:flight_delay"
started_at = 2013-04-01T08:00:00Z
finished_at = 2013-04-01T09:30:00Z
experiment_url = "https://experiments.example/run/17"
reason = "tuned by hand"

[params]
C = 0.5
"""


def fitted(world: World, *, upside_down: bool = False) -> Any:
    """What a person has trained in a notebook, on January and February."""
    snapshots = world.registry.snapshots("flight_features")[:-1]
    import pandas as pd

    frame = pd.concat([world.registry.read_frame(s.digest) for s in snapshots])
    target = ~frame["late"] if upside_down else frame["late"]
    return LogisticRegression(C=0.5).fit(frame[["hour", "distance", "seats"]], target)


def register(world: World, estimator: Any, **changes: Any) -> Registered:
    """Register it as a notebook does."""
    told = {"started_at": BEGAN, "finished_at": ENDED, "params": {"C": 0.5}, "run": PERSON}
    return world.registry.register(world.model(), estimator, **{**told, **changes})


def folder_with(folder: Path, estimator: Any, facts: str = FACTS) -> Path:
    """A folder to be registered."""
    folder.mkdir()
    skops.io.dump(estimator, folder / "estimator.skops")
    (folder / "registration.toml").write_text(facts)
    return folder


def test_what_was_trained_elsewhere_is_a_version_with_every_fact(arrived: World) -> None:
    url = "https://experiments.example/run/17"
    done = register(arrived, fitted(arrived), reason="tuned by hand", experiment_url=url)
    version = done.version
    assert (done.committed, version.reference, version.state) == (
        True,
        "flight_delay:1",
        "committed",
    )
    assert (version.trigger, version.actor, version.reason) == (
        "registration",
        "alice",
        "tuned by hand",
    )
    facts: Mapping[str, Any] = version.metadata
    assert facts["params"] == {"C": 0.5, "fail": False, "sense": True}
    assert facts["started_at"] == "2013-04-01T08:00:00.000000Z"
    assert (facts["duration_seconds"], facts["framework"]) == (5400.0, "scikit-learn")
    assert facts["run_url"] == url
    assert sorted(facts["dataset"]) == ["flight_features[2013-01]", "flight_features[2013-02]"]
    manifest = arrived.registry.manifest(str(version.digest))
    receipt = manifest.facts["load_check"]
    assert isinstance(receipt, dict)
    assert receipt["rows"] == 20
    assert arrived.registry.verify().problems == ()


def test_it_is_evaluated_promoted_and_loaded_like_any_other(arrived: World) -> None:
    registry = arrived.registry
    number = register(arrived, fitted(arrived)).version.number
    evaluated = registry.evaluate(arrived.model(), number, run=SENSOR)
    assert [finding.outcome for finding in evaluated.findings] == [
        "passed",
        "no_baseline",
        "passed",
    ]
    registry.promote("flight_delay", number, run=SENSOR)
    assert registry.load("flight_delay@production").version == number


@pytest.mark.thorough
def test_the_same_file_again_gives_the_version_that_it_became(arrived: World) -> None:
    data = skops.io.dumps(fitted(arrived))
    first = register(arrived, data)
    before = history(arrived.registry)
    again = register(arrived, data)
    assert (again.version.number, again.committed) == (first.version.number, False)
    assert history(arrived.registry) == before
    # The same numbers saved again are another file, and may be of another training.
    assert register(arrived, skops.io.dumps(fitted(arrived))).version.number == 2


def test_a_registration_that_was_interrupted_goes_on_under_its_number(
    arrived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = skops.io.dumps(fitted(arrived))
    with monkeypatch.context() as stopped:
        stopped.setattr(
            "registry_assets.lifecycle.registering.commit_checked", lambda *_a, **_k: 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            register(arrived, data)
    (waiting,) = arrived.registry.reserved("flight_delay")
    with refused(NotReserved, "registers by hand", "takes up the same number"):
        arrived.registry.train(arrived.model(), waiting.number, run=SENSOR)
    done = register(arrived, data)
    assert (done.version.number, done.version.state) == (waiting.number, "committed")
    assert arrived.registry.verify().problems == ()


def test_what_cannot_be_shipped_costs_no_number(arrived: World) -> None:
    with unchanged(arrived):
        with refused(PackagingRefused, "does not predict"):
            unfit = LogisticRegression().fit([[1.0], [2.0]], [False, True])
            register(arrived, unfit)
        with refused(PackagingRefused, "of no format that is known"):
            register(arrived, b"no zip at all")
        with refused(PackagingRefused, "the classes of the estimator are ['no', 'yes']"):
            texts = fitted(arrived)
            texts.classes_ = texts.classes_.astype(str).astype(object)
            texts.classes_[:] = ["no", "yes"]
            register(arrived, texts)


def test_a_hostile_file_is_never_built_in_this_process(arrived: World, tmp_path: Path) -> None:
    class Mine(LogisticRegression):  # type: ignore[misc]  # scikit-learn ships no types
        pass

    Mine.__module__ = "somebody.elses"
    estimator = Mine().fit([[1.0], [2.0]], [False, True])
    data = skops.io.dumps(estimator)
    with unchanged(arrived), refused(UntrustedTypes, "somebody.elses"):
        register(arrived, data)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"started_at": datetime(2013, 4, 1)}, DeclarationError, "names no moment"),  # noqa: DTZ001
        ({"started_at": ENDED, "finished_at": BEGAN}, DeclarationError, "before it began"),
        ({"params": {"depth": 3}}, DeclarationError, "declares no parameter depth"),
        ({"partitions": ["2012-12"]}, DataUnusable, "has no partition '2012-12'"),
        ({"partitions": ["2013-01"]}, DataUnusable, "leaves none to train on"),
    ],
)
def test_what_a_person_tells_wrong_is_said(
    arrived: World, changes: dict[str, Any], kind: Any, words: str
) -> None:
    with unchanged(arrived), refused(kind, words):
        register(arrived, fitted(arrived), **changes)


def test_only_the_partitions_it_was_trained_on_are_its_data(arrived: World) -> None:
    version = register(arrived, fitted(arrived), partitions=["2013-02", "2013-01"]).version
    assert [ref.partition for ref in version.recipe.train] == ["2013-01"]
    assert [ref.partition for ref in version.recipe.holdout] == ["2013-02"]


@pytest.fixture
def project(arrived: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project whose declaration can be imported by name, and in which one stands."""
    import sys
    import types

    module = types.ModuleType("shipped")
    vars(module)["flight_delay"] = arrived.model()
    vars(module)["something"] = 3
    monkeypatch.setitem(sys.modules, "shipped", module)
    monkeypatch.chdir(arrived.folder)
    return arrived


def test_a_folder_is_registered_from_the_command_line(project: World, tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "mine", fitted(project))
    answer = CliRunner().invoke(command, ["register", str(folder)])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Registered flight_delay:1: packaged, loaded")
    again = CliRunner().invoke(command, ["register", str(folder), "--json"])
    assert json.loads(again.output)["created"] is False
    assert project.registry.version("flight_delay:1").version.reason == "tuned by hand"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("", "does not give: declaration, started_at, finished_at"),
        (FACTS.replace("reason", "raeson"), "gives raeson, which nothing reads"),
        (FACTS.replace("[params]", "[params"), "cannot be read"),
        (FACTS.replace('"tuned by hand"', "3"), "reason in .* is 3; expected a text"),
        (FACTS.replace("2013-04-01T09:30:00Z", '"noon"'), "'noon', which names no moment"),
        (FACTS.replace("shipped:flight_delay", "shipped"), "does not say module and name"),
        (FACTS.replace("shipped:", "not.there:"), "not.there cannot be imported"),
        (FACTS.replace("shipped:flight_delay", "shipped:other"), "is nothing, not a Registered"),
        (FACTS.replace("shipped:flight_delay", "shipped:something"), "is a int, not a Registered"),
    ],
)
def test_a_folder_that_says_something_wrong_is_refused(
    project: World, tmp_path: Path, facts: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import re

    folder = folder_with(tmp_path / "mine", fitted(project), facts)
    with unchanged(project):
        assert run_command(["register", str(folder)]) == 2
    said = capsys.readouterr().err
    assert re.search(words, said), said


def test_a_folder_without_an_estimator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"has no estimator\.skops"):
        read_folder(tmp_path)


def test_the_required_facts_are_those_of_the_pipeline(arrived: World) -> None:
    from dataclasses import replace

    nameless = replace(arrived.model(), owners=("team:ops",), description="d")
    object.__setattr__(nameless, "owners", ())
    with unchanged(arrived), refused(MetadataMissing, "owners"):
        arrived.registry.register(
            nameless, fitted(arrived), started_at=BEGAN, finished_at=ENDED, run=PERSON
        )
