"""A model package group of a double, made by boto3's own client. Not a test."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry_assets.lifecycle.migrating.values import Migrated
from registry_assets.registry import Registry
from registry_assets_tests.servers.sagemaker import BUCKET, SageMakerDouble
from registry_assets_tests.worlds import PERSON


@dataclass(frozen=True, slots=True)
class Grouped:
    """A group of a double."""

    server: SageMakerDouble
    name: str

    @property
    def prefix(self) -> str:
        """Where its archives are."""
        return f"s3://{BUCKET}/{self.name}"

    def put(self, path: str, data: bytes) -> str:
        """Write an object; give its address."""
        self.server.client("s3").put_object(Bucket=BUCKET, Key=f"{self.name}/{path}", Body=data)
        return f"{self.prefix}/{path}"

    def version(self, seed: int, *, data: str = "", **said: Any) -> str:
        """Register a version as SageMaker's own examples do; give its number."""
        metrics = {"binary_classification_metrics": {"auc": {"value": 0.7 + seed / 100}}}
        statistics = self.put(f"{seed}/statistics.json", json.dumps(metrics).encode())
        card = {
            "training_details": {
                "training_job_details": {"hyper_parameters": [{"name": "depth", "value": seed}]}
            }
        }
        asked = {
            "ModelApprovalStatus": "PendingManualApproval",
            "ModelPackageDescription": f"made with {seed}",
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": "1.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1.7",
                        "ModelDataUrl": data
                        or self.put(f"{seed}/model.tar.gz", b"\x1f\x8b of %d" % seed),
                    }
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            "ModelMetrics": {
                "ModelQuality": {
                    "Statistics": {"ContentType": "application/json", "S3Uri": statistics}
                }
            },
            "MetadataProperties": {"GeneratedBy": f"job-{seed}", "CommitId": "c" * 40},
            "CustomerMetadataProperties": {"seed": str(seed)},
            "ModelCard": {"ModelCardContent": json.dumps(card), "ModelCardStatus": "Draft"},
            **said,
        }
        made = self.server.client().create_model_package(ModelPackageGroupName=self.name, **asked)
        return str(made["ModelPackageArn"]).rpartition("/")[2]

    def migrate(
        self, registry: Registry, *, allowed: Sequence[str] | None = None, **options: Any
    ) -> Migrated:
        """Bring it in, as `churn`."""
        below = [self.prefix] if allowed is None else allowed
        asked = {"model": "churn", "allowed": below, "run": PERSON, **options}
        return registry.migrate_sagemaker(self.name, **asked)
