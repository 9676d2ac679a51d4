"""Evidently's own report on drift beside ours: of samples that were drawn when rows were at hand.

It is made where it is declared, and no verdict rests on it.
"""

from collections.abc import Mapping

from registry_assets.declaration import Drift
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.monitoring.reference import reference_sample
from registry_assets.lifecycle.monitoring.scoring import SAMPLE_FILE
from registry_assets.lifecycle.monitoring.watched import Watched
from registry_assets.monitoring.results.drift import DriftResult
from registry_assets.monitoring.results.observed_drift import EvidentlyDrift, EvidentlyScore


def ask_evidently(
    backends: Backends,
    watched: Watched,
    files: Mapping[str, str],
    *,
    partition: str,
    features: DriftResult | None,
    rule: Drift,
) -> tuple[EvidentlyDrift, bytes]:
    """Let Evidently compare what was drawn of a partition with what was drawn of the training.

    Args:
        files: those of the predictions: digests by path.
        features: what the registry found of all rows; None where nothing could be compared.

    Returns:
        What it found, and its page; empty where there is none.
    """
    from registry_assets.evaluation.report.evidently_drift import evidently_drift_page
    from registry_assets.snapshots import decode_frame

    version = watched.version
    rows_of = features.rows_after if features else 0
    reference = reference_sample(backends, version)
    if reference is None:
        why = f"{version.reference} keeps no sample of its training: it was trained before"
        return EvidentlyDrift(0, rows_of, 0, reason=f"{why} Drift(evidently=…) was declared"), b""
    if SAMPLE_FILE not in files:
        none = "none of these rows could be kept for it"
        return EvidentlyDrift(0, rows_of, len(reference), reason=none), b""
    current = decode_frame(backends.store.read(files[SAMPLE_FILE]))
    where = f"{version.model}[{partition}]" if partition else version.model
    found = evidently_drift_page(
        current,
        reference,
        threshold=rule.threshold,
        methods={each.column: each.method for each in features.columns} if features else {},
        title=f"Evidently on the drift of {where} from {version.reference}",
        lines=[
            f"Current: {len(current):,} of {rows_of:,} rows, drawn at random.",
            f"Reference: {len(reference):,} rows of the training, drawn when it was trained.",
            "No verdict rests on these samples: those are of all rows, in the registry's report.",
        ],
    )
    scores = {name: EvidentlyScore(*score) for name, score in found.scores.items()}
    return (
        EvidentlyDrift(
            rows=len(current),
            rows_of=rows_of,
            reference_rows=len(reference),
            columns=scores,
            left_out=found.left_out,
            reason=found.reason,
        ),
        found.html,
    )
