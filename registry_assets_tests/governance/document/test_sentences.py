"""What a policy says in sentences is all of it: who agrees to them has agreed to the policy."""

import copy
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from registry_assets.errors import PolicyInvalid
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
    read_policy_value,
)
from registry_assets.governance.document.sentences import sentences
from registry_assets.governance.wording import exactly
from registry_assets.signing.keys import PublicKey
from registry_assets_tests.governance.document.documents import full, key

WRITTEN = (
    Activation, Freeze, ModelRules, Override, Person, PointerRules, PolicyDocument, Rollback, Tier,
    WeeklyFreeze,
)  # fmt: skip


def said(document: PolicyDocument) -> dict[str, list[str]]:
    """The sentences of a policy, by title."""
    return dict(sentences(document))


def of_rules(**rules: Any) -> list[str]:
    """The sentences about one pointer."""
    tier = Tier(pointers={"production": PointerRules(**rules)})
    return said(full(tiers={"high": tier}, models={}))["Tier high, production"]


def changes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Give every place in a value, and what else could stand there: nothing, or another leaf."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name), None
            yield from changes(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*path, index), None
            yield from changes(item, (*path, index))
    elif isinstance(value, str):
        yield path, f"{value}x"
        yield path, value.replace("00", "01", 1)
        yield path, {"hold": "declared", "nobody": "everyone", "high": "low"}.get(value, value)
    else:
        yield path, 1 if value is None else value + 1


def changed(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """Copy a value, but for one place in it."""
    made = copy.deepcopy(value)
    at = made
    for step in path[:-1]:
        at = at[step]
    if other is None:
        del at[path[-1]]
    else:
        at[path[-1]] = other
    return made


def test_nothing_that_a_policy_says_is_left_out_of_its_sentences() -> None:
    # With a second person of each role, so that one can be taken away.
    more = Person(name="cleo", roles=("owner", "risk"), keys=(key(3), key(4)), accounts=("c",))
    document = full(people=(*full().people, more), activation=Activation(roles=("owner", "risk")))
    value, before = document.to_json(), said(document)
    seen: set[Any] = set()
    for path, other in changes(value):
        try:
            another = read_policy_value(changed(value, path, other))
        except PolicyInvalid:
            continue
        if another.digest == document.digest:
            continue
        assert said(another) != before, (path, other)
        seen |= set(path)
    every = {field.name for kind in WRITTEN for field in fields(kind)}
    assert every - seen == set()


def test_another_key_of_somebody_is_another_sentence() -> None:
    people = full().people
    other = (Person(name="bob", roles=("risk",), keys=(key(5),)), people[0])
    assert said(full(people=other[::-1])) != said(full())
    assert PublicKey.parse(key(5)).fingerprint in said(full(people=other))["People"][0]


def test_people_are_said_with_all_that_is_theirs() -> None:
    ann, bob, services = said(full())["People"]
    of = [PublicKey.parse(key(number)).fingerprint for number in range(3)]
    assert ann == (
        f"ann (Ann Example) is owner and risk and signs with {of[0]}, no more with {of[1]};"
        " commits as ann@example.com; works as ann_w."
    )
    assert bob == f"bob is risk and signs with {of[2]}."
    assert services == "ci and noreply@example.com stand for no person."
    nobody = (*full().people, Person(name="zoe"))
    assert said(full(people=nobody))["People"][2] == "zoe has no role and has no key."


def test_every_rule_has_its_sentence() -> None:
    assert said(full())["Tier high, production"] == [
        (
            "2 people of the role risk must approve, none of whom trained the version; a signature"
            " is not needed."
        ),
        "An approval counts for 6 days and 6 hours at most.",
        "An author who is none of the people keeps nobody from approving.",
        "A model must declare the gates roc_auc_at_least.",
        "A version must have the tag cost_center: any value.",
        "A version must have the tag stage: gold, silver.",
        "A version must say its limits and properties.ticket.",
        "Its evaluation may be 90 days old.",
        "It must have stood in staging for 2 days.",
        "canary must have held it first for 1 hour.",
        "Nothing moves from 2026-12-20T00:00Z to 2027-01-02T06:30:15.000000Z: the year ends.",
        "Nothing moves each week from fri 16:00 to mon 07:00 Europe/Berlin: rest.",
        (
            "One of the role owner, even who trained the version, may set aside freeze and"
            " separation, for 1 hour."
        ),
        "One of the role owner or risk may roll back, alone and at once, and signs it.",
        "Another person reviews that within 2 hours.",
    ]


def test_where_nothing_is_asked_it_says_so() -> None:
    assert of_rules() == [
        "Nobody has to approve; where the risk is high, 1 person.",
        "An approval counts for 30 days at most.",
        "An author who is none of the people may be anybody: then nobody can approve.",
        "Anybody who can launch a rollback may roll back.",
    ]
    # High risk takes an approval whatever is written, and then it says whose.
    assert of_rules(roles=("risk", "owner"), unsigned=True)[0] == (
        "Nobody has to approve; where the risk is high, 1 person of the role risk or owner;"
        " a signature is not needed."
    )


def test_tiers_models_and_the_next_policy_are_said() -> None:
    found = said(full())
    assert list(found) == [
        "People",
        "The next policy",
        "Tier low",
        "Tier high, production",
        "Tier high, canary",
        "Tier kept, records",
        "Model late",
        "Model late, every other pointer",
        "Other models",
    ]
    assert found["The next policy"] == [
        "takes the signatures of 2 people of the role owner or risk."
    ]
    assert found["Tier low"] == ["asks for nothing beside the gates that a model declares."]
    assert found["Tier kept, records"] == ["What was promoted is kept for 10 years."]
    assert found["Model late"] == [
        "It is of the tier high; a declaration of less risk is held.",
        (
            "The gate auc is pinned (gate at_least, metric roc_auc, threshold 0.65): a declaration"
            " may ask for more, never less."
        ),
        "What it tells is pinned (target late).",
        (
            "The rows that judge a version are held out by one rule, pinned (holdout"
            " latest_partitions, count 1)."
        ),
        (
            'Its evaluation is pinned (metrics ["roc_auc"], weight null, min_slice_rows 200): a'
            " declaration may measure more, never less."
        ),
    ]
    assert found["Other models"] == ["Models that are not listed are held."]
    assert said(full(unlisted="declared"))["Other models"] == [
        "Models that are not listed go by the tier that they declare."
    ]


def test_a_tier_of_the_policys_own_naming_is_not_compared_with_a_declaration() -> None:
    models = {"late": ModelRules(tier="kept")}
    assert said(full(models=models))["Model late"] == [
        "It is of the tier kept.",
        "None of its gates is pinned: whatever is declared holds.",
        "Which rows judge a version is not pinned: whatever is declared holds.",
        "What is measured on them is not pinned: whatever is declared holds.",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "no time"),
        (45, "45 seconds"),
        (129_600, "36 hours"),
        (1_209_600, "2 weeks"),
        (540_000, "6 days and 6 hours"),
        (90_061, "1 day, 1 hour, 1 minute and 1 second"),
        (315_360_000, "3,650 days"),
    ],
)
def test_a_limit_is_said_exactly(seconds: int, words: str) -> None:
    assert exactly(seconds) == words
