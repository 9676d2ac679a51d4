"""Why an estimator does not say the same as ONNX: what is known of it, and what to do instead.

Asked once a conversion has failed: skl2onnx writes such graphs without a word, and that rows
differ tells nobody why.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_MOST_NAMES = 5


def find_causes(estimator: Any, features: "pd.DataFrame") -> Iterator[str]:
    """Give what is known to make a graph answer otherwise, a sentence each with its remedy.

    Args:
        features: rows that the graph was to be compared on.
    """
    for part in _parts(estimator):
        categorical = getattr(part, "is_categorical_", None)
        if categorical is not None and any(categorical):
            yield (
                f"{type(part).__name__} splits {sum(map(bool, categorical))} of its features by"
                " category, and skl2onnx writes every split as a threshold: let make_features"
                " encode them as numbers (a column for each category), and train without"
                " categorical_features"
            )
    if names := [name for name in features.columns if _is_too_fine(features[name])]:
        said = ", ".join(map(str, names[:_MOST_NAMES])) + (", …" if names[_MOST_NAMES:] else "")
        yield (
            f"trees in ONNX compare in single precision, in which values of {said} that differ are"
            " one number: let make_features give smaller ones, such as the time since a date"
        )


def _parts(estimator: Any) -> Iterator[Any]:
    """Give an estimator, and those that it was built of."""
    yield estimator
    if hasattr(estimator, "get_params") and not isinstance(estimator, type):
        found = estimator.get_params(deep=True).values()
        yield from (each for each in found if hasattr(each, "get_params"))


def _is_too_fine(column: "pd.Series[Any]") -> bool:
    import numpy as np
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    known = np.unique(column.astype("float64").dropna().to_numpy())
    with np.errstate(over="ignore"):
        return len(np.unique(known.astype("float32"))) < len(known)
