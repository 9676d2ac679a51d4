"""What a workload is to reach, against one of its peers."""

from dataclasses import dataclass
from typing import Protocol


class Target(Protocol):
    """A bound on our time, given a peer's; both in milliseconds."""

    def reached(self, *, ours: float, peer: float) -> bool:
        """Tell whether ours is within the bound."""
        ...


@dataclass(frozen=True, slots=True)
class TimesFaster:
    """The peer takes at least so many times as long."""

    times: float

    def reached(self, *, ours: float, peer: float) -> bool:
        """Tell whether ours is within the bound."""
        return peer >= self.times * ours

    def __str__(self) -> str:
        return f"≥ {self.times:g}×"


@dataclass(frozen=True, slots=True)
class AtMost:
    """We take at most so many times as long as the peer, which does less."""

    times: float

    def reached(self, *, ours: float, peer: float) -> bool:
        """Tell whether ours is within the bound."""
        return ours <= self.times * peer

    def __str__(self) -> str:
        return f"at most {self.times:g} × its time"


@dataclass(frozen=True, slots=True)
class Within:
    """We take at most so many milliseconds more than the peer, which does less."""

    milliseconds: float

    def reached(self, *, ours: float, peer: float) -> bool:
        """Tell whether ours is within the bound."""
        return ours <= peer + self.milliseconds

    def __str__(self) -> str:
        return f"at most its time + {self.milliseconds:g} ms"
