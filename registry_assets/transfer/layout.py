"""The names in an export, and the description that lists what is in it.

An export is a folder, or a tar of the same files. Nothing else is read from one than regular
files with names of this form.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.ledger import REGISTRY, Head, chain_origin
from registry_assets.catalog.monitoring_tables import POST
from registry_assets.catalog.tables import VOUCHED, imported_rows, settings
from registry_assets.errors import ExportUnreadable, RegistryError
from registry_assets.references import check_digest, check_name

FORMAT = "registry_assets/export/1"

DESCRIPTION = "registry-export.json"
OBJECTS = "objects.jsonl"

TABLES = (*VOUCHED, imported_rows, settings, *POST)
"""In an order in which none refers to a later one."""

OF_A_BACKUP = (settings, *POST)
"""Tables of a registry that is put back as it was, and of no other."""

LARGEST_DESCRIPTION = 1 << 26
LONGEST_LINE = 1 << 26
"""Bytes; the event of an import of 100,000 snapshots has one million."""

_IDENTITY = re.compile(r"[0-9a-f]{32}")
_MODEL = r"[a-z][a-z0-9_]{0,62}"
_NAME = re.compile(
    rf"{re.escape(DESCRIPTION)}|{re.escape(OBJECTS)}"
    rf"|events/(?:{_MODEL}|{REGISTRY}(?:@[0-9a-f]{{32}})?)\.jsonl"
    rf"|rows/(?:{'|'.join(table.name for table in TABLES)})\.jsonl"
    rf"|pointers/{_MODEL}/{_MODEL}\.json"
    r"|objects/sha256/[0-9a-f]{2}/[0-9a-f]{62}"
)


def is_known(name: str) -> bool:
    """Tell whether a file of this name can be part of an export."""
    return _NAME.fullmatch(name) is not None


def events_file(chain: str) -> str:
    """Give the name of a chain's file."""
    return f"events/{chain}.jsonl"


def rows_file(table: str) -> str:
    """Give the name of a table's file."""
    return f"rows/{table}.jsonl"


def pointer_file(model: str, pointer: str) -> str:
    """Give the name of a pointer's file."""
    return f"pointers/{model}/{pointer}.json"


def object_file(digest: str) -> str:
    """Give the name of a blob's file: as in a store in a folder."""
    digits = digest.removeprefix("sha256:")
    return f"objects/sha256/{digits[:2]}/{digits[2:]}"


@dataclass(frozen=True, slots=True)
class Description:
    """What an export says of itself, in `registry-export.json`.

    Law: `Description.from_bytes(description.to_bytes()) == description`.

    Args:
        origin: the identity of the registry that it was made of.
        whole: everything is in it, also data that no version was made from: a backup.
        with_objects: the blobs are in it; without, the store must have them.
        heads: the end of every chain in it: a checkpoint.
        files: the digest of every file but this one and the blobs, which have their own names.
    """

    origin: str
    whole: bool
    with_objects: bool
    models: tuple[str, ...]
    heads: Mapping[str, Head]
    counts: Mapping[str, int]
    files: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """Write it as canonical JSON."""
        heads: dict[str, Json] = {
            chain: {"sequence": head.sequence, "digest": head.digest}
            for chain, head in self.heads.items()
        }
        return canonical_json(
            {
                "format": FORMAT,
                "origin": self.origin,
                "whole": self.whole,
                "with_objects": self.with_objects,
                "models": list(self.models),
                "heads": heads,
                "counts": dict(self.counts),
                "files": dict(self.files),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote, and nothing else.

        Raises:
            ExportUnreadable: it is none, or of a newer release's format.
        """
        try:
            document = json.loads(data)
            found = document["format"]
            if found == FORMAT:
                description = cls._from_document(document)
                if description.to_bytes() == data:
                    return description
                raise _unreadable("it is not in the form in which it was written")
        except RegistryError as error:
            raise _unreadable(error.message) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _unreadable(f"{type(error).__name__}: {error}") from error
        raise ExportUnreadable(
            f"the export is of the format {found!r:.100}; this release reads {FORMAT!r}",
            hint="if a newer release of registry_assets wrote it, upgrade to that release",
        )

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Self:
        description = cls(
            origin=document["origin"],
            whole=document["whole"],
            with_objects=document["with_objects"],
            models=tuple(check_name(name) for name in document["models"]),
            heads={
                chain: Head(_count(head["sequence"]), check_digest(head["digest"]))
                for chain, head in document["heads"].items()
            },
            counts={name: _count(count) for name, count in document["counts"].items()},
            files={name: check_digest(digest) for name, digest in document["files"].items()},
        )
        if not _IDENTITY.fullmatch(description.origin):
            raise _unreadable(f"{description.origin!r:.100} is no registry's identity")
        for flag in (description.whole, description.with_objects):
            if not isinstance(flag, bool):
                raise _unreadable(f"{flag!r:.100} is neither true nor false")
        for chain in description.heads:
            if chain != REGISTRY and chain_origin(chain) is None:
                check_name(chain)
        return description


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise _unreadable(f"{value!r:.100} is no count")
    return value


def _unreadable(why: str) -> ExportUnreadable:
    return ExportUnreadable(
        f"{DESCRIPTION} is no description of an export: {why}",
        hint="export again, or take an intact copy",
    )
