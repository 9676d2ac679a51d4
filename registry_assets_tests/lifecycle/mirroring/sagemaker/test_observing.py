"""What is changed at a double of SageMaker by hand is told, and put right when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from registry_assets.mirroring.sagemaker.names import DIGEST
from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import (
    IMAGE,
    MIRROR,
    MODEL,
    Mirrored,
    Mirroring,
    settled,
)
from registry_assets_tests.servers.sagemaker import BUCKET, SageMakerDouble
from registry_assets_tests.sometimes import some
from registry_assets_tests.worlds import SENSOR


def sources(twice: Mirrored, number: str) -> list[str]:
    """Give the keys of metrics and baselines of a version there."""
    told = twice.package(number)["ModelMetrics"]
    uris = [told[group]["Statistics"]["S3Uri"] for group in ("ModelQuality", "ModelDataQuality")]
    return [uri.removeprefix(f"s3://{BUCKET}/") for uri in uris]


def approve_another_of_ours(twice: Mirrored) -> None:
    twice.change("1", ModelApprovalStatus="Approved", ApprovalDescription="I like it")


def approve_one_of_theirs(twice: Mirrored) -> None:
    twice.theirs(approval="Approved")


def reject_production(twice: Mirrored) -> None:
    twice.change("2", ModelApprovalStatus="Rejected")


def swap_bytes(twice: Mirrored) -> None:
    """Change one byte and no size."""
    data = bytearray(twice.object(twice.key(2)))
    data[len(data) // 2] ^= 1
    twice.put(twice.key(2), bytes(data))


def cut_the_archive(twice: Mirrored) -> None:
    twice.put(twice.key(2), twice.object(twice.key(2))[:-1])


def delete_the_archive(twice: Mirrored) -> None:
    twice.server.client("s3").delete_object(Bucket=BUCKET, Key=twice.key(2))


def swap_what_is_written_about_it(twice: Mirrored) -> None:
    for key in sources(twice, "2"):
        twice.put(key, b"{}")
    twice.put(twice.key(2, "registry_assets.json"), b"{}")


def delete_the_record(twice: Mirrored) -> None:
    twice.server.client("s3").delete_object(Bucket=BUCKET, Key=twice.key(2, "registry_assets.json"))


def claim_another_digest(twice: Mirrored) -> None:
    said = twice.package("2")["CustomerMetadataProperties"]
    twice.change("2", CustomerMetadataProperties={**said, DIGEST: twice.digest(1)})


def serve_another_archive(twice: Mirrored) -> None:
    served = twice.package("2")["InferenceSpecification"]
    served["Containers"][0]["ModelDataUrl"] = f"s3://{BUCKET}/{twice.key(1)}"
    twice.change("2", InferenceSpecification=served)


def serve_by_another_image(twice: Mirrored) -> None:
    served = twice.package("2")["InferenceSpecification"]
    served["Containers"][0]["Image"] = f"{IMAGE}-other"
    twice.change("2", InferenceSpecification=served)


def name_a_source(twice: Mirrored) -> None:
    twice.change("2", SourceUri="s3://models/elsewhere")


def delete_the_version(twice: Mirrored) -> None:
    twice.there.delete_model_package(ModelPackageName=twice.arn("2"))


def archive_production(twice: Mirrored) -> None:
    twice.change("2", ModelLifeCycle={"Stage": "Archived", "StageStatus": "Retired"})


def put_another_into_production(twice: Mirrored) -> None:
    twice.change("1", ModelLifeCycle={"Stage": "Production", "StageStatus": "Approved"})


MOTO: Mapping[Callable[[Mirrored], None], tuple[str, ...]] = {
    approve_another_of_ours: ("pointer_moved",),
    approve_one_of_theirs: ("pointer_moved",),
    reject_production: ("pointer_missing",),
    swap_bytes: ("artifact_changed",),
    cut_the_archive: ("artifact_changed",),
    delete_the_archive: ("artifact_missing",),
    swap_what_is_written_about_it: ("artifact_changed",),
    delete_the_record: ("artifact_missing",),
    claim_another_digest: ("digest_changed",),
}
ALWAYS = (approve_another_of_ours, swap_bytes)
COMPLETED: Mapping[Callable[[Mirrored], None], tuple[str, ...]] = {
    serve_another_archive: ("artifact_changed",),
    serve_by_another_image: ("artifact_changed",),
    name_a_source: ("artifact_changed",),
    delete_the_version: ("version_missing", "pointer_missing"),
    archive_production: ("pointer_missing",),
    put_another_into_production: ("pointer_moved",),
}


def told_and_put_right(twice: Mirrored, kinds: tuple[str, ...]) -> None:
    """Hold what is found, that it is told once, and what a repair leaves."""
    found = twice.observe(verify=True)
    assert tuple(each.kind for each in found.differences) == kinds, found.sentence
    assert not found.is_lag
    events = len(twice.registry.log(MODEL))
    again = twice.look()
    assert not again.is_news, again.sentence
    assert len(twice.registry.log(MODEL)) == events
    # Nothing here has moved for it, and nothing is put right unasked.
    assert twice.registry.pointer(MODEL).version == 2
    assert twice.registry.mirror_due(twice.declared, MIRROR) is None
    repaired = twice.repair()
    assert tuple(each.kind for each in repaired.amiss) == kinds
    assert repaired.now.in_step, repaired.now.sentence
    settled(twice, 2)


@pytest.mark.parametrize(
    "change",
    some(MOTO, always=[approve_another_of_ours, swap_bytes]),
    ids=lambda change: change.__name__,
)
def test_what_was_changed_there_is_told_and_put_right(
    twice: Mirrored, change: Callable[[Mirrored], None]
) -> None:
    change(twice)
    told_and_put_right(twice, MOTO[change])


class TestWhereTheDoubleDoesMore:
    """What moto as it is cannot be made to do."""

    @pytest.fixture
    def mirroring(self, completed: SageMakerDouble) -> Mirroring:
        return Mirroring(completed)

    @pytest.mark.parametrize("change", COMPLETED, ids=lambda change: change.__name__)
    def test_it_is_told_and_put_right(
        self, twice: Mirrored, change: Callable[[Mirrored], None]
    ) -> None:
        change(twice)
        told_and_put_right(twice, COMPLETED[change])

    def test_life_cycle_and_card_follow_what_production_holds(self, twice: Mirrored) -> None:
        stages = {
            number: (found["ModelLifeCycle"]["Stage"], found["ModelLifeCycle"]["StageStatus"])
            for number in ("1", "2")
            for found in [twice.package(number)]
        }
        assert stages == {"1": ("Archived", "Retired"), "2": ("Production", "Approved")}
        cards = {number: twice.package(number)["ModelCard"] for number in ("1", "2")}
        shown = {number: card["ModelCardStatus"] for number, card in cards.items()}
        assert shown == {"1": "Draft", "2": "Approved"}
        assert '"name": "roc_auc"' in cards["2"]["ModelCardContent"]
        why = twice.package("2")["ModelLifeCycle"]["StageDescription"]
        assert why == twice.package("2")["ApprovalDescription"]


def test_it_says_who_approved_another_and_what_was_expected(twice: Mirrored) -> None:
    approve_another_of_ours(twice)
    found = twice.look()
    assert found.sentence == (
        f"production was moved there to 1 ({twice.digest(1)[:19]}, a version of ours); expected"
        " version 2 (2 there)"
    )
    (moved,) = found.differences
    assert moved.by == "fake-user-profile-name"
    assert str(moved.at).startswith("20")


def test_metrics_that_cannot_be_written_anew_stay_amiss_and_hold_nothing_up(
    twice: Mirrored,
) -> None:
    metrics, _ = sources(twice, "2")
    data = twice.object(metrics)
    # What the version names there is of the evaluation before this one.
    plan = replace(twice.declared.evaluation, metrics=("roc_auc", "log_loss", "brier_score"))
    twice.registry.evaluate(replace(twice.declared, evaluation=plan), 2, run=SENSOR)
    twice.publish()
    assert twice.observe(verify=True).in_step
    twice.put(metrics, b"{}")
    repaired = twice.repair()
    assert [each.kind for each in repaired.now.differences] == ["artifact_changed"]
    assert metrics.rpartition("/")[2] in repaired.now.sentence
    twice.registry.rollback(MODEL, run=SENSOR, reason="it was slow")
    twice.publish()
    assert twice.approved() == ["1"]
    twice.registry.release(f"{MODEL}:2", run=SENSOR, reason="it is fast")
    twice.registry.rollback(MODEL, to=2, run=SENSOR, reason="it is fast")
    twice.publish()
    assert twice.approved() == ["2"]
    assert not twice.look(verify=True).in_step
    twice.put(metrics, data)
    found = twice.observe(verify=True)
    assert found.in_step, found.sentence
    assert twice.look().in_step


def test_one_that_waits_for_approval_is_no_business_of_ours(twice: Mirrored) -> None:
    number = twice.theirs()
    assert twice.look(verify=True).in_step
    twice.repair()
    assert twice.package(number).get("LastModifiedTime") is None


def test_a_promotion_here_wins_over_an_approval_there(twice: Mirrored) -> None:
    approve_another_of_ours(twice)
    assert not twice.observe().in_step
    twice.registry.rollback(MODEL, run=SENSOR, reason="it was slow")
    twice.publish()
    assert twice.approved() == ["1"]
    assert twice.observe().in_step
