"""The libraries that only another form of a version needs, imported when it is written."""

import importlib
import os
import warnings
from types import ModuleType

from registry_assets.errors import ConversionRefused

_EXTRAS = {
    "cyclonedx": "sbom",
    "mlflow": "mlflow",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "skl2onnx": "onnx",
}
# MLflow asks for both when it is imported, and would report its use to its makers.
_SILENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def library(name: str, *, wanted: str) -> ModuleType:
    """Import a library that an extra brings, or a module of it; MLflow stays silent.

    Args:
        wanted: what needs it, as the subject of a sentence.

    Raises:
        ConversionRefused: it is not installed; names the extra.
    """
    top = name.partition(".")[0]
    if top == "mlflow":
        os.environ.update(_SILENT)
    try:
        with warnings.catch_warnings():
            # Of a type hint in MLflow's own code, each time that code is imported.
            warnings.filterwarnings("ignore", message=".*Any type hint is inferred as AnyType")
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != top:
            raise
        raise ConversionRefused(
            f"{wanted} needs the library {top}, which is not installed",
            hint=f'pip install "registry_assets[{_EXTRAS[top]}]"',
        ) from error
