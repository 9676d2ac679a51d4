"""One collection of a registry at Weights & Biases, as `mirroring.protocol` asks for it.

The order of a publication is: run, files, link, what is said of it, aliases. Whatever ends it
between two of them, the next one goes on: the run has one id for ever, equal files are one
version there, and one that is linked already stays what it is.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.clock import timestamp
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import MirrorDiffers, MirrorRefused, NotFound
from registry_assets.faults import reached
from registry_assets.mirroring.aliases import alias_of
from registry_assets.mirroring.files import files_in, unlike
from registry_assets.mirroring.protocol import (
    Fetched,
    ForeignFile,
    ForeignPointer,
    ForeignState,
    ForeignVersion,
    Outgoing,
    Pointing,
    Receipt,
)
from registry_assets.mirroring.wandb import telling
from registry_assets.mirroring.wandb.address import Address, Place
from registry_assets.mirroring.wandb.calling import Calls, Session
from registry_assets.mirroring.wandb.names import DIGEST, MODEL, REGISTRY, artifact_of

if TYPE_CHECKING:
    from registry_assets.mirroring.protocol import OpenContents

MOST_FILES = 10_000
MOST_BYTES = 20 * 1024**3
Said = Mapping[str, Any]


class WeightsAndBiasesClient:
    """A client of one collection.

    Args:
        address: of the server.
        place: the collection, and where artifacts are logged.
        brief: give up soon, for who looks again in a moment.
    """

    def __init__(self, address: Address, place: Place, *, brief: bool = False) -> None:
        self._calls = Calls(address, place, brief=brief)

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._calls.address.url

    @property
    def name(self) -> str:
        """What the collection is called there."""
        return self._calls.place.name

    def publish_version(
        self,
        outgoing: Outgoing,
        contents: "OpenContents",
        *,
        known: Receipt | None = None,
        again: bool = False,
    ) -> Receipt:
        """Bring a version there: see `mirroring.protocol`."""
        with self._calls.session() as session:
            versions = _versions(session) or []
            self._refuse_claimed(versions, outgoing)
            reached("wandb.claimed")
            found = _found(versions, outgoing, known)
            number = None if found is None else str(found["number"])
            files = _known_files(session, number, known)
            if number is not None and files and not again:
                if known is not None and known.sent_digest == outgoing.sent_digest:
                    return known
            else:
                number, files = self._bring(
                    session, found, outgoing, contents, is_known=known is not None
                )
            number = self._only(session, number, outgoing)
            session.ask(
                "tell",
                "what is said of it cannot be written",
                number=number,
                metadata=telling.metadata(outgoing),
                description=telling.description(outgoing),
                summary=dict(outgoing.metrics),
            )
            page = self._read_back(session, number, outgoing)
        return Receipt(
            address=self.address,
            name=self.name,
            number=number,
            url=page,
            digest=outgoing.digest,
            files=files,
            sent_digest=outgoing.sent_digest,
        )

    def set_pointers(self, pointings: Sequence[Pointing], *, clear: Sequence[str] = ()) -> None:
        """Let the aliases there be what the pointers are here: see `mirroring.protocol`."""
        wanted = {alias_of(each.pointer): each.number for each in pointings}
        gone = [alias_of(pointer) for pointer in clear]
        with self._calls.session() as session:
            what = "the aliases cannot be set"
            there: Mapping[str, str] = session.ask("point", what, wanted=wanted, clear=gone)
        wrong = [alias for alias, number in wanted.items() if there.get(alias) != number]
        wrong += [alias for alias in gone if alias in there]
        if wrong:
            held = ", ".join(f"{alias} is at {there.get(alias, 'nothing')}" for alias in wrong)
            raise MirrorDiffers(
                f"the aliases of {self.name} at {self.address} were set, and then {held}; expected"
                f" {wanted}",
                hint="somebody else sets them: find out who; repeat to set them again",
            )

    def observe(
        self,
        pointers: Sequence[str],
        receipts: Sequence[Receipt],
        *,
        verify: bool = False,
    ) -> ForeignState:
        """Look at what stands there: see `mirroring.protocol`."""
        with self._calls.session() as session:
            listed = _versions(session)
            if listed is None:
                return ForeignState(exists=False, verified=verify)
            there = {str(each["number"]): each for each in listed}
            versions = {
                each.number: ForeignVersion(
                    each.number,
                    _digest(there[each.number]),
                    _files(session, each.number, verify=verify),
                )
                for each in receipts
                if each.number in there
            }
        return ForeignState(
            exists=True,
            pointers=dict(_pointers(listed, pointers)),
            versions=versions,
            verified=verify,
        )

    def fetch(self, number: str, folder: Path) -> Fetched:
        """Write the files of a version there into a folder: see `mirroring.protocol`."""
        # As `registry versions` shows where it came from: 0 is v0.
        number = f"v{number}" if number.isascii() and number.isdigit() else number
        with self._calls.session() as session:
            found = {str(each["number"]): each for each in _versions(session) or []}
            if number not in found:
                raise NotFound(
                    f"{self.name} at {self.address} has no version {number!r:.100}",
                    hint=f"it has {', '.join(list(found)[-5:]) or 'none'}",
                )
            fetched = session.ask(
                "fetch",
                f"the files of version {number} cannot be read",
                number=number,
                folder=str(folder),
                most_bytes=MOST_BYTES,
                most_files=MOST_FILES,
            )
            run = session.ask("run", f"the run of version {number} cannot be read", number=number)
        if fetched["problem"] or not fetched["files"]:
            raise MirrorRefused(
                f"version {number} of {self.name} at {self.address} cannot be fetched:"
                f" {fetched['problem'] or 'it has no files'}",
                hint="nothing of it was kept",
            )
        made = found[number]["created_at"]
        began, ended = (run["created_at"], run["heartbeat_at"]) if run else (None, None)
        return Fetched(
            name=self.name,
            number=number,
            digest=fetched["digest"],
            files=tuple(fetched["files"]),
            url=str(found[number]["page"]),
            started_at=instant(began or made),
            finished_at=instant(ended or made),
        )

    def _refuse_claimed(self, versions: Sequence[Said], outgoing: Outgoing) -> None:
        """Refuse a collection that another model, or another registry, publishes to."""
        ours = (outgoing.registry, outgoing.model)
        for each in versions:
            said = each["metadata"]
            claimed = (said.get(REGISTRY), said.get(MODEL))
            if claimed in ((None, None), ours):
                continue
            raise MirrorRefused(
                f"{self.name} at {self.address} is published to from the model {claimed[1]} of the"
                f" registry {claimed[0]}; expected {ours[1]} of {ours[0]}",
                hint="give this model another collection, WeightsAndBiases(collection=…); or,"
                " where that registry is given up, unlink its versions there",
            )

    def _bring(
        self,
        session: Session,
        found: Said | None,
        outgoing: Outgoing,
        contents: "OpenContents",
        *,
        is_known: bool,
    ) -> tuple[str, Mapping[str, ForeignFile]]:
        """Bring files there and link them, where that is not so; read every byte of them back.

        Args:
            is_known: whether a publication of it ended well; its run did, then, too.
        """
        # Within the client's: that is removed even where whoever asks is killed.
        with tempfile.TemporaryDirectory(dir=session.folder) as aside:
            folder = Path(aside)
            _write(contents, folder)
            files = files_in(folder)
            if found is not None:
                number = str(found["number"])
                is_whole = unlike(files, _hashes(session, number)) == ((), ())
                if is_whole and is_known:
                    return number, files
                if not is_whole:
                    # No file of a version can be written anew there, and equal files would be the
                    # same version: it has to go first. It was logged from here.
                    session.ask("remove", f"version {number} cannot be deleted", number=number)
            number = session.ask(
                "bring",
                "the version cannot be brought there",
                name=artifact_of(outgoing.model, outgoing.registry),
                registry=outgoing.registry,
                version=outgoing.digest,
                folder=aside,
                run=telling.run(outgoing),
                metadata=telling.metadata(outgoing),
                description=telling.description(outgoing),
            )
            reached("wandb.brought")
            wrong, extra = unlike(files, _hashes(session, str(number)))
        if wrong or extra:
            raise MirrorDiffers(
                f"the files of {outgoing.reference} are version {number} of {self.name} at"
                f" {self.address}, and other bytes were read back: {', '.join(wrong or extra)}",
                hint=f"delete version {number} there, with its source, and repeat; where that does"
                " not help, look at what stores the server's files",
            )
        return str(number), files

    def _only(self, session: Session, number: str, outgoing: Outgoing) -> str:
        """Keep one of what two publications at once made of one version: the first, on both sides.

        The same is what was logged from here with equal files, whatever its metadata says.
        """
        ours = [each for each in _versions(session) or [] if _is_ours(each, outgoing)]
        files = {str(each["number"]): each["digest"] for each in ours}
        same = [each for each, digest in files.items() if digest == files.get(number)]
        # The other side may have removed this one already.
        said = [str(each["number"]) for each in ours if _digest(each) == outgoing.digest]
        kept, *others = same or [*said[:1], number][:1]
        for other in others:
            session.ask("remove", f"version {other} cannot be deleted", number=other)
        return kept

    def _read_back(self, session: Session, number: str, outgoing: Outgoing) -> str:
        """Make sure that it says what was sent; give the address of its page."""
        found = {str(each["number"]): each for each in _versions(session) or []}
        there = found.get(number)
        said = "it is not there"
        if there is not None:
            if there["metadata"] == {**there["metadata"], **telling.metadata(outgoing)}:
                return str(there["page"])
            said = f"its metadata is not what was sent, and names {_digest(there)}"
        raise MirrorDiffers(
            f"{outgoing.reference} was published as version {number} of {self.name} at"
            f" {self.address}, and then {said}; expected {outgoing.digest}",
            hint="repeat it; where that does not help, find out who else changes it there, and"
            " whether this key may change the project that it was logged to",
        )


def instant(said: str | None) -> str | None:
    """Give a time as they write it, with a zone or without, as we do; None where it is none."""
    try:
        found = datetime.fromisoformat(said or "")
    except ValueError:
        return None
    return timestamp(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC))


def _versions(session: Session) -> list[Said] | None:
    found: list[Said] | None = session.ask("versions", "its versions cannot be listed")
    return found


def _found(versions: Sequence[Said], outgoing: Outgoing, known: Receipt | None) -> Said | None:
    """Find the version: the one that was published, or the first that says that it is this one.

    Only among those that were logged from here: what the metadata of others says is theirs.
    """
    ours = [each for each in versions if _is_ours(each, outgoing)]
    for each in ours:
        if known is not None and each["number"] == known.number:
            return each
    same = (each for each in ours if each["metadata"].get(DIGEST) == outgoing.digest)
    return next(same, None)


def _is_ours(version: Said, outgoing: Outgoing) -> bool:
    """Tell whether a version was logged from here, by the artifact that it is."""
    logged_as = str(version["source"]).rpartition("/")[2].rpartition(":")[0]
    return logged_as == artifact_of(outgoing.model, outgoing.registry)


def _known_files(
    session: Session, number: str | None, known: Receipt | None
) -> Mapping[str, ForeignFile]:
    """Give the files that are known to be there, as every byte of them was read before."""
    if number is None or known is None or known.number != number:
        return {}
    there = _files(session, number, verify=False)
    sizes = {path: file.size for path, file in there.items()}
    sent = {path: file.size for path, file in known.files.items()}
    return known.files if sizes == sent else {}


def _files(session: Session, number: str, *, verify: bool) -> Mapping[str, ForeignFile]:
    if verify:
        return _hashes(session, number)
    found = session.ask("sizes", f"the files of {number} cannot be listed", number=number)
    return {path: ForeignFile(size) for path, size in found.items()}


def _hashes(session: Session, number: str) -> dict[str, ForeignFile]:
    with tempfile.TemporaryDirectory(dir=session.folder) as folder:
        what = f"the files of {number} cannot be read"
        found = session.ask("hashes", what, number=number, folder=folder)
    return {path: ForeignFile(size, f"sha256:{digest}") for path, (size, digest) in found.items()}


def _pointers(
    versions: Sequence[Said], pointers: Sequence[str]
) -> Iterator[tuple[str, ForeignPointer]]:
    aliases = {alias: each for each in versions for alias in each["aliases"]}
    for pointer in pointers:
        held = aliases.get(alias_of(pointer))
        if held is not None:
            # Who set an alias, and when, its client is not told.
            yield pointer, ForeignPointer(pointer, str(held["number"]), _digest(held))


def _digest(version: Said) -> str | None:
    found = version["metadata"].get(DIGEST)
    return None if found is None else str(found)


def _write(contents: "OpenContents", folder: Path) -> None:
    """Write the version as `registry pull` does: its files, and the manifest that names them."""
    held = contents()
    for path, data in {MANIFEST_FILE: held.stored, **held.files}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
