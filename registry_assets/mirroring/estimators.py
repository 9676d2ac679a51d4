"""Which file of a model that was fetched from elsewhere can be read as an estimator, and is no
program.

Only its names and its description are looked at here. Whoever reads the file audits it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from registry_assets.errors import AdoptionRefused

DESCRIPTION = "MLmodel"
LARGEST_DESCRIPTION = 1 << 20
_PROGRAMS = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".pt", ".pth", ".bin", ".dill")
# The native format of each, which is data and no program.
_NATIVE: Mapping[str, tuple[str, ...]] = {
    "sklearn": (".skops",),
    "xgboost": (".ubj", ".json", ".xgb"),
    "lightgbm": (".lgb", ".txt"),
    "catboost": (".cb", ".cbm"),
    "onnx": (".onnx",),
}
_ALONE = (".skops", ".onnx", ".cbm", ".ubj")
"""Without a description: what is an estimator by its ending, and nothing else."""
_KEYS = ("pickled_model", "data", "model_file", "model_data")
_HINT = (
    "save it there again in a format that is data: scikit-learn by skops (in MLflow,"
    ' mlflow.sklearn.log_model(…, serialization_format="skops")), others in their own format; or'
    " register its estimator here by `registry register`"
)


def find_estimator(folder: Path, files: Sequence[str], *, where: str) -> str:
    """Give the path of the estimator among the files of a model.

    Args:
        where: names the model, for the error.

    Raises:
        AdoptionRefused: there is none, or only one that runs code when it is loaded.
    """
    if DESCRIPTION in files:
        return _of_flavours(folder / DESCRIPTION, files, where)
    found = [path for path in files if PurePosixPath(path).suffix in _ALONE]
    if len(found) == 1:
        return found[0]
    if programs := [path for path in files if PurePosixPath(path).suffix in _PROGRAMS]:
        raise _program(programs[0], where)
    raise AdoptionRefused(
        f"{where} holds no {DESCRIPTION}, and {len(found)} files that could be its estimator",
        hint=_HINT,
    )


def _of_flavours(description: Path, files: Sequence[str], where: str) -> str:
    flavours = _flavours(description, where)
    programs = []
    for name, suffixes in _NATIVE.items():
        said = flavours.get(name)
        if not isinstance(said, Mapping):
            continue
        for key in _KEYS:
            path = said.get(key)
            if not isinstance(path, str) or path not in files:
                continue
            if PurePosixPath(path).suffix in suffixes:
                return path
            programs.append(path)
    programs += [path for path in files if PurePosixPath(path).suffix in _PROGRAMS]
    if programs:
        raise _program(programs[0], where)
    raise AdoptionRefused(
        f"{where} has the flavours {', '.join(sorted(map(str, flavours))) or 'none'}, none of which"
        " holds an estimator that is read here",
        hint=_HINT,
    )


def _program(path: str, where: str) -> AdoptionRefused:
    return AdoptionRefused(
        f"the estimator of {where} is {path}, a pickle or the like, which runs whatever is in it"
        " when it is loaded",
        hint=_HINT,
    )


def _flavours(description: Path, where: str) -> Mapping[str, Any]:
    import yaml

    try:
        if description.stat().st_size > LARGEST_DESCRIPTION:
            raise ValueError(f"it is larger than {LARGEST_DESCRIPTION:,} bytes")
        said = yaml.safe_load(description.read_text(encoding="utf-8"))
        found = said["flavors"]
        if not isinstance(found, Mapping):
            raise TypeError("its flavors are no table")
    except (ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise AdoptionRefused(
            f"the {DESCRIPTION} of {where} cannot be read: {error!s:.200}",
            hint="find out who wrote it; nothing was registered",
        ) from error
    return found
