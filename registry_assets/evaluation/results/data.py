"""What an evaluation says about its data, as values; `registry_assets.evaluation.data` finds it.

Training is what a version was fitted on, the holdout what it is judged on. A number that is
not defined is None, and a reason says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Holdout rows whose content also occurs in training: a model may know them by heart.

    Args:
        training_rows: of the training.
        holdout_rows: of the holdout.
        columns: how many columns were compared; two rows are the same if all of these are.
        shared: how many rows of the holdout occur in training.
        share: `shared` as a share of the holdout's rows.
        examples: positions in the holdout of the first of them in the order of content.
        reason: why nothing was compared; "" if something was.
    """

    training_rows: int
    holdout_rows: int
    columns: int
    shared: int
    share: float | None
    examples: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ColumnPower:
    """How well one column alone decides the target, on rows that it was not fitted on.

    Args:
        metric: "roc_auc", "roc_auc_ovr" (the mean over classes, each against the rest), "r2".
        value: None when it is not defined.
        threshold: what the value is compared with.
        decides: whether it is reached: the column then almost certainly tells the outcome,
            and is not known before it.
        training_rows: rows that were fitted on.
        holdout_rows: rows that the value rests on.
        reason: why there is no value; "" if there is one.
    """

    column: str
    metric: str
    value: float | None
    threshold: float
    decides: bool
    training_rows: int
    holdout_rows: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How far a column's distribution in the holdout is from the one in training.

    Args:
        method: "wasserstein", in standard deviations of training, or "jensenshannon", from
            0 to 0.83: the names they have in Evidently. "" when there is no value.
        value: the distance. Rows in which the column is missing or infinite do not count.
        noise: the largest distance among 19 random splits of all rows into two samples of
            these sizes. By chance alone one value in 20 is above it.
        threshold: what the value is compared with.
        drifted: whether the value reaches the threshold and is above the noise.
        training_rows: rows of training that count.
        holdout_rows: rows of the holdout that count.
        reason: why there is no value; "" if there is one.
    """

    column: str
    method: Literal["wasserstein", "jensenshannon", ""]
    value: float | None
    noise: float | None
    threshold: float
    drifted: bool
    training_rows: int
    holdout_rows: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What a column holds in training and in the holdout, from all rows of both.

    Args:
        training_type: pandas' name of its type; None if training lacks the column.
        holdout_type: the same for the holdout.
        training_missing: share of rows in which it is missing; None without rows.
        holdout_missing: the same for the holdout.
        constant: whether all rows of training are alike: one value, or all missing.
        training_infinite: how many values are infinite.
        holdout_infinite: the same for the holdout.
        unseen_values: how many distinct values of the holdout never occur in training; None
            for numbers and times, which are not categories.
        unseen_share: the share of the holdout's rows that have one of these.
    """

    column: str
    training_type: str | None
    holdout_type: str | None
    training_missing: float | None
    holdout_missing: float | None
    constant: bool
    training_infinite: int
    holdout_infinite: int
    unseen_values: int | None
    unseen_share: float | None


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """How often a class occurs; the shares are of the rows that have a target.

    Args:
        expected: whether it is one of the model's classes.
        training: rows of training.
        holdout: rows of the holdout.
    """

    label: str
    expected: bool
    training: int
    holdout: int
    training_share: float | None
    holdout_share: float | None


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """The distribution of a number that is to be predicted.

    Args:
        rows: rows whose target is a finite number.
        std: the sample's standard deviation, of n - 1.
        p05: 5 % of the rows are at or below it.
        p95: 95 % of the rows are at or below it.
        reason: why numbers are None; "" if all are defined.
    """

    rows: int
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    p05: float | None = None
    median: float | None = None
    p95: float | None = None
    maximum: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """The target in training and in the holdout.

    Args:
        training_rows: of the training, with or without a target.
        holdout_rows: the same for the holdout.
        training_missing: rows without a target; in a regression also those with an
            infinite one.
        holdout_missing: the same for the holdout.
        classes: the model's in their order, then others that were found. Empty in a
            regression.
        training: None unless it is a regression.
        holdout: None unless it is a regression.
    """

    task: str
    training_rows: int
    holdout_rows: int
    training_missing: int
    holdout_missing: int
    classes: tuple[ClassBalance, ...] = ()
    training: TargetSummary | None = None
    holdout: TargetSummary | None = None


@dataclass(frozen=True, slots=True)
class DataResult:
    """All that an evaluation says about its data.

    Args:
        training_rows: of the training.
        holdout_rows: of the holdout.
        training_sample: rows that `power` and `drift` were drawn from; all, if there are few.
        holdout_sample: the same for the holdout.
        seed: of the draw.
        power: strongest first, those without a value last.
        drift: in the order of the columns.
        columns: in their order; those that only the holdout has last.
        schema: what differs from the model's signature, a sentence each.
        reasons: why a part is absent, by the part's name.
    """

    training_rows: int
    holdout_rows: int
    training_sample: int
    holdout_sample: int
    seed: int
    shared: SharedRows | None = None
    power: tuple[ColumnPower, ...] = ()
    drift: tuple[ColumnDrift, ...] = ()
    columns: tuple[ColumnProfile, ...] = ()
    schema: tuple[str, ...] = ()
    balance: Balance | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def deciding(self) -> tuple[str, ...]:
        """Name the columns that decide the target alone."""
        return tuple(each.column for each in self.power if each.decides)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Name the columns whose distribution is another in the holdout."""
        return tuple(each.column for each in self.drift if each.drifted)
