"""Laws of names, digests, free text and references."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.canonical import sha256_digest
from registry_assets.errors import (
    DeclarationError,
    InvalidName,
    InvalidReference,
    RegistryError,
)
from registry_assets.references import (
    CommitName,
    ManifestName,
    Reference,
    SnapshotName,
    check_digest,
    check_name,
    check_text,
    parse_subject,
)

DIGEST = sha256_digest(b"")

names = st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)
references = (
    st.builds(Reference, names)
    | st.builds(Reference, names, version=st.integers(1, 10**18 - 1))
    | st.builds(Reference, names, pointer=names)
    | st.builds(Reference, names, digest=st.binary(max_size=4).map(sha256_digest))
)


@given(references)
def test_parsing_the_text_of_a_reference_gives_it_back(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(st.text(max_size=30))
def test_a_text_is_refused_or_is_the_one_spelling_of_its_reference(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except InvalidReference:
        return
    assert str(reference) == text


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("flight_delay", Reference("flight_delay")),
        ("flight_delay:12", Reference("flight_delay", version=12)),
        ("flight_delay@production", Reference("flight_delay", pointer="production")),
        (f"flight_delay@{DIGEST}", Reference("flight_delay", digest=DIGEST)),
    ],
)
def test_the_four_forms_are_read(text: str, reference: Reference) -> None:
    assert Reference.parse(text) == reference


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            ":",
            "@",
            "a:",
            "a@",
            ":1",
            "a:0",
            "a:01",
            "a:-1",
            "a:+1",
            "a:1.0",
            "a:\u0661",
            "a: 1",
            "a:1\n",
        ],
        *["a:" + "9" * 19, "a@b@c", "a:1@b", "a@b:1", "A:1", "a@sha256:", f"a@{DIGEST.upper()}"],
        *[f"a@{DIGEST}0", "../a", "a/b", "a b", "a" * 64, "x" * 100_000, None, 7],
    ],
)
def test_every_other_form_is_refused_with_the_right_ones(text: Any) -> None:
    with pytest.raises(InvalidReference) as refusal:
        Reference.parse(text)
    assert "name:12" in refusal.value.hint
    assert len(str(refusal.value)) < 1000


def test_a_reference_says_which_version_in_one_way_only() -> None:
    with pytest.raises(InvalidReference, match="more than one way"):
        Reference("a", version=1, pointer="production")


@pytest.mark.parametrize("version", [0, -1, True, 1.5])
def test_a_version_number_is_a_positive_integer(version: Any) -> None:
    with pytest.raises(InvalidReference):
        Reference("a", version=version)


@given(names)
def test_a_name_of_the_right_form_is_given_back(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "text",
    [
        *["", "A", "1a", "_a", "a-b", "a.b", "a b", "a\n", "é", "\u0430", "a/b", "..", "a\0"],
        *["a" * 64, "; drop table versions", "🙂", None, 3, b"a"],
    ],
)
def test_every_other_name_is_refused(text: Any) -> None:
    with pytest.raises(InvalidName):
        check_name(text)


def test_a_refused_name_suggests_the_one_that_is_meant() -> None:
    with pytest.raises(InvalidName, match="no model name") as refusal:
        check_name("Churn-Risk.2", what="model name")
    assert refusal.value.hint == "Try 'churn_risk_2'."


@pytest.mark.parametrize("text", ["", "sha256:", DIGEST.upper(), DIGEST[:-1], f"{DIGEST}\n", None])
def test_only_one_form_of_digest_is_taken(text: Any) -> None:
    with pytest.raises(InvalidReference):
        check_digest(text)
    assert check_digest(DIGEST) == DIGEST


def test_text_in_any_language_passes_unchanged() -> None:
    text = "Verspätung\n\t延误 遅延 🙂 עיכוב"
    assert check_text(text, what="description", limit=100) == text


@pytest.mark.parametrize(
    "character", ["\0", "\x1b", "\r", "\x9b", "\ud800", "\u202e", "\u2066", "\u200f"]
)
def test_characters_that_deceive_or_break_are_refused_by_position(character: str) -> None:
    with pytest.raises(
        DeclarationError, match=f"U\\+{ord(character):04X} at position 2"
    ) as refusal:
        check_text(f"ab{character}c", what="description", limit=100)
    assert character not in str(refusal.value)


def test_text_beyond_its_limit_is_refused_with_both_lengths() -> None:
    with pytest.raises(DeclarationError, match=r"10,000 characters long; at most 9,999"):
        check_text("x" * 10_000, what="description", limit=9_999)


@given(st.text())
def test_text_that_passes_can_be_written_anywhere(text: str) -> None:
    try:
        passed = check_text(text, what="description", limit=1000)
    except RegistryError:
        return
    assert passed.encode().decode() == text
    assert "\0" not in passed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("raw/Flights-2", SnapshotName("raw/Flights-2")),
        ("flights[2013-03]", SnapshotName("flights", "2013-03")),
        ("raw/flights[a b/é:@[]", SnapshotName("raw/flights", "a b/é:@[")),
        (f"sha256:{'a' * 64}", ManifestName(f"sha256:{'a' * 64}")),
        ("flights", Reference("flights")),
        ("flights:3", Reference("flights", version=3)),
        ("flights@production", Reference("flights", pointer="production")),
    ],
)
def test_what_lineage_is_asked_about_is_read_by_its_form(text: str, name: object) -> None:
    assert parse_subject(text) == name
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "flights[]", "flights[a", "flights[a]b", "[a]", "a//b[c]", "/a[b]", "flights[a]]",
        "flights[\x1b]", "flights:0", "sha256:abc", "a b", "../x[y]\n", f"f[{'x' * 501}]",
    ],
)  # fmt: skip
def test_what_has_no_form_of_lineage_is_refused(text: str) -> None:
    with pytest.raises((InvalidReference, DeclarationError)):
        parse_subject(text)


@pytest.mark.parametrize("text", ["abc123", "ABCDEF0", "abcdefg", "main", "a" * 65, "%234567"])
def test_a_commit_is_at_least_seven_small_hexadecimal_digits(text: str) -> None:
    with pytest.raises(InvalidReference, match="is no commit"):
        CommitName(text)
    assert str(CommitName("abcdef0")) == "commit abcdef0"
