"""What callers of a SageMaker endpoint send and get: JSON, or CSV with a line of names.

The documents are those that MLflow's serving takes, so a caller can stay as it is.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from registry_assets.errors import DataUnusable

if TYPE_CHECKING:
    import numpy as np

    from registry_assets.converting.pyfunc import PyfuncVersion
    from registry_assets.packaging.signature import ColumnSpec

JSON, CSV = "application/json", "text/csv"
_HINT = (
    'send {"dataframe_split": {"columns": […], "data": [[…], …]}}, {"instances": [{"column": value,'
    ' …}, …]}, or CSV with a line of names; {"params": {"predict_method": "predict_proba"}} beside'
    " the rows asks for probabilities"
)


_EMPTY = ["", "NA", "N/A", "NaN", "nan", "null", "None"]
"""What is no value in CSV; in a column of texts only nothing is none: NA is a country."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller sent.

    Args:
        rows: a frame; or CSV, of which only the model can say what its columns are.
        params: `predict_method`, and reference frames.
    """

    rows: pd.DataFrame | str
    params: Mapping[str, Any] = field(default_factory=dict)


def read_request(body: bytes | str, content_type: str) -> Request:
    """Give the rows and the params that a caller sent.

    Raises:
        DataUnusable: they cannot be read as such; says what would be.
    """
    text = body.decode() if isinstance(body, bytes | bytearray) else body
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV:
        return Request(text)
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
    return Request(rows, params)


def answer(request: Request, model: "PyfuncVersion") -> "np.ndarray":
    """Let a version predict for what was sent.

    Raises:
        DataUnusable: it is no CSV, or has not the columns that the model takes.
    """
    rows = request.rows
    if isinstance(rows, str):
        signature = model.model.signature
        rows = csv_rows(rows, signature.inputs[signature.rows_input])
    return model.predict(rows, request.params)


def csv_rows(text: str, specs: "Sequence[ColumnSpec]") -> pd.DataFrame:
    """Read CSV, in which columns of texts are texts whatever stands there: 007, or NA.

    Raises:
        DataUnusable: it is none.
    """
    texts = {spec.name for spec in specs if _is_text(spec.type)}
    empty = {spec.name: [""] if spec.name in texts else _EMPTY for spec in specs}
    try:
        return pd.read_csv(
            io.StringIO(text),
            dtype=dict.fromkeys(sorted(texts), "str"),
            na_values=empty,
            keep_default_na=False,
        )
    except ValueError as error:
        raise DataUnusable(f"the request is no CSV: {error!s:.200}", hint=_HINT) from error


def _is_text(kind: str) -> bool:
    return kind.startswith(("str", "object", "category", "large_string"))


def write_answer(predicted: "np.ndarray", accept: str) -> str:
    """Give predictions as a document, or as lines where CSV is asked for."""
    if CSV in accept:
        return pd.DataFrame(predicted).to_csv(index=False, header=False)
    return json.dumps({"predictions": predicted.tolist()})
