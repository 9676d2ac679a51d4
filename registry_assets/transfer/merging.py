"""How the history of an export fits what a registry has: chain by chain, before any change.

A chain is the same past on both sides, or it is not: of two chains one must be how the other
begins. Nothing is ever merged that went on in two places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from registry_assets.catalog.ledger import GENESIS, REGISTRY, Head, chain_origin, read_head
from registry_assets.catalog.provenance import Provenance, Segment
from registry_assets.catalog.tables import events, registered_models
from registry_assets.errors import ImportRefused
from registry_assets.transfer.layout import Description

Fit = Literal["new", "extended", "unchanged", "ahead"]


@dataclass(frozen=True, slots=True)
class ModelFit:
    """How one model of an export fits.

    `new`: the name is free here. `extended`: what is here is how it begins. `unchanged`: both
    are the same. `ahead`: what is here has gone on.

    Args:
        before: events that are here.
        after: events that are here afterwards.
    """

    name: str
    fit: Fit
    before: int
    after: int

    @property
    def changes(self) -> bool:
        """Whether an import changes anything about it."""
        return self.fit in ("new", "extended")


@dataclass(frozen=True, slots=True)
class Sides:
    """An export and the registry that it comes into, each in one transaction."""

    description: Description
    theirs: sa.Connection
    their_origins: Provenance
    ours: sa.Connection
    our_origins: Provenance

    def name_here(self, chain: str) -> str:
        """Give the name that one of their chains has here."""
        if chain == REGISTRY:
            return self.our_origins.own_chain(self.their_origins.registry)
        origin = chain_origin(chain)
        return chain if origin is None else self.our_origins.own_chain(origin)

    def their_segments(self, model: str) -> Iterator[Segment]:
        """Give where they say that each part of a model's history was made: at last by them."""
        found = self.their_origins.segments.get(model, ())
        yield from found
        head = self.description.heads[model]
        if not found or head.sequence > found[-1].sequence:
            yield Segment(head.sequence, head.digest, self.their_origins.registry)

    def new_segments(self, model: str) -> list[Segment]:
        """Give the segments of a model that are not noted here yet."""
        known = self.our_origins.segments.get(model, ())
        last = known[-1].sequence if known else -1
        return [segment for segment in self.their_segments(model) if segment.sequence > last]


def fit_models(sides: Sides) -> tuple[ModelFit, ...]:
    """Say how every model of the export fits.

    Raises:
        ImportRefused: one has another history here, or the export's registry has; the first
            event that differs is named.
    """
    for chain in sides.description.heads:
        if chain == REGISTRY or chain_origin(chain) is not None:
            _fit_registry(sides, chain)
    return tuple(_fit_model(sides, name) for name in sides.description.models)


def _fit_registry(sides: Sides, chain: str) -> None:
    here, origin = sides.name_here(chain), chain_origin(chain) or sides.their_origins.registry
    theirs, ours = sides.description.heads[chain], read_head(sides.ours, here)
    differing = _first_difference(sides, chain, here, theirs, ours)
    if differing is not None:
        raise ImportRefused(
            f"registry {origin} has another past in the export than is known of it here: they"
            f" differ at event {differing} of its own chain",
            hint="two registries go on under one identity, each from a copy of the other: decide"
            " which one is to live. Nothing was changed",
        )
    if here == REGISTRY and theirs.sequence > ours.sequence:
        raise ImportRefused(
            f"the export knows {theirs.sequence} events of this registry's own chain, which has"
            f" {ours.sequence}: the catalog here is older than what left it",
            hint="put the newer catalog back from a backup. Nothing was changed",
        )


def _fit_model(sides: Sides, name: str) -> ModelFit:
    theirs, ours = sides.description.heads[name], read_head(sides.ours, name)
    table = registered_models
    found = sides.ours.execute(sa.select(table.c.name).where(table.c.name == name)).scalar()
    if found is None:
        _refuse_own(sides, name, after=-1)
        return ModelFit(name, "new", 0, theirs.sequence)
    founders = sides.our_origins.founder(name), sides.their_origins.founder(name)
    if founders[0] != founders[1]:
        raise ImportRefused(
            f"{name} exists here with another history: it was declared in registry {founders[0]},"
            f" that of the export in {founders[1]}",
            hint="names are never freed and histories never mixed: export it under another"
            " declaration, or import into a registry that has no such model. Nothing was changed",
        )
    differing = _first_difference(sides, name, name, theirs, ours)
    shared = min(theirs.sequence, ours.sequence)
    if differing is None:
        differing = next(
            (
                sequence
                for sequence in range(1, shared + 1)
                if sides.our_origins.maker(name, sequence)
                != sides.their_origins.maker(name, sequence)
            ),
            None,
        )
    if differing is not None:
        raise ImportRefused(
            f"{name} exists here with another history: event {differing} of the export is not"
            f" event {differing} here",
            hint=f"it went on in two places after event {differing - 1}, and histories are never"
            " mixed. Nothing was changed",
        )
    if theirs.sequence > ours.sequence:
        _refuse_own(sides, name, after=ours.sequence)
        return ModelFit(name, "extended", ours.sequence, theirs.sequence)
    fit: Fit = "ahead" if ours.sequence > theirs.sequence else "unchanged"
    return ModelFit(name, fit, ours.sequence, ours.sequence)


def _refuse_own(sides: Sides, name: str, *, after: int) -> None:
    """Refuse events that were made in this very registry, which does not know them."""
    for segment in sides.their_segments(name):
        if segment.sequence > after and segment.origin == sides.our_origins.registry:
            raise ImportRefused(
                f"the export has events of {name} up to {segment.sequence} that were made in this"
                f" very registry, which has {max(after, 0)}: the catalog here is older",
                hint="put the newer catalog back from a backup. Nothing was changed",
            )


def _first_difference(sides: Sides, there: str, here: str, theirs: Head, ours: Head) -> int | None:
    """Give the first event that is another one on the other side; None where one begins so."""
    shared = min(theirs.sequence, ours.sequence)
    if shared == 0 or _digest(sides.theirs, there, shared) == _digest(sides.ours, here, shared):
        return None  # every event's digest covers all before it
    pairs = zip(_digests(sides.theirs, there), _digests(sides.ours, here), strict=False)
    return next(
        (sequence for sequence, (one, other) in enumerate(pairs, start=1) if one != other), shared
    )


def _digest(connection: sa.Connection, chain: str, sequence: int) -> str:
    found = connection.execute(
        sa.select(events.c.digest).where(events.c.chain == chain, events.c.sequence == sequence)
    )
    return str(found.scalar() or GENESIS)


def _digests(connection: sa.Connection, chain: str) -> Sequence[str]:
    found = connection.execute(
        sa.select(events.c.digest).where(events.c.chain == chain).order_by(events.c.sequence)
    )
    return list(found.scalars())
