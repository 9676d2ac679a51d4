"""Small user projects, written to disk and imported for real."""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

FEATURES = '''
"""Features of flights."""

import pandas as pd

from airline.times import hour_of


def make_features(flights: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    known = flights.merge(planes, on="tailnum", how="left")
    return pd.DataFrame(
        {"hour": hour_of(known["sched_dep_time"]), "distance": known["distance"] / 1000.0,
         "seats": known["seats"]},
    )
'''
TIMES = """
from . import units


def hour_of(clock):
    return clock // units.PER_HOUR
"""
TRANSFORMERS = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Clip(TransformerMixin, BaseEstimator):
    def __init__(self, share=0.99):
        self.share = share

    def fit(self, X, y=None):
        self.limits_ = np.nanquantile(np.asarray(X, dtype=float), self.share, axis=0)
        return self

    def transform(self, X):
        return np.minimum(np.asarray(X, dtype=float), self.limits_)
"""
TRAINING = """
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

from airline.transformers import Clip


def train(features, target, params):
    model = HistGradientBoostingClassifier(random_state=0, **params)
    return make_pipeline(Clip(), model).fit(features, target)
"""
AIRLINE = {
    "airline/__init__.py": "import airline.unrelated\n",
    "airline/unrelated.py": "VALUE = 1\n",
    "airline/features.py": FEATURES,
    "airline/times.py": TIMES,
    "airline/units.py": "PER_HOUR = 100\n",
    "airline/transformers.py": TRANSFORMERS,
    "airline/training.py": TRAINING,
}


class Project:
    """A folder on `sys.path` with the modules of a user."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        for path, source in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source)
        self.forget()

    def function(self, reference: str) -> Callable[..., Any]:
        """Import "airline.features:make_features" as a user's process would."""
        module, _, name = reference.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found

    def forget(self) -> None:
        """Let every module of the project be imported anew."""
        importlib.invalidate_caches()
        for name, module in list(sys.modules.items()):
            if self._holds(module):
                del sys.modules[name]

    def _holds(self, module: ModuleType) -> bool:
        spec = getattr(module, "__spec__", None)
        path = getattr(module, "__path__", None)
        # What stands there as a module may answer any name with something of its own.
        places = [getattr(spec, "origin", None), *(path if isinstance(path, Iterable) else ())]
        # By their texts: there are three thousand modules, and every test forgets some.
        below = f"{self.root}{os.sep}"
        return any(
            isinstance(place, str) and f"{place}{os.sep}".startswith(below) for place in places
        )


@contextmanager
def project_in(root: Path) -> Iterator[Project]:
    """Put a project on `sys.path` for a while."""
    root.mkdir(parents=True, exist_ok=True)
    project = Project(root)
    sys.path.insert(0, str(root))
    # Two writes within one second of the clock would let stale bytecode through.
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield project
    finally:
        sys.dont_write_bytecode = writes
        sys.path.remove(str(root))
        project.forget()


def flights(rows: int = 300) -> pd.DataFrame:
    """Raw flights; `arr_delay` is known only afterwards."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "tailnum": rng.choice(["N1", "N2", "N3", "N4"], rows),
            "sched_dep_time": rng.integers(0, 24, rows) * 100 + rng.integers(0, 60, rows),
            "distance": rng.uniform(100, 3000, rows),
            "arr_delay": rng.normal(0, 30, rows),
        }
    )


def planes() -> pd.DataFrame:
    """A reference table that does not know every plane."""
    return pd.DataFrame(
        {"tailnum": ["N1", "N2", "N3"], "seats": [55.0, 140.0, 180.0], "year": [1999, 2004, 2010]}
    )
