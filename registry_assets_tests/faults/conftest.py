"""Projects on each combination, and how thoroughly each is tried.

In every test run a part of everything is tried on SQLite and a folder, and on PostgreSQL and S3
what is other there: races, and servers that are lost. `make thorough` tries everything on all four.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from registry_assets.lifecycle import verifying
from registry_assets_tests.faults.lives import (
    Life,
    recorded_agreement,
    recorded_life,
    recorded_watching,
)
from registry_assets_tests.laws.combinations import (
    COMBINATIONS,
    LOCAL,
    REMOTE,
    Combination,
    Site,
    combination,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A combination, and which of the faults it is tried with.

    Args:
        share: one of so many; the others, and more calls of each kind, in `make thorough`.
    """

    name: str
    share: int = 1
    every_call: bool = False

    def __str__(self) -> str:
        return f"{self.name}, {'every call' if self.every_call else f'one in {self.share}'}"


def thorough(*choices: Choice) -> list[ParameterSet]:
    """Leave these to `make thorough`."""
    return [pytest.param(choice, marks=pytest.mark.thorough) for choice in choices]


SAMPLED = [Choice(LOCAL, share=12), *thorough(Choice(REMOTE, share=24))]
# In SQLite one writer waits for every other, in PostgreSQL those of one chain do.
RACED = [Choice(REMOTE), *thorough(*(Choice(name) for name in COMBINATIONS if name != REMOTE))]
THOROUGH = thorough(*(Choice(name, every_call=True) for name in COMBINATIONS))


@pytest.fixture(scope="session", params=[*SAMPLED, *THOROUGH], ids=str)
def choice(request: pytest.FixtureRequest) -> Choice:
    """A combination, and how thoroughly it is tried."""
    found: Choice = request.param
    return found


@pytest.fixture(scope="session")
def combinations(request: pytest.FixtureRequest) -> Callable[[str], Combination]:
    """Give a combination by name, the same one each time."""
    return cache(lambda name: combination(name, request))


@pytest.fixture(scope="session")
def lives(
    combinations: Callable[[str], Combination], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Life]:
    """Give a version's life on a combination as it goes when nobody interferes."""
    return cache(lambda name: recorded_life(combinations(name), tmp_path_factory.mktemp("life")))


@pytest.fixture(scope="session")
def agreements(
    combinations: Callable[[str], Combination], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Life]:
    """Give how people agree on a combination when nobody interferes."""
    return cache(
        lambda name: recorded_agreement(combinations(name), tmp_path_factory.mktemp("agreement"))
    )


@pytest.fixture(scope="session")
def watchings(
    combinations: Callable[[str], Combination],
    lives: Callable[[str], Life],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Life]:
    """Give how what is deployed is watched on a combination when nobody interferes."""

    def watching(name: str) -> Life:
        promoted = lives(name)["promote"].after
        return recorded_watching(combinations(name), promoted, tmp_path_factory.mktemp("watching"))

    return cache(watching)


# Not of the session, as what they look up is: files have choices of their own, and pytest would
# give the next file what the choice of the one before had led to.
@pytest.fixture
def backends(choice: Choice, combinations: Callable[[str], Combination]) -> Combination:
    """The catalog and the store of the test."""
    return combinations(choice.name)


@pytest.fixture
def life(choice: Choice, lives: Callable[[str], Life]) -> Life:
    """A version's life on them, with the project before and after each step."""
    return lives(choice.name)


@pytest.fixture
def agreement(choice: Choice, agreements: Callable[[str], Life]) -> Life:
    """How people agree there, with the project before and after each step."""
    return agreements(choice.name)


@pytest.fixture
def watching(choice: Choice, watchings: Callable[[str], Life]) -> Life:
    """How a deployment is watched there, with the project before and after each step."""
    return watchings(choice.name)


@pytest.fixture
def copied(backends: Combination, tmp_path: Path) -> Iterator[Callable[[Site], Site]]:
    """Copy a project, to be changed in the test."""
    copies: list[Site] = []

    def copy(site: Site) -> Site:
        copies.append(backends.copy(site, tmp_path / f"project {len(copies)}"))
        return copies[-1]

    yield copy
    for site in copies:
        backends.drop(site)


@pytest.fixture(scope="session")
def local(combinations: Callable[[str], Combination]) -> Combination:
    """SQLite and a folder."""
    return combinations(LOCAL)


@pytest.fixture(scope="session")
def local_life(lives: Callable[[str], Life]) -> Life:
    """A version's life there."""
    return lives(LOCAL)


@pytest.fixture(autouse=True)
def _no_promotion_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whose pointer file `verify` would wait for.
    monkeypatch.setattr(verifying, "_PROMOTION_SECONDS", 0.0)
