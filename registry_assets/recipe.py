"""The recipe: everything that determines a training, and nothing else.

Evaluation plan, gates, policy and tags are not in it: changing them re-evaluates a
version, it does not make another one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_assets.canonical import Json, canonical_json, sha256_digest


@dataclass(frozen=True, slots=True, order=True)
class SnapshotRef:
    """One snapshot by name: asset, partition (empty where it has none) and digest."""

    asset: str
    partition: str
    digest: str

    def __str__(self) -> str:
        return f"{self.asset}[{self.partition}]" if self.partition else self.asset

    def to_json(self) -> dict[str, Json]:
        """Give the reference as JSON."""
        return {"asset": self.asset, "partition": self.partition, "digest": self.digest}

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> "SnapshotRef":
        """Read back what `to_json` gave."""
        return cls(value["asset"], value["partition"], value["digest"])


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one training is made of; `digest` is its identity.

    Args:
        train: feature snapshots trained on, in order.
        holdout: feature snapshots evaluated on; the same as `train` where rows are split.
        split: the holdout rule.
        code: digest of the closure of the user's own modules behind features and training.
        params: as given to the training function.
        distributions: versions of the distributions which that closure imports.
        estimator: digest of the estimator's bytes, where it was not trained here but
            registered by hand: then data, code and parameters do not say it all.
    """

    model: str
    target: str
    train: tuple[SnapshotRef, ...]
    holdout: tuple[SnapshotRef, ...]
    split: Mapping[str, Json]
    code: str
    params: Mapping[str, Json]
    distributions: Mapping[str, str]
    estimator: str | None = None

    def to_json(self) -> dict[str, Json]:
        """Give the recipe as JSON, in the shape that is hashed and stored.

        The parameters are JSON inside a text. Canonical JSON writes 1.0 as 1, and to
        scikit-learn `max_features=1.0` is every feature and `max_features=1` a single one:
        other numbers to train with, so another recipe.
        """
        by_hand: dict[str, Json] = {"estimator": self.estimator} if self.estimator else {}
        return {
            **by_hand,
            "model": self.model,
            "target": self.target,
            "train": [ref.to_json() for ref in self.train],
            "holdout": [ref.to_json() for ref in self.holdout],
            "split": dict(self.split),
            "code": self.code,
            "params": _exact(self.params),
            "distributions": dict(self.distributions),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Recipe":
        """Read back what `to_json` gave."""
        refs = {
            role: tuple(SnapshotRef.from_json(ref) for ref in value[role])
            for role in ("train", "holdout")
        }
        return cls(**{**value, **refs, "params": json.loads(value["params"])})

    @property
    def digest(self) -> str:
        """The recipe's identity: sha256 of its canonical JSON."""
        return sha256_digest(canonical_json(self.to_json()))


def _exact(params: Mapping[str, Json]) -> str:
    """Write parameters so that reading gives the same values of the same types."""
    canonical_json(dict(params))  # refuses what is not JSON, and says where it stands
    return json.dumps(dict(params), sort_keys=True, separators=(",", ":"), default=dict)
