"""Predictions as they are written down: the columns of a stored table, and of a log.

row                    position in the partition; a log has none
prediction             the class, or the number
probability_<class>    one for each class, by its text
version, digest        of the version that said so
"""

from typing import TYPE_CHECKING

from registry_assets.errors import DataUnusable
from registry_assets.packaging.signature import Output

if TYPE_CHECKING:
    import pandas as pd

ROW = "row"
PREDICTION = "prediction"
PROBABILITY = "probability_"
VERSION = "version"
DIGEST = "digest"


def probability_columns(output: Output) -> dict[str, str]:
    """Give the column of each class, by the name that `packaging.predictions` gives it."""
    return {f"proba_{at}": f"{PROBABILITY}{label}" for at, label in enumerate(output.classes)}


def as_written(said: "pd.DataFrame", output: Output) -> "pd.DataFrame":
    """Give what a model said in the columns that are written down."""
    names = probability_columns(output)
    return said[[PREDICTION, *names]].rename(columns=names)


def as_said(predictions: "pd.DataFrame", output: Output) -> "pd.DataFrame":
    """Give what was written down as `packaging.predictions` gives it.

    Raises:
        DataUnusable: a column is not there.
    """
    names = {written: name for name, written in probability_columns(output).items()}
    absent = [name for name in (PREDICTION, *names) if name not in predictions.columns]
    if absent:
        raise DataUnusable(
            f"the predictions have no column {', '.join(absent)}",
            hint="log what the model said: prediction, and probability_<class> of every class",
        )
    return predictions[[PREDICTION, *names]].rename(columns=names).reset_index(drop=True)
