"""What a policy says and hardly means: it is sound, and something in it can never happen.

No mistakes: a pointer that nobody can move may be what is wanted. Whoever agrees to a policy has
to know of it before it is in force.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields

from registry_assets.declaration.promotion import RISKS
from registry_assets.governance.document.texts import meant
from registry_assets.governance.document.values import Person, PointerRules, PolicyDocument
from registry_assets.governance.metadata import VersionMetadata


def notes(document: PolicyDocument) -> tuple[str, ...]:
    """Give, each with its place, what of a policy nobody could ever meet, or nothing is of."""
    return tuple(_notes(document))


def _notes(document: PolicyDocument) -> Iterator[str]:
    yield from _last_keys(document)
    names = _pointer_names(document)
    for name, tier in document.tiers.items():
        yield from _unused(document, name)
        for pointer, rules in tier.pointers.items():
            place = f"tiers.{name}.pointers.{pointer}"
            yield from _rules(document.people, place, rules, risk=name, names=names)
    for name, model in document.models.items():
        for pointer, rules in model.pointers.items():
            place = f"models.{name}.pointers.{pointer}"
            yield from _rules(document.people, place, rules, risk=model.tier, names=names)


def _last_keys(document: PolicyDocument) -> Iterator[str]:
    rule = document.activation
    able = [each for each in _able(document.people, rule.roles) if each.keys]
    # Of somebody with two keys one may be lost.
    alone = [each for each in able if len(each.keys) == 1]
    if len(able) == rule.approvals and alone:
        names = " or ".join(each.name for each in alone)
        yield (
            f"activation: once {names} loses the key, no policy can take the place of this one:"
            " list a second key, or one person more"
        )


def _unused(document: PolicyDocument, tier: str) -> Iterator[str]:
    used = {model.tier for model in document.models.values()}
    if tier not in RISKS and tier not in used:
        yield f"tiers.{tier}: no model is of it, and no declaration can be{meant(tier, RISKS)}"


def _rules(
    people: Sequence[Person],
    place: str,
    rules: PointerRules,
    *,
    risk: str,
    names: Collection[str],
) -> Iterator[str]:
    asked = max(rules.approvals, 1 if risk == "high" else 0)
    able = [each for each in _able(people, rules.roles) if each.keys or rules.unsigned]
    if len(able) < asked:
        have = "is able to" if len(able) == 1 else "are able to"
        yield (
            f"{place}: {asked} {_whose(rules.roles)} must approve, and {len(able)} {have}: "
            "nothing can be promoted there"
        )
    yield from _ways_round(people, place, rules)
    if rules.after is not None and rules.after not in names and (near := meant(rules.after, names)):
        yield f"{place}.after: no rules name the pointer {rules.after}{near}"
    for fact in rules.metadata:
        known = [field.name for field in fields(VersionMetadata)]
        if fact.partition(".")[0] not in known:
            yield f"{place}.metadata: no version says its {fact:.100}{meant(fact, known)}"


def _ways_round(people: Sequence[Person], place: str, rules: PointerRules) -> Iterator[str]:
    for field, rule, what in (
        ("override", rules.override, "set a rule aside"),
        ("rollback", rules.rollback, "roll back"),
    ):
        if rule is not None and not any(each.keys for each in _able(people, rule.roles)):
            yield f"{place}.{field}: nobody {_whose(rule.roles)} has a key, so nobody can {what}"


def _able(people: Sequence[Person], roles: Sequence[str]) -> list[Person]:
    return [each for each in people if not roles or set(each.roles) & set(roles)]


def _whose(roles: Sequence[str]) -> str:
    return f"of the role {' or '.join(roles)}" if roles else "of the people"


def _pointer_names(document: PolicyDocument) -> set[str]:
    levels: list[Mapping[str, PointerRules]] = [tier.pointers for tier in document.tiers.values()]
    levels += [model.pointers for model in document.models.values()]
    return {"production", *(pointer for level in levels for pointer in level)}
