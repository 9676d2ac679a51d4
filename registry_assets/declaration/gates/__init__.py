"""Gates: named predicates over an evaluation; each appears in Dagster as one asset check.

judging     what every gate is, and the judgement it gives
absolute    a metric against a number: AtLeast, AtMost, CalibrationAtMost
relative    against production on the same rows: BetterThanProduction, NotWorseThanProduction
sliced      across the values of a column: SliceFloor, SliceGap, FairnessAtMost
measured    of the packaged artifact: LatencyAtMost, LatencyNotWorse, SizeAtMost
data        of the rows themselves: NoLeakage
functions   a rule of your own: GateFunction
own_checks  an asset check of your own: AssetCheck
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_assets.declaration.checks import require
from registry_assets.declaration.gates.absolute import AtLeast, AtMost, CalibrationAtMost
from registry_assets.declaration.gates.data import NoLeakage
from registry_assets.declaration.gates.functions import GateFunction
from registry_assets.declaration.gates.judging import Gate, Judgement, gate_digest
from registry_assets.declaration.gates.measured import LatencyAtMost, LatencyNotWorse, SizeAtMost
from registry_assets.declaration.gates.own_checks import AssetCheck
from registry_assets.declaration.gates.relative import (
    BetterThanProduction,
    NotWorseThanProduction,
)
from registry_assets.declaration.gates.sliced import FairnessAtMost, SliceFloor, SliceGap

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation

__all__ = [
    "AssetCheck",
    "AtLeast",
    "AtMost",
    "BetterThanProduction",
    "CalibrationAtMost",
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
]


def check_gates(gates: Sequence[Gate], plan: "Evaluation") -> None:
    """Raise DeclarationError for gates that share a name or read what is not computed."""
    require(
        len(gates) > 0,
        "it has no gate, so any version at all would pass",
        'give at least one, e.g. gates=[AtLeast("roc_auc", 0.65)]',
    )
    for gate in gates:
        require(
            isinstance(gate, Gate),
            f"gates hold a {type(gate).__name__}",
            'give gates, e.g. AtLeast("roc_auc", 0.65), or GateFunction(function)',
        )
    names = [gate.name for gate in gates]
    for gate in gates:
        own = any(isinstance(each, AssetCheck) for each in gates if each.name == gate.name)
        require(
            names.count(gate.name) == 1,
            f"two gates are called {gate.name}",
            "rename the asset check, here and where it is made: every gate is a check of its own"
            if own
            else "one gate of a kind per metric; keep the stricter",
        )
    for gate in gates:
        gate.check_plan(plan)
