"""What promotions were decided on, held against what there was to decide on at that moment.

Whoever edits a row, has somebody promote, and puts the row back leaves every row as it was. So each
promotion is held against the rows that never change, such as verdicts and policies, and against
the events before it where rows do change: that a version was rejected, or its data recalled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.evaluations import list_evaluations, read_verdicts
from registry_assets.catalog.ledger import REGISTRY, Event, as_event
from registry_assets.catalog.log import read_backwards
from registry_assets.catalog.models import get_model
from registry_assets.catalog.recalls import ancestry
from registry_assets.catalog.tables import events, promotions
from registry_assets.catalog.versions import get_version
from registry_assets.errors import RegistryError
from registry_assets.governance.active import ActivePolicy, read_active_at
from registry_assets.governance.document import PointerRules
from registry_assets.governance.policy import Policy
from registry_assets.governance.separation import Trainers, trainers_of
from registry_assets.governance.wording import listed

if TYPE_CHECKING:
    from registry_assets.lifecycle.auditing import Findings
    from registry_assets.lifecycle.evidence_check import Evidence

UNAPPROVED = "promotion_unapproved"
UNFOUNDED = "promotion_unfounded"

_MARKS = ("version_archived", "version_unarchived", "version_rejected")
_HOLDS = ("pointer_rolled_back", "version_released")
_RECALLS = ("data_recalled", "recall_lifted")
_DECLARED = "declaration_changed"
_PASSED = ("passed", "no_baseline")

_Said: TypeAlias = Iterator[tuple[str, str]]
"""Problems: a code, and how a sentence goes on that began with the promotion."""


@dataclass(frozen=True, slots=True)
class Past:
    """What events said of what changes: each thing with its states, in the order of its chain."""

    states: Mapping[tuple[str, ...], Sequence[tuple[int, str]]]

    def at(self, position: int, *thing: object) -> str:
        """Give the state of a thing at a position of its chain; "" before there was any."""
        known = self.states.get(tuple(map(str, thing)), ())
        return next((state for at, state in reversed(known) if at <= position), "")

    def changed_since(self, position: int, *thing: object) -> bool:
        """Tell whether anything happened to a thing after a position of its chain."""
        return any(at > position for at, _ in self.states.get(tuple(map(str, thing)), ()))

    def recalled(self, position: int) -> set[str]:
        """Give the digests of the snapshots whose recall was in force at a position."""
        return {
            thing[1]
            for thing in self.states
            if thing[0] == "recall" and self.at(position, *thing) == "data_recalled"
        }


def read_past(connection: sa.Connection) -> Past:
    """Read what changed, and when, from the events; what cannot be read is named by the audit."""
    states: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    query = sa.select(events).where(events.c.kind.in_((*_MARKS, *_HOLDS, *_RECALLS, _DECLARED)))
    for row in connection.execute(query.order_by(events.c.chain, events.c.sequence)):
        event, _ = as_event(row)
        for thing, state in _states(event):
            states.setdefault(thing, []).append((event.sequence, state))
    return Past(states)


def _states(event: Event) -> Iterator[tuple[tuple[str, ...], str]]:
    facts, chain, kind = event.facts, event.chain, event.kind
    if kind in _MARKS:
        yield ("mark", chain, str(facts.get("version"))), str(facts.get("after"))
    elif kind in _HOLDS:
        number = facts.get("from" if kind == "pointer_rolled_back" else "version")
        yield ("hold", chain, str(facts.get("pointer")), str(number)), kind
    elif kind == _DECLARED:
        yield ("declaration", chain), kind
    elif chain == REGISTRY:
        digests = facts.get("digests")
        for digest in digests if isinstance(digests, list) else ():
            yield ("recall", str(digest)), kind


@dataclass(frozen=True, slots=True)
class _Made:
    """A promotion, and everything that it is held against.

    Args:
        recorded: every statement of a person, by digest.
        here: whether the policies and recalls that it was decided by are in this catalog.
    """

    connection: sa.Connection
    evidence: "Evidence"
    past: Past
    recorded: Mapping[str, Any]
    here: bool

    @property
    def row(self) -> Any:
        return self.evidence.row

    @property
    def told(self) -> Mapping[str, Any]:
        return self.evidence.told

    @property
    def head(self) -> int:
        """How far the model's own chain had come."""
        return self.evidence.heads.get(str(self.row.model), (0, ""))[0]

    @property
    def back(self) -> Mapping[str, Any] | None:
        """What it says of itself as a rollback."""
        return self.told.get("rollback")


