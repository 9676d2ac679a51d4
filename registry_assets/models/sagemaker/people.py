"""What the story's people do with boto3, as they would at their own desks."""

import io
import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from registry_assets.mirroring.sagemaker.archives import unpack
from registry_assets.models.sagemaker.team import GROUP

BUCKET, TEAMS = "meter-models", "team"
STRENGTHS = (0.0001, 0.001)
"""Of the two versions that the team had before; the second is Approved."""
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scikit-learn:of-the-team"
_SEED = 0


def make_history() -> None:
    """Register two versions, with their statistics, and approve the second."""
    import skops.io as sio
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    sagemaker, s3 = _client("sagemaker"), _client("s3")
    region = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)
    sagemaker.create_model_package_group(
        ModelPackageGroupName=GROUP, ModelPackageGroupDescription="Which digit does a meter show?"
    )
    data = load_digits(as_frame=True).frame.sample(frac=1.0, random_state=_SEED)
    train, test = data.head(1200), data.tail(500)
    for number, strength in enumerate(STRENGTHS, start=1):
        model = LogisticRegression(C=strength, max_iter=300)
        model.fit(train.drop(columns="target"), train["target"])
        accuracy = float(model.score(test.drop(columns="target"), test["target"]))
        statistics = {
            "multiclass_classification_metrics": {
                "accuracy": {"value": accuracy, "standard_deviation": "NaN"}
            }
        }
        archive = _put(f"{TEAMS}/{number}/model.tar.gz", _packed(sio.dumps(model)))
        measured = _put(f"{TEAMS}/{number}/statistics.json", json.dumps(statistics).encode())
        sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="Approved" if number == len(STRENGTHS) else "Rejected",
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": archive}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            ModelMetrics={
                "ModelQuality": {
                    "Statistics": {"ContentType": "application/json", "S3Uri": measured}
                }
            },
            MetadataProperties={"GeneratedBy": f"training-job-{number}"},
            CustomerMetadataProperties={"C": str(strength), "meter": "type 3"},
        )


def approve(number: str) -> None:
    """Approve a version, as anybody does who may write there."""
    found = describe(number)
    _client("sagemaker").update_model_package(
        ModelPackageArn=found["ModelPackageArn"],
        ModelApprovalStatus="Approved",
        ApprovalDescription="it was good for years",
        CustomerMetadataProperties=found.get("CustomerMetadataProperties", {}),
    )


def describe(number: str) -> dict[str, Any]:
    """Read a version."""
    (arn,) = [
        each["ModelPackageArn"] for each in _listed() if str(each["ModelPackageVersion"]) == number
    ]
    found: dict[str, Any] = _client("sagemaker").describe_model_package(ModelPackageName=arn)
    return found


def versions() -> list[tuple[str, str, str]]:
    """Give number, approval status and why of each version there."""
    found = [describe(str(each["ModelPackageVersion"])) for each in _listed()]
    return [
        (
            str(each["ModelPackageVersion"]),
            str(each["ModelApprovalStatus"]),
            str(each.get("ApprovalDescription", "")),
        )
        for each in found
    ]


def newest_approved() -> dict[str, Any]:
    """Give what whoever deploys from SageMaker takes: the newest version that is Approved."""
    approved = [number for number, status, _ in versions() if status == "Approved"]
    return describe(max(approved, key=int))


def download(package: dict[str, Any], folder: Path) -> None:
    """Unpack the archive of a version, as SageMaker does into a container."""
    uri = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    data = _client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tempfile.NamedTemporaryFile(suffix=".tar.gz") as packed:
        packed.write(data)
        packed.flush()
        unpack(Path(packed.name), folder, called=uri)


def _listed() -> list[dict[str, Any]]:
    found = _client("sagemaker").list_model_packages(ModelPackageGroupName=GROUP, MaxResults=100)
    packages: list[dict[str, Any]] = found["ModelPackageSummaryList"]
    return sorted(packages, key=lambda each: int(each["ModelPackageVersion"]))


def _put(key: str, data: bytes) -> str:
    _client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
    return f"s3://{BUCKET}/{key}"


def _packed(estimator: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("model.skops")
        entry.size = len(estimator)
        archive.addfile(entry, io.BytesIO(estimator))
    return target.getvalue()


def _client(service: str) -> Any:
    import boto3

    return boto3.client(service)
