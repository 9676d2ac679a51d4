"""The values an evaluation consists of, and the JSON they are stored as.

    estimates    a number with its interval
    slices       the metrics on some of the rows
    weak         slices that nobody named and that are weaker than the rest
    fairness     the groups of a sensitive column, and how far they are apart
    comparison   beside what a pointer holds: differences, verdicts, changed decisions
    curves       ROC, precision and recall, calibration, confusion, residuals
    data         leakage, drift, missing values, balance
    speed        latency, size, memory
    backtest     the recipe on earlier partitions
    evidently    what Evidently's own page was made of
    documents    all of these as JSON and back

Only values: reading a stored evaluation needs no numeric library. They are computed in the
neighbouring modules and judged by gates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from registry_assets.canonical import Json
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results import documents
from registry_assets.evaluation.results.backtest import BacktestResult
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets.evaluation.results.curves import (
    CalibrationBin,
    Confusion,
    PrecisionRecallPoint,
    ResidualBin,
    RocPoint,
)
from registry_assets.evaluation.results.data import DataResult
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.evidently import EvidentlyNote
from registry_assets.evaluation.results.fairness import FairnessResult
from registry_assets.evaluation.results.slices import SliceResult
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.results.weak import WeakSliceSearch

__all__ = ["FORMAT", "Comparison", "Estimate", "EvaluationResult", "SliceResult"]

FORMAT = "registry_assets/evaluation/2"
_FORMAT_1 = "registry_assets/evaluation/1"


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Everything the suite found out about one version on its holdout.

    Law: `from_json(r.to_json(), pictures=r.pictures)` gives the same JSON and pictures.

    Args:
        classes: as text; of a binary task the negative, then the positive.
        class_rows: how many rows are of each class.
        weight: the column that says how much each row counts; None where all count once.
        metrics: in the declaration's order, the headline first.
        less_is_better: the names of those metrics of which less is better.
        weak_slices: slices that nobody named; None when none were searched.
        comparison: None when no comparison was asked for.
        data: what was found out about the rows; None when they were not examined.
        speed: None when it was not measured.
        backtest: None when none was asked for.
        evidently: what Evidently's page was made of; None when none was asked for.
        pictures: PNG by name. Files of their own, so not in the JSON.
    """

    task: str
    rows: int
    seed: int
    resamples: int
    metrics: Mapping[str, Estimate]
    less_is_better: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    class_rows: tuple[int, ...] = ()
    weight: str | None = None
    slices: tuple[SliceResult, ...] = ()
    weak_slices: WeakSliceSearch | None = None
    fairness: tuple[FairnessResult, ...] = ()
    comparison: Comparison | None = None
    roc: tuple[RocPoint, ...] = ()
    precision_recall: tuple[PrecisionRecallPoint, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    confusion: Confusion | None = None
    residuals: tuple[ResidualBin, ...] = ()
    data: DataResult | None = None
    speed: SpeedResult | None = None
    backtest: BacktestResult | None = None
    evidently: EvidentlyNote | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def positives(self) -> int | None:
        """How many rows are of the positive class; None where the task has none."""
        return self.class_rows[1] if self.task == "binary" else None

    def to_json(self) -> dict[str, Json]:
        """Give everything but the pictures as JSON, with finite numbers only."""
        document = documents.write(replace(self, pictures={}))
        document.pop("pictures")
        return {"format": FORMAT, **document}

    @classmethod
    def from_json(
        cls, value: Mapping[str, Any], *, pictures: Mapping[str, bytes] | None = None
    ) -> Self:
        """Read what `to_json` gave, of this release or an earlier one.

        Raises:
            RegistryError: a newer release wrote it, in a format this one does not know.
        """
        found = value.get("format")
        if found == _FORMAT_1:
            value = documents.upgraded(value)
        elif found != FORMAT:
            raise RegistryError(
                f"an evaluation's format is {found!r}, expected {FORMAT!r}",
                hint="it was written by a newer release: upgrade registry_assets",
            )
        result = documents.converter().structure(value, cls)
        return replace(result, pictures=pictures or {})
