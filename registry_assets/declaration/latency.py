"""How the speed of a version is measured: how many calls, in how many turns, for how long."""

from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, require, whole

LEAST_ROUNDS = 5
"""Rounds that are made even after the time is used up: of fewer there is no interval."""


@dataclass(frozen=True, slots=True)
class Latency:
    """The measurement of a version's speed, beside production's.

    Args:
        calls: single-row calls of each version, each on another raw row until all were used.
            Made in whole rounds: if `rounds` does not divide them, a few more.
        batch_rows: rows of a batch, if there are as many.
        rounds: turns that the two versions take, and batches of each.
        seconds: when the timed calls of both together have used this up they stop, after
            at least 5 rounds. Starting two processes comes on top.
    """

    calls: int = 200
    batch_rows: int = 1000
    rounds: int = 20
    seconds: float = 10.0

    def __post_init__(self) -> None:
        whole(self, "rounds", least=LEAST_ROUNDS, most=1000)
        whole(self, "calls", least=LEAST_ROUNDS, most=100_000)
        whole(self, "batch_rows", least=1, most=1_000_000)
        require(
            self.rounds <= self.calls,
            f"Latency(calls={self.calls}, rounds={self.rounds}) has rounds without a call",
            "give at least as many calls as rounds",
        )
        seconds = finite(self.seconds, "Latency(seconds=…)")
        object.__setattr__(self, "seconds", seconds)
        require(
            1 <= seconds <= 3600, f"Latency(seconds={seconds:g})", "give a number from 1 to 3,600"
        )

    def definition(self) -> dict[str, Json]:
        """Give the measurement as JSON: what two results are compared under."""
        return {
            "calls": self.calls,
            "batch_rows": self.batch_rows,
            "rounds": self.rounds,
            "seconds": self.seconds,
        }
