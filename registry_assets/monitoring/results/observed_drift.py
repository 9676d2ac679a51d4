"""How far one partition is from what each version knows: what `drift.json` holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry_assets.canonical import Json
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results import documents
from registry_assets.monitoring.results.drift import DriftResult, SliceDrift

FORMAT = "registry_assets/observed_drift/1"


@dataclass(frozen=True, slots=True)
class EvidentlyScore:
    """How far Evidently finds a column of the sample from the reference's.

    Args:
        method: in Evidently's words.
    """

    method: str
    value: float


@dataclass(frozen=True, slots=True)
class EvidentlyDrift:
    """What Evidently found on samples; no verdict rests on it.

    Args:
        rows: of the partition that it saw, of `rows_of`.
        reference_rows: those of the training that it saw, drawn when the version was trained.
        columns: by name, those that it compared.
        left_out: the others, with the reason.
        reason: why there is nothing; "" if there is.
    """

    rows: int
    rows_of: int
    reference_rows: int
    columns: Mapping[str, EvidentlyScore] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What it looked at, or why it did not."""
        if self.reason:
            return f"no page: {self.reason}"
        return (
            f"its page is of {self.rows:,} of {self.rows_of:,} rows beside"
            f" {self.reference_rows:,} of the training; no verdict rests on them"
        )


@dataclass(frozen=True, slots=True)
class VersionDrift:
    """How far a partition is from what one version knows.

    Args:
        features: None where nothing could be compared, and so is `predictions`; the reasons say
            why.
        slices: of the features, by the columns that the declaration names.
        evidently: None where Evidently was not asked.
    """

    version: int
    features: DriftResult | None
    predictions: DriftResult | None
    features_reason: str = ""
    predictions_reason: str = ""
    slices: tuple[SliceDrift, ...] = ()
    evidently: EvidentlyDrift | None = None

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "version": self.version,
            "features": self.features.to_json() if self.features else None,
            "predictions": self.predictions.to_json() if self.predictions else None,
            "features_reason": self.features_reason,
            "predictions_reason": self.predictions_reason,
            "slices": [documents.write(each) for each in self.slices],
            "evidently": documents.write(self.evidently) if self.evidently else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "VersionDrift":
        """Read what `to_json` gave."""
        features, predictions = value["features"], value["predictions"]
        evidently, structure = value.get("evidently"), documents.converter().structure
        return cls(
            version=int(value["version"]),
            features=DriftResult.from_json(features) if features else None,
            predictions=DriftResult.from_json(predictions) if predictions else None,
            features_reason=str(value["features_reason"]),
            predictions_reason=str(value["predictions_reason"]),
            slices=tuple(structure(each, SliceDrift) for each in value.get("slices", ())),
            evidently=structure(evidently, EvidentlyDrift) if evidently else None,
        )


def drift_document(versions: tuple[VersionDrift, ...]) -> dict[str, Json]:
    """Give what `read_drift` reads."""
    return {"format": FORMAT, "versions": [each.to_json() for each in versions]}


def read_drift(document: bytes) -> tuple[VersionDrift, ...]:
    """Read what a drift manifest's `drift.json` holds.

    Raises:
        RegistryError: a newer release wrote it.
    """
    value = json.loads(document)
    if value.get("format") != FORMAT:
        raise RegistryError(
            f"the format of a drift is {value.get('format')!r}, expected {FORMAT!r}",
            hint="it was written by a newer release: upgrade registry_assets",
        )
    return tuple(map(VersionDrift.from_json, value["versions"]))
