"""What a model's assets, jobs and sensors are called: one place for every name."""

from dataclasses import dataclass

import dagster as dg

MODEL_TAG = "registry/model"
VERSION_TAG = "registry/version"
PURPOSE_TAG = "registry/purpose"
"""Run tags: which version a run is about, and what for (`train`, `evaluate`, …)."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names derived from one registered model's."""

    model: str

    @property
    def versions(self) -> str:
        """The dynamic partitions definition that holds the version numbers."""
        return f"{self.model}/versions"

    @property
    def model_key(self) -> dg.AssetKey:
        """The asset of the trained versions."""
        return dg.AssetKey([self.model, "model"])

    @property
    def evaluation_key(self) -> dg.AssetKey:
        """The asset of their evaluations."""
        return dg.AssetKey([self.model, "evaluation"])

    def asset_key(self, on: str) -> dg.AssetKey:
        """The asset that a check of the user's own is on: `model` or `evaluation`."""
        return {"model": self.model_key, "evaluation": self.evaluation_key}[on]

    def pointer_key(self, pointer: str) -> dg.AssetKey:
        """The asset of a pointer."""
        return dg.AssetKey([self.model, pointer])

    @property
    def retrain_job(self) -> str:
        """The job that reserves the next version."""
        return f"{self.model}__retrain"

    @property
    def train_job(self) -> str:
        """The job that trains and evaluates one version."""
        return f"{self.model}__train"

    @property
    def evaluate_job(self) -> str:
        """The job that evaluates one version again."""
        return f"{self.model}__evaluate"

    @property
    def record_job(self) -> str:
        """The job that records what the user's own asset checks found."""
        return f"{self.model}__record"

    @property
    def record_op(self) -> str:
        """The one op of that job, whose config names the version."""
        return f"{self.record_job}_results"

    @property
    def promote_job(self) -> str:
        """The job that moves the production pointer."""
        return f"{self.model}__promote"

    @property
    def version_sensor(self) -> str:
        """The sensor that trains reserved versions."""
        return f"{self.model}__versions"

    @property
    def promotion_sensor(self) -> str:
        """The sensor that promotes the candidate."""
        return f"{self.model}__promotion"

    @property
    def schedule(self) -> str:
        """The schedule of the retrain job."""
        return f"{self.model}__schedule"

    def job(self, purpose: str) -> str:
        """The job that a sensor launches for a purpose."""
        return f"{self.model}__{purpose}"

    def tags(self, version: int, purpose: str) -> dict[str, str]:
        """The tags of a run about one version."""
        return {MODEL_TAG: self.model, VERSION_TAG: str(version), PURPOSE_TAG: purpose}
