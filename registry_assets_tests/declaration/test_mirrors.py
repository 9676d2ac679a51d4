"""What a declaration may say of mirrors, and what it refuses without showing a password."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from registry_assets.canonical import Json
from registry_assets.declaration import Mirror, MLflow, SageMaker, SageMakerEndpoint
from registry_assets.declaration.mirrors import Publish, check_mirrors
from registry_assets.errors import DeclarationError, InvalidName

PASSWORD = "tiger-and-scott"


@dataclass(frozen=True, slots=True)
class Own:
    """A mirror of one's own."""

    mirror: str = "own"
    publish: Publish = "commit"
    verify_hours: float = 1.0

    def definition(self) -> dict[str, Json]:
        return {"kind": "own", "address": "nowhere", "name": ""}


def test_what_is_declared_is_what_is_recorded() -> None:
    mirror = MLflow(tracking_uri="https://mlflow.example.com/", name="Delay EWR")
    assert mirror.definition() == {
        "kind": "mlflow",
        "address": "https://mlflow.example.com",
        "name": "Delay EWR",
        "publish": "promotion",
        "verify_hours": 24.0,
        "direct_artifacts": False,
    }


def test_a_mirror_of_one_s_own_is_one() -> None:
    assert isinstance(Own(), Mirror)
    declared: list[Mirror] = [MLflow(), Own()]
    assert check_mirrors("delay", declared, ("production",)) == tuple(declared)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"publish": "daily"}, "publish"),
        ({"verify_hours": 0}, "verify_hours"),
        ({"name": "a/b"}, "can be no name"),
        ({"name": "a:b"}, "can be no name"),
        ({"name": "it's"}, "can be no name"),
        ({"tracking_uri": "ftp://mlflow.example.com"}, "no address of a server"),
        ({"tracking_uri": "sqlite:///mlflow.db"}, "no address of a server"),
        ({"tracking_uri": "https://mlflow.example.com?token=1"}, "no address of a server"),
        ({"tracking_uri": 5000}, "is a int"),
        ({"direct_artifacts": "yes"}, "direct_artifacts"),
    ],
)
def test_what_cannot_be_meant_so_is_refused(given: Mapping[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        MLflow(**given)


@pytest.mark.parametrize(
    "uri",
    [
        f"https://scott:{PASSWORD}@mlflow.example.com",
        f"https://:{PASSWORD}@mlflow.example.com",
        f"https://scott:{PASSWORD}@[mlflow",
        f"ftp://scott:{PASSWORD}@mlflow.example.com",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(DeclarationError, match="a user or a password") as refused:
        MLflow(tracking_uri=uri)
    assert PASSWORD not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("mirrors", "error", "said"),
    [
        (MLflow(), DeclarationError, "mirrors is a MLflow"),
        (["mlflow"], DeclarationError, "mirrors holds a str"),
        ([MLflow(), MLflow()], DeclarationError, "declared twice: mlflow"),
        ([MLflow(mirror="drift")], DeclarationError, "delay/drift is another asset"),
        ([MLflow(mirror="staging")], DeclarationError, "delay/staging is another asset"),
        ([Own(publish=cast(Any, "never"))], DeclarationError, "publish of the mirror own"),
        ([Own(mirror="My mirror")], InvalidName, "mirror name"),
    ],
)
def test_mirrors_that_a_model_cannot_have_are_refused(
    mirrors: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        check_mirrors("delay", mirrors, ("production", "staging"))


class TestSageMaker:
    """What a declaration of a group says, and what it refuses."""

    GIVEN: ClassVar[dict[str, Any]] = {"artifacts": "s3://models/a", "image": "image:1"}

    def test_it_says_where_and_what_and_no_secret(self) -> None:
        endpoint = SageMakerEndpoint(role="arn:aws:iam::123456789012:role/serving")
        mirror = SageMaker(**self.GIVEN, region="eu-west-1", endpoint=endpoint, session=object())
        said = mirror.definition()
        assert (said["kind"], said["address"]) == ("sagemaker", "eu-west-1")
        assert said["endpoint"] == endpoint.definition()
        assert "object" not in repr(mirror)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"artifacts": "/tmp/models"}, "artifacts='/tmp/models'"),
            ({"artifacts": "s3://models/../a"}, "artifacts='s3://models/../a'"),
            ({"image": "an image"}, "image='an image'"),
            ({"name": "flight_delay"}, "name='flight_delay'"),
            ({"region": "Europe"}, "region='Europe'"),
            ({"endpoint": "yes"}, "endpoint=…. is a str"),
            ({"publish": "never"}, "SageMaker.publish"),
            ({"verify_hours": 0}, "verify_hours=0"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(DeclarationError, match=said):
            SageMaker(**{**self.GIVEN, **given})

    def test_credentials_are_refused_and_not_shown(self) -> None:
        given = SimpleNamespace(aws_secret_access_key="hunter2", region_name="eu-west-1")
        with pytest.raises(DeclarationError, match="aws_secret_access_key") as refused:
            SageMaker(**self.GIVEN, session=given)
        assert "hunter2" not in str(refused.value)

    @pytest.mark.parametrize(
        "given",
        [
            {"role": "serving"},
            {"instance_type": "large"},
            {"instances": 0},
            {"name": "a_b"},
            {"timeout_minutes": -1},
        ],
    )
    def test_an_endpoint_that_cannot_be_is_refused(self, given: dict[str, Any]) -> None:
        role = "arn:aws:iam::123456789012:role/serving"
        with pytest.raises(DeclarationError, match="SageMakerEndpoint"):
            SageMakerEndpoint(**{"role": role, **given})

    def test_an_endpoint_of_a_pointer_that_there_is_not_is_refused(self) -> None:
        endpoint = SageMakerEndpoint(
            role="arn:aws:iam::123456789012:role/serving", pointer="canary"
        )
        mirror = SageMaker(**self.GIVEN, endpoint=endpoint)
        with pytest.raises(DeclarationError, match=r"'canary'. is no pointer of the model"):
            check_mirrors("flight_delay", [mirror], ("production",))
        assert check_mirrors("flight_delay", [mirror], ("production", "canary")) == (mirror,)
