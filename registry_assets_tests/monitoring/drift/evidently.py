"""What Evidently itself says of two frames."""

import os
import warnings

import pandas as pd

METHODS = {
    "Wasserstein distance (normed)": "wasserstein",
    "Jensen-Shannon distance": "jensenshannon",
}


def evidently(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Give what it takes by default: the method and the value, by column."""
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, at import and in a run
        from evidently import Report
        from evidently.metrics import ValueDrift

        report = Report([ValueDrift(column=column) for column in reference.columns])
        found = report.run(current, reference).dict()["metrics"]
    methods = {each["config"]["column"]: METHODS[each["config"]["method"]] for each in found}
    values = {each["config"]["column"]: float(each["value"]) for each in found}
    return {name: (methods[name], values[name]) for name in methods}
