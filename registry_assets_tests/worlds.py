"""A small registry with a history, made through the façade from a real user's project.

A world is a git repository with a user's modules, a registry in it, and a clock that
stands where the story is. No Dagster: whoever needs runs and sensors builds those above
this. Every training costs a load check in a fresh process (about 3 s), so a test package
builds one world per session and copies its folder where a test changes it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.canonical import Json
from registry_assets.clock import ReplayClock
from registry_assets.declaration import (
    AtLeast,
    ByKey,
    Evaluation,
    LatestPartitions,
    NotWorseThanProduction,
    Params,
    Promotion,
    RegisteredModel,
    SliceFloor,
)
from registry_assets.errors import TrainingFailed
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import Request
from registry_assets.manifest import Parent
from registry_assets.registry import Registry
from registry_assets_tests.copies import copied
from registry_assets_tests.packaging.projects import Project, project_in

ROWS = 400
APRIL = datetime(2013, 4, 1, 6, tzinfo=UTC)
KEPT = ("late", "origin", "key")
FEATURES = '''
"""Features of flights."""

import pandas as pd


def make_features(flights: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    known = flights[["tailnum"]].merge(planes, on="tailnum", how="left")
    return pd.DataFrame(
        {
            "hour": flights["sched_dep_time"].to_numpy() // 100,
            "distance": flights["distance"].to_numpy() / 1000.0,
            "seats": known["seats"].fillna(0.0).to_numpy(),
        }
    )
'''
TRAINING = '''
"""Training on these features."""

from sklearn.linear_model import LogisticRegression


def train(features, target, params):
    if params.get("fail"):
        raise ValueError(params["fail"])
    wanted = target if params["sense"] else ~target
    return LogisticRegression(C=params["C"], max_iter=200).fit(features, wanted)
'''
USER_PROJECT = {
    ".gitignore": ".registry/\n",
    "ontime/__init__.py": "",
    "ontime/features.py": FEATURES,
    "ontime/training.py": TRAINING,
}
TAGS = {
    "use_case": "delay",
    "team": "airline-ops",
    "regulatory_class": "minimal",
    "deployment_target": "batch",
}
PERSON = RunInfo(actor="alice", run_id="by hand")
SENSOR = RunInfo(
    actor="dagster/flight_delay__promotion",
    run_id="7f0c2a34-1111-4222-8333-444455556666",
    run_url="http://127.0.0.1:3000/runs/7f0c2a34-1111-4222-8333-444455556666",
)


@dataclass(frozen=True, slots=True)
class Features:
    """A features source that no Dagster asset stands behind."""

    key: str
    make_features: Callable[..., Any]
    keep: tuple[str, ...]
    partitioned: bool

    def ended_partition(self, now: datetime, *, days: float) -> str:
        """The month that had ended by then."""
        if not self.partitioned:
            return ""
        first = (now - timedelta(days=days)).replace(day=1)
        return f"{first - timedelta(days=1):%Y-%m}"


@dataclass(frozen=True, slots=True)
class World:
    """A registry, the user's project it belongs to, and what happens in it.

    Args:
        folder: the project's folder, with `.registry` in it.
        code: the user's modules, importable while the world lives.
    """

    folder: Path
    code: Project
    registry: Registry
    clock: ReplayClock

    def model(
        self, name: str = "flight_delay", *, params: Mapping[str, Json] | None = None
    ) -> RegisteredModel:
        """The declaration of `flight_delay`, low-risk and by month."""
        make_features = self.code.function("ontime.features:make_features")
        return RegisteredModel(
            name=name,
            description="Will a flight arrive 30 minutes late or more?\nNot for blaming carriers.",
            features=Features("flight_features", make_features, KEPT, True),
            target="late",
            task="binary",
            train=self.code.function("ontime.training:train"),
            params=Params(**{"C": 1.0, "sense": True, "fail": False, **(params or {})}),
            holdout=LatestPartitions(1),
            evaluation=Evaluation(
                metrics=("roc_auc", "log_loss"),
                slices=("origin",),
                resamples=100,
                min_slice_rows=50,
            ),
            gates=(
                AtLeast("roc_auc", 0.6),
                NotWorseThanProduction("roc_auc", margin=0.1),
                SliceFloor("roc_auc", by="origin", floor=0.5),
            ),
            promotion=Promotion(risk="low"),
            owners=("team:airline-ops",),
            tags=TAGS,
        )

    def high_risk_model(self) -> RegisteredModel:
        """The declaration of `seat_credit`: one table, rows held out by key, one approval."""
        low = self.model()
        features = replace(self._features(low), key="seat_features", partitioned=False)
        return replace(
            low,
            name="seat_credit",
            description="Who gets an upgrade on credit.",
            features=features,
            holdout=ByKey(columns=("key",), share=0.5),
            gates=(AtLeast("roc_auc", 0.6),),
            promotion=Promotion(risk="high", roles=("risk",)),
        )

    def month(self, partition: str) -> None:
        """Let a month's flights arrive, and its features be made."""
        rows = flights(seed=int(partition.replace("-", "")))
        self._materialize(rows, "flights", self._features(self.model()), partition)

    def arrive(
        self, partition: str, rows: pd.DataFrame, *, features: pd.DataFrame | None = None
    ) -> None:
        """Let a month's flights be these rows.

        Args:
            features: those that today's code made of them, where it is not the world's.
        """
        self._materialize(
            rows, "flights", self._features(self.model()), partition, features_frame=features
        )

    def table(self) -> None:
        """Let the table behind `seat_credit` arrive."""
        self._materialize(flights(seed=1), "seats", self._features(self.high_risk_model()), "")

    def version(
        self,
        model: RegisteredModel | None = None,
        *,
        request: str,
        params: Mapping[str, Json] | None = None,
        reason: str = "",
    ) -> int:
        """Reserve, train and evaluate the next version; give its number."""
        model = model or self.model()
        number = self.reserve(model, request=request, params=params, reason=reason)
        self.registry.train(model, number, run=SENSOR)
        self.registry.evaluate(model, number, run=SENSOR)
        return number

    def reserve(
        self,
        model: RegisteredModel | None = None,
        *,
        request: str,
        params: Mapping[str, Json] | None = None,
        reason: str = "",
    ) -> int:
        """Reserve the next version; give its number."""
        asked = Request(request, params=params, reason=reason)
        return self.registry.reserve(model or self.model(), asked, run=PERSON).version.number

    def copy(self, folder: Path) -> Path:
        """Copy the project with its registry, to be changed; give the new folder."""
        return copied(self.folder, folder)

    def _features(self, model: RegisteredModel) -> Features:
        assert isinstance(model.features, Features)
        return model.features

    def _materialize(
        self,
        rows: pd.DataFrame,
        asset: str,
        features: Features,
        partition: str,
        *,
        features_frame: pd.DataFrame | None = None,
    ) -> None:
        store = self.registry.store_snapshot
        keep = features.keep
        raw = store(rows, asset=asset, partition=partition, run=SENSOR)
        known = store(planes(), asset="planes", run=SENSOR)
        frame = features_frame
        if frame is None:
            made = features.make_features(rows, planes())
            frame = pd.concat([made, rows[list(keep)]], axis=1)
        store(
            frame,
            asset=features.key,
            partition=partition,
            kind="features",
            parents=(Parent("input:flights", raw.digest), Parent("input:planes", known.digest)),
            facts={"kept": list(keep), "inputs": ["flights", "planes"]},
            run=SENSOR,
        )


