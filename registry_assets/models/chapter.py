"""One thing that happened on one day of the main job's story."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Chapter:
    """A day on which data arrived, or a version was asked for, or both.

    Args:
        partitions: those of the data that have arrived by then.
        params: parameters that replace declared ones.
    """

    day: datetime
    title: str
    model: str
    reason: str
    partitions: tuple[str, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
