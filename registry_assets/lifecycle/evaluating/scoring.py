"""What packaged versions say of the held-out rows: what a deployment would have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.versions import VersionRecord
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.lifecycle.evaluating.holdout import HoldoutRows
from registry_assets.lifecycle.targets import Target
from registry_assets.reasons import reason_of

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.evaluation.scored import Predictions
    from registry_assets.packaging.loaded import LoadedModel
    from registry_assets.packaging.signature import Output, Signature


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A version's own words on the held-out rows.

    Args:
        signature: what the version takes and gives.
        said: n rows, `prediction` and `proba_<i>` of the i-th class.
        refused: why it says nothing, and `said` has no columns; "" if it does.
    """

    signature: "Signature"
    said: "pd.DataFrame"
    refused: str = ""

    @property
    def classes(self) -> tuple[Any, ...]:
        """The model's classes; none for a regression."""
        return self.signature.output.classes

    def predictions(self, classes: "tuple[Any, ...]") -> "Predictions":
        """Give them under a numbering of the classes, the model's own among them."""
        if self.refused:
            from registry_assets.evaluation.scored import Predictions

            return Predictions.none(len(self.said), reason=self.refused)
        return as_predictions(self.said, known=self.classes, classes=classes)


def as_predictions(
    said: "pd.DataFrame", *, known: tuple[Any, ...], classes: "Sequence[Any]"
) -> "Predictions":
    """Give what a model said under a numbering of the classes, its own among them.

    Args:
        said: as `packaging.predictions` gives it.
        known: the model's classes; none for a regression.
    """
    import numpy as np

    from registry_assets.evaluation.scored import Predictions

    labels = said["prediction"]
    if not known:
        return Predictions(labels.to_numpy(dtype=np.float64))
    columns = [f"proba_{at}" for at in range(len(known))]
    return Predictions.of_labels(
        labels.tolist(), said[columns].to_numpy(), known=known, classes=classes
    )


def check_told(version: VersionRecord, output: "Output", target: Target) -> None:
    """Refuse a version that tells something else than the declaration now asks for.

    Raises:
        DataUnusable: says what it was trained to tell.
    """
    if target.task == "regression":
        wrong, asked = bool(output.classes), "a number"
    elif target.task == "binary":
        wrong = len(output.classes) != 2 or target.positive not in output.classes
        asked = f"{target.positive!r} or another class"
    else:
        wrong, asked = not output.classes, "one of several classes"
    if wrong:
        told = " or ".join(map(repr, output.classes)) or "a number"
        raise DataUnusable(
            f"{version.reference} was trained to tell {told}; the declaration asks for {asked}",
            hint="retrain: the next version tells what is declared now",
        )


def ask_version(version: VersionRecord, loaded: "LoadedModel", rows: HoldoutRows) -> Answers:
    """Let a packaged version answer for the raw rows.

    An estimator that refuses the features of some rows, as of an infinite one, has no answers,
    and they say why: that is a finding about the version.

    Raises:
        DataUnusable: no features can be made of the raw rows; says why.
    """
    import pandas as pd

    from registry_assets.packaging.isolation import packaged_line
    from registry_assets.packaging.predictions import fast_predictions

    said = []
    for at, part in enumerate(rows.parts):
        raw, references = rows.raw(at)
        cannot = f"{version.reference} cannot score {part.ref}"
        try:
            features = loaded.features(raw, **references)
        except RegistryError:
            raise
        except (Exception, SystemExit) as error:  # the user's packaged code: anything
            raise DataUnusable(
                f"{cannot}: {reason_of(error)}{packaged_line(error)}",
                hint="correct make_features, or the raw rows of that partition, and retrain",
            ) from error
        try:
            output = loaded.signature.output
            said.append(fast_predictions(loaded.estimator, features, output=output))
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's estimator: anything
            why = f"{cannot}: {reason_of(error)}{packaged_line(error)}"
            return Answers(loaded.signature, pd.DataFrame(index=rows.frame.index), refused=why)
    return Answers(loaded.signature, pd.concat(said, ignore_index=True))
