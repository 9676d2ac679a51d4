"""What a version takes and gives, in MLflow's words: its signature and its input example.

MLflow holds a caller's rows against the signature before the version sees them, so it must
not refuse what the version takes: a column whose type MLflow has no word for is of any type
there, and the version's own check decides.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.converting.libraries import library
from registry_assets.converting.pyfunc import METHOD, METHODS
from registry_assets.errors import ConversionRefused
from registry_assets.packaging.package import Package, sample_input
from registry_assets.packaging.signature import ColumnSpec, Label, Output, Signature

if TYPE_CHECKING:
    import pandas as pd

_EXAMPLE_ROWS = 5
_TYPES = {
    "bool": "boolean",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "uint8": "integer",
    "uint16": "integer",
    "int64": "long",
    "uint32": "long",
    "float16": "float",
    "float32": "float",
    "float64": "double",
    "str": "string",
    "string": "string",
}
_OF_LABELS: dict[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}


def model_signature(signature: Signature) -> Any:
    """Give the `ModelSignature`: columns in, what is predicted out, and the parameters.

    Raises:
        ConversionRefused: a reference frame is called as the parameter is that MLflow needs.
    """
    schema = library("mlflow.types.schema", wanted="An MLflow model")
    models = library("mlflow.models", wanted="An MLflow model")
    if METHOD in signature.references:
        raise ConversionRefused(
            f"make_features takes a reference frame {METHOD!r}, and an MLflow model has a"
            " parameter of that name",
            hint="call it otherwise in make_features",
        )
    params = [schema.ParamSpec(METHOD, "string", METHODS[0])] if signature.output.classes else []
    params += [
        # As lists by column; {} stands for the frame that came with the version.
        schema.ParamSpec(name, _frame_type(schema, signature.inputs[name]), {})
        for name in signature.references
    ]
    rows = signature.rows_input
    optional = signature.optional.get(rows, ())
    return models.ModelSignature(
        inputs=schema.Schema(
            [
                schema.ColSpec(
                    _type(schema, spec.type), spec.name, required=spec.name not in optional
                )
                for spec in signature.inputs[rows]
            ]
        ),
        outputs=schema.Schema([schema.ColSpec(_predicted(schema, signature.output))]),
        params=schema.ParamSchema(params) if params else None,
    )


def input_example(package: Package) -> dict[str, Json]:
    """Give some rows of the version's sample, as MLflow's "split" JSON of a frame."""
    frame = package.frame(sample_input(package.signature.rows_input)).head(_EXAMPLE_ROWS)
    return split_frame(frame)


def split_frame(frame: "pd.DataFrame") -> dict[str, Json]:
    """Give a frame as `columns` and `data`; numbers keep every digit."""
    columns = [[_plain(value) for value in frame[name]] for name in frame.columns]
    return {
        "columns": [str(name) for name in frame.columns],
        "data": [list(row) for row in zip(*columns, strict=True)],
    }


def _frame_type(schema: Any, specs: Sequence[ColumnSpec]) -> Any:
    # Of any type: MLflow takes neither a gap in numbers nor a whole number among decimals there.
    column = schema.Array(schema.AnyType())
    return schema.Object([schema.Property(spec.name, column, required=False) for spec in specs])


def _type(schema: Any, name: str) -> Any:
    if name.startswith("datetime64[") and "," not in name:
        return schema.DataType["datetime"]
    known = _TYPES.get(name)
    return schema.AnyType() if known is None else schema.DataType[known]


def _predicted(schema: Any, output: Output) -> Any:
    kinds: set[type[Label]] = {type(each) for each in output.classes} or {float}
    only = next(iter(kinds))
    return schema.DataType[_OF_LABELS[only]] if len(kinds) == 1 else schema.AnyType()


def _plain(value: Any) -> Json:
    """Give one value of a frame as JSON has it; None where there is none."""
    import pandas as pd

    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, dt.date | pd.Timedelta) else str(value)
