"""A gate that is a function of the user's own."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from registry_assets.canonical import Json
from registry_assets.declaration.checks import name_of, require
from registry_assets.declaration.gates.judging import Judgement
from registry_assets.declaration.sources import source_digest
from registry_assets.reasons import reason_of

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import EvaluationResult


@dataclass(frozen=True, slots=True)
class GateFunction:
    """A rule of your own: a function of the whole evaluation.

    It gives whether the version passes, or a `Judgement` with the numbers behind it. One that
    raises, or gives anything else, does not pass. Its source, and what it captured, is in the
    gate's digest: verdicts of another rule do not count. For a rule that depends on production,
    so that its verdict goes stale when the pointer moves, write a class that is a `Gate`.

    Args:
        name: by default the function's.
        sentence: the rule, as people say it; by default the first line of the docstring.
        source: the digest of what the function does.
    """

    function: "Callable[[EvaluationResult], bool | Judgement]"
    name: str = ""
    sentence: str = ""
    source: str = field(init=False, repr=False, compare=False)
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
        # Now, not when it is asked for: an object may change while it judges.
        object.__setattr__(self, "source", source_digest(self.function, what=f"gate {name}"))
        function: Any = self.function
        if isinstance(function, functools.partial):
            function = function.func
        said = (getattr(function, "__doc__", "") or "").strip().splitlines()
        first = said[0].rstrip(".") if said else name.replace("_", " ")
        object.__setattr__(self, "sentence", self.sentence or first)

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON; with its source."""
        return {"gate": "function", "name": self.name, "source": self.source}

    def check_plan(self, plan: "Evaluation") -> None:
        """Accept any plan: what the function reads, only it knows."""

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Ask the function."""
        try:
            found: Any = self.function(evaluation)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code: anything
            return Judgement("failed", f"{self.name} raised {reason_of(error)}")
        if isinstance(found, Judgement):
            return found
        given = type(found).__name__
        if given == "bool":  # numpy's own as well
            said = self.sentence if found else f"not so: {self.sentence}"
            return Judgement("passed" if found else "failed", said)
        return Judgement("failed", f"{self.name} gave a {given}, neither a bool nor a Judgement")