def check_decision(
    connection: sa.Connection,
    evidence: "Evidence",
    past: Past,
    recorded: Mapping[str, Any],
    found: "Findings",
    *,
    here: bool,
) -> None:
    """Note everything in which a promotion is not what could be decided when it was made.

    Args:
        recorded: every statement of a person, by digest.
        here: whether the policies and recalls that it was decided by are in this catalog.
    """
    made = _Made(connection, evidence, past, recorded, here)
    try:
        problems = list(_problems(made))
    # Of a row that somebody edited anything may be missing, or of another type.
    except (RegistryError, LookupError, TypeError, ValueError, AttributeError) as error:
        problems = [(UNFOUNDED, f"cannot be held against what was there then: {error}")]
    for code, said in problems:
        found.add(code, evidence.where, f"{evidence.where} {said}", evidence.touches)


def _problems(made: _Made) -> _Said:
    yield from _set_aside(made)
    if made.back is None:
        yield from _judged(made)
    else:
        yield from _held_before(made, made.back)
    if made.here:
        yield from _recalled(made)
        yield from _agreed(made)


def _set_aside(made: _Made) -> _Said:
    """Tell that a version was kept from the pointer at that moment."""
    row = made.row
    mark = made.past.at(made.head, "mark", row.model, row.version)
    # A rollback may go to an archived version.
    if mark == "rejected" or (mark == "archived" and made.back is None):
        yield UNFOUNDED, f"was made although version {row.version} was {mark} before"
    if made.past.at(made.head, "hold", row.model, row.pointer, row.version) == _HOLDS[0]:
        yield UNFOUNDED, f"was made while version {row.version} was held on {row.pointer}"


def _judged(made: _Made) -> _Said:
    """Hold the verdicts that a promotion names against those that were reached."""
    model, version, told = str(made.row.model), made.row.version, made.told
    every = list_evaluations(made.connection, model, version=version)
    of_suite = [each for each in every if each.suite_digest == told["suite"]]
    mine = [each.id for each in of_suite if each.digest == told["evaluation"]]
    if not mine:
        yield UNFOUNDED, "names an evaluation that the version does not have under its gates"
        return
    for later in (each for each in of_suite if each.id > max(mine)):
        named = (f'"evaluation":"{later.digest}"',)
        before = read_backwards(
            made.connection, model, before=made.head + 1, kind="version_evaluated", mentioning=named
        )
        if any(before):
            yield UNFOUNDED, f"passes over the later evaluation {later.digest[:19]}"
    reached = {
        (verdict.finding.gate, verdict.finding.gate_digest, verdict.finding.outcome): evaluation
        for evaluation in (None, *mine)
        for verdict in read_verdicts(made.connection, model, version, evaluation_id=evaluation)
    }
    waived = {each["subject"] for each in told.get("waived", ())}
    last = {each["gate"]: each for each in told["verdicts"]}
    for name, verdict in last.items():
        key = (name, verdict["digest"], verdict["outcome"])
        if key not in reached:
            yield UNFOUNDED, f"says that {name} {verdict['outcome']}: no such verdict was reached"
        elif reached[key] and verdict["outcome"] not in _PASSED and name not in waived:
            yield UNFOUNDED, f"was made although {name} {verdict['outcome']}"


def _held_before(made: _Made, back: Mapping[str, Any]) -> _Said:
    """Hold what a rollback rests on against the promotion that it names."""
    row = made.row
    key = {"model": row.model, "pointer": row.pointer, "generation": back["generation"]}
    earlier = statements.find(made.connection, promotions, **key).one_or_none()
    held = None if earlier is None else earlier.version
    if held != row.version or back["generation"] >= row.generation:
        said = f"goes back to version {row.version}, which {row.pointer} did not hold then"
        yield UNFOUNDED, said


