"""A policy in plain sentences, for whoever has to agree to it."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry_assets.canonical import canonical_json
from registry_assets.declaration.promotion import RISKS
from registry_assets.governance.document.values import (
    ANY_POINTER,
    Freeze,
    ModelRules,
    Person,
    PointerRules,
    PolicyDocument,
    WeeklyFreeze,
)
from registry_assets.governance.wording import exactly, listed

Section = tuple[str, list[str]]


def sentences(document: PolicyDocument) -> Iterator[Section]:
    """Give what a policy says, as titles with sentences."""
    yield "People", list(_people(document))
    rule = document.activation
    people = "1 person" if rule.approvals == 1 else f"{rule.approvals} people"
    yield "The next policy", [f"takes the signatures of {people} of {_roles(rule.roles)}."]
    for name, tier in document.tiers.items():
        if not tier.pointers and not tier.retention_years:
            yield f"Tier {name}", ["asks for nothing beside the gates that a model declares."]
        for pointer, rules in tier.pointers.items():
            yield f"Tier {name}, {_pointer(pointer)}", list(_rules(rules))
        if tier.retention_years:
            years = "1 year" if tier.retention_years == 1 else f"{tier.retention_years} years"
            yield f"Tier {name}, records", [f"What was promoted is kept for {years}."]
    for name, model in document.models.items():
        yield f"Model {name}", list(_model(model))
        for pointer, rules in model.pointers.items():
            yield f"Model {name}, {_pointer(pointer)}", list(_rules(rules))
    held = document.unlisted == "hold"
    said = "are held" if held else "go by the tier that they declare"
    yield "Other models", [f"Models that are not listed {said}."]


def _people(document: PolicyDocument) -> Iterator[str]:
    for person in document.people:
        yield _person(person)
    if document.services:
        stand = "stands" if len(document.services) == 1 else "stand"
        yield f"{listed(document.services)} {stand} for no person."


def _person(person: Person) -> str:
    name = f"{person.name} ({person.full_name})" if person.full_name else person.name
    roles = f"is {listed(person.roles)}" if person.roles else "has no role"
    # Which key: else another one in its place would read the same.
    keys = f"signs with {_keys(person.keys)}" if person.keys else "has no key"
    revoked = f", no more with {_keys(person.revoked_keys)}" if person.revoked_keys else ""
    commits = f"; commits as {listed(person.emails)}" if person.emails else ""
    works = f"; works as {listed(person.accounts)}" if person.accounts else ""
    return f"{name} {roles} and {keys}{revoked}{commits}{works}."


def _keys(lines: tuple[str, ...]) -> str:
    from registry_assets.signing.keys import PublicKey

    return listed([PublicKey.parse(line).fingerprint for line in lines])


def _rules(rules: PointerRules) -> Iterator[str]:
    yield from _approvals(rules)
    if rules.gates:
        yield f"A model must declare the gates {listed(rules.gates)}."
    for name, values in rules.tags.items():
        yield f"A version must have the tag {name}: {', '.join(values) or 'any value'}."
    if rules.metadata:
        yield f"A version must say its {listed(rules.metadata)}."
    if rules.evaluation_max_age is not None:
        yield f"Its evaluation may be {exactly(rules.evaluation_max_age)} old."
    if rules.min_staging is not None:
        yield f"It must have stood in staging for {exactly(rules.min_staging)}."
    if rules.after is not None:
        lasts = f" for {exactly(rules.after_for)}" if rules.after_for is not None else ""
        yield f"{rules.after} must have held it first{lasts}."
    for freeze in rules.freeze:
        yield _freeze(freeze)
    yield from _ways_round(rules)


def _approvals(rules: PointerRules) -> Iterator[str]:
    whose = f" of {_roles(rules.roles)}" if rules.roles else ""
    unsigned = "; a signature is not needed" if rules.unsigned else ""
    if rules.approvals:
        people = "1 person" if rules.approvals == 1 else f"{rules.approvals} people"
        yield f"{people}{whose} must approve, none of whom trained the version{unsigned}."
    else:
        # A declaration may ask for approvals that the policy does not; high risk always does.
        yield f"Nobody has to approve; where the risk is high, 1 person{whose}{unsigned}."
    yield f"An approval counts for {exactly(rules.approval_expires)} at most."
    if rules.unknown_author == "nobody":
        yield "An author who is none of the people keeps nobody from approving."
    else:
        yield "An author who is none of the people may be anybody: then nobody can approve."


def _ways_round(rules: PointerRules) -> Iterator[str]:
    if rules.override is not None:
        waived, lasts = listed(rules.override.waives), exactly(rules.override.expires)
        trained = ", even who" if rules.override.trainers else ", but nobody who"
        yield (
            f"One of {_roles(rules.override.roles)}{trained} trained the version, may set aside"
            f" {waived}, for {lasts}."
        )
    if rules.rollback is None:
        yield "Anybody who can launch a rollback may roll back."
        return
    yield f"One of {_roles(rules.rollback.roles)} may roll back, alone and at once, and signs it."
    if rules.rollback.review is not None:
        yield f"Another person reviews that within {exactly(rules.rollback.review)}."


def _freeze(freeze: Freeze | WeeklyFreeze) -> str:
    why = f": {freeze.why}" if freeze.why else ""
    if isinstance(freeze, Freeze):
        return f"Nothing moves from {_instant(freeze.start)} to {_instant(freeze.end)}{why}."
    return f"Nothing moves each week from {freeze.start} to {freeze.end} {freeze.timezone}{why}."


def _instant(text: str) -> str:
    """Give an instant to the minute, or in full where that would round it."""
    minute, _, rest = text.rpartition(":")
    return f"{minute}Z" if rest == "00.000000Z" else text


def _model(model: ModelRules) -> Iterator[str]:
    held = "; a declaration of less risk is held" if model.tier in RISKS else ""
    yield f"It is of the tier {model.tier}{held}."
    if not model.gates:
        yield "None of its gates is pinned: whatever is declared holds."
    for name, definition in model.gates.items():
        asked = _fields(definition)
        yield f"The gate {name} is pinned ({asked}): a declaration may ask for more, never less."
    yield from _plan(model.plan)


def _plan(plan: Mapping[str, Any]) -> Iterator[str]:
    told = {name: plan[name] for name in plan if name not in ("holdout", "evaluation")}
    if told:
        yield f"What it tells is pinned ({_fields(told)})."
    if "holdout" in plan:
        rule = _fields(plan["holdout"])
        yield f"The rows that judge a version are held out by one rule, pinned ({rule})."
    else:
        yield "Which rows judge a version is not pinned: whatever is declared holds."
    if "evaluation" in plan:
        asked = _fields(plan["evaluation"])
        yield f"Its evaluation is pinned ({asked}): a declaration may measure more, never less."
    else:
        yield "What is measured on them is not pinned: whatever is declared holds."


def _fields(asked: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in asked.items())


def _value(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()


def _pointer(pointer: str) -> str:
    return "every other pointer" if pointer == ANY_POINTER else pointer


def _roles(roles: tuple[str, ...]) -> str:
    return f"the role {' or '.join(roles)}"
