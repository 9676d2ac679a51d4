"""How a deployed model is watched: what it predicts, what it is held against, what is too much.

Nothing here reads data. How drift is measured is `registry_assets.monitoring`; who is told of
it, and when, is `declaration.alerting`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry_assets.canonical import Json
from registry_assets.declaration.alerting import Alerting, Dashboard
from registry_assets.declaration.checks import (
    a_name,
    finite,
    names,
    no_duplicates,
    one_of,
    require,
    whole,
)
from registry_assets.declaration.evidently import Evidently
from registry_assets.declaration.metrics import Measure
from registry_assets.declaration.pointers import PRODUCTION
from registry_assets.errors import DeclarationError

MOST_DAYS = 3650
"""How late a partition may be at most."""


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """Predictions that something else made and logged: a service, say.

    Exactly one of the two. The columns it needs are in the guide: `prediction`, `version` or
    `digest`, and what `Monitoring` names.

    Args:
        asset: the key of an asset of yours that is stored as snapshots.
        read: `read(partition)`, giving a DataFrame, a pyarrow Table, or its record batches.
    """

    asset: str = ""
    read: Callable[[str], Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.asset, str):
            a_name(self.asset, "PredictionLog's asset", example="score_log")
        require(
            bool(self.asset) != (self.read is not None),
            "PredictionLog needs an asset or a function, and not both",
            'PredictionLog(asset="score_log"), or PredictionLog(read=read_scores)',
        )
        require(
            self.read is None or callable(self.read),
            f"PredictionLog(read={self.read!r}) is not a function",
            "give read(partition), returning a table or its record batches",
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """What really happened, where it comes later than the features, from an asset of its own.

    Args:
        asset: its key; it is stored as snapshots, in the same partitions as the features.
        on: columns by which a label finds its prediction; `Monitoring(keys=…)` has them, too.
        column: the column that says what happened; by default the model's target.
    """

    asset: str
    on: tuple[str, ...]
    column: str = ""

    def __post_init__(self) -> None:
        a_name(self.asset, "the asset of Labels", example="outcomes")
        object.__setattr__(self, "on", names(self.on, "Labels(on=…)"))
        require(bool(self.on), "Labels(on=[]) joins by nothing", 'on=["loan_id"]')
        no_duplicates(self.on, "column of Labels(on=…)")
        require(
            isinstance(self.column, str),
            f"Labels(column=…) is a {type(self.column).__name__}",
            'give the name of a column: column="repaid"',
        )
        require(
            self.column not in self.on,
            f"Labels(column={self.column!r}) says what happened, and joins as well",
            "leave it out of on",
        )


@dataclass(frozen=True, slots=True)
class Drift:
    """When a partition's columns are no longer distributed as those of the training.

    A column has drifted when its distance is `threshold` or more, that is no chance at the
    level `alpha` with all columns allowed for, and both sides have `min_rows`. Distances are
    Evidently's: Wasserstein in standard deviations, or Jensen-Shannon.

    Args:
        threshold: distance from which on a column has drifted.
        share: share of the columns from which on the check fails.
        watch: columns of which one that drifted is enough.
        ignore: columns that are not looked at.
        predictions: distance from which on the predictions have drifted; None does not ask.
        slices: columns, of the features or among the keys, whose values are looked at one by one.
        min_rows: of fewer nothing is said, and the check is undecided.
        alpha: share of partitions without drift in which a column may be called drifted.
        evidently: whether Evidently's own report on drift is kept too; None keeps none.
    """

    threshold: float = 0.1
    share: float = 0.5
    watch: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    predictions: float | None = 0.1
    slices: tuple[str, ...] = ()
    min_rows: int = 100
    alpha: float = 0.05
    evidently: Evidently | None = None

    def __post_init__(self) -> None:
        for name in ("watch", "ignore", "slices"):
            object.__setattr__(self, name, names(getattr(self, name), f"Drift({name}=…)"))
            no_duplicates(getattr(self, name), f"column of Drift({name}=…)")
        both = sorted(set(self.watch) & set(self.ignore))
        require(not both, f"Drift watches and ignores {', '.join(both)}", "leave one of them out")
        _positive(self, "threshold")
        _share(self, "share", least_excluded=True)
        _share(self, "alpha", least_excluded=True)
        if self.predictions is not None:
            _positive(self, "predictions")
        whole(self, "min_rows", least=2, most=10**9)
        require(
            self.evidently is None or isinstance(self.evidently, Evidently),
            f"Drift(evidently=…) is a {type(self.evidently).__name__}",
            "evidently=Evidently(rows=5_000)",
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: what a verdict was reached under."""
        return {
            "threshold": self.threshold,
            "share": self.share,
            "watch": list(self.watch),
            "ignore": list(self.ignore),
            "predictions": self.predictions,
            "slices": list(self.slices),
            "min_rows": self.min_rows,
            "alpha": self.alpha,
            "evidently": self.evidently.definition() if self.evidently else None,
        }


