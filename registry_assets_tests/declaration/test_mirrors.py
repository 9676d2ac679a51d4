"""What a declaration may say of mirrors, and what it refuses without showing a password."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from registry_assets.canonical import Json
from registry_assets.declaration import Mirror, MLflow
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
