"""Loads the version in this folder for MLflow; copied as it is into every MLflow model.

It stands alone: the registry_assets that is installed loads the version, else the wheel that
came with it does.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any


def _load_pyfunc(path: str, model_config: dict[str, Any]) -> Any:
    """Give what MLflow asks to predict.

    Args:
        path: the folder of the version, in that of the MLflow model.
        model_config: has the digest that its files must have.
    """
    if importlib.util.find_spec("registry_assets") is None:
        wheel = next((Path(path).parent / "wheels").glob("registry_assets-*.whl"))
        sys.path.append(str(wheel))
    from registry_assets.converting.pyfunc import load_version

    return load_version(Path(path), digest=model_config["digest"])
