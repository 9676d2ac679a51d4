"""A gate that is an asset check of the user's own; Dagster runs it, and its result is recorded.

The check itself is Dagster's, and is made with `registry_assets.orchestration.version_check`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import one_of
from registry_assets.declaration.gates.judging import Judgement
from registry_assets.errors import DeclarationError, InvalidName
from registry_assets.references import check_name, check_text

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import EvaluationResult

LONGEST_SENTENCE = 500


@dataclass(frozen=True, slots=True)
class AssetCheck:
    """Your own `@asset_check` of this name has passed on what is to be promoted.

    The result that counts is the newest about exactly that version, or about its newest
    evaluation: evaluated again, it must be checked again. Until there is one the gate holds.
    What the check does is not in the gate's digest: a check that you change has to run again.

    Args:
        name: the check's.
        on: the asset that it checks, `<model>/evaluation` or `<model>/model`.
        sentence: the rule, as people say it.
    """

    name: str
    on: Literal["evaluation", "model"] = "evaluation"
    sentence: str = ""
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        try:
            check_name(self.name, what="gate name")
        except InvalidName as error:
            raise DeclarationError(
                error.message, hint=f"{error.hint} It is the asset check's name."
            ) from error
        one_of(self.on, ("evaluation", "model"), "AssetCheck's on")
        check_text(self.sentence, what="AssetCheck's sentence", limit=LONGEST_SENTENCE)
        if not self.sentence.strip():
            object.__setattr__(self, "sentence", f"the asset check {self.name} passes")

    def asset(self, model: str) -> str:
        """Give the key of the asset that is checked: `flight_delay/evaluation`."""
        return f"{model}/{self.on}"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "asset_check", "name": self.name, "on": self.on}

    def check_plan(self, plan: "Evaluation") -> None:
        """Accept any plan: the check reads what it likes."""

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Leave it open: only the asset check can tell, and it runs after the evaluation."""
        return Judgement("undecided", f"only the asset check {self.name} can tell")
