"""What stands in a mirror by our own records alone: nobody there is asked.

Whether it really stands there is found by `observing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.catalog.mirrors import read_receipts, read_state
from registry_assets.mirroring.protocol import Pointing, Receipt


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told to a mirror so far.

    Args:
        address: where it is, for people.
        name: what the model is called there.
        receipts: of every version that went there, by the number here.
        pointers: what each pointer there was set to last.
    """

    model: str
    mirror: str
    address: str
    name: str
    receipts: Mapping[int, Receipt]
    pointers: Mapping[str, Pointing]

    @property
    def digest(self) -> str:
        """Name what stands there: the same as long as nothing else does."""
        return sha256_digest(
            canonical_json(
                {
                    "server": self.address,
                    "name": self.name,
                    "pointers": {name: each.to_json() for name, each in self.pointers.items()},
                    "versions": {str(n): [r.number, r.digest] for n, r in self.receipts.items()},
                }
            )
        )


def read_standing(connection: sa.Connection, model: str, mirror: str) -> Standing | None:
    """Read what was told to a mirror; None where nothing was ever published to it."""
    found = read_receipts(connection, model, mirror)
    if not found:
        return None
    # One that was declared elsewhere before has receipts of both places: the last one counts.
    last = max(found.values(), key=lambda each: each.published_at)
    newest = Receipt.from_json(last.receipt)
    where = (newest.address, newest.name)
    read = {number: Receipt.from_json(each.receipt) for number, each in found.items()}
    receipts = {n: each for n, each in read.items() if (each.address, each.name) == where}
    told = read_state(connection, model, mirror).pointers or {}
    pointers = [Pointing(**each) for each in told.values()]
    known = {number: each.number for number, each in receipts.items()}
    return Standing(
        model=model,
        mirror=mirror,
        address=newest.address,
        name=newest.name,
        receipts=receipts,
        pointers={p.pointer: p for p in pointers if known.get(p.version) == p.number},
    )
