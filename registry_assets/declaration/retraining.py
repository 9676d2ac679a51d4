"""What starts a retraining by itself: a schedule, new data, drift, or decay.

Whether one is due is `registry_assets.lifecycle.retraining`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from registry_assets.declaration.checks import require, time_zone, whole
from registry_assets.errors import DeclarationError

_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,?#L-]+")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When retraining starts by itself: a cron line, and the time zone it is read in."""

    cron: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        fields = self.cron.split() if isinstance(self.cron, str) else []
        require(
            len(fields) == 5 and all(map(_CRON_FIELD.fullmatch, fields)),
            f"Schedule({self.cron!r}) is no cron line",
            'give minute, hour, day, month and weekday, e.g. Schedule("0 6 1 * *")',
        )
        time_zone(self.timezone, "Schedule's time zone")


@dataclass(frozen=True, slots=True)
class OnCause:
    """Retrain for something that was found: what each of the classes below says.

    Args:
        cooldown_days: days after the last version that was asked for, by anything, in which
            none is asked for.
        per_month: most versions asked for by this in a calendar month (UTC); None: no limit.
    """

    cooldown_days: int = 7
    per_month: int | None = 2

    trigger: ClassVar[str]
    reads_monitoring: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole(self, "cooldown_days", least=0, most=3650)
        if self.per_month is not None:
            whole(self, "per_month", least=1, most=1000)


@dataclass(frozen=True, slots=True)
class OnNewData(OnCause):
    """Retrain when the features have rows that no version was trained or judged on."""

    cooldown_days: int = 0
    per_month: int | None = None

    trigger = "new_data"
    reads_monitoring = False


@dataclass(frozen=True, slots=True)
class OnDrift(OnCause):
    """Retrain when the features or predictions of the version that is watched have drifted."""

    trigger = "drift"


@dataclass(frozen=True, slots=True)
class OnDecay(OnCause):
    """Retrain when the version that is watched does worse than its evaluation promised."""

    trigger = "decay"


Trigger = Schedule | OnNewData | OnDrift | OnDecay
_EXAMPLE = 'retrain=Schedule("0 6 1 * *"), or retrain=[OnNewData(), OnDecay(cooldown_days=14)]'


def check_triggers(given: object) -> tuple[Trigger, ...]:
    """Give what starts a retraining, each kind once.

    Raises:
        DeclarationError: something else is among them, or a kind stands twice.
    """
    if given is None:
        return ()
    listed = (given,) if isinstance(given, Trigger) else given
    require(
        isinstance(listed, Iterable) and not isinstance(listed, str),
        f"retrain is a {type(given).__name__}",
        _EXAMPLE,
    )
    found: list[Trigger] = []
    for each in listed:  # type: ignore[attr-defined]
        if not isinstance(each, Trigger):
            raise DeclarationError(f"retrain holds {each!r}", hint=_EXAMPLE)
        twice = type(each) in map(type, found)
        require(not twice, f"retrain holds two {type(each).__name__}", "leave one of them out")
        found.append(each)
    return tuple(found)
