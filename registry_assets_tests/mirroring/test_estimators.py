"""Of what was fetched, the file that is data is found; a program is refused by its name."""

from pathlib import Path

import pytest

from registry_assets.errors import AdoptionRefused
from registry_assets.mirroring.estimators import find_estimator

SKLEARN = (
    "flavors: {sklearn: {pickled_model: %s}, python_function: {loader_module: mlflow.sklearn}}"
)


def found(folder: Path, description: str | None, *files: str) -> str:
    names = list(files)
    if description is not None:
        (folder / "MLmodel").write_text(description)
        names.append("MLmodel")
    return find_estimator(folder, names, where="delay/7")


@pytest.mark.parametrize(
    ("description", "file"),
    [
        (SKLEARN % "model.skops", "model.skops"),
        ("flavors: {xgboost: {data: model.ubj}}", "model.ubj"),
        ("flavors: {lightgbm: {data: model.lgb}}", "model.lgb"),
        ("flavors: {catboost: {data: model.cb}}", "model.cb"),
        ("flavors: {onnx: {data: model.onnx}}", "model.onnx"),
    ],
)
def test_the_estimator_is_what_its_flavour_says(
    tmp_path: Path, description: str, file: str
) -> None:
    assert found(tmp_path, description, "conda.yaml", file) == file


def test_a_lone_file_of_a_known_format_needs_no_description(tmp_path: Path) -> None:
    assert found(tmp_path, None, "readme.md", "estimator.skops") == "estimator.skops"


@pytest.mark.parametrize(
    ("description", "files", "said"),
    [
        (SKLEARN % "model.pkl", ("model.pkl",), "model.pkl, a pickle or the like"),
        ("flavors: {xgboost: {data: model.pkl}}", ("model.pkl",), "model.pkl, a pickle"),
        ("flavors: {python_function: {}}", ("python_model.pkl",), "python_model.pkl, a pickle"),
        ("flavors: {pytorch: {}}", ("data/model.pth",), "model.pth, a pickle"),
        ("flavors: {spark: {}}", ("part-0",), "the flavours spark"),
        (SKLEARN % "../model.skops", ("model.txt",), "the flavours"),
        ("flavors: 7", (), "cannot be read"),
        ("[", (), "cannot be read"),
        ("flavors: !!python/object/apply:os.system ['true']", (), "cannot be read"),
        (None, ("a.skops", "b.skops"), "2 files that could be"),
        (None, ("model.pkl",), "model.pkl, a pickle or the like"),
        (None, ("notes.txt",), "0 files that could be"),
    ],
)
def test_what_cannot_be_read_safely_is_refused_with_the_reason(
    tmp_path: Path, description: str | None, files: tuple[str, ...], said: str
) -> None:
    with pytest.raises(AdoptionRefused, match=said) as refused:
        found(tmp_path, description, *files)
    assert "delay/7" in refused.value.message
