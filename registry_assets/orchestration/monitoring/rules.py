"""What the checks of a watched model ask for, in words: their descriptions in Dagster.

With the limits of the declaration, and with what the value is: the page of a check shows both as
bare numbers.
"""

from collections.abc import Iterator, Mapping

from registry_assets.catalog.observations import Kind
from registry_assets.declaration import Drift, Monitoring, Quality
from registry_assets.evaluation.report.texts import share
from registry_assets.lifecycle.monitoring.drifting import FEATURE_DRIFT, PREDICTION_DRIFT
from registry_assets.monitoring.decay import DECAY
from registry_assets.monitoring.quality import DATA_QUALITY, LABEL_QUALITY


def rules(plan: Monitoring) -> Mapping[Kind, Mapping[str, str]]:
    """Give the checks that are asked for, by the asset they are on, with their descriptions."""
    return {
        "predictions": {DATA_QUALITY: _data(plan.quality)},
        "drift": {FEATURE_DRIFT: _features(plan.drift), **dict(_predictions(plan.drift))},
        "performance": {LABEL_QUALITY: _labels(plan.quality), **dict(_decay(plan))},
    }


def _data(rule: Quality) -> str:
    return (
        "The rows can be relied on, and so can the version that each prediction names. Of a"
        f" column at most {share(rule.missing)} of the rows may be missing beyond the training's,"
        f" and {share(rule.unseen)} have values that the training never had; at most"
        f" {share(rule.duplicates)} of the rows may repeat another one. The value counts problems."
    )


def _features(rule: Drift) -> str:
    watched = f", or {' or '.join(rule.watch)}, which is enough alone" if rule.watch else ""
    return (
        "The features are distributed as those of the training. It fails where"
        f" {share(rule.share)} of the compared columns drifted{watched}: by a distance of"
        f" {rule.threshold:g} or more, and more than chance. The value is the share that drifted."
    )


def _predictions(rule: Drift) -> Iterator[tuple[str, str]]:
    if rule.predictions is None:
        return
    said = (
        "The predictions are distributed as those on the holdout that the promotion rested on. It"
        f" fails at a distance of {rule.predictions:g} or more that is more than chance. The value"
        " is the distance: of numbers in standard deviations (Wasserstein), of categories from 0"
        " to 0.83 (Jensen-Shannon)."
    )
    yield PREDICTION_DRIFT, said


def _labels(rule: Quality) -> str:
    return (
        "The outcomes can be relied on, and belong to predictions. At most"
        f" {share(rule.unlabelled)} of the predictions may be without one once there are any. The"
        " value counts problems."
    )


def _decay(plan: Monitoring) -> Iterator[tuple[str, str]]:
    if not plan.decay:
        return
    worse = ", or ".join(
        f"{rule.metric} by more than {rule.margin:g}"
        + (" with its whole 95 % interval" if rule.shown else "")
        for rule in plan.decay
    )
    said = (
        "The metrics are no worse than the evaluation promised, but for a declared margin. It fails"
        f" where one is worse: {worse}. The value is that of the first metric that fails, or else"
        " of the first; the threshold is the worst that it may be."
    )
    yield DECAY, said