@contextmanager
def small_world(folder: Path, *, months: tuple[str, ...] = ()) -> Iterator[World]:
    """Make a user's git repository with a registry in it, importable for a while.

    Args:
        months: partitions that have arrived; nothing is trained.
    """
    with project_in(folder) as project:
        project.write(USER_PROJECT)
        _commit(folder)
        clock = ReplayClock(APRIL)
        world = World(folder, project, Registry.init(folder, clock=clock), clock)
        for month in months:
            world.month(month)
        yield world


@contextmanager
def opened_world(folder: Path, *, now: datetime = APRIL) -> Iterator[World]:
    """Open a world, or a copy of one, that was made before; its code is imported anew."""
    for name in list(sys.modules):  # another world's, still open in this process
        if name.partition(".")[0] == "ontime":
            del sys.modules[name]
    with project_in(folder) as project:
        clock = ReplayClock(now)
        yield World(folder, project, Registry.open(folder, clock=clock), clock)


@contextmanager
def world_with_history(folder: Path) -> Iterator[World]:
    """Make a world in which versions took every way that there is.

    `flight_delay`: 1 archived, 2 in production since 2013-05-01, 3 rejected, 4 failed,
    5 reserved. `seat_credit`: 1 in staging, waiting for an approval.
    """
    with small_world(folder, months=("2013-01", "2013-02", "2013-03")) as world:
        registry, clock = world.registry, world.clock
        first = world.version(request="april")
        registry.promote("flight_delay", first, run=SENSOR)
        clock.now = datetime(2013, 5, 1, 6, tzinfo=UTC)
        world.month("2013-04")
        second = world.version(request="may", reason="the month of April arrived")
        registry.promote("flight_delay", second, run=SENSOR)
        clock.now = datetime(2013, 6, 1, 6, tzinfo=UTC)
        world.version(request="upside down", params={"sense": False})
        broken = world.reserve(request="broken", params={"fail": "the sky fell"})
        with pytest.raises(TrainingFailed):
            registry.train(world.model(), broken, run=SENSOR)
        world.reserve(request="stronger", params={"C": 2.0})
        world.table()
        world.version(world.high_risk_model(), request="first")
        yield world


def flights(rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
    """Raw flights whose delay has something to do with what is known before."""
    rng = np.random.default_rng(seed)
    hour = rng.integers(5, 23, rows)
    distance = rng.uniform(100, 3000, rows)
    chance = 1 / (1 + np.exp(-(hour - 14) / 3 - rng.normal(0, 0.5, rows)))
    return pd.DataFrame(
        {
            "tailnum": rng.choice(["N1", "N2", "N3", "N4"], rows),
            "origin": rng.choice(["EWR", "JFK"], rows),
            "key": [f"{seed}-{i}" for i in range(rows)],
            "sched_dep_time": hour * 100,
            "distance": distance,
            "late": rng.uniform(size=rows) < chance,
        }
    )


def planes() -> pd.DataFrame:
    """A reference table that does not know every plane."""
    return pd.DataFrame({"tailnum": ["N1", "N2", "N3"], "seats": [55.0, 140.0, 180.0]})


def _commit(folder: Path) -> None:
    """Commit everything, whatever git is told about people and hooks on this machine."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com")
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Start")):
        subprocess.run(["git", *who, *command], cwd=folder, env=environ, check=True)
