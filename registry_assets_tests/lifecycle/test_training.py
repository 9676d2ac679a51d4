"""Training a reserved number: a version that is whole, or a failure that says why."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from registry_assets.declaration import ByKey, Drift, Monitoring
from registry_assets.errors import (
    BlobCorrupt,
    CodeCommitUnknown,
    DataUnusable,
    MetadataMissing,
    NotReserved,
    PackagingRefused,
    RegistryError,
    StoreUnwritable,
    TrainingFailed,
    TrainingTimeout,
    UntrustedTypes,
)
from registry_assets.lifecycle.backends import RunInfo
from registry_assets_tests.lifecycle.changes import (
    blob,
    estimator_of,
    flip,
    history,
    mend,
    refused,
    rewrite,
    unchanged,
)
from registry_assets_tests.worlds import FEATURES, SENSOR, TRAINING, World, flights

Change = Callable[[pd.DataFrame], pd.DataFrame]


def train_failing(world: World, kind: type[RegistryError], *words: str, **changes: Any) -> None:
    """Train the next version and assert that it fails, named, and nothing else is left of it."""
    registry = world.registry
    model = replace(world.model(), **changes)
    number = world.reserve(model, request="one")
    with refused(kind, *words) as caught:
        registry.train(model, number, run=SENSOR)
    version = registry.version_numbered("flight_delay", number)
    assert (version.stage, version.version.digest) == ("failed", None)
    assert version.version.failure is not None
    assert version.version.failure == caught.value.message.splitlines()[0]
    assert registry.log("flight_delay")[-1].kind == "version_failed"
    assert registry.verify().problems == ()


def train_as(body: str) -> str:
    """A user's training module whose `train` does this."""
    head, _, _ = TRAINING.partition("def train")
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"{head}\ndef train(features, target, params):\n{lines}"


OF_A_LAMBDA = """
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
same = FunctionTransformer(lambda frame: frame)
return make_pipeline(same, LogisticRegression()).fit(features, target)
"""
WITH_A_GENERATOR = """
fitted = LogisticRegression(max_iter=200).fit(features, target)
fitted.rows = (row for row in features)
return fitted
"""
FOR_EVER = """
while True:
    pass
"""
FOR_EVER_WHATEVER_HAPPENS = """
import time
while True:
    try:
        time.sleep(0.01)
    except Exception:
        continue
"""
BAD_TRAININGS: dict[str, tuple[str, type[RegistryError], tuple[str, ...]]] = {
    "raises": ('raise KeyError("seats")', TrainingFailed, ("KeyError", "seats")),
    "raises what no ledger can hold": (
        'raise ValueError("bad \\ud800 text\\nand more")',
        TrainingFailed,
        ("ValueError: bad ",),
    ),
    "exits": ("import sys\nsys.exit(3)", TrainingFailed, ("SystemExit: 3",)),
    "returns nothing": ("return None", TrainingFailed, ("NoneType", "predict_proba")),
    "returns a regressor": (
        "from sklearn.linear_model import Ridge\nreturn Ridge().fit(features, target)",
        TrainingFailed,
        ("Ridge", "predict_proba"),
    ),
    "returns a classifier that tells no probabilities": (
        "from sklearn.svm import LinearSVC\nreturn LinearSVC().fit(features, target)",
        TrainingFailed,
        ("LinearSVC", "no predict_proba", "CalibratedClassifierCV"),
    ),
    "returns what is not fitted": (
        "return LogisticRegression()",
        PackagingRefused,
        ("LogisticRegression", "fitted"),
    ),
    "knows other classes": (
        "return LogisticRegression().fit(features, target.map({True: 'late', False: 'fine'}))",
        TrainingFailed,
        ("'late'", "'fine'", "False and True"),
    ),
    "is of a type nobody vouched for": (OF_A_LAMBDA, UntrustedTypes, ("lambda",)),
    "cannot be written": (
        WITH_A_GENERATOR,
        PackagingRefused,
        ("LogisticRegression", "cannot be packaged"),
    ),
}


@pytest.mark.parametrize("name", BAD_TRAININGS)
def test_a_bad_training_fails_its_version_and_says_why(arrived: World, name: str) -> None:
    body, kind, words = BAD_TRAININGS[name]
    arrived.code.write({"ontime/training.py": train_as(body)})
    train_failing(arrived, kind, *words)


@pytest.mark.parametrize("body", [FOR_EVER, FOR_EVER_WHATEVER_HAPPENS])
def test_a_training_that_does_not_end_is_ended(arrived: World, body: str) -> None:
    arrived.code.write({"ontime/training.py": train_as(body)})
    train_failing(arrived, TrainingTimeout, "0.3 s", "train_timeout", train_timeout=0.3)


