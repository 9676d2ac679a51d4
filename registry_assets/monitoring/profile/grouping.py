"""Rows told apart by a column, as bytes and back: a line of canonical JSON, and then profiles."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.errors import ProfileInvalid
from registry_assets.monitoring.profile.groups import Groups
from registry_assets.monitoring.profile.table import Profile

FORMAT = "registry_assets/groups/1"


def groups_to_bytes(groups: Sequence[Groups]) -> bytes:
    """Give the one way in which groups are stored."""
    head: list[Json] = []
    body: list[bytes] = []
    for each in groups:
        profiles = {value: profile.to_bytes() for value, profile in each.profiles.items()}
        values: list[Json] = [[value, len(data)] for value, data in profiles.items()]
        head.append({"column": each.column, "reason": each.reason, "values": values})
        body += profiles.values()
    return canonical_json({"format": FORMAT, "columns": head}) + b"\n" + b"".join(body)


def groups_from_bytes(data: bytes) -> tuple[Groups, ...]:
    """Read what `groups_to_bytes` gave.

    Raises:
        ProfileInvalid: they are not such bytes, or of a newer release's.
    """
    line, _, body = data.partition(b"\n")
    try:
        head = json.loads(line)
        found = head.get("format") if isinstance(head, dict) else None
        if found != FORMAT:
            raise _invalid(f"their format is {found!r:.80}, expected {FORMAT!r}")
        groups = tuple(_read(head["columns"], body))
        same = groups_to_bytes(groups) == data
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _invalid(f"{type(error).__name__}: {error}"[:200]) from None
    if not same:
        raise _invalid("they are not written in the one way that groups are")
    return groups


def _read(columns: Sequence[Mapping[str, Any]], body: bytes) -> Iterator[Groups]:
    start = 0
    for each in columns:
        profiles = {}
        for value, length in each["values"]:
            profiles[value] = Profile.from_bytes(body[start : start + length])
            start += length
        yield Groups(each["column"], profiles, each["reason"])


def _invalid(what: str) -> ProfileInvalid:
    return ProfileInvalid(
        f"These bytes are not the profiles of groups: {what}.",
        hint="They were damaged, or written by a newer release: upgrade registry_assets.",
    )
