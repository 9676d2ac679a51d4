"""What a policy consists of: people, tiers, rules for pointers, pinned gates. Frozen values.

Each is checked in full where it is made, whether a file or Python makes it. Durations are whole
seconds; instants are text in UTC, as the catalog has them.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.governance.document.checks import check_document

ANY_POINTER = "any"
"""Stands for every pointer that has no rules of its own."""

FORMAT = "registry_assets/policy/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign.

    Args:
        keys: OpenSSH public keys, as they stand in `id_ed25519.pub`.
        revoked_keys: keys that were theirs; nothing signed with one counts any more.
        emails: under which they commit.
        accounts: under which they work.
    """

    name: str
    full_name: str = ""
    roles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    revoked_keys: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which nothing moves, from one instant to another."""

    start: str
    end: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyFreeze:
    """A time of every week in which nothing moves.

    Args:
        start, end: day and time, such as `fri 16:00`; where the end is before the start it is
            of the next week.
    """

    start: str
    end: str
    timezone: str = "UTC"
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Who may set a rule aside for one promotion, which rules, and for how many seconds.

    Args:
        trainers: whether somebody who trained the version may, or may have.
    """

    roles: tuple[str, ...]
    expires: int
    waives: tuple[str, ...] = ("separation",)
    trainers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Who may go back to a version that a pointer held: one person of these roles, who signs.

    Args:
        review: seconds within which another person has to look at it; None asks for no review.
    """

    roles: tuple[str, ...]
    review: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerRules:
    """What moving a pointer takes, beside the declaration's own gates.

    Args:
        approvals: how many people must sign.
        roles: whose signatures count; none means everybody's who is listed.
        gates: names of gates that a declaration must have.
        tags: tags that a version must have, each with the values allowed; none means any.
        metadata: facts that must be there: `limits`, `license`, `properties.ticket`, …
        evaluation_max_age: seconds.
        min_staging: seconds that a version must have stood in staging.
        after: another pointer that must hold the version, or have held it, before.
        after_for: seconds that the other pointer must have held it.
        approval_expires: seconds that an approval counts, at most.
        unsigned: whether an approval counts that nobody signed.
        unknown_author: whether an author who is none of the people counts as everybody
            (`everyone`), so that nobody can approve, or as none of them (`nobody`).
        rollback: None lets anybody roll back who can launch it.
    """

    approvals: int = 0
    roles: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: tuple[str, ...] = ()
    evaluation_max_age: int | None = None
    min_staging: int | None = None
    after: str | None = None
    after_for: int | None = None
    freeze: tuple[Freeze | WeeklyFreeze, ...] = ()
    approval_expires: int = 30 * 86_400
    unsigned: bool = False
    unknown_author: str = "everyone"
    override: Override | None = None
    rollback: Rollback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A risk tier: rules by pointer, and how many years what was promoted is kept."""

    pointers: Mapping[str, PointerRules] = field(default_factory=dict)
    retention_years: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRules:
    """What is pinned of one model: its tier, its gates, and rules that replace its tier's.

    Args:
        gates: by name, each as a declaration's `Gate.definition()` gives it.
        plan: how versions are judged, as `plans.plan_of` gives it; only what stands there is
            pinned.
    """

    tier: str
    gates: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    plan: Mapping[str, Json] = field(default_factory=dict)
    pointers: Mapping[str, PointerRules] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """Whose signatures the next policy takes: so many people, of one of these roles."""

    roles: tuple[str, ...]
    approvals: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """A whole policy: who may sign, what each tier takes, what is pinned of each model.

    Args:
        services: accounts and e-mail addresses that stand for no person: schedulers, CI, the
            Dagster host, `noreply@github.com`.
        unlisted: what becomes of models that are not listed: they go by the tier that they
            declare (`declared`), or nothing of them is promoted (`hold`).

    Raises:
        PolicyInvalid: it contradicts itself; with every problem, not the first.
    """

    people: tuple[Person, ...]
    activation: Activation
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    models: Mapping[str, ModelRules] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    unlisted: str = "declared"

    def __post_init__(self) -> None:
        check_document(self)

    def person(self, name: str) -> Person | None:
        """Give a person by name."""
        return next((person for person in self.people if person.name == name), None)

    def rules(self, model: str, pointer: str, *, declared_tier: str) -> PointerRules:
        """Give the rules for one pointer of a model: its own, else its tier's."""
        listed = self.models.get(model)
        tier = self.tiers.get(listed.tier if listed else declared_tier)
        found = listed.pointers if listed else {}
        for level in (found, tier.pointers if tier else {}):
            if rules := level.get(pointer, level.get(ANY_POINTER)):
                return rules
        return PointerRules()

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON; what is left out has its default."""
        written: dict[str, Json] = _written(self)
        return {"format": FORMAT, **written}

    @property
    def digest(self) -> str:
        """The digest of all of it, people included."""
        return sha256_digest(canonical_json(self.to_json()))


def rules_json(rules: PointerRules) -> dict[str, Json]:
    """Give rules as JSON: what a decision's policy digest covers of them."""
    return dict(_written(rules))


def _written(value: Any) -> Any:
    """Give a value in the form that `reading` reads back, without what has its default."""
    if isinstance(value, WeeklyFreeze):
        why = {"why": value.why} if value.why else {}
        return {"weekly": _fields(replace(value, why="")), **why}
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(name): _written(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_written(item) for item in value]
    return value


def _fields(value: Any) -> dict[str, Any]:
    found = {}
    for each in fields(value):
        here = getattr(value, each.name)
        default = each.default_factory() if callable(each.default_factory) else each.default
        if default is MISSING or here != default:
            found[each.name] = _written(here)
    # As a file says it: only what is not the default stands there.
    return {name: "allowed" if item is True else item for name, item in found.items()}
