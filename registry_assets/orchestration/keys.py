"""What a model's assets, jobs and sensors are called: one place for every name."""

from dataclasses import dataclass

import dagster as dg

MODEL_TAG = "registry/model"
VERSION_TAG = "registry/version"
PURPOSE_TAG = "registry/purpose"
POINTER_TAG = "registry/pointer"
"""Run tags: which version a run is about, what for (`train`, `evaluate`, …), and where to."""

DECISIONS = ("approve", "rollback", "release", "archive", "unarchive", "reject")
"""What people decide about versions and pointers, each by a job of its own."""


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

    def pointer_op(self, pointer: str) -> str:
        """The op of that asset, whose config says what is promoted, and why."""
        return self.pointer_key(pointer).to_python_identifier()

    def observation_key(self, kind: str) -> dg.AssetKey:
        """The asset of what is observed after deployment: predictions, drift or performance."""
        return dg.AssetKey([self.model, kind])

    def mirror_key(self, mirror: str) -> dg.AssetKey:
        """The asset of a registry that versions are published to."""
        return dg.AssetKey([self.model, mirror])

    @property
    def mirror_job(self) -> str:
        """The job that publishes to mirrors."""
        return f"{self.model}__mirror"

    @property
    def in_step_job(self) -> str:
        """The job that looks whether mirrors are in step."""
        return f"{self.model}__in_step"

    @property
    def mirrors_sensor(self) -> str:
        """The sensor that has mirrors published to, and looked at."""
        return f"{self.model}__mirrors"

    @property
    def retrain_job(self) -> str:
        """The job that reserves the next version."""
        return f"{self.model}__retrain"

    @property
    def reserve_op(self) -> str:
        """The one op of that job, whose config says why."""
        return f"{self.model}__reserve"

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
        """The job that moves pointers forward."""
        return f"{self.model}__promote"

    @property
    def rollback_job(self) -> str:
        """The job that moves a pointer back."""
        return self.job("rollback")

    def decision_op(self, decision: str) -> str:
        """The one op of a decision's job, whose config says what is decided, and why."""
        return f"{self.job(decision)}_decision"

    @property
    def watch_job(self) -> str:
        """The job that scores a partition, and compares it with what was known and promised."""
        return f"{self.model}__watch"

    @property
    def freshness_job(self) -> str:
        """The job that looks whether the partition that is expected by now was scored."""
        return f"{self.model}__freshness"

    @property
    def monitor_sensor(self) -> str:
        """The sensor that has partitions watched."""
        return f"{self.model}__monitor"

    @property
    def retraining_sensor(self) -> str:
        """The sensor that asks for versions because of new data, drift or decay."""
        return f"{self.model}__retraining"

    @property
    def retrained_job(self) -> str:
        """The job that tells alerts how the retrainings ended that they caused."""
        return f"{self.model}__retrained"

    @property
    def retrained_op(self) -> str:
        """The one op of that job."""
        return f"{self.retrained_job}_letters"

    @property
    def version_sensor(self) -> str:
        """The sensor that trains reserved versions."""
        return f"{self.model}__versions"

    @property
    def promotion_sensor(self) -> str:
        """The sensor that promotes the candidate of each pointer."""
        return f"{self.model}__promotion"

    @property
    def schedule(self) -> str:
        """The schedule of the retrain job."""
        return f"{self.model}__schedule"

    def job(self, purpose: str) -> str:
        """The job for a purpose of a sensor's, or for a decision."""
        return f"{self.model}__{purpose}"

    @property
    def of_jobs(self) -> frozenset[str]:
        """What jobs and their ops are called: Dagster gives no asset such a name as well."""
        jobs = {self.retrain_job, self.train_job, self.evaluate_job, self.record_job}
        jobs |= {self.watch_job, self.freshness_job, self.retrained_job}
        jobs |= {self.mirror_job, self.in_step_job}
        ops = {self.reserve_op, self.record_op, self.retrained_op}
        ops |= {*map(self.decision_op, DECISIONS)}
        return frozenset(jobs | ops | {self.promote_job, *map(self.job, DECISIONS)})

    def tags(self, version: int, purpose: str, pointer: str | None = None) -> dict[str, str]:
        """The tags of a run about one version, and one pointer if it is about one."""
        where = {} if pointer is None else {POINTER_TAG: pointer}
        return {MODEL_TAG: self.model, VERSION_TAG: str(version), PURPOSE_TAG: purpose, **where}
