"""A policy file is read in one way only, and every mistake in it is named with its place."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from registry_assets.errors import PolicyInvalid
from registry_assets.governance.document import (
    Freeze,
    Person,
    PointerRules,
    PolicyDocument,
    read_policy,
    read_policy_text,
    read_policy_value,
)
from registry_assets.governance.document.plain import parse_yaml, to_yaml
from registry_assets_tests.governance.document.documents import documents, full, key

LEAST = """
people: [{{name: ann, roles: [owner], keys: ["{key}"]}}]
activation: {{roles: [owner]}}
"""


def written(more: str = "") -> str:
    """A policy that says the least, and something more."""
    return LEAST.format(key=key(0)) + more


def problems(text: str) -> tuple[str, ...]:
    """Everything that is wrong with a policy."""
    with pytest.raises(PolicyInvalid) as caught:
        read_policy_text(text)
    return caught.value.problems


def rules_of(text: str) -> PointerRules:
    """The rules for production in the tier `high`, written as a mapping."""
    document = read_policy_text(written(f"tiers: {{high: {{pointers: {{production: {text}}}}}}}"))
    return document.rules("late", "production", declared_tier="high")


def rule_problems(text: str) -> tuple[str, ...]:
    """What is wrong with such rules."""
    return problems(written(f"tiers: {{high: {{pointers: {{production: {text}}}}}}}"))


@settings(max_examples=50)
@given(documents())
def test_a_policy_is_read_back_from_the_json_and_the_yaml_that_it_is_written_as(
    document: PolicyDocument,
) -> None:
    value = document.to_json()
    assert read_policy_value(value) == document
    assert read_policy_text(json.dumps(value)) == document
    assert read_policy_text(to_yaml(value)) == document
    assert read_policy_value(value).digest == document.digest
    # What every other reader sees is the same, whatever YAML it was written for.
    assert yaml.safe_load(to_yaml(value)) == json.loads(json.dumps(value))


def test_every_field_of_a_policy_is_read_back() -> None:
    document = full()
    assert read_policy_value(document.to_json()) == document


def test_the_digest_is_that_of_what_it_says_and_not_of_how_it_is_written() -> None:
    one = read_policy_text(written("tiers: {low: {}, high: {retention_years: 3}}"))
    other = read_policy_text(
        f"""
        # Another order, other words, and a comment.
        tiers:
          high: {{"retention_years": 3}}
          low:
        activation: {{approvals: 1, roles: [owner]}}
        format: registry_assets/policy/1
        unlisted: declared
        people:
          - {{keys: ['{key(0)}'], roles: ["owner"], name: ann}}
        """
    )
    assert (one, one.digest) == (other, other.digest)
    assert rules_of("{evaluation_max_age: 90 days}") == rules_of("{evaluation_max_age: 7776000}")
    third = read_policy_text(written("tiers: {low: {}, high: {retention_years: 4}}"))
    assert third.digest != one.digest


def test_every_mistake_is_named_with_its_place_and_all_at_once() -> None:
    found = problems(
        """
        format: registry_assets/policy/9
        people:
          - {full_name: Ann, rolls: [risk], keys: [5]}
          - bob
        activation: {roles: owner, approvals: many}
        tiers:
          high:
            retention_years: -1
            pointers:
              production:
                approvals: 1.5
                evaluation_max_age: a while
                tags: {stage: [true]}
                freeze: [{start: soon, end: 2026-12-20}, {weekly: {start: fri 16:00}}]
                override: {roles: [risk], expires: 1 day, waive: [gates]}
                unsigned: perhaps
        models: {late: {gates: {auc: {threshold: .5}}}}
        unlistd: hold
        """
    )
    places = [problem.split(" ")[0] for problem in found]
    assert places == [
        "format",
        "people[1].name",
        "people[1].keys",
        "people[1].rolls",
        "people[2]",
        "people[2].name",
        "activation.roles",
        "activation.approvals",
        "tiers.high.pointers.production.approvals",
        "tiers.high.pointers.production.tags.stage",
        "tiers.high.pointers.production.evaluation_max_age",
        "tiers.high.pointers.production.freeze[1].start",
        "tiers.high.pointers.production.freeze[1].end",
        "tiers.high.pointers.production.freeze[2].weekly.end",
        "tiers.high.pointers.production.unsigned",
        "tiers.high.pointers.production.override.waive",
        "tiers.high.retention_years",
        "models.late.tier",
        "unlistd",
    ]
    said = "\n".join(found)
    assert "this release reads registry_assets/policy/1" in said
    assert "people[1].rolls is not known: did you mean roles?" in said
    assert "override.waive is not known: did you mean waives?" in said
    assert "unlistd is not known: did you mean unlisted?" in said
    assert "activation.roles is 'owner'; expected a list: [owner]" in said
    assert "activation.approvals is 'many'; expected a whole number of 0 to 10,000" in said
    assert "expected a time such as '30 days' or '12 hours', of a century at most" in said
    assert "expected an instant with its zone: 2026-12-20T00:00Z" in said
    assert "unsigned is 'perhaps'; expected allowed or forbidden" in said


def test_the_message_names_the_file_and_lists_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    for text, count in (("people: []", "a mistake"), (written("models: {x: {}, y: {}}"), "2 mis")):
        file.write_text(text)
        with pytest.raises(PolicyInvalid) as caught:
            read_policy(file)
        assert caught.value.message.startswith(f"{file} has {count}")
        assert len(caught.value.problems) == len(caught.value.message.splitlines()) - 1
    # What contradicts itself is named by the file as well.
    file.write_text(written("unlisted: perhaps"))
    with pytest.raises(PolicyInvalid, match=r"policy\.yaml has a mistake:\n  - unlisted is"):
        read_policy(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unlisted: hold\nunlisted: declared", "'unlisted' stands twice"),
        ("tiers: {high: {}, low: {}, high: {retention_years: 3}}", "'high' stands twice"),
        ('models: {"late": {tier: low}, late: {tier: high}}', "'late' stands twice"),
        ("tiers: {low: &low {}, high: *low}", "an alias is refused"),
        ("services: !!python/object/apply:os.system ['true']", "python/object/apply:os.system"),
        ("services: !!set {ci}", "the tag tag:yaml.org,2002:set is refused"),
        ("services: !!binary aGk=", "binary is refused"),
        ("unlisted: !!timestamp hold", "timestamp is refused"),
        ("unlisted: ! hold", "the tag ! is refused"),
        ("services: [", "expected the node content"),
        ("--- {}", "expected a single document"),
        ("services: [\x07]", "special characters are not allowed"),
        ("? [services]\n: [ci]", "unhashable"),
        ("services: " + "[" * 3000, "recursion"),
        ("services: [" + "9" * 5000 + "]", "integer"),
    ],
)
def test_what_could_be_read_in_two_ways_or_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(PolicyInvalid, match="cannot be read") as caught:
        read_policy_text(written(text))
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unlisted: hold\nunlisted: hold", "line 5, column 1: 'unlisted' stands twice"),
        ("tiers:\n\tlow: {}", "line 5, column 1: while scanning for the next token"),
        ("tiers:\n\tlow: {}", "indent with spaces, not with tabs"),
        ("tiers: {\nlow: {}\n", "but got '<stream end>' (begun in line 4)"),
        ("services: [\x07]", "special characters are not allowed at position"),
    ],
)
def test_a_mistake_of_yaml_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        read_policy_text(written(text), where="policy.yaml")
    assert said in caught.value.message
    assert caught.value.message.startswith("policy.yaml cannot be read: ")
    assert "unicode string" not in caught.value.message


def test_a_name_that_is_merged_in_is_no_name_that_is_known() -> None:
    said = rule_problems("{<<: {approvals: 0}, approvals: 2}")
    assert said[0].startswith("tiers.high.pointers.production.<< is not known")


def test_what_old_yaml_takes_for_something_else_is_what_stands_there() -> None:
    traps = "[no, on, y, True, 010, 0x10, 1_000, 1:30, 2026-12-20, .inf, =]"
    found = rules_of(f"{{tags: {{country: {traps}, no: ok}}}}")
    assert found.tags["country"] == tuple(traps.strip("[]").split(", "))
    assert found.tags["no"] == ("ok",)
    said = rule_problems("{approvals: 010, min_staging: 1:30, unsigned: no}")
    assert [problem.rpartition(" is ")[2].partition(";")[0] for problem in said] == [
        "'010'", "'1:30'", "'no'",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["true", "5", "2.5", "-7", "1e3"])
def test_a_text_that_yaml_takes_for_a_number_has_to_stand_in_quotes(value: str) -> None:
    for text in (f"{{tags: {{year: [{value}]}}}}", f"{{roles: [{value}]}}"):
        assert "expected a text: put it in quotes" in rule_problems(text)[0]
    assert rules_of(f"{{tags: {{year: ['{value}']}}}}").tags["year"] == (value,)
    (said,) = problems(written(f"tiers: {{{value}: {{}}}}"))
    assert said.startswith("tiers has the name")
    assert said.endswith("put it in quotes")


def test_two_names_do_not_become_one() -> None:
    assert "has the name 1;" in rule_problems("{tags: {1: [a], '1': [b]}}")[0]


def test_a_tag_may_have_any_value_one_or_several() -> None:
    found = rules_of("{tags: {any: , one: gold, more: [gold, silver], none: []}}")
    assert found.tags == {"any": (), "one": ("gold",), "more": ("gold", "silver"), "none": ()}
    assert "tags.x is {'a': 'b'}; expected a list" in rule_problems("{tags: {x: {a: b}}}")[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45", 45),
        ("1 second", 1),
        ("90 minutes", 5400),
        ("12 hours", 43_200),
        ("30 days", 2_592_000),
        ("2weeks", 1_209_600),
    ],
)
def test_times_are_written_in_words(text: str, seconds: int) -> None:
    assert rules_of(f"{{min_staging: {text}}}").min_staging == seconds


@pytest.mark.parametrize(
    "text", ["1 month", "-1", "1.5 days", "36600 days 1", "9999999999 weeks", "[1]", "true"]
)
def test_a_time_that_is_none_or_beyond_a_century_is_refused(text: str) -> None:
    assert "min_staging" in rule_problems(f"{{min_staging: {text}}}")[0]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-20T00:00Z", "2026-12-20T00:00:00.000000Z"),
        ("2026-12-20 01:30:00+01:00", "2026-12-20T00:30:00.000000Z"),
        ("'2026-12-20T00:00:00.5+00:00'", "2026-12-20T00:00:00.500000Z"),
    ],
)
def test_instants_are_kept_in_utc(text: str, instant: str) -> None:
    (freeze,) = rules_of(f"{{freeze: [{{start: {text}, end: 2027-01-01T00:00Z}}]}}").freeze
    assert (freeze.start, freeze.end) == (instant, "2027-01-01T00:00:00.000000Z")


@pytest.mark.parametrize(
    "text", ["2026-12-20", "2026-12-20T00:00", "0001-01-01T00:00+14:00", "2026-02-30T00:00Z", "5"]
)
def test_an_instant_without_a_zone_or_that_never_was_is_refused(text: str) -> None:
    said = rule_problems(f"{{freeze: [{{start: {text}, end: 2027-01-01T00:00Z}}]}}")
    assert "freeze[1].start" in said[0]


@pytest.mark.parametrize("value", [float("nan"), 2**60, {"a": object()}, {1: 2}, b"x", "\ud800"])
def test_a_gate_that_json_cannot_say_is_refused_where_it_is_made(value: Any) -> None:
    models = {"late": {"tier": "low", "gates": {"own": {"gate": "own", "rule": value}}}}
    given = {**full().to_json(), "models": models}
    with pytest.raises(PolicyInvalid, match=r"models\.late\.gates\.own cannot be kept"):
        read_policy_value(given)


def test_a_file_larger_than_a_megabyte_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(written("#" * (1 << 20)))
    with pytest.raises(PolicyInvalid, match="larger than a megabyte"):
        read_policy(file)
    with pytest.raises(PolicyInvalid, match="larger than a megabyte"):
        read_policy(Path("/dev/zero"))


def test_a_file_that_cannot_be_read_says_so_and_what_to_do(tmp_path: Path) -> None:
    missing, binary = tmp_path / "gone.yaml", tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, why in ((missing, "No such file"), (tmp_path, "Is a dir"), (binary, "no UTF-8")):
        with pytest.raises(PolicyInvalid, match=why) as caught:
            read_policy(path)
        assert "registry policy draft" in caught.value.hint


def test_an_empty_file_is_no_policy(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    for text in ("", "# nothing", "null"):
        file.write_text(text)
        with pytest.raises(PolicyInvalid) as caught:
            read_policy(file)
        assert caught.value.message == f"{file} is empty"
        assert "registry policy draft" in caught.value.hint
    missing = ("activation is missing: say whose signatures the next policy takes",)
    assert problems("{}") == missing
    # What is no mapping has no fields that could be missing.
    assert problems("[1]") == ("the policy is [1]; expected names with values",)
    assert problems("hello") == ("the policy is 'hello'; expected names with values",)


def test_a_policy_made_in_python_is_held_to_the_same_form() -> None:
    bad: Any = {
        "approvals": "2",
        "min_staging": 2.5,
        "roles": "risk",
        "freeze": (Freeze(start="2026-12-20", end="2027-01-01T00:00:00.000000Z"),),
    }
    with pytest.raises(PolicyInvalid) as caught:
        full(tiers={"high": full().tiers["low"].__class__(pointers={"eu": PointerRules(**bad)})})
    assert len(caught.value.problems) == 4
    people: Any = (Person(name="ann", roles=("owner",), keys=(5,)),)  # type: ignore[arg-type]
    with pytest.raises(PolicyInvalid, match=r"people\[1\]\.keys holds 5"):
        full(people=people)


def test_an_instant_in_python_is_written_as_the_catalog_writes_it() -> None:
    freeze = Freeze(start="2026-12-20T00:00Z", end="2027-01-01T00:00:00.000000Z")
    rules = PointerRules(freeze=(freeze,))
    with pytest.raises(PolicyInvalid, match=r"freeze\[1\]\.start is '2026-12-20T00:00Z'"):
        full(tiers={"high": full().tiers["low"].__class__(pointers={"eu": rules})}, models={})


def test_what_is_written_is_read_by_others_as_it_is_read_here() -> None:
    value = {"a": ["1e3", "no", "010", "1:30", "~", "2026-12-20", ""], "b": [1e-7, 0.65, 3, None]}
    assert parse_yaml(to_yaml(value)) == value == yaml.safe_load(to_yaml(value))
