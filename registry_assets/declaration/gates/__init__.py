"""Gates: named predicates over an evaluation; each appears in Dagster as one asset check.

judging     what every gate is, and the judgement it gives
naming      what a gate is called
absolute    a metric against a number: AtLeast, AtMost, CalibrationAtMost
relative    against production on the same rows: BetterThanProduction, NotWorseThanProduction
sliced      across the values of a column: SliceFloor, SliceGap
fairness    across the groups of a sensitive column: FairnessAtMost, FairnessAtLeast
measured    of the packaged artifact: LatencyAtMost, LatencyNotWorse, SizeAtMost
data        of the rows themselves: NoLeakage
functions   a rule of your own: GateFunction
own_checks  an asset check of your own: AssetCheck
kinds       which of them are built in, and the rule that stands for any gate
"""

from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING

from registry_assets.declaration.checks import require
from registry_assets.declaration.gates.absolute import AtLeast, AtMost, CalibrationAtMost
from registry_assets.declaration.gates.data import NoLeakage
from registry_assets.declaration.gates.fairness import FairnessAtLeast, FairnessAtMost
from registry_assets.declaration.gates.functions import GateFunction
from registry_assets.declaration.gates.judging import Gate, Judgement
from registry_assets.declaration.gates.kinds import KINDS, gate_digest, gate_rule, refuse_false_kind
from registry_assets.declaration.gates.measured import LatencyAtMost, LatencyNotWorse, SizeAtMost
from registry_assets.declaration.gates.own_checks import AssetCheck
from registry_assets.declaration.gates.relative import (
    BetterThanProduction,
    NotWorseThanProduction,
)
from registry_assets.declaration.gates.sliced import SliceFloor, SliceGap
from registry_assets.errors import DeclarationError

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation

__all__ = [
    "KINDS",
    "AssetCheck",
    "AtLeast",
    "AtMost",
    "BetterThanProduction",
    "CalibrationAtMost",
    "FairnessAtLeast",
    "FairnessAtMost",
    "Gate",
    "GateFunction",
    "Judgement",
    "LatencyAtMost",
    "LatencyNotWorse",
    "NoLeakage",
    "NotWorseThanProduction",
    "SizeAtMost",
    "SliceFloor",
    "SliceGap",
    "check_gates",
    "gate_digest",
    "gate_rule",
]


def check_gates(gates: Sequence[Gate], plan: "Evaluation") -> None:
    """Raise DeclarationError for gates that share a name or read what is not computed."""
    require(
        len(gates) > 0,
        "it has no gate, so any version at all would pass",
        'give at least one, e.g. gates=[AtLeast("roc_auc", 0.65)]',
    )
    for gate in gates:
        if isinstance(gate, type):
            raise DeclarationError(
                f"gates hold the class {gate.__name__}", hint=f"write {_call(gate)}"
            )
        require(
            isinstance(gate, Gate),
            f"gates hold a {type(gate).__name__}",
            'give gates, e.g. AtLeast("roc_auc", 0.65), or GateFunction(function)',
        )
        refuse_false_kind(gate)
        gate_rule(gate)  # refused here, and not when a version is judged
    for gate in gates:
        alike = [each for each in gates if each.name == gate.name]
        require(len(alike) == 1, f"two gates are called {gate.name}", _other_name(alike))
    for gate in gates:
        gate.check_plan(plan)


def _call(kind: type) -> str:
    """Say how a gate of a kind is made."""
    needed = any(each.default is each.empty for each in signature(kind).parameters.values())
    return f"{kind.__name__}({'…' if needed else ''})"


def _other_name(gates: Sequence[Gate]) -> str:
    """Say how gates of one name become gates of two names."""
    if any(isinstance(gate, AssetCheck) for gate in gates):
        return "rename the asset check, here and where it is made: every gate is a check of its own"
    kinds = [type(gate) for gate in gates if "name" in signature(type(gate)).parameters]
    if not kinds:
        return "keep the stricter"
    named = f"give one of them another name: {kinds[0].__name__}(…, name='…')"
    # About one thing they are most likely one rule, written twice.
    subjects = {(type(gate), getattr(gate, "by", None)) for gate in gates}
    twice = len(subjects) == 1 and GateFunction not in kinds
    return f"keep the stricter, or {named}" if twice else named