def _recalled(made: _Made) -> _Said:
    """Tell that a version stood on data that was recalled by then."""
    in_force = made.past.recalled(made.evidence.position)
    if not in_force:
        return
    version = get_version(made.connection, str(made.row.model), made.row.version)
    named = {ref.digest for ref in (*version.recipe.train, *version.recipe.holdout)}
    behind = ancestry(made.connection, {*named, str(version.digest)})
    for digest in sorted(in_force & behind.keys()):
        yield UNFOUNDED, f"was made although the snapshot {digest[:19]} was recalled before"


def _agreed(made: _Made) -> _Said:
    """Hold those who signed against those whom the policy of that moment asked for."""
    active = read_active_at(made.connection, made.evidence.position)
    asked = _asked(made, active)
    if made.back is not None:
        yield from _authorized(made, active, asked)
        return
    if asked.suite not in (None, made.told["suite"]):
        yield UNFOUNDED, "was judged by other gates than were declared"
    if made.told["risk"] == "high" and not made.told["approvals"]:
        return  # said already, of whichever registry it is
    agreed = sorted(set(_who_agreed(made, active, asked)))
    if len(agreed) < asked.approvals:
        took = "1 approval" if asked.approvals == 1 else f"{asked.approvals} approvals"
        people = listed(agreed) if agreed else "nobody"
        said = f"took {took} by what was in force then; of those who could give one, {people} had"
        yield UNAPPROVED, said


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for when a promotion was made.

    Args:
        suite: digest of the gates; None where the declaration has changed since.
    """

    approvals: int
    role_sets: tuple[tuple[str, ...], ...]
    rules: PointerRules
    suite: str | None = None


def _asked(made: _Made, active: ActivePolicy | None) -> _Asked:
    name, pointer = str(made.row.model), str(made.row.pointer)
    if not made.past.changed_since(made.head, "declaration", name):
        policy = Policy.of(get_model(made.connection, name), active, pointer)
        return _Asked(
            policy.required_approvals, policy.role_sets, policy.rules, policy.suite_digest
        )
    # What was declared then is on record no more, but for what the promotion says of it.
    tier, rules = str(made.told["risk"]), PointerRules()
    if active is not None:
        pinned = active.document.models.get(name)
        tier = pinned.tier if pinned else tier
        rules = active.document.rules(name, pointer, declared_tier=tier)
    least = 1 if tier == "high" else 0
    return _Asked(max(rules.approvals, least), (rules.roles,) if rules.roles else (), rules)


def _who_agreed(made: _Made, active: ActivePolicy | None, asked: _Asked) -> Iterator[str]:
    """Name the people whose approval a promotion could rest on."""
    kept_out = _kept_out(made, active, asked)
    for entry in made.told["approvals"]:
        record = made.recorded.get(str(entry["digest"]))
        if record is None or record.decision != "approve":
            continue
        person = active.document.person(record.person) if active else None
        if person is None or (record.fingerprint is None and not asked.rules.unsigned):
            continue
        able = all(set(roles) & set(person.roles) for roles in asked.role_sets)
        if able and not kept_out.unknown and person.name not in kept_out.people:
            yield person.name


def _kept_out(made: _Made, active: ActivePolicy | None, asked: _Asked) -> Trainers:
    """Tell who trained a version, and so could not approve it, unless that was set aside."""
    rules = asked.rules
    waives = rules.override.waives if rules.override else ()
    if active is None or ("separation" in waives and made.told.get("overrides")):
        return Trainers({}, ())
    version = get_version(made.connection, str(made.row.model), made.row.version)
    found = trainers_of(version, str(made.row.pointer), active)
    return found if rules.unknown_author == "everyone" else Trainers(found.people, ())


def _authorized(made: _Made, active: ActivePolicy | None, asked: _Asked) -> _Said:
    """Tell that nobody signed a rollback who was asked to."""
    rule = asked.rules.rollback
    if rule is None or active is None:
        return
    for entry in made.told.get("authority", ()):
        person = active.document.person(str(entry["person"]))
        if entry["fingerprint"] and person and set(rule.roles) & set(person.roles):
            return
    roles = " or ".join(rule.roles)
    yield UNAPPROVED, f"took the signature of a person of role {roles}, and nobody had signed it"
