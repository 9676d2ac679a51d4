"""Fixtures of every test: nothing of the developer's own environment reaches them."""

import hypothesis
import pytest

OURS = (
    "DAGSTER_HOME",
    "REGISTRY_CATALOG",
    "REGISTRY_CODE_COMMIT",
    "REGISTRY_FAULT",
    "REGISTRY_HOME",
    "REGISTRY_STORE",
)

# How long an example takes says how busy the machine is, not whether it is right.
hypothesis.settings.register_profile("any_machine", deadline=None)
hypothesis.settings.load_profile("any_machine")


@pytest.fixture(autouse=True)
def _no_registry_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
