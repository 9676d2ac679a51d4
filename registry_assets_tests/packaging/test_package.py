"""From a fitted estimator to a package and to a model that predicts from raw rows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.errors import DataUnusable, PackagingRefused, UntrustedTypes
from registry_assets.packaging import Package, build_package, code_closure, load_package
from registry_assets.packaging.given import given_object
from registry_assets_tests.packaging.conftest import SAMPLE_ROWS, airline_package
from registry_assets_tests.packaging.projects import FEATURES, Project, flights, planes


def with_features(project: Project, body: str) -> None:
    project.write(
        {
            "airline/features.py": "import pandas as pd\n\n"
            f"def make_features(flights, planes):\n{body}\n"
        }
    )


def test_a_package_says_what_is_in_it(package: Package) -> None:
    assert sorted(package.files) == [
        "code/airline/features.py",
        "code/airline/times.py",
        "code/airline/training.py",
        "code/airline/transformers.py",
        "code/airline/units.py",
        "environment.json",
        "estimator.skops",
        "package.json",
        "sample/expected.parquet",
        "sample/features.parquet",
        "sample/inputs/flights.parquet",
        "sample/inputs/planes.parquet",
        "signature.json",
    ]
    assert package.description == {
        "format": 1,
        "task": "binary",
        "make_features": "airline.features:make_features",
        "train": "airline.training:train",
        "rows_input": "flights",
        "inputs": ["flights", "planes"],
        "features": ["hour", "distance", "seats"],
        "classes": [False, True],
    }


def test_columns_that_features_do_not_need_are_optional_and_not_in_the_sample(
    package: Package,
) -> None:
    assert package.signature.optional == {"flights": ("arr_delay",), "planes": ("year",)}
    assert "arr_delay" not in package.sample_inputs()["flights"].columns


def test_a_loaded_model_predicts_from_raw_rows(package: Package) -> None:
    model = load_package(
        package.files, identity={"name": "flight_delay", "version": 3, "digest": "sha256:0"}
    )
    rows = flights(20).drop(columns="arr_delay")
    probabilities = model.predict_proba(rows, planes=planes())
    assert probabilities.shape == (20, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(
        model.predict(rows, planes=planes()), probabilities[:, 1] > probabilities[:, 0]
    )
    assert (model.name, model.version, model.classes) == ("flight_delay", 3, (False, True))
    assert list(model.features(rows, planes=planes())) == ["hour", "distance", "seats"]


def test_rows_may_be_mappings_and_their_order_and_number_do_not_matter(package: Package) -> None:
    model = load_package(package.files)
    rows = flights(10)
    together = model.predict_proba(rows, planes=planes())
    backwards = model.predict_proba(rows.iloc[::-1].to_dict("records"), planes=planes())
    one = model.predict_proba([dict(rows.iloc[3])], planes=planes())
    np.testing.assert_allclose(backwards[::-1], together)
    np.testing.assert_allclose(one[0], together[3])


def test_the_callers_frames_are_left_as_they_were(project: Project) -> None:
    with_features(
        project, "    flights['hour'] = flights['sched_dep_time']\n    return flights[['hour']]"
    )
    model = load_package(packaged(project).files)
    rows = flights(5)
    before = rows.copy()
    model.predict(rows, planes=planes())
    pd.testing.assert_frame_equal(rows, before)


def test_wrong_rows_and_references_are_told_all_at_once(package: Package) -> None:
    model = load_package(package.files)
    wrong = flights(3).drop(columns="tailnum").astype({"sched_dep_time": str})
    with pytest.raises(DataUnusable) as caught:
        model.predict(wrong, planes=planes())
    assert "tailnum: missing, expected str" in caught.value.message
    assert "sched_dep_time: expected int64, found str" in caught.value.message
    with pytest.raises(DataUnusable, match=r"missing: planes; unknown: plane\b") as references:
        model.predict(flights(3), plane=planes())
    assert references.value.hint == "Call predict(rows, planes=…)."
    with pytest.raises(DataUnusable, match="no rows"):
        model.predict([], planes=planes())


def packaged(project: Project, *, reference: pd.DataFrame | None = None, **changes: Any) -> Package:
    """Package a small model with the project's own features, whatever they are."""
    from sklearn.dummy import DummyClassifier

    make_features = project.function("airline.features:make_features")
    train = project.function("airline.training:train")
    rows = flights()
    reference = planes() if reference is None else reference
    features = make_features(rows.copy(), reference)
    arguments: dict[str, Any] = {
        "estimator": DummyClassifier().fit(features, rows["arr_delay"] > 0),
        "closure": code_closure(make_features, train),
        "make_features": make_features,
        "train": train,
        "task": "binary",
        "inputs": {"flights": rows.head(SAMPLE_ROWS), "planes": reference},
        "features": features.head(SAMPLE_ROWS),
    }
    arguments |= changes
    arguments["estimator"] = given_object(
        arguments["estimator"], arguments["features"], task=arguments["task"]
    )
    return build_package(**arguments)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (
            "    far = flights['distance']\n    return (far / far.mean()).to_frame('far')",
            r"The feature 'far' of row 0 is 1\.0 alone and .* in the snapshot",
        ),
        (
            "    return pd.DataFrame({'rank': flights['distance'].rank()})",
            "The feature 'rank' of row",
        ),
        (
            "    return pd.DataFrame({'plane': flights['tailnum'].astype('category').cat.codes})",
            "The feature 'plane' of row",
        ),
        (
            "    assert len(flights) > 1\n    return flights[['distance']]",
            "make_features fails on row 0 taken alone: AssertionError",
        ),
    ],
)
def test_features_that_are_not_row_wise_are_refused_by_column(
    project: Project, body: str, named: str
) -> None:
    with_features(project, body)
    with pytest.raises(PackagingRefused, match=named):
        packaged(project)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("    return flights.sort_values('distance')[['distance']]", "in the order of its input"),
        ("    return flights[['distance']].to_numpy()", "returned ndarray"),
        ("    return flights.merge(planes, how='cross')[['distance']]", "one row per row"),
        ("    return flights[['sched_dep_time']]", "distance: missing"),
    ],
)
def test_features_of_another_shape_are_refused_when_predicting(
    package: Package, body: str, named: str
) -> None:
    source = f"def make_features(flights, planes):\n{body}\n".encode()
    model = load_package({**package.files, "code/airline/features.py": source})
    with pytest.raises(DataUnusable, match=named):
        model.predict(flights(5), planes=planes())


