"""pyproject.toml and requirements.lock say the same."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from registry_assets_tests.project.files import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
# `make torch-test` has an environment of its own, with lists of its own.
TORCH = ROOT / "registry_assets_tests" / "packaging" / "torch"
NOT_LOCKED = {"torch"}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def locked() -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(LOCK)}


def declared() -> Iterator[Requirement]:
    yield from map(Requirement, PROJECT["build-system"]["requires"])
    yield from map(Requirement, PROJECT["project"]["dependencies"])
    for extra in PROJECT["project"]["optional-dependencies"].values():
        yield from map(Requirement, extra)
    for group in PROJECT["dependency-groups"].values():
        yield from map(Requirement, group)


def to_be_locked() -> Iterator[Requirement]:
    return (each for each in declared() if each.name not in NOT_LOCKED)


def test_every_declared_dependency_is_locked_at_a_version_it_allows() -> None:
    versions = locked()
    wrong = [
        f"{requirement}: locked is {versions.get(canonicalize_name(requirement.name))}"
        for requirement in to_be_locked()
        if versions.get(canonicalize_name(requirement.name), "") not in requirement.specifier
    ]
    assert wrong == [], "run `make lock`"


def test_what_is_not_locked_is_pinned_beside_its_own_tests() -> None:
    assert not NOT_LOCKED & locked().keys()
    pinned = dict(PIN.findall((TORCH / "requirements-cuda.txt").read_text()))
    wanted = [each for each in declared() if each.name in NOT_LOCKED]
    assert {each.name for each in wanted} == NOT_LOCKED
    assert all(pinned[each.name] in each.specifier for each in wanted)


def test_every_locked_package_is_pinned_with_hashes() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) == len(locked())
    for name in ("requirements.txt", "requirements-cpu.txt", "requirements-cuda.txt"):
        entries += re.split(r"\n(?=\S)", (TORCH / name).read_text().strip())
    loose = [entry for entry in entries if not PIN.match(entry) or "--hash=sha256:" not in entry]
    assert loose == []


def test_the_lock_names_no_place_to_download_from() -> None:
    assert re.findall(r"--(?:index|extra|find)\S*|\w+://\S*", LOCK) == []


def test_the_makefile_locks_every_group() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert set(re.findall(r"--group (\S+)", makefile)) == set(PROJECT["dependency-groups"])