@dataclass(frozen=True, slots=True)
class Quality:
    """How much worse than the training's a partition's rows may be before the check fails.

    Args:
        missing: share of a column's rows that may be missing beyond the training's; as many may
            be infinite.
        unseen: share of a column's rows that may have values the training never had.
        duplicates: share of rows that may repeat another one: as a whole, or by
            `Monitoring(keys=…)`.
        unlabelled: share of predictions that may be without a label once there are labels.
    """

    missing: float = 0.05
    unseen: float = 0.05
    duplicates: float = 0.01
    unlabelled: float = 0.5

    def __post_init__(self) -> None:
        for name in ("missing", "unseen", "duplicates", "unlabelled"):
            _share(self, name)

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: what a verdict was reached under."""
        return {
            "missing": self.missing,
            "unseen": self.unseen,
            "duplicates": self.duplicates,
            "unlabelled": self.unlabelled,
        }


@dataclass(frozen=True, slots=True)
class Decay:
    """How much worse than promised a metric may be on what was really predicted.

    Args:
        metric: one of the evaluation's.
        margin: how much worse, in the metric's own unit.
        shown: fail only what the whole 95 % interval shows to be worse by more than that;
            else the value alone decides.
    """

    metric: str
    margin: float
    shown: bool = True

    def __post_init__(self) -> None:
        a_name(self.metric, "the metric of Decay", example="roc_auc")
        margin = finite(self.margin, f"Decay({self.metric!r}, margin=…)")
        object.__setattr__(self, "margin", margin)
        require(margin >= 0, f"Decay({self.metric!r}, margin={margin:g})", "give 0 or more")
        require(
            isinstance(self.shown, bool),
            f"Decay({self.metric!r}, shown={self.shown!r})",
            "give True or False",
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: what a verdict was reached under."""
        return {"metric": self.metric, "margin": self.margin, "shown": self.shown}


