"""What goes to a double of SageMaker, how often, and what it finds there."""

import json
from dataclasses import replace

import pytest

from registry_assets.declaration import SageMaker, SageMakerEndpoint
from registry_assets.errors import MirrorRefused, MirrorUnreachable
from registry_assets.lifecycle.mirroring.deploying import wanted_configuration
from registry_assets.lifecycle.reserving import Request
from registry_assets.mirroring.sagemaker.names import MODEL as MODEL_TAG
from registry_assets.mirroring.sagemaker.names import REGISTRY as REGISTRY_TAG
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import (
    IMAGE,
    MIRROR,
    MODEL,
    Mirrored,
    Mirroring,
    settled,
)
from registry_assets_tests.servers.sagemaker import SageMakerDouble
from registry_assets_tests.worlds import SENSOR, World


def test_what_is_in_production_here_is_the_one_that_is_approved_there(mirrored: Mirrored) -> None:
    due = mirrored.registry.mirror_due(mirrored.declared, MIRROR)
    assert due is not None
    assert due.why == "version 1 is not there yet; production has moved to version 1"
    published = mirrored.publish()
    settled(mirrored, 1)
    assert (published.moved, published.pointers["production"].number) == (True, "1")
    receipt = published.receipts[1]
    assert receipt.address == mirrored.server.url
    assert receipt.url.endswith(f"model-package%2F{mirrored.name}%2F1")
    told = mirrored.package("1")["ModelMetrics"]
    named = [told[of]["Statistics"] for of in ("ModelQuality", "ModelDataQuality")]
    cited = {each["S3Uri"].rpartition("/")[2]: each["ContentDigest"] for each in named}
    assert {n: f.sha256 for n, f in receipt.files.items() if n in cited} == cited
    others = {"model.tar.gz", "inference specification", "registry_assets.json"}
    assert set(receipt.files) == others | set(cited)


def test_everything_that_is_known_of_a_version_is_told(published: Mirrored) -> None:
    version, there = published.registry.version(f"{MODEL}:1"), published.package("1")
    facts, said = version.version.metadata, there["CustomerMetadataProperties"]
    digest = str(version.version.digest)
    assert said["registry_assets.digest"] == digest
    assert (said["registry_assets.model"], said["registry_assets.version"]) == (MODEL, "1")
    assert said["team"] == "airline-ops"
    assert said["registry_assets.stage"] == "Production"
    assert said["registry_assets.pointers"] == "production"
    assert there["MetadataProperties"]["CommitId"] == facts["code_commit"]
    why = there["ApprovalDescription"]
    assert f"production holds it, generation 1, by {SENSOR.actor} at " in why
    assert why.endswith("Gates: 1 no_baseline and 4 passed.")
    assert MODEL in there["ModelPackageDescription"]
    (container,) = there["InferenceSpecification"]["Containers"]
    assert container["Image"] == IMAGE
    assert container["ModelDataUrl"] == f"s3://models/{published.key(1)}"
    assert container["Environment"]["REGISTRY_ASSETS_DIGEST"] == digest
    record = json.loads(published.object(published.key(1, "registry_assets.json")))
    assert record["digest"] == digest
    assert [each["role"] for each in record["inputs"]].count("holdout") == 1


