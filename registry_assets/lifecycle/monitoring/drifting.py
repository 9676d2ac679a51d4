"""How far a partition is from what its version was trained on, and said on its holdout.

Both sides are profiles that were made when the rows were at hand: none is read again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from registry_assets.alerting.values import WASSERSTEIN, Moved
from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.observations import CheckFinding, ObservationRecord
from registry_assets.declaration import Drift, RegisteredModel
from registry_assets.evaluation.report.texts import distance, share
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.beside import ask_evidently
from registry_assets.lifecycle.monitoring.recording import Observed, Seen, publish
from registry_assets.lifecycle.monitoring.reference import (
    reference_groups,
    reference_of,
    said_reference,
)
from registry_assets.lifecycle.monitoring.reporting import EVIDENTLY_FILE, PAGE_FILE, subject_of
from registry_assets.lifecycle.monitoring.scoring import (
    FEATURES_PROFILE,
    SLICES_FILE,
    said_profile_file,
)
from registry_assets.lifecycle.monitoring.watched import (
    Watched,
    monitoring_of,
    predictions_of,
    watched_version,
)
from registry_assets.lifecycle.predicted import PROBABILITY
from registry_assets.manifest import Manifest, Parent, file_entries
from registry_assets.monitoring.drift import compare, compare_slices
from registry_assets.monitoring.results.drift import DriftResult, SliceDrift
from registry_assets.monitoring.results.observed_drift import (
    VersionDrift,
    drift_document,
    read_drift,
)
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    from registry_assets.monitoring.profile import Profile

__all__ = ["DRIFT_FILE", "FEATURE_DRIFT", "PREDICTION_DRIFT", "observe_drift", "read_drift"]

FEATURE_DRIFT = "feature_drift"
PREDICTION_DRIFT = "prediction_drift"
DRIFT_FILE = "drift.json"
_UNITS = {
    "wasserstein": "{} standard deviations",
    "jensenshannon": "{} (Jensen-Shannon)",
}
_MOST_WORST = 3
"""Columns that lists name: the furthest in relation to its threshold first."""


def observe_drift(
    backends: Backends,
    model: RegisteredModel,
    partition: str,
    *,
    run: RunInfo,
    links: Mapping[str, str],
) -> Observed:
    """Compare the newest predictions of a partition with what their versions know.

    Raises:
        NotFound: nothing was predicted of that partition.
    """
    plan = monitoring_of(model)
    with backends.catalog.read() as connection:
        made = predictions_of(connection, model.name, partition)
        watched = [
            watched_version(connection, model.name, plan.pointer, each.version) for each in made
        ]
    manifest = read_manifest(backends.store, made[0].digest)
    files = {file.path: file.sha256 for file in manifest.files}
    found = [_drift(backends, each, files, plan.drift) for each in watched]
    evidently = b""
    if plan.drift.evidently is not None:
        # Of several versions the newest: each page has 5 MB, and a reference of its own.
        beside, evidently = ask_evidently(
            backends,
            watched[-1],
            files,
            partition=partition,
            features=found[-1].features,
            rule=plan.drift,
        )
        found[-1] = replace(found[-1], evidently=beside)
    seen = [
        _seen(each, row, drift, plan.drift)
        for each, row, drift in zip(watched, made, found, strict=True)
    ]
    parents = (
        Parent("predictions", made[0].digest),
        *(Parent("version", str(each.version.digest)) for each in watched),
        *(Parent("evaluation", each.evaluation.digest) for each in watched if each.evaluation),
    )
    contents = _contents(model, partition, found, seen, parents, evidently=evidently)
    return publish(
        backends,
        model,
        "drift",
        partition=partition,
        manifest=Manifest(
            kind="drift",
            files=file_entries(contents),
            parents=parents,
            facts={
                "model": model.name,
                "partition": partition,
                "pointer": plan.pointer,
                "generation": made[0].generation,
                "rule": plan.drift.definition(),
            },
        ),
        contents=contents,
        seen=seen,
        run=run,
        links=links,
    )


def _contents(
    model: RegisteredModel,
    partition: str,
    found: Sequence[VersionDrift],
    seen: Sequence[Seen],
    parents: Sequence[Parent],
    *,
    evidently: bytes,
) -> dict[str, bytes]:
    from registry_assets.monitoring.report import drift_page

    subject = subject_of(model, partition, seen, parents)
    contents = {
        DRIFT_FILE: canonical_json(drift_document(tuple(found))),
        PAGE_FILE: drift_page(found, subject),
    }
    return {**contents, EVIDENTLY_FILE: evidently} if evidently else contents


def _seen(watched: Watched, row: ObservationRecord, drift: VersionDrift, rule: Drift) -> Seen:
    moved, features = _moved(drift.features), drift.features
    worst: list[Json] = [
        {"column": each.name, "value": each.value, "threshold": each.threshold}
        for each in moved[:_MOST_WORST]
    ]
    return Seen(
        watched,
        row.rows,
        _findings(drift, rule),
        summary={
            "predictions": row.digest,
            "drifted": features.drifted if features else None,
            "compared": features.compared if features else None,
            "share": features.share if features else None,
            "worst": worst,
        },
        moved={FEATURE_DRIFT: moved, PREDICTION_DRIFT: _moved(drift.predictions)},
    )


def _drift(
    backends: Backends, watched: Watched, files: Mapping[str, str], rule: Drift
) -> VersionDrift:
    from registry_assets.monitoring.profile import Profile

    def profile(path: str) -> Profile:
        return Profile.from_bytes(backends.store.read(files[path])) if path in files else Profile()

    features, said = profile(FEATURES_PROFILE), profile(said_profile_file(watched.version.number))
    trained, judged = reference_of(backends, watched.version), said_reference(backends, watched)
    of_features = None
    why = trained.reason
    if trained.profile is None:
        why = trained.reason
    elif not features.rows:
        why = "there are no rows"
    else:
        of_features = compare(trained.profile, features, rule=rule)
    of_said, why_said = None, judged.reason
    if judged.profile is not None and said.rows and rule.predictions is not None:
        of_said = compare(judged.profile, said, rule=_prediction_rule(judged.profile, rule))
    elif judged.profile is not None:
        why_said = "there are no rows" if not said.rows else "Drift(predictions=None) does not ask"
    return VersionDrift(
        version=watched.version.number,
        features=of_features,
        predictions=of_said,
        features_reason=why,
        predictions_reason=why_said,
        slices=_slices(backends, watched, files, rule),
    )


def _slices(
    backends: Backends, watched: Watched, files: Mapping[str, str], rule: Drift
) -> tuple[SliceDrift, ...]:
    from registry_assets.monitoring.profile.grouping import groups_from_bytes

    if not rule.slices or SLICES_FILE not in files:
        return ()
    current = groups_from_bytes(backends.store.read(files[SLICES_FILE]))
    asked = [each.column for each in current]
    return compare_slices(reference_groups(backends, watched.version, asked), current, rule=rule)


def _prediction_rule(reference: "Profile", rule: Drift) -> Drift:
    """Give the rule for what a version says: one column that drifted is enough.

    Of two classes one probability says it all: the other is what is left of 1.
    """
    assert rule.predictions is not None
    probabilities = [name for name in reference.columns if name.startswith(PROBABILITY)]
    looked = probabilities or list(reference.columns)
    if len(probabilities) == 2:
        looked = probabilities[1:]
    ignored = [name for name in reference.columns if name not in looked]
    return replace(
        rule,
        threshold=rule.predictions,
        share=1.0,
        watch=tuple(looked),
        ignore=tuple(ignored),
        slices=(),
        evidently=None,
    )


def _findings(drift: VersionDrift, rule: Drift) -> tuple[CheckFinding, ...]:
    found = [_finding(FEATURE_DRIFT, drift.features, drift.features_reason, rule.share)]
    if rule.predictions is not None:
        found.append(
            _finding(
                PREDICTION_DRIFT, drift.predictions, drift.predictions_reason, rule.predictions
            )
        )
    return tuple(found)


def _finding(check: str, result: DriftResult | None, reason: str, threshold: float) -> CheckFinding:
    if result is None:
        return CheckFinding(check, "undecided", reason or "nothing could be compared")
    value, sentence = result.share, result.sentence
    if check == PREDICTION_DRIFT:
        measured = [each for each in result.columns if each.value is not None]
        value = max((each.value for each in measured if each.value is not None), default=None)
        if len(measured) == 1 and result.outcome != "undecided":
            # Of the one column that says it all, a share of columns says nothing.
            far = "and is" if result.outcome == "failed" else "and is not"
            away = _UNITS[measured[0].method].format(distance(value or 0.0))
            sentence = (
                f"{measured[0].column} is {away} from what it was on the holdout,"
                f" {far} {threshold:g} or more away by more than chance"
            )
    why = f"{sentence} (the reference was {reason})" if reason else sentence
    return CheckFinding(
        check, result.outcome, why, value=value, threshold=threshold, rows=result.rows_after
    )


def _moved(result: DriftResult | None) -> tuple[Moved, ...]:
    """Give the columns that drifted, the furthest in relation to its threshold first."""
    if result is None:
        return ()
    drifted = [each for each in result.columns if each.drifted]
    ordered = sorted(drifted, key=lambda each: -(each.value or 0) / each.threshold)
    names = {"wasserstein": WASSERSTEIN, "jensenshannon": "Jensen-Shannon distance"}
    found = []
    for each in ordered:
        before: float | str | None = each.before.mean if each.before else None
        after: float | str | None = each.after.mean if each.after else None
        if each.moved:
            first = each.moved[0]
            before = f"{first.category}: {share(first.before)}"
            after = f"{first.category}: {share(first.after)}"
        found.append(
            Moved(
                name=each.column,
                before=before,
                after=after,
                value=each.value,
                threshold=each.threshold,
                measure=names.get(each.method, ""),
            )
        )
    return tuple(found)
