"""The rows that a version is judged on: read once, scored by every model that is compared."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import Evaluation, RegisteredModel
from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import (
    FeatureRows,
    held_out,
    read_feature_rows,
    recorded_holdout,
    require_evaluated,
)
from registry_assets.lifecycle.targets import Target, target_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.evaluation.scored import Outcomes


@dataclass(frozen=True, slots=True, eq=False)
class HoldoutRows:
    """The held-out rows of all partitions, in order.

    Args:
        parts: the partitions they are of, whole.
        masks: of each partition, which rows are held out.
        target: (n,), as the task takes it.
        frame: n rows, features and kept columns.
    """

    parts: tuple[FeatureRows, ...]
    masks: tuple["pd.Series[bool]", ...]
    target: "pd.Series[Any]"
    frame: "pd.DataFrame"

    @property
    def features(self) -> "pd.DataFrame":
        """Give the features alone: (n, columns)."""
        return self.frame[list(self.parts[0].features.columns)]

    def raw(self, at: int) -> "tuple[pd.DataFrame, dict[str, pd.DataFrame]]":
        """Give a partition's held-out raw rows, without the outcome, and its references."""
        part, mask = self.parts[at], self.masks[at]
        name, *others = part.inputs
        rows = part.inputs[name][mask.to_numpy()].reset_index(drop=True)
        rows = rows.drop(columns=[str(self.target.name)], errors="ignore")
        return rows, {other: part.inputs[other] for other in others}

    def outcomes(self, target: Target, classes: "list[Any]", plan: Evaluation) -> "Outcomes":
        """Give what happened, under the classes that any of the compared models knows.

        Args:
            classes: theirs; labels that none of them knows are added.
        """
        from registry_assets.evaluation.scored import Outcomes

        weight = self._weight(plan)
        if target.task == "regression":
            return Outcomes.of_numbers(self.target.to_numpy(), weight=weight)
        labels = self.target.tolist()
        if target.task == "multiclass":
            unseen = sorted(set(labels) - set(classes), key=str)
            classes = [*classes, *unseen]
        return Outcomes.of_labels(target.task, labels, classes=classes, weight=weight)

    def _weight(self, plan: Evaluation) -> "np.ndarray | None":
        import numpy as np
        import pandas as pd

        if plan.weight is None:
            return None
        numbers = pd.to_numeric(self.frame[plan.weight], errors="coerce")
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def read_holdout(backends: Backends, model: RegisteredModel, version: VersionRecord) -> HoldoutRows:
    """Read the rows that a version's recipe holds out.

    Raises:
        DataUnusable: there are none, or they lack what the evaluation reads.
    """
    import pandas as pd

    target = Target.of(model, version.recipe)
    rule = recorded_holdout(version.recipe)
    parts = tuple(read_feature_rows(backends, ref) for ref in version.recipe.holdout)
    masks = tuple(held_out(rule, part) for part in parts)
    targets = [
        target_of(part.kept, target, where=str(part.ref))[mask]
        for part, mask in zip(parts, masks, strict=True)
    ]
    frames = [
        pd.concat([part.features, part.kept], axis=1)[mask]
        for part, mask in zip(parts, masks, strict=True)
    ]
    for part, frame in zip(parts, frames, strict=True):
        require_evaluated(frame.columns, model.evaluation.columns, where=str(part.ref))
    y = pd.concat(targets, ignore_index=True)
    if not len(y):
        raise DataUnusable(
            f"the holdout of {version.reference} has no rows"
            f" ({', '.join(map(str, version.recipe.holdout))})",
            hint="hold out more",
        )
    return HoldoutRows(parts, masks, y, pd.concat(frames, ignore_index=True))
