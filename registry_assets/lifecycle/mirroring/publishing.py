"""Publish: bring versions to a mirror, then let its pointers hold what they hold here.

One publication at a time goes to one mirror, of however many processes. What ends it between two
steps leaves nothing that the next one does not finish: every step finds by digest what is there.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from registry_assets.catalog import mirrors
from registry_assets.catalog.alone import alone
from registry_assets.catalog.versions import get_committed
from registry_assets.clock import timestamp
from registry_assets.converting.contents import read_version_contents
from registry_assets.declaration import Mirror, RegisteredModel
from registry_assets.errors import Conflict, RegistryError
from registry_assets.faults import reached
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.deploying import as_resolved
from registry_assets.lifecycle.mirroring.declared import mirror_of, open_client, record_mirrors
from registry_assets.lifecycle.mirroring.outgoing import read_outgoing
from registry_assets.lifecycle.mirroring.wanted import Wanted, read_wanted
from registry_assets.mirroring.protocol import MirrorClient, Pointing, Receipt

_WAITS = 60.0
"""Seconds that one publication waits for another."""
_ROUNDS = 5
"""How often the pointers may move while they are being set."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Published:
    """What stands in a mirror after a publication.

    Args:
        address: where it is, for people.
        receipts: of what it brought up to date, by the number here.
        pointers: what each pointer there holds.
        moved: whether anything was told that was not told before.
    """

    model: str
    mirror: str
    address: str
    name: str
    receipts: dict[int, Receipt]
    pointers: dict[str, Pointing]
    moved: bool


def publish(
    backends: Backends,
    declared: RegisteredModel,
    name: str,
    *,
    run: RunInfo,
    again: bool = False,
) -> Published:
    """Publish to one of a model's mirrors what is not there yet.

    Args:
        again: compare every byte of what pointers hold, and set every pointer, whatever was told
            before: what somebody changed there is put right.

    Raises:
        NotFound: there is no such model here, or it has no such mirror.
        MirrorUnreachable, MirrorRefused, MirrorDiffers: it failed; what is not done is done by
            the same call again. Nothing here depends on it.
        BlobMissing, BlobCorrupt: the version's bytes do not verify, so none were sent.
        Conflict: another process was at it for too long.
    """
    mirror, model = mirror_of(declared, name), declared.name
    with backends.catalog.read() as connection:
        read_wanted(connection, model, mirror)  # of a model that there is not, nothing is declared
    record_mirrors(backends, declared, actor=run.actor)
    client = open_client(model, mirror)
    with alone(backends.catalog, f"publishing {model} to {name}", wait=_WAITS):
        try:
            return _Publication(backends, model, mirror, client, run).make(again=again)
        except RegistryError as error:
            if not isinstance(error, Conflict):
                _record_failure(backends, model, mirror, str(error.message), run)
            raise


@dataclass(frozen=True, slots=True)
class _Publication:
    backends: Backends
    model: str
    mirror: Mirror
    client: MirrorClient
    run: RunInfo

    def make(self, *, again: bool) -> Published:
        receipts: dict[int, Receipt] = {}
        moved = False
        for _ in range(_ROUNDS):
            wanted = self._wanted()
            held = {each.version for each in wanted.holding.values()}
            if not wanted.versions and not wanted.receipts:
                return self._published(wanted, receipts, moved=moved)
            for number in sorted({*wanted.missing, *held}):
                known = wanted.receipts.get(number)
                receipt = self._version(number, known, again=again and number not in receipts)
                receipts[number] = receipt
                moved = moved or receipt != known
            known_now = {**wanted.receipts, **receipts}
            pointings = [
                replace(each, number=known_now[each.version].number)
                for each in wanted.holding.values()
            ]
            moved = self._point(wanted, pointings, clear=again) or moved
            if self._wanted().holding == wanted.holding:
                return self._published(wanted, receipts, moved=moved)
        raise Conflict(
            f"the pointers of {self.model} move faster than {self.mirror.mirror} can follow",
            hint="repeat it when they have come to rest",
        )

    def _wanted(self) -> Wanted:
        with self.backends.catalog.read() as connection:
            return read_wanted(connection, self.model, self.mirror)

    def _version(self, number: int, known: Receipt | None, *, again: bool) -> Receipt:
        with self.backends.catalog.read() as connection:
            version = get_committed(connection, self.model, number)
            outgoing = read_outgoing(connection, self.model, number)
        resolved = as_resolved(version)
        contents = partial(read_version_contents, self.backends.store, resolved)
        receipt = self.client.publish_version(outgoing, contents, known=known, again=again)
        reached("mirror.published")
        if receipt != known:
            mirrors.record_receipt(
                self.backends.catalog,
                model=self.model,
                mirror=self.mirror.mirror,
                version=number,
                receipt=receipt.to_json(),
                actor=self.run.actor,
                run_id=self.run.run_id,
                clock=self.backends.clock,
            )
        reached("mirror.receipt_kept")
        return receipt

    def _point(self, wanted: Wanted, pointings: list[Pointing], *, clear: bool) -> bool:
        """Set the pointers there; tell whether any was set to something else before.

        Args:
            clear: take away what a pointer holds there that holds nothing here.
        """
        empty = [name for name in wanted.pointers if name not in wanted.holding]
        self.client.set_pointers(pointings, clear=empty if clear else ())
        reached("mirror.pointers_set")
        told = {each.pointer: each for each in pointings}
        mirrors.record_pointers(
            self.backends.catalog,
            model=self.model,
            mirror=self.mirror.mirror,
            pointers={name: each.to_json() for name, each in told.items()},
            actor=self.run.actor,
            clock=self.backends.clock,
        )
        reached("mirror.pointers_kept")
        return told != wanted.told

    def _published(self, wanted: Wanted, receipts: dict[int, Receipt], *, moved: bool) -> Published:
        return Published(
            model=self.model,
            mirror=self.mirror.mirror,
            address=self.client.address,
            name=self.client.name,
            receipts=receipts,
            pointers=self._wanted().told if wanted.holding else {},
            moved=moved,
        )


def _record_failure(
    backends: Backends, model: str, mirror: Mirror, error: str, run: RunInfo
) -> None:
    """Note that it failed, and when it is to be tried again by itself: later every time."""
    with backends.catalog.read() as connection:
        failures = mirrors.read_state(connection, model, mirror.mirror).failures
    wait = min(_FIRST_WAIT * 2 ** min(failures, 10), _LONGEST_WAIT)
    mirrors.record_failure(
        backends.catalog,
        model=model,
        mirror=mirror.mirror,
        error=error,
        next_at=timestamp(backends.clock() + wait),
        actor=run.actor,
        clock=backends.clock,
    )
