"""Policies of every form that there can be, for laws; and one in which every field is written.

Not a test.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from registry_assets.canonical import Json
from registry_assets.clock import timestamp
from registry_assets.governance.document import (
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
from registry_assets.governance.document.checks import WAIVABLE
from registry_assets.signing.signers import generate_key


@cache
def key(index: int) -> str:
    """The line of a public key, each time the same for the same number."""
    return generate_key()[1].line


FULL: Mapping[str, Any] = {
    "tags": {"cost_center": (), "stage": ("gold", "silver")},
    "metadata": ("limits", "properties.ticket"),
    "gates": ("roc_auc_at_least",),
    "evaluation_max_age": 90 * 86_400,
    "min_staging": 2 * 86_400,
    "after": "canary",
    "after_for": 3600,
    "approval_expires": 540_000,
    "unknown_author": "nobody",
}


def full(**changed: Any) -> PolicyDocument:
    """Give a policy in which every field says something, but for what is given."""
    rules = PointerRules(
        approvals=2,
        roles=("risk",),
        freeze=(
            Freeze(
                start="2026-12-20T00:00:00.000000Z",
                end="2027-01-02T06:30:15.000000Z",
                why="the year ends",
            ),
            WeeklyFreeze(start="fri 16:00", end="mon 07:00", timezone="Europe/Berlin", why="rest"),
        ),
        unsigned=True,
        override=Override(
            roles=("owner",), expires=3600, waives=("freeze", "separation"), trainers=True
        ),
        rollback=Rollback(roles=("owner", "risk"), review=7200),
        **FULL,
    )
    fields: dict[str, Any] = {
        "people": (
            Person(
                name="ann",
                full_name="Ann Example",
                roles=("owner", "risk"),
                keys=(key(0),),
                revoked_keys=(key(1),),
                emails=("ann@example.com",),
                accounts=("ann_w",),
            ),
            Person(name="bob", roles=("risk",), keys=(key(2),)),
        ),
        "activation": Activation(roles=("owner", "risk"), approvals=2),
        "tiers": {
            "low": Tier(),
            "high": Tier(pointers={"production": rules, "canary": PointerRules()}),
            "kept": Tier(retention_years=10),
        },
        "models": {
            "late": ModelRules(
                tier="high",
                gates={"auc": {"gate": "at_least", "metric": "roc_auc", "threshold": 0.65}},
                plan={
                    "target": "late",
                    "holdout": {"holdout": "latest_partitions", "count": 1},
                    "evaluation": {"metrics": ["roc_auc"], "weight": None, "min_slice_rows": 200},
                },
                pointers={"any": PointerRules(approvals=1)},
            )
        },
        "services": ("ci", "noreply@example.com"),
        "unlisted": "hold",
    }
    return PolicyDocument(**{**fields, **changed})


_TEXTS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="\u2028\u2029\x85"),
    max_size=12,
).filter(lambda text: text.isprintable())
_ODD = st.sampled_from(("no", "on", "010", "1:30", "1e3", "~", "null", "2026-12-20", "=", "<<"))
_VALUES = st.lists(st.one_of(_TEXTS, _ODD), max_size=2).map(tuple)
_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
_SECONDS = st.integers(0, 10_000_000)
_ROLES = ("owner", "risk")
_SOME_ROLES = st.lists(st.sampled_from(_ROLES), min_size=1, unique=True).map(tuple)
_INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - a zone is added
    lambda instant: timestamp(instant.replace(tzinfo=UTC))
)
_DAYS = st.tuples(
    st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    st.integers(0, 23),
    st.integers(0, 59),
).map(lambda found: f"{found[0]} {found[1]:02}:{found[2]:02}")
_NUMBERS = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
_FREEZES = st.one_of(
    st.tuples(_INSTANTS, _INSTANTS, _TEXTS)
    .filter(lambda found: found[0] < found[1])
    .map(lambda found: Freeze(start=found[0], end=found[1], why=found[2])),
    st.tuples(_DAYS, _DAYS, st.sampled_from(("UTC", "Europe/Berlin")), _TEXTS)
    .filter(lambda found: found[0] != found[1])
    .map(lambda found: WeeklyFreeze(start=found[0], end=found[1], timezone=found[2], why=found[3])),
)
_RULES = st.builds(
    PointerRules,
    approvals=st.integers(0, 3),
    roles=st.one_of(st.just(()), _SOME_ROLES),
    gates=st.lists(_NAMES, max_size=2).map(tuple),
    tags=st.dictionaries(
        st.one_of(_NAMES, _ODD),
        st.lists(st.one_of(_TEXTS, _ODD), max_size=2).map(tuple),
        max_size=2,
    ),
    metadata=st.lists(_TEXTS, max_size=2).map(tuple),
    evaluation_max_age=st.none() | _SECONDS,
    min_staging=st.none() | _SECONDS,
    after=st.none() | st.just("shadow"),
    freeze=st.lists(_FREEZES, max_size=2).map(tuple),
    approval_expires=st.integers(1, 10_000_000),
    unsigned=st.booleans(),
    unknown_author=st.sampled_from(("everyone", "nobody")),
    override=st.none()
    | st.builds(
        Override,
        roles=_SOME_ROLES,
        expires=st.integers(1, 10_000_000),
        waives=st.lists(st.sampled_from(WAIVABLE), min_size=1, unique=True).map(tuple),
        trainers=st.booleans(),
    ),
    rollback=st.none() | st.builds(Rollback, roles=_SOME_ROLES, review=st.none() | _SECONDS),
)
_POINTERS = st.dictionaries(st.sampled_from(("production", "canary", "eu")), _RULES, max_size=2)


_PLANS: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "target": st.one_of(_TEXTS, _ODD),
        "positive": st.one_of(st.booleans(), st.integers(1, 9), _ODD),
        "holdout": st.fixed_dictionaries({"holdout": st.just("by_key"), "share": _NUMBERS}),
        "evaluation": st.fixed_dictionaries(
            {"metrics": st.lists(_NAMES, max_size=2)},
            optional={"weight": st.none() | _ODD, "latency": st.none() | st.just({"calls": 5})},
        ),
    },
)


def _definitions(kind: str) -> st.SearchStrategy[dict[str, Json]]:
    made = st.dictionaries(_NAMES, st.one_of(_TEXTS, _ODD, _NUMBERS, st.booleans()), max_size=3)
    return made.map(lambda found: {**found, "gate": kind})


def documents() -> st.SearchStrategy[PolicyDocument]:
    """Give policies with two people, who can activate the next one."""
    people = st.tuples(_TEXTS, _TEXTS).map(
        lambda said: (
            Person(name="ann", full_name=said[0], roles=_ROLES, keys=(key(0),)),
            Person(name="bob", full_name=said[1], roles=("risk",), revoked_keys=(key(1),)),
        )
    )
    models = st.builds(
        ModelRules,
        tier=st.just("high"),
        gates=st.dictionaries(_NAMES, _definitions("own"), max_size=2),
        plan=_PLANS,
        pointers=_POINTERS,
    )
    return st.builds(
        PolicyDocument,
        people=people,
        activation=st.builds(Activation, roles=st.just(("owner",))),
        tiers=st.builds(Tier, pointers=_POINTERS, retention_years=st.integers(0, 20)).map(
            lambda tier: {"low": Tier(), "high": tier}
        ),
        models=st.dictionaries(_NAMES, models, max_size=2),
        services=st.lists(st.sampled_from(("ci", "no", "010")), unique=True).map(tuple),
        unlisted=st.sampled_from(("declared", "hold")),
    )
