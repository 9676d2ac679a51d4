"""A version that lies in an MLflow model's folder, as MLflow's pyfunc asks it to predict.

Every byte is verified against the digest that the model names, as everywhere. MLflow is not
imported here: it is what imports this.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from registry_assets.converting.folder import load_with_references
from registry_assets.converting.json_rows import typed
from registry_assets.errors import DataUnusable

if TYPE_CHECKING:
    import numpy as np

    from registry_assets.packaging.loaded import LoadedModel

METHOD = "predict_method"
"""The parameter by which a caller asks for probabilities instead of predictions."""
METHODS = ("predict", "predict_proba")


class PyfuncVersion:
    """What MLflow calls: `predict` of raw rows.

    Args:
        references: the reference frames that came with the version, in full.
    """

    def __init__(self, model: "LoadedModel", references: Mapping[str, pd.DataFrame]) -> None:
        self.model = model
        self.references = references

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> "np.ndarray":
        """Predict as `LoadedModel.predict` does, or `predict_proba` where the params say so.

        Args:
            params: `predict_method`; and by the name of a reference frame its columns as lists,
                where the one that came with the version is not to be used.

        Raises:
            DataUnusable: columns are missing or of another type, or the params are.
        """
        given = dict(params or {})
        method = given.pop(METHOD, METHODS[0])
        if method not in METHODS:
            raise DataUnusable(
                f"{METHOD} is {method!r:.100}; expected one of: {', '.join(METHODS)}",
                hint="Name one of these in the params, or none.",
            )
        signature = self.model.signature
        rows = typed(pd.DataFrame(model_input), signature.inputs[signature.rows_input])
        references = {
            name: typed(pd.DataFrame(given[name]), signature.inputs[name])
            if given.get(name)
            else frame
            for name, frame in self.references.items()
        }
        predicted: np.ndarray = getattr(self.model, method)(rows, **references)
        return predicted


def load_version(folder: Path, *, digest: str) -> PyfuncVersion:
    """Load the version whose files lie in a folder: see `converting.folder`."""
    return PyfuncVersion(*load_with_references(folder, digest=digest))
