"""A model whose rows have columns of every kind, and one reference frame."""

import numpy as np
import pandas as pd

from registry_assets.packaging import Package, build_package, code_closure
from registry_assets.packaging.given import given_object
from registry_assets_tests.packaging.projects import Project

SAMPLE_ROWS = 6
FEATURES = '''
"""Features of parcels: each column of the rows weighs in, so that none can be lost."""

import pandas as pd


def make_features(parcels: pd.DataFrame, depots: pd.DataFrame) -> pd.DataFrame:
    near = parcels[["depot"]].merge(depots, on="depot", how="left")
    sent = pd.to_datetime(parcels["sent"])
    return pd.DataFrame(
        {
            "fragile": parcels["fragile"].astype(float),
            "small": parcels["small"].astype(float),
            "count": parcels["count"].astype(float),
            "serial": parcels["serial"].astype(float) % 1000.0,
            "grams": parcels["grams"].astype("float64"),
            "price": parcels["price"],
            "named": parcels["depot"].str.len().astype(float).fillna(-1.0),
            "kind": (parcels["kind"].astype(str) == "letter").astype(float),
            "hour": sent.dt.hour.astype(float),
            "zoned": parcels["zoned"].dt.hour.astype(float),
            "waited": parcels["waited"].dt.total_seconds(),
            "pieces": parcels["pieces"].astype("Float64").fillna(-1.0).astype(float),
            "opened": near["opened"].dt.dayofyear.astype(float).fillna(0.0).to_numpy(),
        }
    )
'''
TRAINING = '''
"""Training on these features."""

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor


def train(features, target, params):
    kind = HistGradientBoostingRegressor if params.get("number") else HistGradientBoostingClassifier
    return kind(random_state=0, max_iter=8, min_samples_leaf=5).fit(features, target)
'''
PARCELS = {
    "post/__init__.py": "",
    "post/features.py": FEATURES,
    "post/training.py": TRAINING,
}


def parcels(rows: int = 200, *, seed: int = 0) -> pd.DataFrame:
    """Rows with gaps in every column that can have one."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2013-01-01T00:00:00", "us")
    times = pd.Series(start + rng.integers(0, 10**13, rows).astype("timedelta64[us]"))
    frame = pd.DataFrame(
        {
            "fragile": rng.uniform(size=rows) < 0.5,
            "small": rng.integers(-100, 100, rows).astype("int8"),
            "count": rng.integers(0, 2**53, rows),
            "serial": rng.integers(2**63, 2**64, rows, dtype="uint64"),
            "grams": rng.uniform(1, 1e4, rows).astype("float32"),
            "price": rng.lognormal(3, 1, rows),
            "depot": rng.choice(["north", "south", "Köln, Süd"], rows),
            "kind": pd.Categorical(rng.choice(["letter", "box"], rows)),
            "sent": times,
            "zoned": times.dt.tz_localize("UTC"),
            "waited": pd.Series(rng.integers(0, 10**10, rows).astype("timedelta64[us]")),
            "pieces": pd.array(rng.integers(1, 9, rows), dtype="Int64"),
        }
    )
    for column in ("price", "depot", "sent", "zoned", "waited", "pieces"):
        frame.loc[rng.uniform(size=rows) < 0.1, column] = None
    return frame


def depots() -> pd.DataFrame:
    """A reference frame that does not know every depot."""
    opened = [np.datetime64("2001-02-03"), np.datetime64("2010-11-12")]
    return pd.DataFrame(
        {"depot": ["north", "south"], "opened": pd.Series(opened, dtype="datetime64[us]")}
    )


def parcels_package(project: Project, *, classes: int = 2) -> Package:
    """Train on all parcels and package the first few as the sample.

    Args:
        classes: 0 for a regression.
    """
    make_features = project.function("post.features:make_features")
    train = project.function("post.training:train")
    rows = parcels()
    features = make_features(rows, depots())
    # Every feature counts, so that one which is lost on the way is seen.
    score = features.fillna(0.0).rank(pct=True).sum(axis="columns")
    target = score if classes == 0 else pd.qcut(score, classes, labels=False)
    if classes == 2:
        target = target.astype(bool)
    elif classes:
        target = target.map(lambda each: f"class {each}")
    task = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    fitted = train(features, target, {"number": classes == 0})
    return build_package(
        estimator=given_object(fitted, features.head(SAMPLE_ROWS), task=task),  # type: ignore[arg-type]
        closure=code_closure(make_features, train),
        make_features=make_features,
        train=train,
        task=task,  # type: ignore[arg-type]
        inputs={"parcels": rows.head(SAMPLE_ROWS), "depots": depots()},
        features=features.head(SAMPLE_ROWS),
    )
