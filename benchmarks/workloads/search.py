"""Search many versions for a page of 100, newest first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from benchmarks.cases import MANY, Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import dimensions, roc_auc, wide
from benchmarks.targets import Target, TimesFaster

PAGE = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and which versions answer it.

    Args:
        filter: NAME stands for what each side calls a version's registered model.
        matches: given the model's place and the version's number.
    """

    name: str
    filter: str
    target: Target
    matches: Callable[[int, int], bool]


QUESTIONS = (
    Question("one tag", "tags.team = 'team-7'", TimesFaster(50), lambda _, n: n % 20 == 7),
    Question(
        "two tags",
        "tags.team = 'team-7' and tags.region = 'region-3'",
        TimesFaster(50),
        lambda _, n: n % 20 == 7 and n % 7 == 3,
    ),
    Question(
        "unique tag",
        "tags.ticket = 'late_0-77'",
        TimesFaster(50),
        lambda place, n: (place, n) == (0, 77),
    ),
    Question(
        "metric range", "metrics.roc_auc > 0.9", TimesFaster(50), lambda _, n: roc_auc(n) > 0.9
    ),
    Question("no filter", "", TimesFaster(50), lambda *_: True),
    Question(
        "name and tag",
        "NAME = 'late_0' and tags.team = 'team-7'",
        TimesFaster(15),
        lambda place, n: place == 0 and n % 20 == 7,
    ),
)


def cases(scale: Scale) -> list[Case]:
    """Each question, at the largest size and at one for the curve."""
    return [
        Case(
            workload="search",
            title=f"search {size:,} versions: {question.name}",
            fixture=wide(size),
            size=size,
            peers={
                "mlflow": ("MLflow", question.target if size == scale.search_sizes[-1] else None)
            },
            samples=MANY,
            line=f"search, {question.name}",
            arguments={"name": question.name},
        )
        for question in QUESTIONS
        for size in scale.search_sizes
    ]


def ours(setting: Setting, name: str) -> Operation:
    """`Registry.search`."""
    from registry_assets import Registry

    registry = Registry.open(setting.folder)
    question = _question(name)
    said = question.filter.replace("NAME", "model")
    expected = _expected(question, setting.size)
    return Operation(
        lambda _: registry.search(said, limit=PAGE).items,
        check=lambda found: require([each.tags["ticket"] for each in found], expected),
    )


def mlflow(setting: Setting, name: str) -> Operation:
    """`search_model_versions`; `search_logged_models` where metrics are asked about."""
    from benchmarks.peer.client import EXPERIMENT, open_mlflow

    client = open_mlflow(setting.folder)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    question = _question(name)
    said = question.filter.replace("NAME", "name")

    def by_registry(_: None) -> Any:
        order = ["creation_timestamp DESC"]
        return client.search_model_versions(said, max_results=PAGE, order_by=order)

    def by_experiment(_: None) -> Any:
        # The registry knows no metrics; those of the models that its versions are made of do.
        order = [{"field_name": "creation_timestamp", "ascending": False}]
        return client.search_logged_models([experiment], said, max_results=PAGE, order_by=order)

    expected = _expected(question, setting.size)
    return Operation(
        by_experiment if said.startswith("metrics.") else by_registry,
        check=lambda found: require([each.tags["ticket"] for each in found], expected),
    )


def _question(name: str) -> Question:
    return next(question for question in QUESTIONS if question.name == name)


def _expected(question: Question, size: int) -> list[str]:
    """The tickets of the first page: newest first, as the loaders date versions."""
    models, versions = dimensions(wide(size))
    matching = (
        (number, place)
        for number in range(versions, 0, -1)
        for place in range(models - 1, -1, -1)
        if question.matches(place, number)
    )
    return [f"late_{place}-{number}" for number, place in islice(matching, PAGE)]
