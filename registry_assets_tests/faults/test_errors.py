"""Every call of the file system fails once: the error is ours, and repeating mends it.

In this process, which goes on afterwards, as a daemon does: what it remembers of the failed
try must not mislead the next one.
"""

from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from registry_assets.errors import OutcomeUnknown, RegistryError
from registry_assets_tests.faults.calls import ERRORS, every, failing
from registry_assets_tests.faults.conftest import Choice, thorough
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    refusal,
    wrong_after_a_crash,
    wrong_after_repeating,
)
from registry_assets_tests.faults.steps import STEPS
from registry_assets_tests.laws.combinations import LOCAL, Combination
from registry_assets_tests.worlds import World, opened_world


@pytest.fixture(
    scope="session",
    params=[
        Choice(LOCAL),
        *thorough(Choice(LOCAL, every_call=True)),
        pytest.param(Choice("postgresql+folder"), marks=pytest.mark.thorough),
    ],
    ids=str,
)
def choice(request: pytest.FixtureRequest) -> Choice:
    """Combinations with a store in a folder: of a service none of these calls is made."""
    found: Choice = request.param
    return found


@pytest.mark.parametrize("step", ["commit", "promote"])
def test_whatever_the_disk_refuses_is_said_and_repeating_mends_it(
    backends: Combination, choice: Choice, life: Life, tmp_path: Path, step: str
) -> None:
    calls = every(life[step].files, sampled=not choice.every_call)
    if choice.every_call:
        tried = [(call, number) for call in calls for number in ERRORS]
    else:
        tried = list(zip(calls, cycle(ERRORS), strict=False))
    assert len(tried) > 10
    failures = (
        failure(backends, step, life[step], tmp_path, call, number) for call, number in tried
    )
    assert [failure for failure in failures if failure] == []


def failure(
    backends: Combination, step: str, recorded: Recorded, root: Path, call: str, number: int
) -> str:
    """Let a call fail, and repeat the step; say what is wrong, if anything is."""
    name = f"{call.replace(':', '-')}-{number}"
    site = backends.copy(recorded.before, root / name)
    try:
        with site.settings(), opened_world(site.folder) as world:
            wrong = (
                _said(world, step, call, number)
                or wrong_after_a_crash(backends, site, recorded)
                or _repeated(world, step)
            )
        wrong = wrong or wrong_after_repeating(backends, site, recorded)
        return f"{name}: {wrong}" if wrong else ""
    finally:
        backends.drop(site)
        forget(site)


def _said(world: World, step: str, call: str, number: int) -> str:
    try:
        with failing(call, number):
            refused = refusal(partial(STEPS[step], world))
    except (OSError, RegistryError) as error:
        return f"not ours, or no hint: {error!r}"
    if step == "commit" and refused is not None and not isinstance(refused, OutcomeUnknown):
        state = world.registry.version_numbered("flight_delay", 1).version.state
        return "" if state == "reserved" else f"{refused!r}, and it is {state}"
    return ""  # a leftover that cannot be removed is no failure


def _repeated(world: World, step: str) -> str:
    refused = refusal(partial(STEPS[step], world))
    return "" if refused is None else f"repeating it gave {refused!r}"
