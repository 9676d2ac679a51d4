"""A model package group of a double comes in as history, and nothing of it is run."""

import json
import secrets

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import InvalidName, MirrorRefused, NotFound, VersionImported
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.migrating.grouped import Grouped
from registry_assets_tests.lifecycle.migrating.there import pickle_that_runs, state_of
from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import Mirroring
from registry_assets_tests.servers.sagemaker import BUCKET, SageMakerDouble
from registry_assets_tests.worlds import PERSON, SENSOR, World

SECRET = "double-secret-key-of-a-test"


@pytest.fixture
def group(sagemaker_completed: SageMakerDouble, monkeypatch: pytest.MonkeyPatch) -> Grouped:
    """A group without a version, which the usual AWS variables lead to."""
    for name, value in sagemaker_completed.environment.items():
        monkeypatch.setenv(name, value)
    found = Grouped(sagemaker_completed, f"Churn-{secrets.token_hex(6)}")
    sagemaker_completed.client().create_model_package_group(
        ModelPackageGroupName=found.name, ModelPackageGroupDescription="Who leaves?"
    )
    return found


def test_every_version_comes_in_order_with_all_that_is_said_of_it(
    group: Grouped, registry: Registry
) -> None:
    group.version(1)
    lifecycle = {"Stage": "Production", "StageStatus": "Live"}
    group.version(2, ModelApprovalStatus="Approved", ModelLifeCycle=lifecycle)
    done = group.migrate(registry)
    assert (done.declared, done.count("imported")) == (True, 2)
    first, second = registry.imported_versions("churn")
    assert (first.number, first.foreign_number, first.files) == (1, "1", "whole")
    assert first.there == f"SageMaker {group.name}/1"
    said = second.said
    assert said["stage"] == "Approved, Production/Live"
    assert said["description"] == "made with 2"
    assert said["tags"] == {"seed": "2"}
    assert said["images"] == ["1.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1.7"]
    assert said["run"]["metrics"] == {"auc": 0.72}
    assert said["run"]["params"] == {"depth": "2"}
    assert said["run"]["run_id"] == "job-2"
    assert said["run"]["tags"] == {"commit": "c" * 40}
    data = registry.read_file(first.digest, "model.tar.gz")
    assert data == b"\x1f\x8b of 1"
    statistics = registry.read_file(first.digest, "metrics/model_quality.statistics.json")
    assert json.loads(statistics)["binary_classification_metrics"]["auc"]["value"] == 0.71
    with pytest.raises(VersionImported):
        registry.promote("churn", 2, run=PERSON)


def test_repeating_adds_what_is_new_and_nothing_else(group: Grouped, registry: Registry) -> None:
    group.version(1)
    group.migrate(registry)
    before, events = state_of(registry), history(registry)
    again = group.migrate(registry)
    assert (again.changed, again.count("known")) == (False, 1)
    assert (state_of(registry), history(registry)) == (before, events)
    group.version(2)
    assert group.migrate(registry).count("imported") == 1
    group.server.client().update_model_package(
        ModelPackageArn=f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/"
        f"{group.name.lower()}/1",
        ModelApprovalStatus="Approved",
    )
    first, second = group.migrate(registry).versions
    assert (first.changed, second.changed) == (True, False)


def test_what_was_not_allowed_is_not_read_and_comes_later(
    group: Grouped, registry: Registry
) -> None:
    group.version(1)
    elsewhere = f"s3://{BUCKET}/payroll/{group.name}.csv"
    group.server.client("s3").put_object(
        Bucket=BUCKET, Key=f"payroll/{group.name}.csv", Body=b"salaries"
    )
    group.version(2, data=elsewhere)
    group.version(3, data=f"{group.prefix}-of-others/model.tar.gz")
    done = group.migrate(registry, allowed=[])
    assert [each.record.files for each in done.versions] == ["absent"] * 3
    assert f"--from {group.prefix}/1" in done.versions[0].lost[0]
    done = group.migrate(registry)
    assert [each.outcome for each in done.versions] == ["completed", "absent", "absent"]
    assert f"{elsewhere} is nowhere that was allowed" in done.versions[1].lost[0]
    stored = [path.read_bytes() for path in registry.home.folder.rglob("*") if path.is_file()]
    assert not [data for data in stored if b"salaries" in data]


