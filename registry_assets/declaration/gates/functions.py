"""A gate that is a function of the user's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from registry_assets.canonical import Json
from registry_assets.declaration.checks import name_of, require, source_digest
from registry_assets.declaration.gates.judging import Judgement

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import EvaluationResult


@dataclass(frozen=True, slots=True)
class GateFunction:
    """A rule of your own: a function of the whole evaluation.

    It gives whether the version passes, or a `Judgement` with the numbers behind it. One that
    raises, or gives anything else, does not pass. Its source is in the gate's digest:
    verdicts of another source do not count. For a rule that depends on production, so that
    its verdict goes stale when the pointer moves, write a class that is a `Gate`.

    Args:
        name: by default the function's.
        sentence: the rule, as people say it; by default the first line of the docstring.
    """

    function: "Callable[[EvaluationResult], bool | Judgement]"
    name: str = ""
    sentence: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require(
            callable(self.function),
            f"GateFunction({self.function!r})",
            "give a function of the evaluation that says whether it passes",
        )
        name = name_of(
            self.function,
            self.name,
            what="gate name",
            example="GateFunction(function, name='enough_rows') gives it one",
        )
        object.__setattr__(self, "name", name)
        said = (getattr(self.function, "__doc__", "") or "").strip().splitlines()
        first = said[0].rstrip(".") if said else name.replace("_", " ")
        object.__setattr__(self, "sentence", self.sentence or first)

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON; with its source."""
        return {"gate": "function", "name": self.name, "source": source_digest(self.function)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Accept any plan: what the function reads, only it knows."""

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Ask the function."""
        try:
            found: Any = self.function(evaluation)
        except Exception as error:  # noqa: BLE001 - the user's code: anything; it is reported
            why = f"{self.name} raised {type(error).__name__}: {error}"
            return Judgement("failed", why)
        if isinstance(found, Judgement):
            return found
        given = type(found).__name__
        if given == "bool":  # numpy's own as well
            said = self.sentence if found else f"not so: {self.sentence}"
            return Judgement("passed" if found else "failed", said)
        return Judgement("failed", f"{self.name} gave a {given}, neither a bool nor a Judgement")
