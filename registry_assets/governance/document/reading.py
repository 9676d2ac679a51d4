"""From a YAML file, or a mapping, to a policy; every mistake is named with its place."""

from collections.abc import Callable, Mapping
from pathlib import Path

from registry_assets.errors import PolicyInvalid
from registry_assets.governance.document.checks import invalid
from registry_assets.governance.document.fields import Fields
from registry_assets.governance.document.plain import parse_yaml
from registry_assets.governance.document.values import (
    FORMAT,
    Activation,
    Freeze,
    ModelRules,
    Override,
    Person,
    PointerRules,
    PolicyDocument,
    Rollback,
    Tier,
    WeeklyFreeze,
)

_LARGEST = 1 << 20


def read_policy(path: Path) -> PolicyDocument:
    """Read a policy from a YAML file.

    Raises:
        PolicyInvalid: it cannot be read, or contradicts itself; with every problem.
    """
    try:
        with path.open("rb") as file:
            # As much as is allowed and no more: it may be a pipe, or /dev/zero.
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise PolicyInvalid(f"{path} is larger than a megabyte", hint="that is no policy")
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise PolicyInvalid(
            f"{path} cannot be read: {said}",
            hint="`registry policy draft` prints one to start with",
        ) from error
    return read_policy_text(text, where=str(path))


def read_policy_text(text: str, *, where: str = "the policy") -> PolicyDocument:
    """Read a policy from YAML, of which JSON is a part.

    Raises:
        PolicyInvalid: with every problem.
    """
    try:
        value = parse_yaml(text)
    except ValueError as error:
        raise PolicyInvalid(f"{where} cannot be read: {error}", hint="mend it there") from error
    if value is None:
        raise PolicyInvalid(
            f"{where} is empty", hint="`registry policy draft` prints one to start with"
        )
    return read_policy_value(value, where=where)


def read_policy_value(value: object, *, where: str = "the policy") -> PolicyDocument:
    """Read a policy from what YAML or JSON give.

    Raises:
        PolicyInvalid: with every problem.
    """
    problems: list[str] = []
    document = _document(Fields(value, "", problems))
    if not isinstance(value, Mapping):
        problems = problems[:1]  # what is missing in there is none of its mistakes
    if problems:
        raise invalid(problems, where=where)
    try:
        return document()
    except PolicyInvalid as error:
        raise invalid(error.problems, where=where) from error


def problems_in(value: object) -> list[str]:
    """Give everything in which a value does not have the form of a policy."""
    problems: list[str] = []
    _document(Fields(value, "", problems))
    return problems


def _document(read: Fields) -> Callable[[], PolicyDocument]:
    """Read all of it; the value itself is made later, when nothing was wrong with its parts."""
    if (found := read.text("format", FORMAT)) != FORMAT:
        read.note("format", f"is {found!r:.100}; this release reads {FORMAT}")
    people = tuple(_person(each) for each in read.items("people"))
    section = read.section("activation")
    if section is None:
        read.note("activation", "is missing: say whose signatures the next policy takes")
    activation = _activation(section or Fields({}, "activation", []))
    tiers = {name: _tier(each) for name, each in read.sections("tiers")}
    models = {name: _model(each) for name, each in read.sections("models")}
    services, unlisted = read.texts("services"), read.text("unlisted", "declared")
    read.finish()
    return lambda: PolicyDocument(
        people=people,
        activation=activation,
        tiers=tiers,
        models=models,
        services=services,
        unlisted=unlisted,
    )


def _person(read: Fields) -> Person:
    person = Person(
        name=read.text("name", None),
        full_name=read.text("full_name"),
        roles=read.texts("roles"),
        keys=read.texts("keys"),
        revoked_keys=read.texts("revoked_keys"),
        emails=read.texts("emails"),
        accounts=read.texts("accounts"),
    )
    read.finish()
    return person


def _activation(read: Fields) -> Activation:
    found = Activation(roles=read.texts("roles"), approvals=read.whole("approvals", 1))
    read.finish()
    return found


def _tier(read: Fields) -> Tier:
    found = Tier(pointers=_pointers(read), retention_years=read.whole("retention_years", 0))
    read.finish()
    return found


def _model(read: Fields) -> ModelRules:
    gates = {name: each.json() for name, each in read.sections("gates")}
    plan = read.section("plan")
    found = ModelRules(
        tier=read.text("tier", None),
        gates=gates,
        plan=plan.json() if plan else {},
        pointers=_pointers(read),
    )
    read.finish()
    return found


def _pointers(read: Fields) -> dict[str, PointerRules]:
    return {name: _rules(each) for name, each in read.sections("pointers")}


def _rules(read: Fields) -> PointerRules:
    override, rollback = read.section("override"), read.section("rollback")
    found = PointerRules(
        approvals=read.whole("approvals", 0),
        roles=read.texts("roles"),
        gates=read.texts("gates"),
        tags=read.texts_by_name("tags"),
        metadata=read.texts("metadata"),
        evaluation_max_age=read.duration("evaluation_max_age"),
        min_staging=read.duration("min_staging"),
        after=read.optional("after"),
        after_for=read.duration("after_for"),
        freeze=tuple(_freeze(each) for each in read.items("freeze")),
        approval_expires=read.duration("approval_expires", 30 * 86_400) or 0,
        unsigned=_allowed(read, "unsigned"),
        unknown_author=read.text("unknown_author", "everyone"),
        override=_override(override) if override else None,
        rollback=_rollback(rollback) if rollback else None,
    )
    read.finish()
    return found


def _allowed(read: Fields, name: str) -> bool:
    return read.flag(name, {"allowed": True, "forbidden": False}, default=False)


def _freeze(read: Fields) -> Freeze | WeeklyFreeze:
    weekly = read.section("weekly")
    why = read.text("why")
    if weekly is None:
        frozen = Freeze(start=read.instant("start"), end=read.instant("end"), why=why)
        read.finish()
        return frozen
    found = WeeklyFreeze(
        start=weekly.text("start", None),
        end=weekly.text("end", None),
        timezone=weekly.text("timezone", "UTC"),
        why=why,
    )
    weekly.finish()
    read.finish()
    return found


def _override(read: Fields) -> Override:
    found = Override(
        roles=read.texts("roles"),
        expires=read.duration("expires", 86_400) or 0,
        waives=read.texts("waives") or ("separation",),
        trainers=_allowed(read, "trainers"),
    )
    read.finish()
    return found


def _rollback(read: Fields) -> Rollback:
    found = Rollback(roles=read.texts("roles"), review=read.duration("review"))
    read.finish()
    return found
