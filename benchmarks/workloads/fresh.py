"""What a process pays that starts from nothing: timed from outside, from start to end."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, TRAINED
from benchmarks.targets import AtMost, TimesFaster

ROW = {"tailnum": "N2", "sched_dep_time": 1830, "distance": 719.0}

RESOLVE_OURS = """
import sys
import registry_assets
print(registry_assets.resolve(f"{sys.argv[2]}@production", home=sys.argv[1]).version)
"""
RESOLVE_MLFLOW = """
import sys
from mlflow import MlflowClient
address = f"sqlite:///{sys.argv[1]}/mlflow.db"
client = MlflowClient(tracking_uri=address, registry_uri=address)
print(client.get_model_version_by_alias(sys.argv[2], "production").version)
"""
PREDICT_OURS = """
import json, sys
import pandas as pd
import registry_assets
model = registry_assets.load(f"{sys.argv[2]}@production", home=sys.argv[1])
planes = pd.DataFrame({"tailnum": ["N1", "N2", "N3"], "seats": [55.0, 140.0, 180.0]})
print(bool(model.predict([json.loads(sys.argv[3])], planes=planes)[0]))
"""
PREDICT_MLFLOW = """
import json, sys
import mlflow, mlflow.sklearn
import pandas as pd
from subject_features import make_features
address = f"sqlite:///{sys.argv[1]}/mlflow.db"
mlflow.set_tracking_uri(address)
mlflow.set_registry_uri(address)
model = mlflow.sklearn.load_model(f"models:/{sys.argv[2]}@production")
planes = pd.DataFrame({"tailnum": ["N1", "N2", "N3"], "seats": [55.0, 140.0, 180.0]})
features = make_features(pd.DataFrame([json.loads(sys.argv[3])]), planes)
print(bool(model.predict(features)[0]))
"""
PREDICT_BY_HAND = """
import json, sys
import pandas as pd
import sklearn
import skops.io
from subject_features import make_features
file = f"{sys.argv[1]}/by_hand/estimator.skops"
model = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
planes = pd.DataFrame({"tailnum": ["N1", "N2", "N3"], "seats": [55.0, 140.0, 180.0]})
features = make_features(pd.DataFrame([json.loads(sys.argv[3])]), planes)
print(bool(model.predict(features)[0]))
"""
PROGRAMS = {
    ("resolve", "ours"): RESOLVE_OURS,
    ("resolve", "mlflow"): RESOLVE_MLFLOW,
    ("predict", "ours"): PREDICT_OURS,
    ("predict", "mlflow"): PREDICT_MLFLOW,
    ("predict", "by_hand"): PREDICT_BY_HAND,
}
ANSWERS = {"resolve": "1", "predict": "True"}


def cases(scale: Scale) -> list[Case]:
    """Resolve only, and load and predict a row."""
    return [
        Case(
            workload="fresh",
            title="fresh process: resolve production",
            fixture=TRAINED,
            size=1,
            peers={"mlflow": ("MLflow", TimesFaster(10))},
            samples=scale.processes,
            warm_up=1,
            arguments={"what": "resolve"},
        ),
        Case(
            workload="fresh",
            title="fresh process: load production, predict a row",
            fixture=TRAINED,
            size=1,
            peers={
                "mlflow": ("MLflow", TimesFaster(2.5)),
                "by_hand": ("imports, features and skops by hand", AtMost(1.25)),
            },
            samples=scale.processes,
            warm_up=1,
            arguments={"what": "predict"},
            floor=(
                "A fresh process that loads and predicts spends nine tenths of its time importing"
                " pandas, scikit-learn and skops, as it does by hand. A third of all is skops,"
                " which imports every estimator of scikit-learn to know their names."
            ),
        ),
    ]


def ours(setting: Setting, what: str) -> Operation:
    """`registry_assets.resolve`, or `registry_assets.load` and `predict`."""
    return _program(setting, what, "ours")


def by_hand(setting: Setting, what: str) -> Operation:
    """What one would write without a registry."""
    return _program(setting, what, "by_hand")


def mlflow(setting: Setting, what: str) -> Operation:
    """`get_model_version_by_alias`, or `load_model` and `predict`."""
    return _program(setting, what, "mlflow")


def _program(setting: Setting, what: str, side: str) -> Operation:
    from benchmarks.subject import features

    # The user's own module, byte-compiled, as it would be installed.
    place = setting.folder / "installed" / "subject_features.py"
    place.parent.mkdir(exist_ok=True)
    place.write_text(Path(features.__file__).read_text())
    program = f"import sys; sys.path.insert(0, {str(place.parent)!r})\n{PROGRAMS[what, side]}"
    command = [sys.executable, "-c", program, str(setting.folder), MODEL, json.dumps(ROW)]

    def run(_: None) -> str:
        done = subprocess.run(
            command, check=True, cwd=setting.folder, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    return Operation(run, check=lambda said: require(said, ANSWERS[what]))
