"""The pointer file: what the store tells deployments that a pointer holds.

The one home of its format. Who writes it, and when, is `lifecycle.pointer_files`; whether
what it says is believed is `seen`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from registry_assets.canonical import Json, canonical_json
from registry_assets.clock import parse_timestamp
from registry_assets.errors import PointerFileInvalid, RegistryError
from registry_assets.references import check_digest, check_name

FORMAT = "registry_assets/pointer/1"

# Far above what any evidence takes: the verdicts of a hundred gates are 50 kB.
_LONGEST = 1 << 20
# What JSON readers keep apart; also far above every generation and number there will be.
_LARGEST = 2**53 - 1
_RESTORE = (
    "Promote that version again where the catalog is: that writes the file anew. "
    "`registry verify` names what else is wrong."
)


@dataclass(frozen=True, slots=True)
class PointerFile:
    """What a pointer holds, since when, and on what evidence.

    Law: `PointerFile.from_bytes(file.to_bytes(), model=…, pointer=…) == file`.
    """

    model: str
    pointer: str
    version: int
    digest: str
    generation: int
    moved_at: str
    policy: str
    evidence: Mapping[str, Json]

    def __post_init__(self) -> None:
        check_name(self.model, what="model name")
        check_name(self.pointer, what="pointer name")
        for name, count in (("version", self.version), ("generation", self.generation)):
            if type(count) is not int or not 1 <= count <= _LARGEST:
                raise PointerFileInvalid(
                    f"its {name} is {count!r:.100}; expected a whole number from 1 on"
                )
        check_digest(self.digest)
        check_digest(self.policy)
        try:
            parse_timestamp(self.moved_at)
        except (TypeError, ValueError):
            raise PointerFileInvalid(
                f"its moved_at is {self.moved_at!r:.100}; expected an instant in UTC"
            ) from None
        if not isinstance(self.evidence, Mapping):
            raise PointerFileInvalid(f"its evidence is {self.evidence!r:.100}; expected an object")
        named: Any = self.evidence.get("attestation")
        if named is not None:
            check_digest(named)

    @property
    def attestation(self) -> str | None:
        """The digest of what the registry signed about this move; None of one before it did."""
        named = self.evidence.get("attestation")
        return None if named is None else str(named)

    def to_bytes(self) -> bytes:
        """Write the canonical bytes."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        return canonical_json({"format": FORMAT, **content})

    @classmethod
    def from_bytes(cls, data: bytes, *, model: str, pointer: str) -> Self:
        """Read a pointer file, which must be that of this model and pointer.

        Raises:
            PointerFileInvalid: it is damaged, of another format, or another pointer's.
        """
        try:
            return cls._parse(data, model=model, pointer=pointer)
        except RegistryError as error:
            raise PointerFileInvalid(
                f"the pointer file of {model}@{pointer} in the store cannot be believed:"
                f" {error.message}",
                hint=(isinstance(error, PointerFileInvalid) and error.hint) or _RESTORE,
            ) from error

    @classmethod
    def _parse(cls, data: bytes, *, model: str, pointer: str) -> Self:
        document = _document(data)
        found = document.pop("format", None)
        if found != FORMAT:
            raise PointerFileInvalid(
                f"it is of the format {found!r:.100}; this release reads {FORMAT!r}",
                hint="If a newer release of registry_assets wrote it, upgrade to that release.",
            )
        expected = {field.name for field in fields(cls)}
        if document.keys() != expected:
            wrong = sorted(document.keys() ^ expected)
            raise PointerFileInvalid(
                f"these fields are missing, or one too many: {', '.join(wrong)!r:.200}"
            )
        said = (document["model"], document["pointer"])
        if said != (model, pointer):
            raise PointerFileInvalid(
                f"it is of the model {said[0]!r:.100} and the pointer {said[1]!r:.100}"
            )
        file = cls(**document)
        # Also finds a key that stands twice, and 2.0 where 2 is meant.
        if file.to_bytes() != data:
            raise PointerFileInvalid(
                "it is not in canonical form: the same content is written otherwise"
            )
        return file


def told_generation(data: bytes | None) -> int:
    """Give the generation that a pointer file tells of; 0 of none, and of what is no such file.

    For whoever holds the catalog, and only asks whether it knows less than the store: there
    a damaged file is written anew.
    """
    try:
        found = json.loads(data or b"{}").get("generation", 0)
    except (ValueError, AttributeError, RecursionError):
        return 0
    return found if type(found) is int else 0


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > _LONGEST:
        raise PointerFileInvalid(f"it is {len(data):,} bytes long; at most {_LONGEST:,} are read")
    try:
        document: Any = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise PointerFileInvalid(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise PointerFileInvalid(f"it holds a {type(document).__name__}, no JSON object")
    return document
