"""What a policy must not say: found where it is made, each with its place.

Of people it is found in `people`, of the form of a file in `fields` and `reading`.
"""

import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.errors import PolicyInvalid
from registry_assets.governance.document.people import check_people, check_services
from registry_assets.governance.document.texts import meant, named, texts
from registry_assets.governance.plans import plan_problems
from registry_assets.governance.strictness import LIMITS

if TYPE_CHECKING:
    from registry_assets.governance.document.values import (
        Freeze,
        ModelRules,
        Override,
        PointerRules,
        PolicyDocument,
        WeeklyFreeze,
    )

WAIVABLE = ("separation", "gates", "evaluation_age", "staging", "freeze", "after")
"""What an override can be allowed to waive."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(rf"({'|'.join(_DAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])")


def invalid(problems: Sequence[str], *, where: str = "the policy") -> PolicyInvalid:
    """Give the error that lists what is wrong with a policy."""
    listed = "\n".join(f"  - {problem}" for problem in problems)
    count = "a mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return PolicyInvalid(
        f"{where} has {count}:\n{listed}",
        problems=problems,
        hint=f"mend {'it' if len(problems) == 1 else 'them'} and run"
        " `registry policy check FILE`; nothing was changed",
    )


def check_document(document: "PolicyDocument") -> None:
    """Raise PolicyInvalid with everything in which a policy contradicts itself."""
    from registry_assets.governance.document.reading import problems_in

    # One that Python makes is read as a file is: else a number that is a text, or an instant
    # without its zone, would be found when a promotion is decided.
    problems = problems_in(document.to_json()) or list(_problems(document))
    if problems:
        raise invalid(problems)


def minute_of_week(text: str) -> int:
    """Give `fri 16:00` as minutes since Monday, midnight."""
    found = _WEEKLY.fullmatch(text)
    assert found is not None
    return _DAYS.index(found[1]) * 1440 + int(found[2]) * 60 + int(found[3])


def _problems(document: "PolicyDocument") -> Iterator[str]:
    yield from check_people(document.people)
    yield from check_services(document)
    known = {role for person in document.people for role in person.roles}
    if document.unlisted not in ("declared", "hold"):
        yield f"unlisted is {document.unlisted!r:.100}; expected declared or hold"
    yield from _activation(document, known)
    for name, tier in document.tiers.items():
        where = f"tiers.{name}"
        yield from named(where, name)
        yield from _pointers(where, tier.pointers, known)
        yield from _order(where, tier.pointers, partial(document.rules, "", declared_tier=name))
    for name, model in document.models.items():
        yield from _model(document, name, model, known)


def _model(
    document: "PolicyDocument", name: str, model: "ModelRules", known: set[str]
) -> Iterator[str]:
    where = f"models.{name}"
    yield from named(where, name)
    for gate, definition in model.gates.items():
        yield from _gate(f"{where}.gates.{gate}", gate, definition)
    yield from plan_problems(f"{where}.plan", model.plan)
    yield from _pointers(where, model.pointers, known)
    if model.tier not in document.tiers:
        there = ", ".join(document.tiers) or "none"
        yield f"{where}.tier is {model.tier!r:.100}; there are: {there}"
    elif model.pointers:
        every = {**document.tiers[model.tier].pointers, **model.pointers}
        yield from _order(where, every, partial(document.rules, name, declared_tier=""))


def _gate(where: str, name: str, definition: "Mapping[str, Any]") -> Iterator[str]:
    yield from named(where, name)
    # A kind of gate of one's own may have no name for itself.
    kind = definition.get("gate", "")
    if not definition or not isinstance(kind, str):
        yield f"{where}.gate is missing: which kind of gate it is"
    elif kind in LIMITS:
        limit = LIMITS[kind][0]
        value = definition.get(limit)
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{where}.{limit} is {value!r:.80}; expected a number"


def _pointers(where: str, pointers: "Mapping[str, PointerRules]", known: set[str]) -> Iterator[str]:
    for pointer, rules in pointers.items():
        yield from _rules(f"{where}.pointers.{pointer}", pointer, rules, known)


def _order(
    where: str, pointers: "Mapping[str, PointerRules]", rules: "Callable[[str], PointerRules]"
) -> Iterator[str]:
    """Name pointers that wait for each other, so that none of them ever moves."""
    said: set[frozenset[str]] = set()
    for pointer in pointers:
        way = [pointer]
        while (before := rules(way[-1]).after) is not None and before not in way:
            way.append(before)
        if before is not None:
            ring = way[way.index(before) :]
            if frozenset(ring) not in said:
                yield f"{where}.pointers: {' waits for '.join((*ring, before))}, and none can move"
            said.add(frozenset(ring))


def _activation(document: "PolicyDocument", known: set[str]) -> Iterator[str]:
    rule = document.activation
    if not rule.roles:
        yield "activation.roles is empty: say whose signatures the next policy takes"
    for role in rule.roles:
        if role not in known:
            yield _nobodys("activation.roles", role, known)
    if rule.approvals < 1:
        yield f"activation.approvals is {rule.approvals}; expected 1 or more"
        return
    able = [p.name for p in document.people if p.keys and set(p.roles) & set(rule.roles)]
    if rule.roles and len(able) < rule.approvals:
        # Else the policy could never be replaced by another one.
        yield (
            f"activation: the next policy takes {rule.approvals} of the roles"
            f" {', '.join(rule.roles)}, and"
            f" {'1 such person has' if len(able) == 1 else f'{len(able)} such people have'} a key"
        )


def _rules(where: str, pointer: str, rules: "PointerRules", known: set[str]) -> Iterator[str]:
    yield from named(where, pointer)
    for field, roles in _roles(rules):
        for role in roles:
            if role not in known:
                yield _nobodys(f"{where}.{field}", role, known)
    if rules.unknown_author not in ("everyone", "nobody"):
        said = f"{rules.unknown_author!r:.80}; expected everyone or nobody"
        yield f"{where}.unknown_author is {said}"
    if rules.after is not None:
        yield from named(f"{where}.after", rules.after)
    if rules.after_for is not None and rules.after is None:
        yield f"{where}.after_for is given, and after is not"
    if rules.approval_expires < 1:
        yield f"{where}.approval_expires leaves no time"
    if rules.override is not None:
        yield from _override(f"{where}.override", rules.override)
    if rules.rollback is not None and not rules.rollback.roles:
        yield f"{where}.rollback.roles is empty: say who may, or leave rollback out"
    for index, freeze in enumerate(rules.freeze, start=1):
        yield from _freeze(f"{where}.freeze[{index}]", freeze)
    yield from texts(where, (*rules.metadata, *rules.gates, *rules.tags))
    for values in rules.tags.values():
        yield from texts(where, values)


def _override(where: str, override: "Override") -> Iterator[str]:
    unknown = [name for name in override.waives if name not in WAIVABLE]
    if unknown:
        yield f"{where}.waives holds {unknown[0]!r:.80}; known: {', '.join(WAIVABLE)}"
    if not override.waives:
        yield f"{where}.waives is empty: say which rules, or leave override out"
    if not override.roles:
        yield f"{where}.roles is empty: say who may"
    if override.expires < 1:
        yield f"{where}.expires leaves no time"


def _roles(rules: "PointerRules") -> Iterator[tuple[str, Sequence[str]]]:
    yield "roles", rules.roles
    if rules.override is not None:
        yield "override.roles", rules.override.roles
    if rules.rollback is not None:
        yield "rollback.roles", rules.rollback.roles


def _nobodys(where: str, role: str, known: set[str]) -> str:
    return f"{where} names the role {role!r:.80}, which nobody has{meant(role, known)}"


def _freeze(where: str, freeze: "Freeze | WeeklyFreeze") -> Iterator[str]:
    yield from texts(where, (freeze.why,))
    zone = getattr(freeze, "timezone", None)
    if zone is None:
        yield from _dated(where, freeze.start, freeze.end)
        return
    wrong = False
    for name, text in (("start", freeze.start), ("end", freeze.end)):
        if not _WEEKLY.fullmatch(text):
            wrong = True
            yield f"{where}.weekly.{name} is {text!r:.80}; expected day and time: 'fri 16:00'"
    if not wrong and freeze.start == freeze.end:
        yield f"{where}.weekly ends when it starts: nothing would ever move"
    if zone != "UTC" and zone not in (every := zoneinfo.available_timezones()):
        said = f"{zone!r:.80}; expected one such as 'Europe/Berlin'{meant(zone, every)}"
        yield f"{where}.weekly.timezone is {said}"


def _dated(where: str, start: str, end: str) -> Iterator[str]:
    for name, text in (("start", start), ("end", end)):
        try:
            written = timestamp(parse_timestamp(text))
        except ValueError:
            written = ""
        if text != written:
            yield f"{where}.{name} is {text!r:.80}; expected UTC: 2026-12-20T00:00:00.000000Z"
    if end <= start:
        yield f"{where} ends before it starts"