def test_categories_and_missing_values_are_row_wise(project: Project) -> None:
    with_features(
        project,
        "    known = flights.merge(planes, on='tailnum', how='left')\n"
        "    return pd.DataFrame({'seats': known['seats'],\n"
        "        'tailnum': known['tailnum'].astype('category')})",
    )
    assert [column.type for column in packaged(project).signature.features] == [
        "float64",
        "category",
    ]


def test_a_feature_may_be_missing_where_training_always_had_it(project: Project) -> None:
    with_features(
        project,
        "    known = flights.merge(planes, on='tailnum', how='left')\n    return known[['age']]",
    )
    everything = pd.DataFrame({"tailnum": ["N1", "N2", "N3", "N4"], "age": [1, 2, 3, 4]})
    package = packaged(project, reference=everything)
    assert [column.type for column in package.signature.features] == ["int64"]
    found = load_package(package.files).features(flights(), planes=everything.head(3))
    assert found["age"].isna().any()


def test_inputs_that_are_not_the_parameters_are_refused(project: Project) -> None:
    with pytest.raises(PackagingRefused, match=r"takes \(flights, planes\).*\(flights, weather\)"):
        packaged(project, inputs={"flights": flights(SAMPLE_ROWS), "weather": planes()})
    with pytest.raises(PackagingRefused, match="8 rows, the features have 3"):
        packaged(project, features=flights(3)[["distance"]])


