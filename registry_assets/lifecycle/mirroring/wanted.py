"""What should stand in a mirror, by the catalog alone; and whether anything is to be told there."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog.committed import list_committed
from registry_assets.catalog.mirrors import StateRecord, read_receipts, read_state
from registry_assets.catalog.models import get_model
from registry_assets.catalog.pointers import list_pointers
from registry_assets.declaration import Mirror
from registry_assets.lifecycle.mirroring.declared import place_of
from registry_assets.mirroring.protocol import Pointing, Receipt


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should stand in a mirror, and what was told there.

    Args:
        pointers: all that the model has.
        holding: what each holds now; those that hold nothing are absent.
        versions: the numbers of those that are to be there.
        receipts: what is there, by the number here.
        state: how it was found last.
    """

    model: str
    mirror: str
    pointers: tuple[str, ...]
    holding: Mapping[str, Pointing]
    versions: tuple[int, ...]
    receipts: Mapping[int, Receipt]
    state: StateRecord

    @property
    def told(self) -> dict[str, Pointing]:
        """Give what each pointer there was set to last.

        Where its version was published anew since, as something else, it is to be set anew.
        """
        said = {name: Pointing(**each) for name, each in (self.state.pointers or {}).items()}
        known = {number: each.number for number, each in self.receipts.items()}
        return {name: each for name, each in said.items() if known.get(each.version) == each.number}

    @property
    def missing(self) -> tuple[int, ...]:
        """Give the versions that were not published yet."""
        return tuple(number for number in self.versions if number not in self.receipts)

    @property
    def behind(self) -> tuple[str, ...]:
        """Give the pointers that have moved since they were set there."""
        told = self.told
        return tuple(
            name
            for name, each in sorted(self.holding.items())
            if name not in told or told[name].generation != each.generation
        )


@dataclass(frozen=True, slots=True)
class MirrorDue:
    """That something is to be told to a mirror.

    Args:
        state: what names exactly that, and how often it failed.
        why: in words.
        not_before: when it is to be tried, where it failed; None at once.
    """

    state: str
    why: str
    not_before: str | None


def read_wanted(connection: sa.Connection, model: str, mirror: Mirror) -> Wanted:
    """Read what should stand in a mirror.

    Raises:
        NotFound: there is no such registered model.
    """
    get_model(connection, model)
    pointers = list_pointers(connection, model)
    holding = {
        each.name: Pointing(each.name, each.version, str(each.digest), each.generation)
        for each in pointers
        if each.version is not None
    }
    numbers = {each.version for each in holding.values()}
    if mirror.publish == "commit":
        numbers |= {each.number for each in list_committed(connection, model)}
    found = read_receipts(connection, model, mirror.mirror)
    receipts = {number: Receipt.from_json(each.receipt) for number, each in found.items()}
    where = place_of(model, mirror)
    # What was published to where it is declared no more is not there now.
    if where is not None:
        receipts = {n: each for n, each in receipts.items() if (each.address, each.name) == where}
    return Wanted(
        model=model,
        mirror=mirror.mirror,
        pointers=tuple(each.name for each in pointers),
        holding=holding,
        versions=tuple(sorted(numbers)),
        receipts=receipts,
        state=read_state(connection, model, mirror.mirror),
    )


def find_due(connection: sa.Connection, model: str, mirror: Mirror) -> MirrorDue | None:
    """Tell whether anything is to be told to a mirror; None where all was."""
    wanted = read_wanted(connection, model, mirror)
    missing, behind = wanted.missing, wanted.behind
    if not missing and not behind:
        return None
    what: list[Json] = [
        list(missing),
        [[name, wanted.holding[name].generation] for name in behind],
        wanted.state.failures,
    ]
    said = [f"version {number} is not there yet" for number in missing[:3]]
    said += [f"and {len(missing) - 3} more"] if len(missing) > 3 else []
    said += [f"{name} has moved to version {wanted.holding[name].version}" for name in behind]
    digest = sha256_digest(canonical_json(what)).removeprefix("sha256:")[:16]
    return MirrorDue(digest, "; ".join(said), wanted.state.next_at)
