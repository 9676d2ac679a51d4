"""The pages of observations: all of it is told, and nothing on them is taken for markup."""

import numpy as np
import pandas as pd

from registry_assets.catalog.observations import CheckFinding
from registry_assets.declaration import Drift
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.monitoring.drift import compare
from registry_assets.monitoring.profile import profile_of
from registry_assets.monitoring.report import (
    ObservationSubject,
    ObservedVersion,
    drift_page,
    performance_page,
)
from registry_assets.monitoring.results.observed_drift import (
    EvidentlyDrift,
    EvidentlyScore,
    VersionDrift,
)
from registry_assets.monitoring.results.performance import Lived, PerformanceResult
from registry_assets.monitoring.results.quality import QualityProblem, QualityResult

HOSTILE = "<script>alert(1)</script>"
DIGEST = "sha256:" + "a" * 64


def subject(*findings: CheckFinding, versions: tuple[int, ...] = (1,)) -> ObservationSubject:
    return ObservationSubject(
        model="flight_delay",
        partition=HOSTILE,
        pointer="production",
        description=HOSTILE,
        versions=tuple(
            ObservedVersion(number, DIGEST, 1000, "2013-04-01T06:00:00Z", findings)
            for number in versions
        ),
        parents=(("predictions", "sha256:" + "b" * 64),),
    )


def moved() -> VersionDrift:
    rng = np.random.default_rng(0)
    before = pd.DataFrame({"x": rng.normal(size=2000), HOSTILE: rng.choice(["a", "b"], 2000)})
    after = before.assign(x=before["x"] + 2, **{HOSTILE: np.where(before["x"] > 0, HOSTILE, "a")})
    return VersionDrift(
        version=1,
        features=compare(profile_of(before), profile_of(after), rule=Drift()),
        predictions=None,
        predictions_reason="it has no evaluation",
        evidently=EvidentlyDrift(100, 2000, 100, {"x": EvidentlyScore("Wasserstein", 1.987)}),
    )


def test_a_drift_s_page_tells_columns_checks_and_evidently_s_scores() -> None:
    found = CheckFinding("feature_drift", "failed", f"{HOSTILE} moved")
    page = drift_page([moved()], subject(found)).decode()
    for said in ("2 of 2", "Columns that drifted", "1.9870", "it has no evaluation", "sha256:bbb"):
        assert said in page
    assert HOSTILE not in page
    assert page == drift_page([moved()], subject(found)).decode()


def test_a_drift_of_nothing_says_why() -> None:
    none = VersionDrift(1, None, None, "there are no rows", "there are no rows")
    page = drift_page([none], subject()).decode()
    assert "Nothing could be compared: there are no rows" in page


def test_of_several_versions_each_has_its_parts() -> None:
    both = [moved(), VersionDrift(2, None, None, "there are no rows", "none")]
    page = drift_page(both, subject(versions=(1, 2))).decode()
    assert "Columns of version 1" in page
    assert "Columns of version 2" in page


def lived(**changes: object) -> Lived:
    found = Estimate(0.7, 0.69, 0.71, rows=900)
    values = {
        "version": 1,
        "digest": DIGEST,
        "evaluation": "sha256:" + "c" * 64,
        "rows": 1000,
        "labelled": 900,
        "metrics": {"roc_auc": found, HOSTILE: found},
        "promised": {"roc_auc": Estimate(0.77, 0.76, 0.78, rows=1000)},
    }
    return Lived(**{**values, **changes})  # type: ignore[arg-type]


def performance(each: Lived) -> PerformanceResult:
    return PerformanceResult("flight_delay", "2013-05", "binary", "", (HOSTILE,), (each,))


def test_a_performance_s_page_sets_what_was_lived_beside_what_was_promised() -> None:
    decayed = CheckFinding("performance_decay", "failed", "roc_auc 0.7: surely below 0.75")
    wrong = QualityResult(1000, (QualityProblem("duplicate_labels", HOSTILE, 7, "seven twice"),))
    page = performance_page(performance(lived()), wrong, subject(decayed)).decode()
    for said in ("0.7000", "0.7700", "-0.0700", "seven twice", "surely below 0.75", "900"):
        assert said in page
    assert HOSTILE not in page


def test_without_an_outcome_the_page_says_so() -> None:
    none = lived(labelled=0, metrics={}, reason="no outcome is known yet")
    page = performance_page(performance(none), QualityResult(0), subject()).decode()
    assert "There are none: no outcome is known yet" in page


def test_what_was_never_seen_has_a_column_only_where_there_are_categories() -> None:
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame({"x": rng.normal(size=2000)})
    drift = VersionDrift(
        1, compare(profile_of(numbers), profile_of(numbers + 2), rule=Drift()), None, "", "none"
    )
    assert "never seen" not in drift_page([drift], subject()).decode()
    assert "never seen" in drift_page([moved()], subject()).decode()