def test_an_estimator_that_cannot_serve_the_task_is_refused(project: Project) -> None:
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.svm import LinearSVC

    make_features = project.function("airline.features:make_features")
    features = make_features(flights(), planes()).fillna(0)
    one_class = DummyClassifier().fit(features, np.zeros(len(features)))
    three = DummyClassifier().fit(features, np.arange(len(features)) % 3)
    margins = LinearSVC().fit(features, np.arange(len(features)) % 2)
    with pytest.raises(PackagingRefused, match=r"two classes; this one knows \(0\.0,\)"):
        packaged(project, estimator=one_class)
    with pytest.raises(PackagingRefused, match=r"two classes; this one knows \(0, 1, 2\)"):
        packaged(project, estimator=three)
    with pytest.raises(PackagingRefused, match="no predict_proba"):
        packaged(project, estimator=margins)
    with pytest.raises(PackagingRefused, match="no classes_"):
        packaged(project, estimator=DummyRegressor().fit(features, features["hour"]))
    assert packaged(project, estimator=three, task="multiclass").signature.output.classes == (
        0,
        1,
        2,
    )


def test_a_regression_predicts_numbers_and_has_no_probabilities(project: Project) -> None:
    from sklearn.dummy import DummyRegressor

    features = project.function("airline.features:make_features")(flights(), planes())
    estimator = DummyRegressor().fit(features, flights()["arr_delay"])
    model = load_package(packaged(project, estimator=estimator, task="regression").files)
    assert model.predict(flights(4), planes=planes()).shape == (4,)
    with pytest.raises(DataUnusable, match="no classes"):
        model.predict_proba(flights(4), planes=planes())


def test_an_estimator_of_classes_that_are_not_packaged_is_refused(project: Project) -> None:
    make_features = project.function("airline.features:make_features")
    train = project.function("airline.training:train")
    estimator = train(
        make_features(flights(), planes()), flights()["arr_delay"] > 0, {"max_iter": 2}
    )
    project.write({"airline/training.py": "def train(features, target, params): ...\n"})
    with pytest.raises(UntrustedTypes, match=r"airline\.transformers\.Clip"):
        packaged(project, estimator=estimator)


def test_two_versions_with_own_classes_live_in_one_process(project: Project) -> None:
    first = airline_package(project)
    project.write(
        {
            "airline/features.py": FEATURES.replace("/ 1000.0", "/ 1.609"),
            "airline/transformers.py": (project.root / "airline/transformers.py")
            .read_text()
            .replace("np.minimum", "np.maximum"),
        }
    )
    second = airline_package(project)
    models = [load_package(each.files) for each in (first, second, first)]
    project.forget()
    for package, model in zip((first, second, first), models, strict=True):
        inputs = package.sample_inputs()
        found = model.predict_proba(inputs.pop("flights"), **inputs)
        expected = package.frame("sample/expected.parquet")[["proba_0", "proba_1"]]
        np.testing.assert_allclose(found, expected)
    clip, other = (type(model.estimator[0]) for model in models[:2])
    assert clip is not other
    assert clip.__module__.endswith(".airline.transformers")


def test_a_package_of_a_newer_format_or_without_a_file_is_refused(package: Package) -> None:
    newer = {**package.description, "format": 2}
    with pytest.raises(PackagingRefused, match="format 2; this release reads format 1"):
        load_package({**package.files, "package.json": json.dumps(newer).encode()})
    rest = {path: data for path, data in package.files.items() if path != "estimator.skops"}
    with pytest.raises(PackagingRefused, match=r"no file estimator\.skops"):
        load_package(rest)


def test_loading_in_a_fresh_process_imports_nothing_of_the_pipeline(
    package: Package, tmp_path: Path
) -> None:
    for path, data in package.files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    script = """
import sys
from pathlib import Path
from registry_assets.packaging import load_package
folder = Path(sys.argv[1])
files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
model = load_package(files)
assert model.classes == (False, True)
print(sorted({"dagster", "evidently", "matplotlib", "boto3", "sqlalchemy"} & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (result.stdout.strip(), result.stderr) == ("[]", "")


def test_reading_what_a_package_says_needs_no_data_libraries() -> None:
    script = """
import sys
from registry_assets.packaging import Package, Signature, code_closure, code_commit
from registry_assets.packaging.environment import environment_differences
print(sorted({"numpy", "pandas", "pyarrow", "sklearn", "skops"} & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
