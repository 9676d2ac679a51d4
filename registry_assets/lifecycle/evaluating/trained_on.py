"""The rows that a version was trained on: what its holdout is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import ByKey, RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import (
    FeatureRows,
    held_out,
    read_feature_rows,
    recorded_holdout,
)
from registry_assets.lifecycle.targets import Target
from registry_assets.lifecycle.training import training_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRows:
    """All rows of a training, in their order.

    Args:
        features: (n, columns).
        target: (n,), as the task takes it.
        raw: the rows that the features were made from, without the outcome.
    """

    features: "pd.DataFrame"
    target: "pd.Series[Any]"
    raw: "pd.DataFrame"


def read_training(
    backends: Backends, model: RegisteredModel, version: VersionRecord
) -> TrainingRows | str:
    """Read what a version was trained on, or say why it cannot be read.

    An evaluation is of the holdout: it does not fail where the training is gone.
    """
    target = Target.of(model, version.recipe)
    try:
        parts = [read_feature_rows(backends, ref) for ref in version.recipe.train]
        features, y = training_rows(version.recipe, target, parts)
    except RegistryError as error:
        return f"what {version.reference} was trained on cannot be read: {error.message}"
    return TrainingRows(features, y, _raw_rows(version, parts, target))


def _raw_rows(
    version: VersionRecord, parts: Sequence[FeatureRows], target: Target
) -> "pd.DataFrame":
    import pandas as pd

    rule = recorded_holdout(version.recipe)
    found = []
    for part in parts:
        raw = part.inputs[next(iter(part.inputs))]
        if isinstance(rule, ByKey):
            raw = raw[~held_out(rule, part).to_numpy()]
        found.append(raw.drop(columns=[target.name], errors="ignore"))
    return pd.concat(found, ignore_index=True)
