"""What a comparison comes to: which gates each side passed, and the sentence above it all.

The figures of both are in `figures`. How all of it is laid out is in `comparison_page` for a
terminal, and in `report_compared` for a browser.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from registry_assets.cli.answers import Check, VersionAnswer, read_version
from registry_assets.cli.figures import Both, Judged
from registry_assets.cli.text import plural
from registry_assets.evaluation.results.comparison import Verdict
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.registry import Registry

_ORDER: tuple[Verdict, ...] = ("better", "not worse", "worse", "undecided")


@dataclass(frozen=True, slots=True)
class GateBeside:
    """One gate of both sides; None where a side has no such gate, or nothing to judge."""

    name: str
    before: Check | None
    after: Check | None

    @property
    def told(self) -> bool:
        """Whether what was found is worth reading: not where all is well in the same way."""
        found = [check for check in (self.before, self.after) if check is not None]
        well = all(check.passed for check in found)
        return not (well and len({check.outcome for check in found}) == 1)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Both versions with their checks, as the policy asks for them now."""

    before: VersionAnswer
    after: VersionAnswer

    @property
    def gates(self) -> tuple[GateBeside, ...]:
        """Every gate of either side, in the order of the policies."""
        old, new = (
            {check.required.name: check for check in answer.checks}
            for answer in (self.before, self.after)
        )
        return tuple(GateBeside(name, old.get(name), new.get(name)) for name in {**old, **new})

    def summary(self, judged: Judged | None) -> str:
        """Say by how many metrics one is better or worse, and how many gates each passed."""
        said = "; ".join([*_by_metrics(judged), *self._by_gates()])
        return f"{said}." if said else ""

    def _by_gates(self) -> Iterator[str]:
        counted = [
            (answer.version.reference, answer.gates)
            for answer in (self.before, self.after)
            if answer.gates
        ]
        if len(counted) == 2 and counted[0][1] == counted[1][1]:
            yield f"both passed {counted[0][1]} gates"
        elif counted:
            (name, gates), *rest = counted
            first = f"{name} passed {gates} gates"
            yield ", ".join([first, *(f"{name} passed {gates}" for name, gates in rest)])


def read_verdicts(registry: Registry, found: Comparison) -> Verdicts:
    """Read the checks of both sides of a comparison, and what is known about each."""
    before, after = (read_version(registry, side.version.reference) for side in (found.a, found.b))
    return Verdicts(before, after)


def on_equal_rows(found: Comparison, both: Both) -> Judged | None:
    """Give the differences that stand beside the figures of both: all are of the same rows."""
    judged = both.judged
    if judged is None or found.metrics.incomparable or judged.comparison.outcome != "compared":
        return None
    return judged


def _by_metrics(judged: Judged | None) -> Iterator[str]:
    if judged is None or judged.comparison.outcome != "compared":
        return
    counts = Counter(judged.comparison.verdicts.values())
    found = [verdict for verdict in _ORDER if counts[verdict]]
    if not found:
        return
    first, *rest = found
    start = (
        f"{judged.candidate} and {judged.baseline} are undecided"
        if first == "undecided"
        else f"{judged.candidate} is {first} than {judged.baseline}"
    )
    by = f"{start} by {counts[first]} of {plural(counts.total(), 'metric')}"
    yield ", ".join([by, *(f"{verdict} by {counts[verdict]}" for verdict in rest)])
