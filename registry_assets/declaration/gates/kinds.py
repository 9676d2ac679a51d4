"""Which gates are this package's own, and the rule that stands for any gate.

A policy pins the rule of a gate, and a verdict is bound to it: so it must say all that the gate
does. Of a kind that is built in its name and fields say that. Of any other its code belongs to
the rule, and none may pass for one that is built in.
"""

from collections.abc import Mapping
from types import FunctionType, MappingProxyType
from typing import Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration.gates.absolute import AtLeast, AtMost, CalibrationAtMost
from registry_assets.declaration.gates.data import NoLeakage
from registry_assets.declaration.gates.fairness import FairnessAtLeast, FairnessAtMost
from registry_assets.declaration.gates.functions import GateFunction
from registry_assets.declaration.gates.judging import Gate
from registry_assets.declaration.gates.measured import LatencyAtMost, LatencyNotWorse, SizeAtMost
from registry_assets.declaration.gates.own_checks import AssetCheck
from registry_assets.declaration.gates.relative import (
    BetterThanProduction,
    NotWorseThanProduction,
)
from registry_assets.declaration.gates.sliced import SliceFloor, SliceGap
from registry_assets.declaration.sources import code_digest
from registry_assets.errors import DeclarationError

KINDS: Mapping[str, type] = MappingProxyType(
    {
        "at_least": AtLeast,
        "at_most": AtMost,
        "calibration_at_most": CalibrationAtMost,
        "better_than_production": BetterThanProduction,
        "not_worse_than_production": NotWorseThanProduction,
        "slice_floor": SliceFloor,
        "slice_gap": SliceGap,
        "fairness_at_most": FairnessAtMost,
        "fairness_at_least": FairnessAtLeast,
        "latency_at_most": LatencyAtMost,
        "latency_not_worse": LatencyNotWorse,
        "size_at_most": SizeAtMost,
        "no_leakage": NoLeakage,
        "function": GateFunction,
        "asset_check": AssetCheck,
    }
)
"""The kinds that are built in, by the name that a definition has under `gate`."""

CODE = "code"
"""The field of a rule that says what a gate of another kind does."""


def gate_rule(gate: Gate) -> dict[str, Json]:
    """Give all that makes a gate the rule it is, as JSON: its definition, and whose code judges.

    Raises:
        DeclarationError: it is of a user's own kind, and holds what cannot be told.
    """
    definition = dict(gate.definition())
    if _as_shipped(type(gate)):
        return definition
    return {**definition, CODE: code_digest(gate, what=f"gate {gate.name}")}


def gate_digest(gate: Gate) -> str:
    """The digest of a gate's rule: what binds a verdict to the rule that it applied."""
    return sha256_digest(canonical_json(gate_rule(gate)))


def refuse_false_kind(gate: Gate) -> None:
    """Raise DeclarationError for a gate that passes for one of a kind that is built in."""
    kind = gate.definition().get("gate")
    shipped = KINDS.get(kind) if isinstance(kind, str) else None
    if shipped is None or (type(gate) is shipped and _as_shipped(shipped)):
        return
    given = type(gate)
    what = f"gate {gate.name} says that it is a {kind}, which is {shipped.__name__}"
    if given is shipped:
        raise DeclarationError(
            f"{what}, and that class was changed: {', '.join(_changed(shipped))}",
            hint=f"leave {shipped.__name__} as it is, and write a class of your own that is a Gate",
        )
    raise DeclarationError(
        f"{what}, and it is a {given.__module__}.{given.__qualname__}",
        hint=f"give {given.__qualname__}.definition() a kind of its own, such as own_{kind}",
    )


def _inside(member: Any) -> Any:
    """Give the code of a method or property, which can be replaced where it stands."""
    function = getattr(member, "fget", getattr(member, "__func__", member))
    return function.__code__ if isinstance(function, FunctionType) else None


def _members(kind: type) -> dict[str, tuple[Any, Any]]:
    return {name: (member, _inside(member)) for name, member in vars(kind).items()}


# As they were when this module was imported, before any declaration could change them.
_SHIPPED = {kind: _members(kind) for kind in KINDS.values()}


def _as_shipped(kind: type) -> bool:
    return kind in _SHIPPED and not _changed(kind)


def _changed(kind: type) -> list[str]:
    """Name the members of a kind that is built in which are not those that it was shipped with."""
    now, shipped = _members(kind), _SHIPPED[kind]
    names = {name for name in now.keys() | shipped.keys() if not _is_kept_by_python(name)}
    return sorted(
        name
        for name in names
        if name not in now
        or name not in shipped
        or any(a is not b for a, b in zip(now[name], shipped[name], strict=True))
    )


def _is_kept_by_python(name: str) -> bool:
    # What Python itself adds to a class once somebody asks for it.
    return name.startswith(("_abc_", "__abstract", "__annotations", "__protocol", "__non_callable"))