def test_gaps_filled_from_the_other_rows_are_found_wherever_they_are(arrived: World) -> None:
    by_mean = 'flights["distance"].fillna(flights["distance"].mean())'
    arrived.code.write({"ontime/features.py": FEATURES.replace('flights["distance"]', by_mean)})
    rows = flights(seed=7)
    rows.loc[5, "distance"] = float("nan")
    arrived._materialize(rows, "flights", arrived._features(arrived.model()), "2013-02")
    train_failing(arrived, PackagingRefused, "'distance'", "must be row-wise")


BAD_DATA: dict[str, tuple[str, Change, tuple[str, ...]]] = {
    "no target": (
        "2013-02",
        lambda frame: frame.drop(columns="late"),
        ("flight_features[2013-02] has no column 'late'", "keep"),
    ),
    "a target that is missing here and there": (
        "2013-01",
        lambda frame: frame.assign(late=frame["late"].astype("float64").mask(frame.index < 3)),
        ("missing in 3 of 400 rows of flight_features[2013-01]",),
    ),
    "a target of three values": (
        "2013-01",
        lambda frame: frame.assign(late=frame.index % 3),
        ("'late' holds", "2", "flight_features[2013-01]"),
    ),
    "a feature that one month lacks": (
        "2013-02",
        lambda frame: frame.drop(columns=["seats", "hour"]),
        ("flight_features[2013-02] has no column hour, seats",),
    ),
    "a feature that is infinite": (
        "2013-02",
        lambda frame: frame.assign(seats=float("inf")),
        ("train raised ValueError", "infinity"),
    ),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_data_that_cannot_train_fails_its_version_and_is_named(arrived: World, name: str) -> None:
    partition, change, words = BAD_DATA[name]
    rewrite(arrived, partition, change)
    kind = TrainingFailed if "raised" in words[0] else DataUnusable
    train_failing(arrived, kind, *words)


def test_a_target_of_one_class_fails_its_version(arrived: World) -> None:
    for month in ("2013-01", "2013-02"):
        rewrite(arrived, month, lambda frame: frame.assign(late=False))
    train_failing(arrived, DataUnusable, "one class only", "800 rows", "2013-01", "2013-02")


@pytest.mark.parametrize("name", ["watch", "ignore", "slices"])
def test_a_column_that_drift_is_declared_by_is_there_before_anything_is_trained(
    arrived: World, name: str
) -> None:
    rule = Drift(**{name: ("orgin",)})  # type: ignore[arg-type]
    said = f"has no column orgin that Drift({name}=…) names; it has hour"
    train_failing(arrived, DataUnusable, said, monitoring=Monitoring(drift=rule))


def test_a_number_that_nobody_reserved_is_not_trained(trained: World) -> None:
    with unchanged(trained), refused(NotReserved, "version 7", "flight_delay__retrain"):
        trained.registry.train(trained.model(), 7, run=SENSOR)


def test_a_committed_version_is_given_back(trained: World) -> None:
    held = trained.registry.version("flight_delay:1").version
    trained.code.write({"ontime/training.py": train_as('raise ValueError("again?")')})
    with unchanged(trained):
        assert trained.registry.train(trained.model(), 1, run=SENSOR) == held


def test_code_that_changed_since_the_reservation_is_not_trained(arrived: World) -> None:
    number = arrived.reserve(request="one")
    arrived.code.write({"ontime/training.py": TRAINING + "\n# another thought\n"})
    with refused(TrainingFailed, "code has changed since flight_delay:1", "retrain"):
        arrived.registry.train(arrived.model(), number, run=SENSOR)
    assert arrived.registry.version_numbered("flight_delay", 1).stage == "failed"
    assert arrived.reserve(request="two") == 2
    assert arrived.registry.verify().problems == ()


def test_a_split_declared_since_the_reservation_is_not_the_one_trained_under(
    arrived: World,
) -> None:
    arrived.table()
    counting = 'raise ValueError(f"{len(features)} rows")'
    arrived.code.write({"ontime/training.py": train_as(counting)})
    reserved = replace(arrived.high_risk_model(), holdout=ByKey(columns=("key",), share=0.5))
    now = replace(reserved, holdout=ByKey(columns=("key",), share=0.01))
    number = arrived.reserve(reserved, request="one")
    rows = arrived.registry.read_frame(arrived.registry.snapshots("seat_features")[0].digest)
    kept = int((~reserved.holdout.mask(rows)).sum())  # type: ignore[union-attr]
    with refused(TrainingFailed, f": {kept} rows"):
        arrived.registry.train(now, number, run=SENSOR)


def test_git_is_asked_before_the_training_starts(
    arrived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived.code.write({"ontime/training.py": train_as('raise ValueError("hours later")')})
    number = arrived.reserve(request="one")
    monkeypatch.setenv("PATH", str(tmp_path))
    with refused(CodeCommitUnknown, "git is not installed"):
        arrived.registry.train(arrived.model(), number, run=SENSOR)
    assert arrived.registry.verify().problems == ()


def test_metadata_that_nobody_gave_is_named_before_the_training_starts(arrived: World) -> None:
    arrived.code.write({"ontime/training.py": train_as('raise ValueError("hours later")')})
    model = arrived.model()
    number = arrived.reserve(model, request="one")
    # A declaration refuses this itself; whoever gets past it is stopped here.
    object.__setattr__(model, "tags", {"use_case": "delay", "team": " "})
    nobody = RunInfo(actor="alice", run_id="")
    with refused(MetadataMissing) as caught:
        arrived.registry.train(model, number, run=nobody)
    assert isinstance(caught.value, MetadataMissing)
    assert set(caught.value.names) == {
        "run_id",
        "tags.team",
        "tags.regulatory_class",
        "tags.deployment_target",
    }
    assert arrived.registry.version_numbered("flight_delay", number).stage == "failed"
    assert arrived.registry.verify().problems == ()


def test_data_that_is_damaged_leaves_the_number_reserved(arrived: World) -> None:
    number = arrived.reserve(request="one")
    snapshot = arrived.registry.snapshots("flight_features")[0]
    data = arrived.registry.manifest(snapshot.digest).files[0].sha256
    path = blob(arrived, data)
    content = path.read_bytes()
    flip(path)
    before = history(arrived.registry)
    with refused(BlobCorrupt, data, "backup"):
        arrived.registry.train(arrived.model(), number, run=SENSOR)
    assert history(arrived.registry) == before
    assert [v.number for v in arrived.registry.reserved("flight_delay")] == [number]
    (problem,) = arrived.registry.verify().problems
    assert problem.subject == data
    assert "flight_features[2013-01]" in problem.touches
    mend(path, content)
    assert arrived.registry.verify().problems == ()


def test_a_store_that_cannot_be_written_leaves_the_number_reserved(arrived: World) -> None:
    number = arrived.reserve(request="one")
    folder = arrived.folder / ".registry" / "store" / "tmp"
    folder.rename(folder.with_name("away"))
    folder.write_text("a file where the store wants a folder")
    with unchanged(arrived), refused(StoreUnwritable, str(folder)):
        arrived.registry.train(arrived.model(), number, run=SENSOR)
    folder.unlink()
    folder.with_name("away").rename(folder)
    assert arrived.registry.train(arrived.model(), number, run=SENSOR).state == "committed"
    assert arrived.registry.verify().problems == ()


def test_every_fact_about_a_version_is_recorded(trained: World) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=trained.folder, capture_output=True, check=True, text=True
    ).stdout.strip()
    version = trained.registry.version("flight_delay:1").version
    facts = version.metadata
    assert (facts["code_commit"], facts["code_dirty"]) == (head, False)
    assert list(facts["dataset"]) == ["flight_features[2013-01]", "flight_features[2013-02]"]
    assert facts["params"] == {"C": 1.0, "sense": True, "fail": False}
    assert facts["framework"] == "scikit-learn"
    assert facts["started_at"] == "2013-04-01T06:00:00.000000Z"
    start, end = (datetime.fromisoformat(facts[f"{when}_at"]) for when in ("started", "finished"))
    assert (end - start).total_seconds() == facts["duration_seconds"] > 0
    assert (facts["run_id"], facts["run_url"]) == (SENSOR.run_id, SENSOR.run_url)
    manifest = trained.registry.manifest(str(version.digest))
    assert manifest.facts["metadata"] == facts
    assert estimator_of(trained, 1) in {file.sha256 for file in manifest.files}


def test_a_tree_with_changes_is_recorded_as_dirty_and_two_versions_live_side_by_side(
    trained: World,
) -> None:
    source = (trained.folder / "ontime" / "features.py").read_text()
    trained.code.write({"ontime/features.py": source.replace("1000.0", "1.0")})
    for month in ("2013-01", "2013-02", "2013-03"):
        trained.month(month)
    number = trained.reserve(request="in metres")
    assert trained.registry.train(trained.model(), number, run=SENSOR).metadata["code_dirty"]

    rows = pd.DataFrame({"tailnum": ["N1"], "sched_dep_time": [930], "distance": [500.0]})
    planes = pd.DataFrame({"tailnum": ["N1"], "seats": [55.0]})
    first, second = (trained.registry.load(f"flight_delay:{n}") for n in (1, number))
    for _ in range(2):
        assert first.features(rows, planes=planes)["distance"].tolist() == [0.5]
        assert second.features(rows, planes=planes)["distance"].tolist() == [500.0]
    assert first.predict_proba(rows, planes=planes).shape == (1, 2)
    assert second.predict_proba(rows, planes=planes).shape == (1, 2)
    assert (first.version, second.version) == (1, number)
    assert os.environ.get("REGISTRY_CODE_COMMIT") is None
