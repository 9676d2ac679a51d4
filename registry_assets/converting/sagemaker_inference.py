"""What SageMaker's scikit-learn container calls; copied as it is into every archive for it.

It stands alone: the registry_assets that is installed loads the version, else the wheel that
came with it does.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

DIGEST = "REGISTRY_ASSETS_DIGEST"
"""The variable that has the digest which the version's files must have. The model package sets it:
a digest that came with the files would prove nothing about them."""


def model_fn(model_dir: str) -> Any:
    """Load the version, every byte verified."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the container's Python is not ours
        raise RuntimeError(
            f"this container has Python {sys.version.split()[0]}; the model needs 3.11 or newer:"
            " take another image, SageMaker(image=…)"
        )
    digest = os.environ.get(DIGEST, "")
    if not digest:
        raise RuntimeError(
            f"{DIGEST} is not set: deploy the model package itself, whose container sets it to"
            " the digest of the version"
        )
    if importlib.util.find_spec("registry_assets") is None:
        wheel = next((Path(model_dir) / "wheels").glob("registry_assets-*.whl"))
        sys.path.append(str(wheel))
    from registry_assets.converting.pyfunc import load_version

    return load_version(Path(model_dir) / "version", digest=digest)


def input_fn(body: Any, content_type: str) -> Any:
    """Read what a caller sent."""
    from registry_assets.converting.sagemaker_rows import read_request

    return read_request(body, content_type)


def predict_fn(request: Any, model: Any) -> Any:
    """Predict."""
    from registry_assets.converting.sagemaker_rows import answer

    return answer(request, model)


def output_fn(predicted: Any, accept: str) -> Any:
    """Write what a caller gets."""
    from registry_assets.converting.sagemaker_rows import write_answer

    return write_answer(predicted, accept)
