"""What each gate says of the figures, as it is recorded.

A gate may be the user's own code: whatever it does is said in its verdict, and changes nothing
that others judge.
"""

from copy import deepcopy
from dataclasses import fields

from registry_assets.catalog.evaluations import Binding, Finding
from registry_assets.catalog.pointers import PointerRecord
from registry_assets.declaration import Gate, Judgement
from registry_assets.declaration.gates import gate_digest
from registry_assets.lifecycle.evaluating.figures import Figures
from registry_assets.reasons import reason_of


def judge(gate: Gate, figures: Figures, pointer: PointerRecord) -> Finding:
    """Let a gate judge the figures; never raises for what the gate does."""
    found = _judgement(gate, figures)
    binding = None
    if gate.relative:
        binding = Binding(pointer.name, pointer.generation, pointer.digest)
    return Finding(
        gate=gate.name,
        gate_digest=gate_digest(gate),
        outcome=found.outcome,
        why=found.why,
        value=found.value,
        low=found.low,
        high=found.high,
        threshold=found.threshold,
        rows=found.rows,
        binding=binding,
    )


def _judgement(gate: Gate, figures: Figures) -> Judgement:
    if figures.leak:
        # On rows of its own training a version always looks good: no gate says anything then.
        return Judgement("undecided", figures.leak)
    if figures.refused:
        # What it cannot score it cannot serve: a gate that reads no metric would pass.
        return Judgement("failed", figures.refused)
    try:
        found = gate.judge(deepcopy(figures.result))
        if not isinstance(found, Judgement):
            given = type(found).__name__
            return Judgement("failed", f"{gate.name} gave a {given}: expected a Judgement")
        # Made anew, because a class made of it may check nothing.
        return Judgement(*(getattr(found, each.name) for each in fields(Judgement)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code: anything
        return Judgement("failed", f"{gate.name} raised {reason_of(error)}")
