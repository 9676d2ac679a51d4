"""Statements of in-toto, version 1: what is said of which bytes.

A statement has one form, canonical JSON, so that whoever says the same thing signs the same
bytes. What predicates mean is `governance/`; what carries a statement and its signatures, `dsse`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from registry_assets.canonical import Json, canonical_json, plain_json
from registry_assets.errors import RegistryError, StatementInvalid
from registry_assets.references import check_digest, check_text
from registry_assets.signing.documents import list_in, read_object, with_keys
from registry_assets.signing.wire import Malformed

TYPE = "https://in-toto.io/Statement/v1"
MEDIA_TYPE = "application/vnd.in-toto+json"
"""What an envelope calls a payload of this type."""

LARGEST_STATEMENT = 1 << 19
"""The greatest length of a statement, in bytes: in base64 it still fits into an envelope."""

MOST_SUBJECTS = 100

_KEYS = ("_type", "subject", "predicateType", "predicate")
_PREDICATE_TYPE = re.compile(r"https?://[!-~]{1,200}")
_LONGEST_NAME = 1024
_SHA256 = "sha256:"


@dataclass(frozen=True, slots=True)
class Subject:
    """Bytes that a statement speaks of: what they are called, and their digest."""

    name: str
    digest: str

    def __post_init__(self) -> None:
        check_text(self.name, what="name of a subject", limit=_LONGEST_NAME)
        if not self.name or {"\n", "\t"} & set(self.name):
            raise StatementInvalid("A subject of a statement needs a name on one line.")
        check_digest(self.digest)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says of some bytes.

    Law: `Statement.from_bytes(statement.to_bytes()) == statement`.

    Args:
        predicate_type: the URI that says how to read the predicate.
        predicate: what is said; copied, so that no later change of the caller's dict reaches it.
    """

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Json] = field(hash=False)

    def __post_init__(self) -> None:
        subjects = tuple(self.subjects)
        names = {subject.name for subject in subjects}
        if not 0 < len(subjects) <= MOST_SUBJECTS or len(names) < len(subjects):
            raise StatementInvalid(
                f"A statement speaks of 1 to {MOST_SUBJECTS} subjects, each of its own name."
            )
        if not _PREDICATE_TYPE.fullmatch(self.predicate_type):
            raise StatementInvalid("The type of a statement's predicate must be a web address.")
        predicate = plain_json(self.predicate, root="predicate")
        if not isinstance(predicate, dict):
            raise StatementInvalid("The predicate of a statement must be an object.")
        object.__setattr__(self, "subjects", subjects)
        object.__setattr__(self, "predicate", predicate)

    def expect(self, predicate_type: str) -> Mapping[str, Json]:
        """Give the predicate of a statement that must be of one type.

        Raises:
            StatementInvalid: it is of another.
        """
        if self.predicate_type != predicate_type:
            raise StatementInvalid(
                f"This statement is a {self.predicate_type}, where a {predicate_type} is expected.",
                hint="It was signed for something else; have the right one signed.",
            )
        return self.predicate

    def to_bytes(self) -> bytes:
        """Write the canonical bytes, which are what is signed.

        Raises:
            StatementInvalid: there are too many of them.
        """
        data = canonical_json(
            {
                "_type": TYPE,
                "subject": [
                    {"name": each.name, "digest": {"sha256": each.digest.removeprefix(_SHA256)}}
                    for each in self.subjects
                ],
                "predicateType": self.predicate_type,
                "predicate": dict(self.predicate),
            }
        )
        if len(data) > LARGEST_STATEMENT:
            raise StatementInvalid(
                f"This statement has {len(data):,} bytes; at most {LARGEST_STATEMENT:,} are signed."
            )
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a statement from exactly the bytes that `to_bytes` writes.

        Raises:
            StatementInvalid: it is none, or the same content written otherwise.
        """
        try:
            statement = cls._read(read_object(data, keys=_KEYS, limit=LARGEST_STATEMENT))
            written = statement.to_bytes()
        except Malformed as error:
            raise StatementInvalid(f"This is no statement: {error}.") from error
        except StatementInvalid:
            raise
        except RegistryError as error:
            raise StatementInvalid(f"This is no statement. {error.message}") from error
        if written != data:
            raise StatementInvalid(
                "This statement is not in canonical form: the same content is written otherwise.",
                hint="Sign the bytes of the statement as they were given out.",
            )
        return statement

    @classmethod
    def _read(cls, document: dict[str, Any]) -> Self:
        if document["_type"] != TYPE:
            raise Malformed(f"its _type is not {TYPE}")
        subjects = list_in(document["subject"], least=1, most=MOST_SUBJECTS, what="subjects")
        return cls(
            tuple(_subject(each) for each in subjects),
            _text(document["predicateType"]),
            document["predicate"],
        )


def _subject(value: object) -> Subject:
    entry = with_keys(value, ("name", "digest"))
    sha256 = with_keys(entry["digest"], ("sha256",))["sha256"]
    return Subject(_text(entry["name"]), _SHA256 + _text(sha256))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("text is expected in it where something else stands")
    return value
