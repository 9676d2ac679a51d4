"""What a comparison comes to: which gates each side passed, and the sentence above it all.

The figures of both are in `lifecycle.comparing.figures`. How all of it is laid out is in
`comparison_page` for a terminal, and in `lifecycle.comparing.page` for a browser.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from registry_assets.cli.answers import Check, VersionAnswer, read_version
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.lifecycle.comparing.figures import Judged
from registry_assets.registry import Registry


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
        compared = judged.sentence if judged else ""
        said = "; ".join([*([compared] if compared else []), *self._by_gates()])
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
