"""Checkpoints: how far the ledger had come at one moment, for somebody else to keep.

A hash chain shows that nothing in it was changed; that nothing was cut off its end, or that
it was not written anew from the start, only a checkpoint shows that was kept elsewhere.
Every pointer file is one too: it carries the heads of the two chains behind its promotion.
So is the description of an export or backup, with the heads of every chain in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import REGISTRY, Head, chain_origin, read_chains, read_head
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.tables import events, settings
from registry_assets.clock import system_clock, timestamp
from registry_assets.errors import DeclarationError
from registry_assets.lifecycle.auditing import Findings
from registry_assets.lifecycle.backends import Backends
from registry_assets.references import check_digest

CHECKPOINT_FORMAT = "registry_assets/checkpoint/1"
_LARGEST = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The heads of ledger chains at one moment.

    Args:
        registry: which registry's; None where the file does not say, as a pointer's.
    """

    heads: Mapping[str, Head]
    registry: str | None = None
    made_at: str | None = None

    def to_bytes(self) -> bytes:
        """Write it as `read_checkpoint` reads it."""
        heads: dict[str, Json] = {
            chain: {"sequence": head.sequence, "digest": head.digest}
            for chain, head in self.heads.items()
        }
        return canonical_json(
            {
                "format": CHECKPOINT_FORMAT,
                "registry": self.registry,
                "made_at": self.made_at,
                "heads": heads,
            }
        )


def make_checkpoint(backends: Backends) -> Checkpoint:
    """Give the heads of all chains, as they are now."""
    with backends.catalog.read() as connection:
        heads = {chain: read_head(connection, chain) for chain in read_chains(connection)}
        return Checkpoint(heads, read_identity(connection), timestamp(system_clock()))


def identify(catalog: Catalog, *, claimed: str | None) -> str:
    """Give a catalog's name; one without a history takes over the one that its store has.

    So an init that was interrupted between the two can be repeated.

    Args:
        claimed: whose bytes the store says that it holds.
    """
    with catalog.read() as connection:
        identity = read_identity(connection)
    if claimed in (None, identity):
        return identity
    with catalog.write() as connection:
        if connection.execute(sa.select(events.c.chain).limit(1)).scalar() is not None:
            return identity
        named = sa.update(settings).where(settings.c.name == "registry")
        connection.execute(named.values(value=claimed))
        return str(claimed)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, or a pointer file or the description of a backup as one.

    Raises:
        DeclarationError: the file is none of these.
    """
    hint = (
        "give what `registry checkpoint` wrote, a pointer file of the store, or the"
        " registry-export.json of a backup"
    )
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        document: Any = json.loads(path.read_bytes())
        told = document["format"]
        if told == CHECKPOINT_FORMAT:
            heads, registry, made_at = document["heads"], document["registry"], document["made_at"]
        elif told == "registry_assets/pointer/1":
            heads, registry = document["evidence"]["ledger"], None
            made_at = document["moved_at"]
        elif told == "registry_assets/export/1":
            heads, registry, made_at = document["heads"], document["origin"], None
        else:
            raise ValueError(f"it is of the format {told!r:.100}")
        return Checkpoint({str(c): _head(head) for c, head in heads.items()}, registry, made_at)
    except OSError as error:
        raise DeclarationError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DeclarationError(f"{path} is no checkpoint: {error}", hint=hint) from error


def _head(value: Any) -> Head:
    sequence = value["sequence"]
    if type(sequence) is not int or sequence < 0:
        raise ValueError(f"a head has the sequence {sequence!r:.50}")
    return Head(sequence, check_digest(value["digest"]))


def check_past(connection: sa.Connection, checkpoint: Checkpoint, found: Findings) -> None:
    """Note every chain that does not hold what it held at the checkpoint."""
    identity = read_identity(connection)
    if checkpoint.registry not in (None, identity):
        found.add(
            "checkpoint_of_another",
            str(checkpoint.registry),
            f"the checkpoint is of registry {checkpoint.registry}; this one is {identity}",
        )
        return
    when = "when the checkpoint was made"
    if checkpoint.made_at is not None:
        when += f" ({checkpoint.made_at})"
    for chain, head in checkpoint.heads.items():
        if not head.sequence:
            continue
        digest = _digest(connection, chain, head.sequence)
        # A pointer file may be of a promotion that was made where its model came from.
        may_be_elsewhere = checkpoint.registry is None and chain == REGISTRY
        if may_be_elsewhere and head.digest in _imported(connection, head.sequence):
            continue
        if digest is None:
            now = read_head(connection, chain).sequence
            sentence = f"the ledger of {chain} had {head.sequence} events {when}; it has {now} now"
            found.add("history_truncated", chain, sentence, (chain,))
        elif digest != head.digest:
            sentence = (
                f"event {head.sequence} of {chain} was {head.digest[:19]} {when}; it is another"
                f" one now, {digest[:19]}"
            )
            found.add("history_rewritten", chain, sentence, (chain,))


def _digest(connection: sa.Connection, chain: str, sequence: int) -> str | None:
    query = sa.select(events.c.digest)
    return connection.execute(
        query.where(events.c.chain == chain, events.c.sequence == sequence)
    ).scalar()


def _imported(connection: sa.Connection, sequence: int) -> set[str]:
    """Give what this event is in the own chains of the registries that were imported from."""
    others = (chain for chain in read_chains(connection) if chain_origin(chain) is not None)
    return {str(_digest(connection, chain, sequence)) for chain in others}
