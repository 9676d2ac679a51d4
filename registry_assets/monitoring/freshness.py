"""Whether the partition that should be scored by now has been."""

from registry_assets.catalog.observations import CheckFinding
from registry_assets.declaration import Freshness

FRESHNESS = "freshness"


def judge_freshness(rule: Freshness, *, expected: str, newest: str, scored: bool) -> CheckFinding:
    """Pass where the partition that is expected was scored, or none is expected yet.

    Args:
        expected: the newest partition whose period ended as many days ago as the rule says; ""
            if none did since the deployment, or no time is known of these partitions.
        newest: the newest partition that was scored; "" if none was.
        scored: whether `expected` is among those that were.
    """
    last = f"the newest that is scored is {newest}" if newest else "none was scored yet"
    if not expected:
        return CheckFinding(FRESHNESS, "passed", f"no partition is expected yet; {last}")
    if scored:
        return CheckFinding(FRESHNESS, "passed", f"{expected} was expected, and is scored")
    why = f"{expected} ended more than {rule.days:g} days ago and is not scored; {last}"
    return CheckFinding(FRESHNESS, "failed", why)
