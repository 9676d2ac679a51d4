"""A model of some framework lives: trained, packaged, checked, promoted, loaded by a deployment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import registry_assets
from registry_assets.clock import ReplayClock
from registry_assets.declaration import (
    AtLeast,
    AtMost,
    ByKey,
    Evaluation,
    Params,
    Promotion,
    RegisteredModel,
)
from registry_assets.lifecycle.reserving import Request
from registry_assets.manifest import Parent
from registry_assets.packaging.loaded import LoadedModel
from registry_assets.packaging.signature import Task
from registry_assets.registry import Registry
from registry_assets_tests.packaging.projects import Project, project_in
from registry_assets_tests.worlds import PERSON, SENSOR, TAGS, Features, _commit

ROWS = 240
TARGETS = ("heavy", "size", "mass")
FEATURES = '''
"""Features of birds: numbers with gaps, and a category."""

import pandas as pd

ISLANDS = pd.CategoricalDtype(["Biscoe", "Dream", "Torgersen"])


def make_features(birds: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "length": birds["bill_length"],
            "depth": birds["bill_depth"] - 17.0,
            "island": birds["island"].astype(ISLANDS),
        }
    )
'''


def birds(rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
    """Raw rows, and what they turned out to be."""
    rng = np.random.default_rng(seed)
    depth, islands = rng.normal(17, 2, rows), rng.integers(0, 3, rows)
    length = rng.normal(44, 5, rows)
    length[::13] = np.nan
    height = depth - 17 + islands
    return pd.DataFrame(
        {
            "key": [f"{seed}-{number}" for number in range(rows)],
            "bill_length": length,
            "bill_depth": depth,
            "island": np.array(["Biscoe", "Dream", "Torgersen"], dtype=object)[islands],
            "heavy": height > 1,
            "size": np.array(["huge", "large", "small"], dtype=object)[
                np.digitize(height, [0.0, 2.0])
            ],
            "mass": 4.0 + height / 2 + rng.normal(0, 0.01, rows),
        }
    )


@dataclass(frozen=True, slots=True)
class Nest:
    """A registry with birds in it, and the user's code."""

    folder: Path
    code: Project
    registry: Registry

    def model(self, task: Task, target: str) -> RegisteredModel:
        """The declaration of a model of that target; its training is `nest.training:train`."""
        metrics = {
            "binary": ("roc_auc", "log_loss"),
            "multiclass": ("log_loss",),
            "regression": ("r2",),
        }[task]
        gates: dict[str, Any] = {
            "binary": AtLeast("roc_auc", 0.7),
            "multiclass": AtMost("log_loss", 1.05),
            "regression": AtLeast("r2", 0.2),
        }
        return RegisteredModel(
            name=target,
            description="What a bird is like.\nNot for weighing it.",
            features=Features(
                "bird_features",
                self.code.function("nest.features:make_features"),
                (*TARGETS, "key"),
                False,
            ),
            target=target,
            task=task,
            train=self.code.function("nest.training:train"),
            params=Params(),
            holdout=ByKey(columns=("key",), share=0.3),
            evaluation=Evaluation(metrics=metrics, resamples=100),
            gates=(gates[task],),
            promotion=Promotion(risk="low"),
            owners=("team:birds",),
            tags=TAGS,
        )

    def trained(self, task: Task, target: str) -> int:
        """Reserve, train, evaluate and promote a version; give its number."""
        model = self.model(task, target)
        asked = self.registry.reserve(model, Request("now"), run=PERSON)
        number = asked.version.number
        self.registry.train(model, number, run=SENSOR)
        self.accepted(model, number)
        return number

    def accepted(self, model: RegisteredModel, number: int) -> None:
        """Evaluate a committed version, and let it into production."""
        self.registry.evaluate(model, number, run=SENSOR)
        self.registry.promote(model.name, number, run=SENSOR)

    def deployed(self, target: str) -> LoadedModel:
        """What production holds, as a deployment loads it."""
        return registry_assets.load(f"{target}@production", home=self.folder)

    def said_alone(self, task: Task, target: str, rows: pd.DataFrame) -> tuple[Any, pd.DataFrame]:
        """Train again by the user's own code on the same rows, and give the features of others."""
        from registry_assets.lifecycle.data import read_feature_rows
        from registry_assets.lifecycle.targets import Target
        from registry_assets.lifecycle.training import training_rows

        version = self.registry.version(f"{target}:1").version
        model = self.model(task, target)
        parts = [read_feature_rows(self.registry.backends, ref) for ref in version.recipe.train]
        features, y = training_rows(version.recipe, Target.of(model, version.recipe), parts)
        estimator = self.code.function("nest.training:train")(features, y, {})
        return estimator, self.code.function("nest.features:make_features")(rows)


@contextmanager
def nest(folder: Path, training: str, **more: str) -> Iterator[Nest]:
    """Make a project of a training module, with a registry in which the birds have arrived.

    Args:
        training: the source of `nest.training`; `more` of other modules.
    """
    with project_in(folder) as project:
        project.write(
            {
                "nest/__init__.py": "",
                "nest/features.py": FEATURES,
                "nest/training.py": training,
                **{f"nest/{name}.py": source for name, source in more.items()},
            }
        )
        project.write({".gitignore": ".registry/\n"})
        _commit(folder)
        clock = ReplayClock(datetime(2013, 4, 1, 6, tzinfo=UTC))
        registry = Registry.init(folder, clock=clock)
        _arrive(registry, project)
        yield Nest(folder, project, registry)


def _arrive(registry: Registry, project: Project) -> None:
    rows = birds()
    raw = registry.store_snapshot(rows, asset="birds", partition="", run=SENSOR)
    made = project.function("nest.features:make_features")(rows)
    kept = (*TARGETS, "key")
    registry.store_snapshot(
        pd.concat([made, rows[list(kept)]], axis=1),
        asset="bird_features",
        partition="",
        kind="features",
        parents=(Parent("input:birds", raw.digest),),
        facts={"kept": list(kept), "inputs": ["birds"]},
        run=SENSOR,
    )