def test_metrics_and_the_baseline_of_drift_are_there_with_their_digests(
    published: Mirrored,
) -> None:
    import hashlib

    there, version = published.package("1"), published.registry.version(f"{MODEL}:1")
    assert there["DriftCheckBaselines"] == there["ModelMetrics"]
    told = there["ModelMetrics"]
    sources = [told["ModelQuality"]["Statistics"], told["ModelDataQuality"]["Statistics"]]
    read = [published.object(each["S3Uri"].removeprefix("s3://models/")) for each in sources]
    for source, data in zip(sources, read, strict=True):
        assert source["ContentDigest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert version.evaluation is not None
    metrics = json.loads(read[0])["binary_classification_metrics"]
    measured = version.evaluation.metrics["roc_auc"]
    assert metrics["roc_auc"]["value"] == measured["value"]
    assert metrics["roc_auc"]["low"] == measured["low"]


def test_publishing_again_sends_nothing_and_records_nothing(published: Mirrored) -> None:
    before = history(published.registry)
    there = published.package("1")["LastModifiedTime"]
    again = published.publish()
    assert not again.moved
    assert history(published.registry) == before
    assert published.package("1")["LastModifiedTime"] == there
    settled(published, 1)


def test_approval_follows_a_promotion_and_a_rollback(published: Mirrored) -> None:
    published.registry.promote(MODEL, 2, run=SENSOR)
    behind = published.look()
    assert [each.kind for each in behind.differences] == ["not_published", "pointer_behind"]
    assert behind.is_lag
    published.publish()
    settled(published, 2)
    assert published.standings() == {"1": "Rejected", "2": "Approved"}
    said = published.package("1")
    assert said["ApprovalDescription"].startswith(
        f"Retired: production holds version 2 (2 here), by {SENSOR.actor} at "
    )
    assert said["CustomerMetadataProperties"]["registry_assets.stage"] == "Archived"

    published.registry.rollback(MODEL, run=SENSOR, reason="it was slow")
    published.publish()
    # "The newest Approved" would be 2 still, if that had kept its approval.
    assert published.standings() == {"1": "Approved", "2": "Rejected"}
    assert "it was slow" in published.package("1")["ApprovalDescription"]
    assert "it was slow" in published.package("2")["ApprovalDescription"]
    assert published.look().in_step


def test_every_version_goes_out_where_it_is_asked_for(
    succeeded: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(succeeded, publish="commit")
    mirrored.publish()
    assert mirrored.digests() == {"1": mirrored.digest(1), "2": mirrored.digest(2)}
    assert mirrored.standings() == {"1": "Approved", "2": "PendingManualApproval"}
    assert mirrored.look(verify=True).in_step


def test_a_model_without_anything_in_production_makes_nothing_there(
    trained: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(trained)
    assert mirrored.registry.mirror_due(mirrored.declared, MIRROR) is None
    assert not mirrored.publish().receipts
    assert mirrored.look().in_step
    groups = mirrored.there.list_model_package_groups(NameContains=mirrored.name)
    assert groups["ModelPackageGroupSummaryList"] == []


def test_another_pointer_has_a_stage_and_no_approval(
    succeeded: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(succeeded)
    declared = replace(mirrored.declared, pointers=("production", "canary"))
    mirrored = replace(mirrored, declared=declared)
    registry = mirrored.registry
    registry.reserve(declared, Request("pointers"), run=SENSOR)
    registry.promote(MODEL, 2, pointer="canary", run=SENSOR)
    mirrored.publish()
    assert mirrored.pointers() == {"production": "1", "canary": "2"}
    assert mirrored.standings() == {"1": "Approved", "2": "PendingManualApproval"}
    stages = [
        mirrored.package(number)["CustomerMetadataProperties"]["registry_assets.stage"]
        for number in ("1", "2")
    ]
    assert stages == ["Production", "Canary"]
    assert mirrored.look().in_step

    registry.promote(MODEL, 2, run=SENSOR)
    mirrored.publish()
    assert mirrored.pointers() == {"production": "2", "canary": "2"}
    assert mirrored.approved() == ["2"]
    said = mirrored.package("2")["CustomerMetadataProperties"]
    assert said["registry_assets.pointers"] == "canary production"
    assert mirrored.look().in_step


def test_a_group_is_published_to_from_one_model_only(published: Mirrored) -> None:
    group = published.there.describe_model_package_group(ModelPackageGroupName=published.name)
    published.there.add_tags(
        ResourceArn=group["ModelPackageGroupArn"],
        Tags=[
            {"Key": REGISTRY_TAG, "Value": "f" * 32},
            {"Key": MODEL_TAG, "Value": "another"},
        ],
    )
    published.registry.promote(MODEL, 2, run=SENSOR)
    with pytest.raises(MirrorRefused, match="published to from the model another"):
        published.publish()
    assert published.approved() == ["1"]


def test_a_team_s_own_group_is_taken_with_its_history(mirrored: Mirrored) -> None:
    mirrored.there.create_model_package_group(
        ModelPackageGroupName=mirrored.name, ModelPackageGroupDescription="ours since 2019"
    )
    mirrored.theirs(approval="Approved")
    mirrored.publish()
    assert mirrored.standings() == {"1": "PendingManualApproval", "2": "Approved"}
    theirs = mirrored.package("1")
    assert theirs["CustomerMetadataProperties"]["owner"] == "another team"
    assert "--adopt N" in theirs["ApprovalDescription"]
    settled(mirrored, 1)


def test_a_name_that_is_none_there_is_another_s_of_its_own(
    succeeded: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(succeeded)
    (mirror,) = mirrored.declared.mirrors
    assert isinstance(mirror, SageMaker)
    # By its own name the group would be that of every other test.
    declared = replace(mirrored.declared, mirrors=(replace(mirror, name=""),))
    published = mirrored.registry.look_at_mirror(declared, MIRROR)
    assert published.name == "flight-delay"


class TestWhereTheDoubleDoesMore:
    """Moto as it is keeps the specification of a version for ever."""

    @pytest.fixture
    def mirroring(self, completed: SageMakerDouble) -> Mirroring:
        return Mirroring(completed)

    def test_another_image_is_told_with_the_next_publication(self, published: Mirrored) -> None:
        (mirror,) = published.declared.mirrors
        assert isinstance(mirror, SageMaker)
        endpoint = SageMakerEndpoint(role="arn:aws:iam::123456789012:role/serving")
        backends = published.registry.backends
        served = replace(published.declared, mirrors=(replace(mirror, endpoint=endpoint),))
        before = wanted_configuration(backends, served, MIRROR)
        other = replace(mirror, image=f"{IMAGE}-2")
        published = replace(published, declared=replace(published.declared, mirrors=(other,)))
        assert published.publish().moved
        (container,) = published.package("1")["InferenceSpecification"]["Containers"]
        assert container["Image"] == f"{IMAGE}-2"
        # So the endpoint is another's turn too: a model there keeps the image it was made with.
        assert wanted_configuration(backends, served, MIRROR) not in (None, before)
        settled(published, 1)


def test_a_service_that_is_away_is_an_error_and_is_tried_again_later(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, held = mirrored.registry, mirrored.registry.pointer(MODEL)
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with pytest.raises(MirrorUnreachable, match=r"127\.0\.0\.1:9 does not answer"):
            mirrored.publish()
        assert registry.mirror_state(MODEL, MIRROR).failures == 1
        assert registry.pointer(MODEL) == held
        assert mirrored.observe().state == "unreachable"
    mirrored.publish()
    assert registry.mirror_state(MODEL, MIRROR).failures == 0
    assert mirrored.observe().in_step
