"""What callers of a SageMaker endpoint send and get: JSON, or CSV with a line of names.

The documents are those that MLflow's serving takes, so a caller can stay as it is.
"""

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from registry_assets.errors import DataUnusable

if TYPE_CHECKING:
    import numpy as np

JSON, CSV = "application/json", "text/csv"
_HINT = (
    'send {"dataframe_split": {"columns": […], "data": [[…], …]}}, {"instances": [{"column": value,'
    ' …}, …]}, or CSV with a line of names; {"params": {"predict_method": "predict_proba"}} beside'
    " the rows asks for probabilities"
)


def read_request(body: bytes | str, content_type: str) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """Give the rows and the params that a caller sent.

    Raises:
        DataUnusable: they cannot be read as such; says what would be.
    """
    text = body.decode() if isinstance(body, bytes | bytearray) else body
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV:
        return pd.read_csv(io.StringIO(text)), {}
    if kind not in (JSON, ""):
        raise DataUnusable(f"the content type is {content_type!r:.100}", hint=_HINT)
    try:
        document = json.loads(text)
        params = document.get("params") or {}
        if "dataframe_split" in document:
            given = document["dataframe_split"]
            rows = pd.DataFrame(given["data"], columns=given["columns"])
        else:
            rows = pd.DataFrame(document["instances"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataUnusable(f"the request has no rows: {error!s:.200}", hint=_HINT) from error
    return rows, params


def write_answer(predicted: "np.ndarray", accept: str) -> str:
    """Give predictions as a document, or as lines where CSV is asked for."""
    if CSV in accept:
        return pd.DataFrame(predicted).to_csv(index=False, header=False)
    return json.dumps({"predictions": predicted.tolist()})