def test_one_that_may_not_be_read_keeps_no_other_from_coming(
    group: Grouped, registry: Registry
) -> None:
    s3, bucket = group.server.client("s3"), f"of-others-{secrets.token_hex(6)}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=b"theirs")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**deny, "Resource": f"arn:aws:s3:::{bucket}/*"}],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    group.version(1, data=f"s3://{bucket}/model.tar.gz")
    group.version(2)
    group.version(3, data="https://models.s3.amazonaws.com/model.tar.gz", ModelMetrics={})
    allowed = [group.prefix, f"s3://{bucket}"]
    done = group.migrate(registry, allowed=allowed)
    assert [each.record.files for each in done.versions] == ["absent", "whole", "absent"]
    assert f"s3://{bucket}/model.tar.gz cannot be looked at" in done.versions[0].lost[0]
    assert "does not let us (403)" in done.versions[0].lost[0]
    assert "its archive is at https://models.s3" in done.versions[2].lost[0]
    s3.delete_bucket_policy(Bucket=bucket)
    assert group.migrate(registry, allowed=allowed).versions[0].outcome == "completed"


def test_what_is_no_address_in_s3_brings_nothing_in(group: Grouped, registry: Registry) -> None:
    group.version(1)
    for address in ("nonsense", "s3://", "https://models.s3.amazonaws.com"):
        with pytest.raises(MirrorRefused, match="is no address in S3"):
            group.migrate(registry, allowed=[address])
    assert registry.models() == ()


def test_a_second_container_is_told_as_what_did_not_come(
    group: Grouped, registry: Registry
) -> None:
    served = [
        {"Image": "first", "ModelDataUrl": group.put("1/model.tar.gz", b"first")},
        {"Image": "second", "ModelDataUrl": f"{group.prefix}/1/second.tar.gz"},
    ]
    kinds = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    group.version(1, InferenceSpecification={"Containers": served, **kinds})
    (came,) = group.migrate(registry).versions
    assert came.lost == (f"its container 2 did not come, nor {group.prefix}/1/second.tar.gz",)
    assert came.record.said["images"] == ["first", "second"]


def test_a_pickle_is_marked_and_an_archive_stays_shut(group: Grouped, registry: Registry) -> None:
    pickled = group.put("4/model.joblib", pickle_that_runs("touch /tmp/hacked-by-sagemaker"))
    group.version(4, data=pickled)
    group.version(5, data=group.put("5/model.tar.gz", b"no archive"))
    done = group.migrate(registry)
    assert done.count("imported") == 2
    first, second = registry.imported_versions("churn")
    assert registry.read_file(second.digest, "model.tar.gz") == b"no archive"
    assert first.unsafe == ("model.tar.gz",)


def test_what_lies_or_is_gone_there_is_told_and_harms_nothing(
    group: Grouped, registry: Registry
) -> None:
    group.version(1, data=f"{group.prefix}/nothing.tar.gz")
    group.version(2, ModelCard={"ModelCardContent": "[[[", "ModelCardStatus": "Draft"})
    group.version(
        3,
        CustomerMetadataProperties={"registry_assets.digest": sha256_digest(b"ours")},
        ModelMetrics={
            "ModelQuality": {
                "Statistics": {
                    "ContentType": "application/json",
                    "S3Uri": group.put("3/deep.json", b"[" * 100_000),
                }
            }
        },
    )
    first, second, third = group.migrate(registry).versions
    assert "there is no object" in first.lost[0]
    assert (second.outcome, second.record.said["run"]["params"]) == ("imported", {})
    # What a property says is not believed.
    assert (third.outcome, third.record.said["same_as"]) == ("imported", None)


def test_a_version_of_ours_is_known_again_by_its_archive(
    succeeded: World, sagemaker_completed: SageMakerDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sagemaker_completed.environment.items():
        monkeypatch.setenv(name, value)
    mirrored = Mirroring(sagemaker_completed).of(succeeded)
    mirrored.publish()
    there = Grouped(sagemaker_completed, mirrored.name)
    number = there.version(9)
    done = there.migrate(
        mirrored.registry,
        model="flight_delay",
        allowed=[f"s3://{BUCKET}/registry", there.prefix],
    )
    outcomes = {each.record.foreign_number: each.outcome for each in done.versions}
    assert outcomes == {"1": "linked", number: "imported"}
    assert mirrored.registry.pointer("flight_delay").version == 1
    assert mirrored.registry.promotions("flight_delay")[-1].actor == SENSOR.actor


def test_no_secret_is_kept_whoever_wrote_it(group: Grouped, registry: Registry) -> None:
    group.version(
        1,
        ModelPackageDescription=f"opened by {SECRET}",
        CustomerMetadataProperties={"db": "postgresql://scott:tiger@db.example.com/a"},
    )
    group.migrate(registry)
    (record,) = registry.imported_versions("churn")
    assert record.said["description"] == "opened by ***"
    assert record.said["tags"]["db"] == "postgresql://***@db.example.com/a"
    registry.backends.catalog.driver.pool.close()
    for path in registry.home.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert SECRET.encode() not in data, path
            assert b"scott:tiger" not in data, path


def test_names_that_cannot_be_and_groups_that_are_not_are_told(
    group: Grouped, registry: Registry
) -> None:
    with pytest.raises(InvalidName, match="is a name in SageMaker") as refused:
        group.migrate(registry, model="")
    assert "--as churn_" in refused.value.hint
    nothing = Grouped(group.server, "nothing-of-this-name")
    with pytest.raises(NotFound, match="no model package group"):
        nothing.migrate(registry)
    assert registry.models() == ()
