"""Statements: one form for what is said, and nothing else read as one."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.errors import RegistryError, StatementInvalid
from registry_assets.signing.statement import LARGEST_STATEMENT, MOST_SUBJECTS, Statement, Subject
from registry_assets_tests.test_canonical import texts, values

APPROVAL = "https://example.org/approval/v1"
DIGEST = sha256_digest(b"a version")

statements = st.builds(
    Statement,
    subjects=st.lists(
        st.builds(
            Subject,
            name=st.from_regex(r"[a-z][a-z0-9:@]{0,8}", fullmatch=True),
            digest=st.binary(max_size=4).map(sha256_digest),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda subject: subject.name,
    ).map(tuple),
    predicate_type=st.just(APPROVAL),
    predicate=st.dictionaries(texts, values, max_size=4),
)


def example() -> Statement:
    return Statement(
        (Subject("flights:12", DIGEST),), APPROVAL, {"pointer": "production", "note": "gut für uns"}
    )


def document() -> dict[str, Any]:
    """The JSON of a statement, for a test to change."""
    read: dict[str, Any] = json.loads(example().to_bytes())
    return read


@settings(max_examples=50)
@given(statements)
def test_a_statement_reads_back_from_its_bytes(statement: Statement) -> None:
    again = Statement.from_bytes(statement.to_bytes())
    assert again == statement
    assert again.to_bytes() == statement.to_bytes()


def test_the_bytes_of_a_statement_never_change_between_releases() -> None:
    digest = DIGEST.removeprefix("sha256:")
    assert (
        example().to_bytes()
        == (
            '{"_type":"https://in-toto.io/Statement/v1",'
            '"predicate":{"note":"gut für uns","pointer":"production"},'
            '"predicateType":"https://example.org/approval/v1",'
            f'"subject":[{{"digest":{{"sha256":"{digest}"}},"name":"flights:12"}}]}}'
        ).encode()
    )


def test_a_statement_keeps_what_it_was_made_of() -> None:
    predicate: dict[str, Any] = {"roles": ["risk"]}
    statement = Statement((Subject("flights:12", DIGEST),), APPROVAL, predicate)
    predicate["roles"].append("owner")
    assert statement.predicate == {"roles": ["risk"]}


def test_a_statement_of_another_type_is_not_taken_for_this_one() -> None:
    assert example().expect(APPROVAL) == example().predicate
    with pytest.raises(StatementInvalid, match=r"approval/v1, where a .*activation/v1 is expected"):
        example().expect("https://example.org/activation/v1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "its _type is not"),
        ({"_type": None}, "its _type is not"),
        ({"_type": ["https://in-toto.io/Statement/v1"]}, "its _type is not"),
        ({"predicateType": ""}, "must be a web address"),
        ({"predicateType": "approval"}, "must be a web address"),
        ({"predicateType": "https://a b"}, "must be a web address"),
        ({"predicateType": "https://example.org/\u202e"}, "must be a web address"),
        ({"predicateType": True}, "text is expected"),
        ({"predicateType": None}, "text is expected"),
        ({"predicate": None}, "must be an object"),
        ({"predicate": []}, "must be an object"),
        ({"predicate": "x"}, "must be an object"),
        ({"more": 1}, "exactly _type, predicate, predicateType, subject"),
        ({"subject": None}, "a list of 1 to 100 subjects"),
        ({"subject": []}, "a list of 1 to 100 subjects"),
        ({"subject": {}}, "a list of 1 to 100 subjects"),
        ({"subject": [None]}, "exactly digest, name"),
        ({"subject": [{"name": "a"}]}, "exactly digest, name"),
        ({"subject": [{"name": "a", "digest": {}}]}, "exactly sha256"),
        ({"subject": [{"name": "a", "digest": DIGEST}]}, "exactly sha256"),
        ({"subject": [{"name": "a", "digest": {"sha512": "0" * 128}}]}, "exactly sha256"),
        ({"subject": [{"name": "a", "digest": {"sha256": "0" * 63}}]}, "no digest"),
        ({"subject": [{"name": "a", "digest": {"sha256": "A" * 64}}]}, "no digest"),
        ({"subject": [{"name": "a", "digest": {"sha256": 0}}]}, "text is expected"),
        ({"subject": [{"name": 1, "digest": {"sha256": "0" * 64}}]}, "text is expected"),
        ({"subject": [{"name": "", "digest": {"sha256": "0" * 64}}]}, "name on one line"),
        ({"subject": [{"name": "a\nb", "digest": {"sha256": "0" * 64}}]}, "name on one line"),
        ({"subject": [{"name": "a\0", "digest": {"sha256": "0" * 64}}]}, "not text"),
        ({"subject": [{"name": "\u202ea", "digest": {"sha256": "0" * 64}}]}, "not text"),
        ({"subject": [{"name": "a" * 1025, "digest": {"sha256": "0" * 64}}]}, "at most 1,024"),
        ({"subject": [{"name": "a", "digest": {"sha256": "0" * 64}}] * 2}, "each of its own name"),
        ({"subject": [{"name": "a", "digest": {"sha256": "0" * 64}}] * 101}, "1 to 100 subjects"),
    ],
)
def test_a_statement_that_says_something_else_is_refused(
    change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(StatementInvalid, match=reason):
        Statement.from_bytes(canonical_json({**document(), **change}))


@pytest.mark.parametrize("key", ["_type", "subject", "predicateType", "predicate"])
def test_a_statement_that_lacks_something_is_refused(key: str) -> None:
    fields = document()
    del fields[key]
    with pytest.raises(StatementInvalid, match="exactly"):
        Statement.from_bytes(canonical_json(fields))


def respelled() -> list[bytes]:
    """The same content, written in other ways."""
    data = example().to_bytes()
    return [
        json.dumps(document()).encode(),
        json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()[:-1] + b" }",
        data + b"\n",
        b" " + data,
        b"\xef\xbb\xbf" + data,
        data.replace("ü".encode(), b"\\u00fc"),
        data.replace(b"/v1", b"\\/v1"),
        data.decode().encode("utf-16"),
        data.replace("ü".encode(), b"\xfc"),
    ]


@pytest.mark.parametrize("number", range(len(respelled())))
def test_the_same_content_in_another_spelling_is_refused(number: int) -> None:
    with pytest.raises(StatementInvalid):
        Statement.from_bytes(respelled()[number])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"pointer"', b'"note":"no","pointer"'),
        (b'"predicate":', b'"predicate":{},"predicate":'),
        (b'"sha256":', b'"sha256":"00","sha256":'),
        (b'"_type"', b'"_type":"https://in-toto.io/Statement/v1","_type"'),
    ],
)
def test_a_key_that_stands_twice_is_refused(old: bytes, new: bytes) -> None:
    data = example().to_bytes()
    assert data.count(old) == 1
    with pytest.raises(StatementInvalid, match="stands twice"):
        Statement.from_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    "value",
    [
        b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-0", b"1.0", b"1e2", b"01",
        b"9007199254740993", b"9" * 400, b"9" * 5000, b'"\\ud800"', b"[" * 100_000,
        b"[" * 150 + b"]" * 150, b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b"", b"nul", b"'a'",
    ],
)  # fmt: skip
def test_a_value_that_json_cannot_say_in_one_way_is_refused(value: bytes) -> None:
    data = example().to_bytes().replace(b'"production"', value)
    with pytest.raises(StatementInvalid):
        Statement.from_bytes(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"0", b'"x"', b"\0", b"{", b"\xff"])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(StatementInvalid):
        Statement.from_bytes(data)


def test_a_statement_is_never_longer_than_an_envelope_can_hold() -> None:
    subjects = (Subject("flights:12", DIGEST),)
    room = LARGEST_STATEMENT - len(Statement(subjects, APPROVAL, {"x": ""}).to_bytes())
    longest = Statement(subjects, APPROVAL, {"x": "x" * room})
    assert len(longest.to_bytes()) == LARGEST_STATEMENT
    assert Statement.from_bytes(longest.to_bytes()) == longest
    longer = Statement(subjects, APPROVAL, {"x": "x" * (room + 1)})
    with pytest.raises(StatementInvalid, match="at most 524,288"):
        longer.to_bytes()
    with pytest.raises(StatementInvalid, match="more than 524,288"):
        Statement.from_bytes(b" " * 10_000_000)


def test_a_statement_that_cannot_be_written_cannot_be_made() -> None:
    subject = Subject("flights:12", DIGEST)
    many = tuple(Subject(f"flights:{number}", DIGEST) for number in range(MOST_SUBJECTS + 1))
    for subjects, kind, predicate in (
        ((), APPROVAL, {}),
        ((subject, subject), APPROVAL, {}),
        (many, APPROVAL, {}),
        ((subject,), "approval", {}),
        ((subject,), APPROVAL, {"x": float("nan")}),
        ((subject,), APPROVAL, {"x": object()}),
    ):
        with pytest.raises(RegistryError):
            Statement(subjects, kind, predicate)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(st.data())
def test_a_statement_with_a_byte_changed_is_another_or_none(data: st.DataObject) -> None:
    written = example().to_bytes()
    position = data.draw(st.integers(0, len(written) - 1))
    changed = bytearray(written)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(StatementInvalid):
        assert Statement.from_bytes(bytes(changed)) != example()
