"""Gates on the rows themselves: what would make every other figure worthless."""

from dataclasses import asdict, dataclass
from numbers import Real
from typing import TYPE_CHECKING, ClassVar

from registry_assets.canonical import Json
from registry_assets.declaration.checks import require
from registry_assets.declaration.gates.judging import Judgement

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import EvaluationResult


@dataclass(frozen=True, slots=True)
class NoLeakage:
    """Nothing that the version was trained on tells what its holdout holds.

    No row of the holdout occurs in the training, and no single column almost decides the
    target, as one does that is only known afterwards.

    Args:
        shared: the share of the holdout's rows that may occur in the training all the same,
            where rows repeat honestly.
    """

    shared: float = 0.0
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require(
            isinstance(self.shared, Real)
            and not isinstance(self.shared, bool)
            and 0 <= self.shared < 1,
            f"NoLeakage(shared={self.shared!r})",
            "give a share from 0 to 1",
        )
        object.__setattr__(self, "shared", float(self.shared))

    @property
    def name(self) -> str:
        """`no_leakage`."""
        return "no_leakage"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        rows = (
            f"at most {self.shared:.2%} of the holdout's rows occur"
            if self.shared
            else ("no row of the holdout occurs")
        )
        return f"{rows} in the training, and no single column decides the target"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "no_leakage", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Accept any plan: the data is always looked at."""

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Look at the rows that are shared, and at the columns that decide."""
        data = evaluation.data
        if data is None:
            return Judgement("failed", "the data was not examined", threshold=self.shared)
        missing = [f"{part}: {why}" for part, why in data.reasons.items() if part in _READ]
        if missing or data.shared is None or data.shared.share is None:
            reason = "; ".join(missing) or (data.shared.reason if data.shared else "")
            why = f"it cannot be told what leaks: {reason}"
            return Judgement("failed", why, threshold=self.shared)
        share, rows = data.shared.share, data.shared.shared
        found = []
        if share > self.shared:
            found.append(f"{rows:,} of {data.holdout_rows:,} held-out rows occur in the training")
        found += [
            f"{each.column} alone decides the target ({each.metric} {each.value:.4f})"
            for each in data.power
            if each.decides and each.value is not None
        ]
        undefined = [each.reason for each in data.power if each.value is None and each.reason]
        if data.power and len(undefined) == len(data.power):
            found.append(f"no column could be looked at: {undefined[0]}")
        why = "; ".join(found) or (
            f"{rows:,} of {data.holdout_rows:,} held-out rows occur in the training,"
            " and no column decides the target"
        )
        return Judgement(
            "failed" if found else "passed",
            why,
            value=share,
            threshold=self.shared,
            rows=data.holdout_rows,
        )


_READ = ("shared", "power")
"""The parts of what is said about the data that the gate rests on."""
