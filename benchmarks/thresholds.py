"""Measure what the example models reach, to set their gates' thresholds by.

    python benchmarks/thresholds.py [flight_delay] [loan_approval]

Prints tables: each model on the holdouts its gates will see, the same model with poor
parameters, and how much the numbers move for reasons that are nobody's fault (another
month, another split). A threshold belongs between the two. The thresholds themselves are
in the models' declarations.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from registry_assets.declaration.fairness import Fairness
from registry_assets.declaration.holdout import ByKey
from registry_assets.declaration.metrics import metric
from registry_assets.declaration.slicing import Slicing
from registry_assets.evaluation.estimating import estimate
from registry_assets.evaluation.fairness import fairness_results
from registry_assets.evaluation.results import Estimate, SliceResult
from registry_assets.evaluation.scored import Outcomes, Predictions
from registry_assets.evaluation.slices import find_slices, slice_results
from registry_assets.models.flight_delay import data as flight_data
from registry_assets.models.flight_delay import features as flight_features
from registry_assets.models.flight_delay.declaration import flight_delay
from registry_assets.models.loan_approval import data as loan_data
from registry_assets.models.loan_approval import features as loan_features
from registry_assets.models.loan_approval.declaration import loan_approval

FLIGHT_PARAMS = dict(flight_delay.params)
# Forty times too fast: each tree overshoots what the trees before it got wrong.
POOR_FLIGHT_PARAMS = {**FLIGHT_PARAMS, "learning_rate": 2.0}
LOAN_PARAMS = dict(loan_approval.params)
POOR_LOAN_PARAMS = {**LOAN_PARAMS, "n_estimators": 1, "max_depth": 1}

METRICS = ("roc_auc", "average_precision", "log_loss", "brier_score", "calibration_error")
MONTHS = tuple(f"2013-{month:02}" for month in range(1, 13))
SPLITS = 30

Table = list[dict[str, object]]
Array = np.ndarray[Any, Any]


def main(names: list[str]) -> None:
    """Measure the named models, or both."""
    measures = {
        flight_delay.name: measure_flight_delay,
        loan_approval.name: measure_loan_approval,
    }
    for name in names or measures:
        measures[name]()


def measure_flight_delay() -> None:
    """Train on the months before, judge on the month after, through the year."""
    january_to_march, january_to_april = MONTHS[:3], MONTHS[:4]
    candidates = [
        ("as declared", january_to_march, "2013-04", FLIGHT_PARAMS),
        ("as declared", january_to_march, "2013-05", FLIGHT_PARAMS),
        ("as declared", january_to_april, "2013-05", FLIGHT_PARAMS),
        ("poor", january_to_march, "2013-04", POOR_FLIGHT_PARAMS),
        ("poor", january_to_april, "2013-05", POOR_FLIGHT_PARAMS),
    ]
    show(
        "flight_delay: the versions of the main job",
        [
            {
                "parameters": name,
                "trained": f"{months[0]} to {months[-1][-2:]}",
                "holdout": holdout,
                **spans(estimates(late(holdout), score(months, holdout, params))),
            }
            for name, months, holdout, params in candidates
        ],
    )
    declared = {
        "v1": score(january_to_march, "2013-05", FLIGHT_PARAMS),
        "v2": score(january_to_april, "2013-05", FLIGHT_PARAMS),
        "poor": score(january_to_april, "2013-05", POOR_FLIGHT_PARAMS),
    }
    show(
        "flight_delay: against production on the same rows, May",
        [
            {
                "candidate": candidate,
                "production": baseline,
                **differences("2013-05", declared[candidate], declared[baseline]),
            }
            for candidate, baseline in [("v2", "v1"), ("poor", "v1"), ("poor", "v2")]
        ],
    )
    show_year()
    show_slices()


def show_year() -> None:
    """Every month on all months before it, and against the model one month older."""
    # From April: with fewer than three months of training the year has hardly begun.
    older = [MONTHS[:count] for count in range(3, len(MONTHS))]
    show(
        "flight_delay: all months before, judged on each month",
        [
            {
                "holdout": MONTHS[len(months)],
                "late": f"{np.mean(late(MONTHS[len(months)])):.3f}",
                **spans(
                    estimates(
                        late(MONTHS[len(months)]),
                        score(months, MONTHS[len(months)], FLIGHT_PARAMS),
                    )
                ),
            }
            for months in older
        ],
    )
    show(
        "flight_delay: retrained with one month more, against the version before",
        [
            {
                "holdout": MONTHS[len(after)],
                **differences(
                    MONTHS[len(after)],
                    score(after, MONTHS[len(after)], FLIGHT_PARAMS),
                    score(before, MONTHS[len(after)], FLIGHT_PARAMS),
                ),
            }
            for before, after in pairwise(older)
        ],
    )


def show_slices() -> None:
    """AUC by carrier and origin: of versions 1, 2 and the poor one; lowest through the year."""
    versions = [
        ("v1", MONTHS[:3], FLIGHT_PARAMS),
        ("v2", MONTHS[:4], FLIGHT_PARAMS),
        ("poor", MONTHS[:4], POOR_FLIGHT_PARAMS),
    ]
    for slicing in flight_delay.evaluation.slicings:
        rows: dict[str, dict[str, object]] = {}
        for name, months, params in versions:
            holdout = MONTHS[len(months)]
            for part in slices(slicing, holdout, score(months, holdout, params)):
                row = rows.setdefault(part.label, {slicing.name: part.label})
                row[f"{holdout} rows"], row[f"{holdout} late"] = part.rows, part.positives
                row[f"{name} roc_auc"] = spans(part.estimates)["roc_auc"]
        show(f"flight_delay: by {slicing.name}", list(rows.values()))
    show(
        "flight_delay: the slice with the lowest AUC among those with so many rows",
        [
            lowest_slices(slicing, count)
            for slicing in flight_delay.evaluation.slicings
            for count in range(3, 12)
        ],
    )


def lowest_slices(slicing: Slicing, count: int) -> dict[str, object]:
    """The lowest AUC of any slice, by how many rows a slice must have, after `count` months."""
    holdout = MONTHS[count]
    found = slices(slicing, holdout, score(MONTHS[:count], holdout, FLIGHT_PARAMS))
    row: dict[str, object] = {"by": slicing.name, "holdout": holdout}
    for enough in (200, 500, 1000):
        supported = [part for part in found if part.rows >= enough]
        lowest = min(supported, key=lambda part: part.estimates["roc_auc"].value)
        row[f"{enough} rows"] = f"{lowest.label} {spans(lowest.estimates)['roc_auc']}"
    return row


def slices(slicing: Slicing, month: str, scores: Array) -> tuple[SliceResult, ...]:
    """AUC of each slice, however few its rows."""
    return slice_results(
        find_slices(month_features(month), [slicing]),
        *scored(late(month), scores),
        metrics=[metric("roc_auc")],
        min_rows=1,
        resamples=200,
    )


def measure_loan_approval() -> None:
    """Judge three kinds of model, and a poor one, over many splits by key."""
    loans = loan_data.loans()
    features = loan_features.make_features(loans)
    kinds: dict[str, Callable[[pd.DataFrame, Any], Any]] = {
        "random forest, as declared": lambda x, y: loan_features.train(x, y, LOAN_PARAMS),
        "the same, another seed": lambda x, y: loan_features.train(
            x, y, {**LOAN_PARAMS, "random_state": 1}
        ),
        "random forest, poor": lambda x, y: loan_features.train(x, y, POOR_LOAN_PARAMS),
        "logistic regression": lambda x, y: make_pipeline(
            SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=0.1)
        ).fit(x, y),
        "boosted trees": lambda x, y: HistGradientBoostingClassifier(
            max_iter=100, learning_rate=0.05, max_leaf_nodes=4, min_samples_leaf=30, random_state=0
        ).fit(x, y),
    }
    # Any seed is as good as the declared one; choosing one by its result would not be.
    splits = [by_key(seed).mask(loans) for seed in range(SPLITS)]
    across: Table = []
    declared: Table = []
    scores: dict[str, list[Array]] = {}
    for model, train in kinds.items():
        scores[model] = [
            train(features[~held], loans["approve"][~held]).predict_proba(features[held])[:, 1]
            for held in splits
        ]
        found = [
            estimates(loans["approve"][held], each, resamples=100)
            for held, each in zip(splits, scores[model], strict=True)
        ]
        across.append(
            {
                "model": model,
                **{name: spread([each[name].value for each in found]) for name in METRICS},
            }
        )
        target = loans["approve"][splits[0]]
        first = estimates(target, scores[model][0])
        declared.append({"model": model, "rows": len(target), **spans(first)})
    show(f"loan_approval: {SPLITS} splits, mean ± sd (5th to 95th percentile)", across)
    show("loan_approval: the declared split", declared)
    production = "random forest, as declared"
    show(
        f"loan_approval: against {production} on the same rows, declared split",
        [
            {
                "candidate": name,
                **spans(
                    paired_differences(loans["approve"][splits[0]], each[0], scores[production][0]),
                    "+.3f",
                ),
            }
            for name, each in scores.items()
            if name != production
        ],
    )
    show(
        f"loan_approval: fairness by race over {SPLITS} splits, mean ± sd (5th to 95th)",
        [{"model": model, **fairness(loans, splits, each)} for model, each in scores.items()],
    )


def fairness(loans: pd.DataFrame, splits: list[Array], scores: list[Array]) -> dict[str, object]:
    """How far groups are apart, over the splits: the value, and the upper end on the first."""
    found = [
        fairness_results(
            loans[held].reset_index(drop=True),
            *scored(loans["approve"][held], each),
            plan=Fairness(("race",)),
            resamples=1000 if at == 0 else 100,
        )[0].disparities
        for at, (held, each) in enumerate(zip(splits, scores, strict=True))
    ]
    return {
        **{
            name: spread([each[name].value for each in found if each[name].defined])
            for name in found[0]
        },
        **{f"first {name}": span for name, span in spans(found[0]).items()},
    }


def estimates(y: Any, p: Array, *, resamples: int = 1000) -> Mapping[str, Estimate]:
    """Each metric with its interval."""
    return estimate(*scored(y, p), metrics=list(map(metric, METRICS)), resamples=resamples).metrics


def paired_differences(y: Any, p: Array, other: Array) -> Mapping[str, Estimate]:
    """Candidate minus baseline for each metric."""
    outcomes, predictions = scored(y, p)
    _, baseline = scored(y, other)
    return estimate(outcomes, predictions, baseline, metrics=list(map(metric, METRICS))).differences


def scored(y: Any, p: Array) -> tuple[Outcomes, Predictions]:
    """Outcomes, and what a model with these probabilities of True says of them."""
    labels = (p > 0.5).astype(np.int64)
    classes = (False, True)
    outcomes = Outcomes.of_labels("binary", np.asarray(y), classes=classes)
    return outcomes, Predictions(labels, np.stack([1 - p, p], axis=1))


def by_key(seed: int) -> ByKey:
    """The declared holdout with another seed; seed 0 is the declared one."""
    holdout = loan_approval.holdout
    assert isinstance(holdout, ByKey)
    return replace(holdout, seed=holdout.seed + seed)


@cache
def month_features(month: str) -> pd.DataFrame:
    """Features of one month's flights."""
    return flight_features.make_features(
        flight_data.flights(month), flight_data.weather(month), flight_data.planes()
    )


