"""Several findings of one check as one: the worst, with every sentence that is as bad."""

from collections.abc import Sequence
from dataclasses import replace

from registry_assets.catalog.observations import CheckFinding

_FROM_BEST = ("passed", "undecided", "failed")


def worst(findings: Sequence[CheckFinding]) -> CheckFinding:
    """Give the worst of several findings of one check, with the sentences of all as bad."""
    bad = max(findings, key=lambda found: _FROM_BEST.index(found.outcome))
    alike = [found for found in findings if found.outcome == bad.outcome]
    return replace(alike[0], why="; ".join(dict.fromkeys(found.why for found in alike)))
