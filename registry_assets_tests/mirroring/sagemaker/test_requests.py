"""What SageMaker is asked for, held against AWS's own description of it by botocore's Stubber.

Also what moto forgets or never does: there these requests and answers are all that is known.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from registry_assets.errors import MirrorRefused, MirrorUnreachable
from registry_assets.mirroring.protocol import Approval, Outgoing, Pointing, Promotion, Verdict
from registry_assets.mirroring.sagemaker import telling
from registry_assets.mirroring.sagemaker.calling import Calls
from registry_assets.mirroring.sagemaker.card import DRAFT, card_of
from registry_assets.mirroring.sagemaker.names import REGISTRY
from registry_assets.mirroring.sagemaker.packages import Group, Packages
from registry_assets.mirroring.sagemaker.pointers import find_pointers, set_pointers, waiting
from registry_assets.mirroring.sagemaker.sessions import Aws

NAME = "flight-delay"
ARN = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/{NAME}"
GROUP = Group(NAME, ARN, "", {"registry_assets.pointer.production": "1"})
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OUTGOING = Outgoing(
    registry="f" * 32,
    model="flight_delay",
    version=12,
    digest=f"sha256:{'a' * 64}",
    description="Late or not?\nNot for blaming.",
    started_at="2026-11-01T00:00:00.000000Z",
    finished_at="2026-11-01T01:00:00.000000Z",
    committed_at="2026-11-01T01:00:01.000000Z",
    framework="scikit-learn 1.9.1",
    task="binary",
    commit="c" * 40,
    dirty=False,
    repository="https://example.com/a.git",
    run_id="r1",
    run_url="",
    evaluation=f"sha256:{'e' * 64}",
    params={"C": 1.0},
    tags={"team": "airline-ops", "regulatory_class": "minimal"},
    metrics={"roc_auc": 0.75, "roc_auc.low": 0.7, "roc_auc.high": 0.8},
    verdicts=(Verdict("roc_auc_at_least", "passed", "0.75 ≥ 0.65", 0.75),),
    approvals=(Approval("rita", "approved", "production", True, "2026-11-01T02:00:00Z"),),
    promotions=(Promotion("production", 4, "otto", "better", "2026-11-01T03:00:00Z", "p1"),),
)


Expected = tuple[str, Mapping[str, Any], Mapping[str, Any]]


@contextmanager
def stubbed(*expected: Expected) -> Iterator[Packages]:
    """Packages that make exactly these requests, in their order, and get these answers.

    Both are held against AWS's own description of the service.
    """
    aws = Aws(region="eu-west-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "a")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "bbbb")
        with Stubber(aws.client("sagemaker")) as stub:
            for operation, request, answer in expected:
                if "error" in answer:
                    code, words, status = answer["error"]
                    stub.add_client_error(operation, code, words, http_status_code=status)
                else:
                    stub.add_response(operation, dict(answer), dict(request))
            yield Packages(Calls(aws), NAME)
            stub.assert_no_pending_responses()


def arn(number: int) -> str:
    return f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{NAME}/{number}"


def described(number: int, **said: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """That a package is read, and what AWS says of it."""
    answer = {
        "ModelPackageName": NAME,
        "ModelPackageGroupName": NAME,
        "ModelPackageVersion": number,
        "ModelPackageArn": arn(number),
        "CreationTime": NOW,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        **said,
    }
    return "describe_model_package", {"ModelPackageName": arn(number)}, answer


def listed(*packages: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """That the packages are listed."""
    summaries = [
        {
            "ModelPackageArn": arn(each["ModelPackageVersion"]),
            "CreationTime": NOW,
            "ModelPackageStatus": "Completed",
            **each,
        }
        for each in packages
    ]
    answer = {"ModelPackageSummaryList": summaries}
    return "list_model_packages", {"ModelPackageGroupName": NAME}, answer


def production(number: int) -> dict[str, Any]:
    return {
        "ModelPackageVersion": number,
        "ModelApprovalStatus": "Approved",
        "ModelLifeCycle": {"Stage": "Production", "StageStatus": "Approved"},
    }


def test_a_version_is_made_with_everything_that_sagemaker_takes() -> None:
    content = card_of(OUTGOING, archive="s3://b/a/model.tar.gz")
    request = {
        "ModelPackageDescription": telling.description(OUTGOING),
        "InferenceSpecification": telling.specification(
            OUTGOING, image="image:1", archive="s3://b/a/model.tar.gz"
        ),
        "MetadataProperties": telling.metadata_properties(OUTGOING),
        "CustomerMetadataProperties": telling.properties(OUTGOING, record="s3://b/a/r.json"),
        "ModelCard": {"ModelCardContent": content, "ModelCardStatus": DRAFT},
        "ClientToken": telling.token_of(OUTGOING, NAME, before=""),
        **waiting(),
    }
    asked = {"ModelPackageGroupName": NAME, **request}
    with stubbed(("create_model_package", asked, {"ModelPackageArn": arn(7)})) as packages:
        assert packages.create(request) == "7"
    assert request["ModelLifeCycle"] == {
        "Stage": "Development",
        "StageStatus": "PendingApproval",
    }
    assert len(request["ClientToken"]) <= 36
    assert '"value": 0.75' in content
    assert len(content) < 100_000


def test_the_same_request_has_the_same_token_until_it_was_there_before() -> None:
    first = telling.token_of(OUTGOING, NAME, before="")
    assert first == telling.token_of(OUTGOING, NAME, before="")
    assert first != telling.token_of(OUTGOING, NAME, before="3")
    assert first != telling.token_of(OUTGOING, "another", before="")


def test_a_promotion_approves_the_new_one_before_it_retires_the_old_one() -> None:
    held = {"registry_assets.digest": "sha256:b", "registry_assets.stage": "Production"}
    pointing = Pointing("production", 12, OUTGOING.digest, 4, "2")
    why = telling.approved(OUTGOING, pointing)
    gone = telling.retired(OUTGOING, pointing)
    with stubbed(
        listed(production(1), {"ModelPackageVersion": 2}),
        described(2, CustomerMetadataProperties={"owner": "theirs"}),
        (
            "update_model_package",
            {
                "ModelPackageArn": arn(2),
                "ModelApprovalStatus": "Approved",
                "ApprovalDescription": why,
                "CustomerMetadataProperties": {
                    "owner": "theirs",
                    "registry_assets.stage": "Production",
                    "registry_assets.pointers": "production",
                },
                "ModelLifeCycle": {
                    "Stage": "Production",
                    "StageStatus": "Approved",
                    "StageDescription": why,
                },
            },
            {"ModelPackageArn": arn(2)},
        ),
        described(
            1,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={**held, "registry_assets.pointers": "production"},
            ModelLifeCycle={"Stage": "Production", "StageStatus": "Approved"},
        ),
        (
            "update_model_package",
            {
                "ModelPackageArn": arn(1),
                "ModelApprovalStatus": "Rejected",
                "ApprovalDescription": gone,
                "CustomerMetadataProperties": {**held, "registry_assets.stage": "Archived"},
                "CustomerMetadataPropertiesToRemove": ["registry_assets.pointers"],
                "ModelLifeCycle": {
                    "Stage": "Archived",
                    "StageStatus": "Retired",
                    "StageDescription": gone,
                },
            },
            {"ModelPackageArn": arn(1)},
        ),
        (
            "add_tags",
            {
                "ResourceArn": ARN,
                "Tags": [{"Key": "registry_assets.pointer.production", "Value": "2"}],
            },
            {},
        ),
    ) as packages:
        set_pointers(packages, GROUP, [pointing], clear=(), told={"2": OUTGOING})
    assert why == (
        "production holds it, generation 4, by otto at 2026-11-01T03:00:00Z: better. Policy p1."
        " Approvals: rita (approved, signed). Gates: 1 passed."
    )
    assert gone == (
        "Retired: production holds version 12 (2 here), by otto at 2026-11-01T03:00:00Z: better."
    )


@pytest.mark.parametrize(
    ("others", "own", "found"),
    [
        ([], "Production", "1"),
        ([], "Archived", None),
        ([{"ModelPackageVersion": 2, "ModelApprovalStatus": "Approved"}], "Production", "2"),
        ([{**production(2), "ModelApprovalStatus": "Rejected"}], "Production", "2"),
    ],
    ids=["as it should be", "archived by hand", "another approved", "another in production"],
)
def test_the_life_cycle_is_looked_at_where_there_is_one(
    others: list[dict[str, Any]], own: str, found: str | None
) -> None:
    first = described(
        1,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"registry_assets.pointers": "production"},
        ModelLifeCycle={"Stage": own, "StageStatus": "Approved"},
        LastModifiedBy={"IamIdentity": {"Arn": "arn:aws:iam::1:user/otto"}},
        LastModifiedTime=NOW,
    )
    by = {"UserProfileName": "marta"}
    second = [described(2, LastModifiedBy=by, LastModifiedTime=NOW)] if others else []
    with stubbed(listed(production(1), *others), first, *second) as packages:
        there = dict(find_pointers(packages, GROUP, ["production"], {}))
    assert (there["production"].number if there else None) == found
    if found == "2":
        assert there["production"].by == "marta"
        assert there["production"].at == "2026-11-01T00:00:00.000000Z"


def test_a_version_that_was_deleted_is_absent_and_another_refusal_is_none() -> None:
    gone = f"ModelPackage {arn(3)} does not exist."
    with stubbed(
        ("describe_model_package", {}, {"error": ("ValidationException", gone, 400)})
    ) as packages:
        assert packages.find(GROUP, "3") is None
    with (
        stubbed(
            ("describe_model_package", {}, {"error": ("ValidationException", "bad name", 400)})
        ) as packages,
        pytest.raises(MirrorRefused, match="bad name"),
    ):
        packages.find(GROUP, "3")


def test_a_group_that_somebody_else_made_first_is_taken() -> None:
    read = {
        "ModelPackageGroupName": NAME,
        "ModelPackageGroupArn": ARN,
        "CreationTime": NOW,
        "CreatedBy": {},
        "ModelPackageGroupStatus": "Completed",
    }
    named = {"ModelPackageGroupName": NAME}
    absent = ("ValidationException", f"ModelPackageGroup {ARN} does not exist.", 400)
    taken = ("ValidationException", "Model Package Group already exists: it", 400)
    tags = [{"Key": REGISTRY, "Value": OUTGOING.registry}]
    tags.append({"Key": "registry_assets.model", "Value": OUTGOING.model})
    with stubbed(
        ("describe_model_package_group", named, {"error": absent}),
        ("create_model_package_group", {}, {"error": taken}),
        ("describe_model_package_group", named, read),
        ("list_tags", {"ResourceArn": ARN}, {"Tags": tags}),
    ) as packages:
        assert packages.claim(OUTGOING).arn == ARN


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 400, MirrorUnreachable),
        ("ConflictException", 400, MirrorUnreachable),
        ("InternalFailure", 500, MirrorUnreachable),
        ("AccessDeniedException", 400, MirrorRefused),
        ("UnrecognizedClientException", 400, MirrorRefused),
        ("ResourceLimitExceeded", 400, MirrorRefused),
    ],
)
def test_a_refusal_is_ours_and_says_whether_it_may_pass(
    code: str, status: int, kind: type[Exception]
) -> None:
    answer: Expected = ("describe_model_package", {}, {"error": (code, "the words", status)})
    with stubbed(answer) as packages, pytest.raises(kind, match="the words"):
        packages.find(GROUP, "3")


def test_what_aws_adds_to_a_specification_is_no_change() -> None:
    sent = telling.specification(OUTGOING, image="image:1", archive="s3://b/a/model.tar.gz")
    found = {
        **sent,
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "Containers": [{**sent["Containers"][0], "ImageDigest": "sha256:1", "ModelDataETag": "x"}],
    }
    assert telling.specified(found) == telling.specified(sent)
    assert telling.specified(found, "s3://elsewhere") != telling.specified(sent)


@pytest.mark.parametrize("text", ["a\nb\tc", "x" * 3000, "smile 😀, tab\x00", "“quoted” — yes"])
def test_texts_fit_into_their_slots(text: str) -> None:
    assert len(telling.line(text)) <= 1024
    assert telling.line(text).isprintable()
    assert 0 < len(telling.allowed(text, 256)) <= 256
    assert "\n" not in telling.allowed(text, 256)