@cache
def late(month: str) -> "pd.Series[bool]":
    """The target of one month's flights."""
    return flight_data.flights(month)["late"]


def score(months: tuple[str, ...], holdout: str, params: Mapping[str, Any]) -> Array:
    """Probability of being late, for the holdout's rows."""
    model = trained(months, tuple(sorted(params.items())))
    scores: Array = model.predict_proba(month_features(holdout))[:, 1]
    return scores


@cache
def trained(months: tuple[str, ...], params: tuple[tuple[str, Any], ...]) -> Any:
    """The estimator trained on these months; how long it took goes to standard error."""
    features = pd.concat(map(month_features, months), ignore_index=True)
    target = pd.concat(map(late, months), ignore_index=True)
    started = time.perf_counter()
    estimator = flight_features.train(features, target, dict(params))
    seconds = time.perf_counter() - started
    print(
        f"trained on {len(months)} months, {len(features)} rows: {seconds:.1f} s", file=sys.stderr
    )
    return estimator


def differences(month: str, candidate: Array, baseline: Array) -> dict[str, object]:
    """Candidate minus baseline for each metric."""
    return spans(paired_differences(late(month), candidate, baseline), "+.4f")


def spans(found: Mapping[str, Estimate], spec: str = ".3f") -> dict[str, object]:
    """Each estimate as `value [low, high]`."""
    return {
        name: f"{each.value:{spec}} [{each.low:{spec}}, {each.high:{spec}}]"
        for name, each in found.items()
    }


def spread(values: list[float]) -> str:
    """Mean, standard deviation and percentiles of one metric over splits."""
    low, high = np.percentile(values, [5, 95])
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f} ({low:.3f} to {high:.3f})"


def show(title: str, rows: Table) -> None:
    """Print a titled table."""
    print(f"\n{title}\n{pd.DataFrame(rows).to_string(index=False)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
