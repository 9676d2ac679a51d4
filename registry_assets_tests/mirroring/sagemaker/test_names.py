"""No two models have one group, and every group can be one there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.mirroring.sagemaker.names import group_of, page_of, pointer_of, pointer_tag

GROUP = re.compile(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}")
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)


@pytest.mark.parametrize(
    ("model", "group"),
    [
        ("flight_delay", r"flight-delay"),
        ("a", r"a"),
        ("a__b", r"0-a-b-[0-9a-f]{12}"),
        ("a_", r"0-a-[0-9a-f]{12}"),
        ("x" * 62 + "_", r"0-x{48}-[0-9a-f]{12}"),
    ],
)
def test_what_a_model_is_called_there(model: str, group: str) -> None:
    assert re.fullmatch(group, group_of(model)), group_of(model)


@given(st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_no_two_models_have_one_group(models: list[str]) -> None:
    groups = [group_of(model) for model in models]
    assert all(GROUP.fullmatch(group) and len(group) <= 63 for group in groups), groups
    # AWS writes names small in its ARNs: they must differ so, too.
    assert len({group.lower() for group in groups}) == 2


def test_those_that_look_alike_are_told_apart() -> None:
    alike = ("a_b", "a__b", "a_b_", "a___b", "a__b_", "ab")
    assert len({group_of(model) for model in alike}) == len(alike)


def test_a_tag_says_which_pointer_it_is_of() -> None:
    assert pointer_of(pointer_tag("canary_2")) == "canary_2"
    assert pointer_of("registry_assets.model") is None
    assert page_of("arn:aws:sagemaker:eu-west-1:1:model-package/a/1").endswith(
        "?arn=arn%3Aaws%3Asagemaker%3Aeu-west-1%3A1%3Amodel-package%2Fa%2F1"
    )
