"""`WeightsAndBiases(…)`: what is meant, and what cannot be."""

from typing import Any

import pytest

from registry_assets.declaration import Mirror, WeightsAndBiases
from registry_assets.errors import DeclarationError, InvalidName


def test_it_is_a_mirror_and_says_all_but_secrets() -> None:
    mirror = WeightsAndBiases(
        base_url="https://api.wandb.ai/", entity="crm", collection="Churn.2", registry="models"
    )
    assert isinstance(mirror, Mirror)
    assert mirror.definition() == {
        "kind": "wandb",
        "address": "https://api.wandb.ai",
        "entity": "crm",
        "organization": "",
        "registry": "models",
        "name": "Churn.2",
        "project": "registry_assets",
        "publish": "promotion",
        "verify_hours": 24.0,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"base_url": "https://scott:tiger@x.example.com"}, "has a user or a password in it"),
        ({"base_url": "x.example.com"}, "is no address of a server"),
        ({"base_url": 7}, "is a int"),
        ({"collection": "a/b"}, "can be no name there"),
        ({"collection": "a:b"}, "can be no name there"),
        ({"registry": ""}, "can be no name there"),
        ({"registry": "wandb-registry-model"}, "leave that out: registry='model'"),
        ({"project": ""}, "can be no name there"),
        ({"entity": "a" * 200}, "can be no name there"),
        ({"publish": "always"}, "publish"),
        ({"verify_hours": 0}, "above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_written(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(DeclarationError) as refused:
        WeightsAndBiases(**given)
    assert said in f"{refused.value.message} {refused.value.hint}"
    assert "tiger" not in str(refused.value)


def test_its_name_here_is_one_of_an_asset() -> None:
    with pytest.raises(InvalidName):
        WeightsAndBiases(mirror="W&B")
