"""What our things are called at Weights & Biases: another name for each, and one that it takes."""

import itertools
import re

import pytest

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.aliases import alias_of
from registry_assets.mirroring.wandb.address import Address, Place
from registry_assets.mirroring.wandb.names import artifact_of, run_of

REGISTRIES = ("a" * 32, "b" * 32)
MODELS = ("churn", "churn_2", "m" * 63)
TAKEN = re.compile(r"latest|v[0-9]+|.*[/:].*")


def test_no_two_have_one_name_and_each_is_one_there() -> None:
    made = [artifact_of(*each) for each in itertools.product(MODELS, REGISTRIES)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", name) for name in made)
    runs = {
        run_of(registry, digest, attempt)
        for registry in REGISTRIES
        for digest in ("sha256:1", "sha256:2")
        for attempt in range(3)
    }
    assert len(runs) == 12
    assert all(re.fullmatch(r"[a-z0-9]{1,64}", name) for name in runs)
    assert run_of("a", "sha256:1", 0) == run_of("a", "sha256:1", 0)


def test_no_pointer_s_alias_is_one_that_they_keep_for_themselves() -> None:
    pointers = ("production", "latest", "v2", "v", "pointer", "v2_beta")
    aliases = [alias_of(pointer) for pointer in pointers]
    assert len(set(aliases)) == len(aliases)
    assert not [each for each in aliases if TAKEN.fullmatch(each)]


@pytest.mark.parametrize(
    ("place", "path", "name"),
    [
        (Place("", "", "model", "churn"), "wandb-registry-model/churn", None),
        (
            Place("crm", "", "model", "churn"),
            "wandb-registry-model/churn",
            "crm/wandb-registry-model/churn",
        ),
        (
            Place("crm", "acme", "model", "churn"),
            "acme/wandb-registry-model/churn",
            "acme/wandb-registry-model/churn",
        ),
    ],
)
def test_a_collection_is_named_as_their_client_names_it(
    place: Place, path: str, name: str | None
) -> None:
    assert (place.path, place.name) == (path, name or path)


@pytest.mark.parametrize(
    ("declared", "environment", "said"),
    [
        ("", {}, "nobody says where"),
        ("ftp://x.example.com", {}, "none of a server"),
        ("", {"WANDB_BASE_URL": "https://scott:tiger@x.example.com"}, "has a user or a password"),
        ("http://[::1", {}, "none of a server"),
        ("https://x.example.com/?key=tiger", {}, "none of a server"),
    ],
)
def test_an_address_is_one_of_a_server_and_opens_nothing(
    declared: str, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(MirrorRefused, match=said) as refused:
        Address.find(declared, environment)
    assert "tiger" not in str(refused.value)


def test_the_environment_s_address_is_taken_where_none_is_declared() -> None:
    environment = {"WANDB_BASE_URL": "https://wandb.example.com/"}
    assert Address.find("", environment).url == "https://wandb.example.com"
    assert Address.find("http://127.0.0.1:8080", environment).url == "http://127.0.0.1:8080"
    assert Address.find("https://api.wandb.ai").page("crm") == "https://wandb.ai/crm"
