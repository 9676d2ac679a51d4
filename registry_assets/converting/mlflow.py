"""A version as an MLflow model: a folder that `mlflow.pyfunc` loads and predicts with.

    MLmodel                  what MLflow reads first: signature, loader, the version's digest
    version/                 the version's own files, as they are stored, and its manifest
    code/                    the loader, a few lines
    wheels/                  registry_assets, by which it loads where that is not installed
    requirements.txt …       the distributions that the version was made with
    input_example.json …     rows of its sample

No pickle is in it. The same version written twice by the same release is the same bytes.
"""

import importlib.metadata
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.clock import parse_timestamp
from registry_assets.converting import registry_assets_loader
from registry_assets.converting.libraries import library
from registry_assets.converting.mlflow_signature import input_example, model_signature
from registry_assets.converting.wheel import wheel, wheel_name
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.packaging.environment import requirement_lines

if TYPE_CHECKING:
    from registry_assets.converting.contents import VersionContents

VERSION = "version"
CODE = "code"
WHEELS = "wheels"
_LOADER = "registry_assets_loader"
_REQUIREMENTS = "requirements.txt"
_EXAMPLE = "input_example.json"
_SERVING_EXAMPLE = "serving_input_example.json"
_BEFORE_TIMES = "1970-01-01 00:00:00"
_WANTED = "An MLflow model"


def write_mlflow_model(contents: "VersionContents", folder: Path) -> None:
    """Write a version as an MLflow model into a folder that is empty or does not exist.

    `mlflow.pyfunc.load_model(folder).predict(rows)` then is `LoadedModel.predict(rows)`, with
    the reference frames that came with the version where the caller gives none. None of the
    version's code runs here.

    Raises:
        ConversionRefused: MLflow is not installed, or the version does not fit it.
        PackagingRefused: the files are no package of this release.
    """
    library("mlflow.pyfunc", wanted=_WANTED)
    for path, data in _files(contents).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _files(contents: "VersionContents") -> dict[str, bytes]:
    example = input_example(contents.package)
    requirements = _requirements(contents)
    python = str(contents.package.environment.get("python", ""))
    files = {
        f"{VERSION}/{MANIFEST_FILE}": contents.stored,
        **{f"{VERSION}/{path}": data for path, data in contents.files.items()},
        f"{CODE}/{_LOADER}.py": Path(str(registry_assets_loader.__file__)).read_bytes(),
        f"{WHEELS}/{wheel_name()}": wheel(),
        _EXAMPLE: _json(example),
        _SERVING_EXAMPLE: _json({"dataframe_split": example}),
        _REQUIREMENTS: "".join(f"{line}\n" for line in requirements).encode(),
        "python_env.yaml": _yaml(
            {
                "python": python,
                "build_dependencies": ["pip", "setuptools", "wheel"],
                "dependencies": [f"-r {_REQUIREMENTS}"],
            }
        ),
        "conda.yaml": _yaml(
            {
                "name": "mlflow-env",
                "channels": ["conda-forge"],
                "dependencies": [f"python={python}", "pip", {"pip": requirements}],
            }
        ),
    }
    files["MLmodel"] = _mlmodel(contents, size=sum(map(len, files.values())))
    return files


def _mlmodel(contents: "VersionContents", *, size: int) -> bytes:
    pyfunc = library("mlflow.pyfunc", wanted=_WANTED)
    models = library("mlflow.models", wanted=_WANTED)
    package = contents.package
    model = models.Model(
        utc_time_created=_created(contents),
        model_uuid=contents.version.digest.removeprefix("sha256:")[:32],
        signature=model_signature(package.signature),
        saved_input_example_info={
            "artifact_path": _EXAMPLE,
            "serving_input_path": _SERVING_EXAMPLE,
            "type": "dataframe",
            "pandas_orient": "split",
        },
        metadata={
            **contents.identity,
            "registry_assets.task": package.signature.output.task,
            "registry_assets.classes": list(package.signature.output.classes),
        },
        model_size_bytes=size,
    )
    pyfunc.add_to_model(
        model,
        loader_module=_LOADER,
        data=VERSION,
        code=CODE,
        conda_env="conda.yaml",
        python_env="python_env.yaml",
        model_config={"digest": contents.version.digest},
    )
    text: str = model.to_yaml()
    return text.encode()


def _created(contents: "VersionContents") -> str:
    """Give when the training ended, as MLflow writes an instant."""
    ended = contents.metadata.get("finished_at")
    if not isinstance(ended, str) or not ended:
        return _BEFORE_TIMES
    return str(parse_timestamp(ended).replace(tzinfo=None))


def _requirements(contents: "VersionContents") -> list[str]:
    """Give what pip is to install, beside the wheel, for another process to load it."""
    client = importlib.metadata.version("mlflow-skinny")
    pinned = requirement_lines(contents.package.environment)
    theirs = [line for line in pinned if not line.startswith(("mlflow==", "mlflow-skinny=="))]
    return [f"mlflow-skinny=={client}", f"{WHEELS}/{wheel_name()}", *theirs]


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _yaml(value: Any) -> bytes:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False)).encode()
