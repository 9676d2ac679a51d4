"""Cases: one workload at one size, with its sides and what it is to reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.targets import Target

OURS = "ours"
MANY = 200
"""Samples of what may take less than a millisecond."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row, or one row for each peer, of the table.

    Args:
        workload: module of `benchmarks.workloads`; its functions named in `peers`, and
            `ours`, take a `Setting` and give an `Operation`.
        fixture: what must be there beforehand, by name: see `fixtures`.
        peers: by function name: how people know it, and the target against it, if any.
        line: cases of one line are drawn as one curve over their sizes.
        slow: how many samples to take of sides that take seconds; these are not warmed up.
        arguments: passed to every side, by keyword.
        floor: what our side cannot do without, said where a target is missed.
    """

    workload: str
    title: str
    fixture: str
    size: int
    peers: Mapping[str, tuple[str, Target | None]]
    line: str = ""
    samples: int = 60
    warm_up: int = 2
    slow: Mapping[str, int] = field(default_factory=dict)
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    floor: str = ""

    def wanted(self, side: str) -> int:
        """Give how many samples of a side to take."""
        return self.slow.get(side, self.samples)

    @property
    def sides(self) -> tuple[str, ...]:
        """Our side first, then the peers."""
        return (OURS, *self.peers)


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is.

    Args:
        sizes: numbers of versions to measure at, small to large.
        search_sizes: the same, in models of a thousand versions each.
        seconds: how long one case may be sampled, beyond its fewest samples.
        fewest: samples of each side that are taken however long they take.
        processes: samples where each is a process of its own.
        races: how often eight processes race, and how many versions each commits.
    """

    name: str
    sizes: tuple[int, ...]
    search_sizes: tuple[int, ...]
    seconds: float
    fewest: int
    processes: int
    races: int
    race_length: int
    large_file: int


FULL = Scale(
    "full",
    sizes=(100, 1_000, 10_000, 100_000),
    search_sizes=(1_000, 10_000, 100_000),
    seconds=8.0,
    fewest=5,
    processes=7,
    races=3,
    race_length=25,
    large_file=200_000_000,
)
QUICK = Scale(
    "quick",
    sizes=(100, 3_000),
    search_sizes=(5_000,),
    seconds=0.5,
    fewest=2,
    processes=2,
    races=1,
    race_length=5,
    large_file=20_000_000,
)
