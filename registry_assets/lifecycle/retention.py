"""Retention: until which day what a pointer held is kept, by the policy in force or by default.

Nothing that a row names is ever deleted here, whatever the day. It is the answer to whoever has
to say how long records are kept, and the day before which nobody takes a store away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.models import ModelRecord, get_model, list_models
from registry_assets.catalog.tenures import Tenure, version_tenures
from registry_assets.governance.active import ActivePolicy, read_active
from registry_assets.governance.policy import Policy

BY_DEFAULT: Mapping[str, int] = {"high": 10}
"""Years by tier, where no policy says how many; of any other tier none."""

_HIGHEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a version is kept that a pointer held.

    Args:
        tier: the risk tier that asks for it.
        by_policy: whether the policy in force says how many years; else it is the default.
        held_by: pointers that hold it now; while there are any, the years do not begin.
        until: the last day on which it is kept, `2036-11-29`; None while a pointer holds it.
    """

    tier: str
    years: int
    by_policy: bool
    held_by: tuple[str, ...]
    until: str | None

    @property
    def sentence(self) -> str:
        """`kept until 2036-11-29, 10 years after …`."""
        years = "1 year" if self.years == 1 else f"{self.years} years"
        source = "by the policy in force" if self.by_policy else "by default"
        asked = f"{source} for {self.tier} risk"
        if self.until is None:
            held = " and ".join(self.held_by)
            return f"kept for {years} after the last day on which {held} holds it, {asked}"
        return f"kept until {self.until}, {years} after the last day on which it was held, {asked}"

    def in_force(self, now: str) -> bool:
        """Tell whether it is to be kept still."""
        return self.until is None or now[: len(self.until)] <= self.until

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "until": self.until,
            "years": self.years,
            "tier": self.tier,
            "by_policy": self.by_policy,
            "held_by": list(self.held_by),
        }


def retention_of(connection: sa.Connection, model: str, number: int) -> Retention | None:
    """Tell how long a version is kept; None where no pointer held it, or its tier asks for none.

    The years are those of the strictest tier under which it was promoted, or is now.

    Raises:
        NotFound: there is no such model.
    """
    record = get_model(connection, model)
    held = version_tenures(connection, model, first=number, last=number)
    return _retention(record, held, read_active(connection))


def count_retained(connection: sa.Connection, *, now: str) -> int:
    """Count the versions of all models that are to be kept still."""
    active, count = read_active(connection), 0
    for model in list_models(connection):
        held = version_tenures(connection, model.name, first=1, last=_HIGHEST)
        by_version = sorted(held, key=_version)
        for _, some in groupby(by_version, key=_version):
            found = _retention(model, tuple(some), active)
            count += found is not None and found.in_force(now)
    return count


def _retention(
    model: ModelRecord, held: Sequence[Tenure], active: ActivePolicy | None
) -> Retention | None:
    if not held:
        return None
    tiers = dict.fromkeys(str(tenure.promotion.evidence.get("risk", "")) for tenure in held)
    tiers[Policy.of(model, active).risk] = None
    asked = [(*_years(active, tier), tier) for tier in tiers if tier]
    years, by_policy, tier = max(asked, key=lambda each: each[:2])
    if not years:
        return None
    now = tuple(tenure.promotion.pointer for tenure in held if tenure.until is None)
    last = max((tenure.until for tenure in held if tenure.until is not None), default="")
    until = None if now else _after(last, years)
    return Retention(tier, years, by_policy, now, until)


def _years(active: ActivePolicy | None, tier: str) -> tuple[int, bool]:
    """Give how many years a tier asks for, and whether the policy in force says so."""
    named = active.document.tiers.get(tier) if active else None
    # Left out is no answer: then what holds without a policy does.
    if named is not None and named.retention_years:
        return named.retention_years, True
    return BY_DEFAULT.get(tier, 0), False


def _after(instant: str, years: int) -> str:
    """Give the day so many years after an instant's; of a leap day, the first of March."""
    day = date.fromisoformat(instant[:10])
    if day.year + years > date.max.year:
        return date.max.isoformat()
    try:
        return day.replace(year=day.year + years).isoformat()
    except ValueError:
        return day.replace(year=day.year + years, month=3, day=1).isoformat()


def _version(tenure: Tenure) -> int:
    return tenure.promotion.version
