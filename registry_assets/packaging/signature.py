"""What a model takes and gives: columns with their types, and the output.

Pure apart from looking at data frames; what makes the features from the inputs is
`loaded`. Types are pandas' own names ("int64", "str", "datetime64[us]").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from registry_assets.canonical import Json
from registry_assets.errors import DataUnusable

if TYPE_CHECKING:
    import pandas as pd

Task = Literal["binary", "multiclass", "regression"]
Label = bool | int | float | str


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column's name and pandas type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Output:
    """What is predicted; `classes` are in the order of the probability columns."""

    task: Task
    classes: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Columns of each input frame, of the features, and the output.

    The first of `inputs` is the rows, the others are reference frames; `optional` names
    the columns of each that the features were seen not to need. `from_json(to_json())`
    gives an equal value.
    """

    inputs: Mapping[str, tuple[ColumnSpec, ...]]
    optional: Mapping[str, tuple[str, ...]]
    features: tuple[ColumnSpec, ...]
    output: Output

    @property
    def rows_input(self) -> str:
        """Name the input that carries the rows to predict for."""
        return next(iter(self.inputs))

    @property
    def references(self) -> tuple[str, ...]:
        """Name the inputs that are looked things up in."""
        return tuple(self.inputs)[1:]

    def check_input(self, name: str, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Give the input's columns in their recorded order and types; others are ignored.

        Raises:
            DataUnusable: columns that are missing or of another type, all of them at once.
        """
        optional = set(self.optional.get(name, ()))
        specs = [
            spec
            for spec in self.inputs[name]
            if spec.name in frame.columns or spec.name not in optional
        ]
        try:
            return conform(frame, specs)
        except DataUnusable as error:
            raise DataUnusable(
                f"{name} does not have the columns this model takes: {error.message}.",
                hint="Give the columns as they were in training; order and extras do not matter.",
            ) from error

    def to_json(self) -> dict[str, Json]:
        """Give the signature as a JSON value."""
        return {
            "inputs": [
                {
                    "name": name,
                    "columns": _columns_json(columns),
                    "optional": list(self.optional.get(name, ())),
                }
                for name, columns in self.inputs.items()
            ],
            "features": _columns_json(self.features),
            "output": {"task": self.output.task, "classes": list(self.output.classes)},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        inputs, output = value["inputs"], value["output"]
        return cls(
            inputs={each["name"]: _columns(each["columns"]) for each in inputs},
            optional={each["name"]: tuple(each["optional"]) for each in inputs},
            features=_columns(value["features"]),
            output=Output(task=cast("Task", output["task"]), classes=tuple(output["classes"])),
        )


def columns_of(frame: "pd.DataFrame") -> tuple[ColumnSpec, ...]:
    """Describe a frame's columns."""
    return tuple(ColumnSpec(str(name), str(dtype)) for name, dtype in frame.dtypes.items())


def conform(frame: "pd.DataFrame", specs: Iterable[ColumnSpec]) -> "pd.DataFrame":
    """Give exactly the columns `specs`, in their order and types.

    A type is changed only where no value can change: a whole number to a wider or decimal
    type, an all-empty column to whatever is expected, another unit of time.

    Raises:
        DataUnusable: missing columns and wrong types, all of them at once.
    """
    import pandas as pd

    columns: dict[str, pd.Series[Any]] = {}
    problems: list[str] = []
    for spec in specs:
        if spec.name not in frame.columns:
            problems.append(f"{spec.name}: missing, expected {spec.type}")
            continue
        values = frame[spec.name]
        found = _converted(values, spec.type)
        if found is None:
            problems.append(f"{spec.name}: expected {spec.type}, found {_described(values)}")
        else:
            columns[spec.name] = found
    if problems:
        raise DataUnusable("; ".join(problems))
    return pd.DataFrame(columns, index=frame.index)


def _converted(values: "pd.Series[Any]", expected: str) -> "pd.Series[Any] | None":
    import pandas as pd

    if str(values.dtype) == expected:
        return values
    kind, wanted = _kind(values), _kind(pd.Series([], dtype=expected))
    widens = kind == wanted or (kind, wanted) in {("integer", "decimal"), ("text", "category")}
    if not widens and kind != "empty":
        return None
    try:
        converted: pd.Series[Any] = values.astype(cast("Any", expected))
    except (TypeError, ValueError, OverflowError):
        return None  # an empty column has no int64 to be, a datetime no such unit
    there = values.notna()
    if kind == wanted == "integer" and not converted[there].eq(values[there]).all():
        return None  # it did not fit: 300 into int8 wraps silently
    return converted


def _kind(values: "pd.Series[Any]") -> str:
    """Say what sort of values a column holds, coarser than its type."""
    from pandas.api import types

    dtype = values.dtype
    if len(values) and values.isna().all():
        return "empty"
    tests = {
        "truth": types.is_bool_dtype,
        "integer": types.is_integer_dtype,
        "decimal": types.is_float_dtype,
        "category": lambda d: str(d) == "category",
        "time with zone": lambda d: str(d).startswith("datetime64[") and "," in str(d),
        "time": types.is_datetime64_any_dtype,
        "duration": types.is_timedelta64_dtype,
    }
    for kind, test in tests.items():
        if test(dtype):
            return kind
    if types.is_object_dtype(dtype):
        inferred = types.infer_dtype(values, skipna=True)
        return "text" if inferred == "string" else inferred
    return "text" if types.is_string_dtype(dtype) else str(dtype)


def _described(values: "pd.Series[Any]") -> str:
    dtype = str(values.dtype)
    return f"{dtype} ({_kind(values)})" if dtype == "object" else dtype


def _columns_json(columns: Iterable[ColumnSpec]) -> list[Json]:
    return [{"name": column.name, "type": column.type} for column in columns]


def _columns(value: Iterable[Mapping[str, str]]) -> tuple[ColumnSpec, ...]:
    return tuple(ColumnSpec(name=each["name"], type=each["type"]) for each in value)
