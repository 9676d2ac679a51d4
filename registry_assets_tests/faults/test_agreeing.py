"""SIGKILL at every step by which people agree on a version, then the same again.

A policy comes into force, a version is approved, promoted, rejected, rolled back and released;
data is recalled, the registry's key replaced, a pack of evidence written. Each is killed at the
named points that it passes and before its calls of the file system, the database and the
service, as the steps of a version's life are in `test_kills.py`.
"""

import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry_assets.governance.attestations import NAMESPACE as ATTESTATION
from registry_assets_tests.faults.agreeing import AGREEING, agreed
from registry_assets_tests.faults.calls import every
from registry_assets_tests.faults.conftest import THOROUGH, Choice, thorough
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    points,
    recorded_packing,
    wrong_after_a_crash,
    wrong_after_repeating,
)
from registry_assets_tests.faults.steps import run
from registry_assets_tests.laws.combinations import LOCAL, REMOTE, Combination, Site

Agreed = Mapping[str, object]


@pytest.fixture(
    scope="session",
    params=[
        Choice(LOCAL, share=24),
        *thorough(Choice(REMOTE, share=24)),
        *THOROUGH,
    ],
    ids=str,
)
def choice(request: pytest.FixtureRequest) -> Choice:
    """Fewer than of a version's life: much of what is passed here is passed there as well."""
    found: Choice = request.param
    return found


@pytest.mark.parametrize("step", AGREEING)
def test_a_step_killed_anywhere_leaves_nothing_half_done_and_can_be_repeated(
    backends: Combination, choice: Choice, agreement: Life, tmp_path: Path, step: str
) -> None:
    # Not of every step the first, which is where it has not begun.
    found = failures(backends, choice, agreement, tmp_path, step, list(AGREEING).index(step))
    assert found == []


@pytest.mark.thorough
def test_a_pack_of_evidence_is_whole_or_not_there(
    backends: Combination, choice: Choice, life: Life, tmp_path: Path
) -> None:
    packing = recorded_packing(backends, life["promote"].after, tmp_path)
    assert failures(backends, choice, packing, tmp_path, "pack", 0) == []


@pytest.mark.parametrize("name", [LOCAL, pytest.param(REMOTE, marks=pytest.mark.thorough)])
def test_every_kind_of_step_is_passed(combinations: object, agreements: object, name: str) -> None:
    assert callable(agreements)
    passed = {point for each in agreements(name).values() for point in each.points}
    kinds = ("policy_activated", "approval_recorded", "version_rejected", "pointer_rolled_back")
    for kind in (*kinds, "version_released", "data_recalled", "recall_lifted"):
        assert {f"{kind}.{end}" for end in ("begin", "written", "committed")} <= passed
    assert {"promote.verified", "rollback.verified", "keys.written", "keys.added"} <= passed


def failures(
    backends: Combination, choice: Choice, life: Life, root: Path, step: str, first: int
) -> list[str]:
    """Kill a step in many places, in two threads; say what is wrong, if anything is."""
    recorded = life[step]
    faults = points(life, step) + every(recorded.calls, sampled=not choice.every_call)
    chosen = faults[first % min(choice.share, len(faults)) :: choice.share]
    before, after = (_agreed(backends, site) for site in (recorded.before, recorded.after))
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(
            lambda at: failure(backends, step, recorded, root, at, before, after), chosen
        )
        return [failure for failure in found if failure]


def failure(
    backends: Combination,
    step: str,
    recorded: Recorded,
    root: Path,
    fault: str,
    before: Agreed,
    after: Agreed,
) -> str:
    """Kill and repeat; say what is wrong afterwards, if anything is."""
    site = backends.copy(recorded.before, root / fault.replace(":", "-"))
    try:
        code = run(step, site, fault=fault)
        if code != -signal.SIGKILL:
            return f"{fault}: not killed but ended with {code}"
        wrong = _wrong(backends, site, step, recorded, before, after)
        return f"{fault}: {wrong}" if wrong else ""
    finally:
        backends.drop(site)
        forget(site)


def _wrong(
    backends: Combination, site: Site, step: str, recorded: Recorded, before: Agreed, after: Agreed
) -> str:
    if wrong := wrong_after_a_crash(backends, site, recorded):
        return wrong
    found = _agreed(backends, site)
    if odd := {
        name: what for name, what in found.items() if what not in (before[name], after[name])
    }:
        return f"afterwards {odd}"
    # A rotation that came to its end was told to nobody: the next one makes another key.
    twice = "registry_key_added" if step == "rotate" and _is_rotated(backends, site) else ""
    if code := run(step, site):
        return f"repeating it ended with {code}"
    if wrong := wrong_after_repeating(backends, site, recorded, twice=twice):
        return wrong
    found = _agreed(backends, site)
    return "" if found == after else f"after repeating it {found}, expected {after}"


def _agreed(backends: Combination, site: Site) -> Agreed:
    return agreed(backends.registry(site), site.folder)


def _is_rotated(backends: Combination, site: Site) -> bool:
    registry = backends.registry(site)
    path = registry.home.signing_key
    keys = [s for s in registry.signers() if s.namespaces == (ATTESTATION,)]
    fresh = path.with_name(f"{path.name}.next")
    return len(keys) == 2 and not fresh.exists()
