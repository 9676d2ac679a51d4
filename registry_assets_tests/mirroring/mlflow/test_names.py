"""No two pointers have one alias, and none has one that MLflow keeps for itself."""

import importlib
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry_assets.mirroring.aliases import alias_of

POINTERS = st.one_of(
    st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True),
    st.from_regex(r"v[0-9]{1,4}", fullmatch=True),
    st.just("latest"),
)


@given(POINTERS, POINTERS)
def test_the_mangling_is_injective(first: str, second: str) -> None:
    assert (alias_of(first) == alias_of(second)) == (first == second)


@given(POINTERS)
def test_every_alias_is_one_that_mlflow_takes(pointer: str) -> None:
    validation: Any = importlib.import_module("mlflow.utils.validation")
    validation._validate_model_alias_name(alias_of(pointer))
    validation._validate_model_alias_name_reserved(alias_of(pointer))
    assert re.fullmatch(r"[\w-]+", alias_of(pointer))
