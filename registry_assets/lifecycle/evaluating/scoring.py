"""What packaged versions say of the held-out rows: what a deployment would have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.versions import VersionRecord
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.deploying import load_version
from registry_assets.lifecycle.evaluating.holdout import HoldoutRows

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.evaluation.scored import Predictions
    from registry_assets.packaging.loaded import LoadedModel
    from registry_assets.packaging.signature import Signature


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A version's own words on the held-out rows.

    Args:
        signature: what the version takes and gives.
        said: n rows, `prediction` and `proba_<i>` of the i-th class.
    """

    signature: "Signature"
    said: "pd.DataFrame"

    @property
    def classes(self) -> tuple[Any, ...]:
        """The model's classes; none for a regression."""
        return self.signature.output.classes

    def predictions(self, classes: "tuple[Any, ...]") -> "Predictions":
        """Give them under a numbering of the classes, the model's own among them."""
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


def ask_version(backends: Backends, version: VersionRecord, rows: HoldoutRows) -> Answers:
    """Let a packaged version answer for the raw rows.

    Raises:
        DataUnusable: it cannot; says why.
    """
    import pandas as pd

    from registry_assets.packaging.isolation import packaged_line

    loaded = load_version(backends, version)
    said = []
    for at, part in enumerate(rows.parts):
        try:
            said.append(_ask(loaded, rows, at))
        except RegistryError:
            raise
        except Exception as error:  # the user's packaged code: anything
            raise DataUnusable(
                f"{version.reference} cannot score {part.ref}:"
                f" {type(error).__name__}: {error}{packaged_line(error)}",
                hint="correct make_features, or the raw rows of that partition, and retrain",
            ) from error
    return Answers(loaded.signature, pd.concat(said, ignore_index=True))


def _ask(loaded: "LoadedModel", rows: HoldoutRows, at: int) -> "pd.DataFrame":
    from registry_assets.packaging.predictions import fast_predictions

    raw, references = rows.raw(at)
    features = loaded.features(raw, **references)
    return fast_predictions(loaded.estimator, features, output=loaded.signature.output)