@dataclass(frozen=True, slots=True)
class Freshness:
    """How late a partition may be scored before the check fails.

    Args:
        days: after the end of the period that the partition is of.
    """

    days: float = 3.0

    def __post_init__(self) -> None:
        _positive(self, "days")
        require(
            self.days <= MOST_DAYS,
            f"Freshness(days=…) is {self.days:g}",
            f"give {MOST_DAYS:,} days at most; freshness=None does not ask",
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: what a verdict was reached under."""
        return {"days": self.days}


@dataclass(frozen=True, slots=True)
class Monitoring:
    """How the version that a pointer holds is watched.

    Args:
        pointer: whose version scores each new partition of the features.
        predictions: where predictions are logged that something else makes; None: each new
            partition of the features is scored here.
        keys: columns kept beside the features that are carried into the predictions: what
            labels are joined by.
        labels: where the outcomes come from; None: the target, kept beside the features.
        drift: when the rows are no longer those of the training.
        quality: when they cannot be relied on.
        decay: how much worse than promised each metric may be; () judges none.
        freshness: how late a partition may be; None does not ask.
        dashboards: pages of yours about a deployment.
        alerting: who is told, and when.
    """

    pointer: str = PRODUCTION
    predictions: PredictionLog | None = None
    keys: tuple[str, ...] = ()
    labels: Labels | None = None
    drift: Drift = field(default_factory=Drift)
    quality: Quality = field(default_factory=Quality)
    decay: tuple[Decay, ...] = ()
    freshness: Freshness | None = None
    dashboards: tuple[Dashboard, ...] = ()
    alerting: Alerting = field(default_factory=Alerting)

    def __post_init__(self) -> None:
        a_name(self.pointer, "Monitoring's pointer", example=PRODUCTION)
        object.__setattr__(self, "keys", names(self.keys, "Monitoring(keys=…)"))
        no_duplicates(self.keys, "key")
        for name, kind, right in (
            ("predictions", PredictionLog | None, 'PredictionLog(asset="score_log")'),
            ("labels", Labels | None, 'Labels("outcomes", on=["loan_id"])'),
            ("drift", Drift, "Drift(threshold=0.1)"),
            ("quality", Quality, "Quality(missing=0.05)"),
            ("freshness", Freshness | None, "Freshness(days=3)"),
            ("alerting", Alerting, 'Alerting(minimum="warning")'),
        ):
            found = getattr(self, name)
            require(
                isinstance(found, kind),
                f"Monitoring({name}=…) is a {type(found).__name__}",
                f"{name}={right}",
            )
        self._listed("decay", Decay, '[Decay("roc_auc", margin=0.03)]')
        self._listed("dashboards", Dashboard, '[Dashboard("Grafana", "https://…/{version}")]')
        no_duplicates([each.metric for each in self.decay], "Decay of a metric")
        no_duplicates([each.name for each in self.dashboards], "dashboard")

    def _listed(self, name: str, kind: type, right: str) -> None:
        value = getattr(self, name)
        if isinstance(value, kind) or not isinstance(value, list | tuple):
            raise DeclarationError(
                f"Monitoring({name}=…) is a {type(value).__name__}", hint=f"give a list: {right}"
            )
        for each in value:
            require(
                isinstance(each, kind),
                f"Monitoring({name}=…) holds a {type(each).__name__}",
                f"{name}={right}",
            )
        object.__setattr__(self, name, tuple(value))

    def check(
        self,
        *,
        keep: Sequence[str],
        pointers: Sequence[str],
        metrics: Sequence[Measure],
        target: str,
    ) -> None:
        """Refuse what does not fit the model.

        Args:
            keep: columns kept beside the features.
            metrics: the evaluation's.

        Raises:
            DeclarationError: says what would be right.
        """
        one_of(self.pointer, pointers, "Monitoring's pointer")
        if self.predictions is None:
            for key in self.keys:
                one_of(key, keep, "the features keep no column for Monitoring(keys=…):")
        require(
            target not in self.keys,
            f"Monitoring(keys=…) names {target}, which is what is to be told",
            "name columns that are known when a row is scored",
        )
        if self.labels is not None:
            for column in self.labels.on:
                one_of(column, self.keys, "Labels(on=…) joins by a column that is no key:")
        known = {each.name for each in metrics}
        for each in self.decay:
            one_of(each.metric, known, "Decay's metric, among what the evaluation measures,")

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: what is shown with a version, and what results were reached under."""
        return {
            "pointer": self.pointer,
            "predictions": "log" if self.predictions else "batch",
            "keys": list(self.keys),
            "labels": None
            if self.labels is None
            else {"asset": self.labels.asset, "on": list(self.labels.on)},
            "drift": self.drift.definition(),
            "quality": self.quality.definition(),
            "decay": [each.definition() for each in self.decay],
            "freshness": self.freshness.definition() if self.freshness else None,
            "dashboards": [each.definition() for each in self.dashboards],
            "alerting": self.alerting.definition(),
        }


def _positive(declared: object, name: str) -> None:
    what = f"{type(declared).__name__}({name}=…)"
    number = finite(getattr(declared, name), what)
    require(number > 0, f"{what} is {number:g}", "give a number above 0")
    object.__setattr__(declared, name, number)


def _share(declared: object, name: str, *, least_excluded: bool = False) -> None:
    what = f"{type(declared).__name__}({name}=…)"
    number = finite(getattr(declared, name), what)
    allowed = 0 < number <= 1 if least_excluded else 0 <= number <= 1
    require(allowed, f"{what} is {number:g}", "give a share, such as 0.05 for 5 %")
    object.__setattr__(declared, name, number)
