"""What a collection at Weights & Biases is, as plain values. Nothing is changed there."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.errors import MirrorRefused, NotFound
from registry_assets.mirroring.listing import Listing
from registry_assets.mirroring.wandb.address import Address, Place
from registry_assets.mirroring.wandb.calling import Calls, Session
from registry_assets.mirroring.wandb.client import MOST_BYTES, MOST_FILES, instant
from registry_assets.references import clean_text

_THEIRS = ("latest",)
"""An alias that the server sets by itself: what was linked last."""
_MOST_ALIASES, _LONGEST_ALIAS = 1_000, 255


@dataclass(frozen=True, slots=True)
class ReadRun:
    """The run that logged a version.

    Args:
        metrics: what its summary says in numbers; some may be no finite ones.
        params: its configuration.
    """

    run_id: str
    name: str
    project: str
    status: str
    user: str
    started_at: str | None
    finished_at: str | None
    notes: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """A version there.

    Args:
        number: as they write it, `v0` for the first.
        digest: of its files, as the server has it.
        source: the artifact that is linked, and where it was logged.
        page: its address.
        run: None before `Reader.look`, or where it is gone.
        listing: its files; None before that.
    """

    name: str
    number: str
    created_at: str | None
    updated_at: str | None
    created: str
    digest: str
    description: str
    status: str
    source: str
    page: str
    metadata: Mapping[str, str]
    labels: tuple[str, ...]
    run: ReadRun | None = None
    listing: Listing | None = None

    @property
    def identity(self) -> str:
        """What it is, wherever the server is."""
        named: dict[str, Json] = {
            "source": "wandb",
            "name": self.name,
            "number": self.number,
            "created": self.created,
            "digest": self.digest,
        }
        return sha256_digest(canonical_json(named))


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A collection there, with its versions by number.

    Args:
        aliases: the number that each is at.
    """

    name: str
    description: str
    tags: Mapping[str, str]
    aliases: Mapping[str, str]
    versions: tuple[ReadVersion, ...]


class Reader:
    """Reads one collection: see `reading`."""

    def __init__(self, address: Address, place: Place, session: Session) -> None:
        self.address = address
        self.place = place
        self._session = session

    @classmethod
    @contextmanager
    def open(cls, address: Address, place: Place) -> Iterator[Self]:
        """Read a collection until the block ends.

        Raises:
            MirrorUnreachable, MirrorRefused: it does not answer, or says no.
        """
        with Calls(address, place).session() as session:
            yield cls(address, place, session)

    def model(self, name: str) -> ReadModel:
        """Read what the collection and its versions are, without their runs and files.

        Raises:
            NotFound: there is none of this name.
        """
        listed = self._session.ask("versions", f"the versions of {name} cannot be listed")
        if listed is None:
            raise NotFound(
                f"no collection {self.place.name} of models is at {self.address.url}",
                hint=f"{self.address.page('registry', self.place.registry)} lists those there are;"
                " say by --registry, --entity or --organization where it is",
            )
        said = self._session.ask("collection", f"the collection {name} cannot be read")
        aliases = {
            clean_text(alias, limit=_LONGEST_ALIAS): _number(each["number"])
            for each in listed
            for alias in each["aliases"]
            if alias not in _THEIRS
        }
        return ReadModel(
            name,
            str(said["description"]),
            {str(tag): "" for tag in said["tags"]},
            dict(sorted(aliases.items())[:_MOST_ALIASES]),
            tuple(_version(name, each) for each in listed),
        )

    def look(self, versions: Sequence[ReadVersion]) -> list[ReadVersion]:
        """Read the runs of some versions, and list their files."""
        return [self._seen(version) for version in versions]

    def fetch(self, version: ReadVersion, folder: Path) -> str:
        """Write the files of a version into an empty folder; give what kept them from coming."""
        found = self._session.ask(
            "fetch",
            f"the files of {version.number} cannot be read",
            number=version.number,
            folder=str(folder),
            most_bytes=MOST_BYTES,
            most_files=MOST_FILES,
        )
        return str(found["problem"])

    def _seen(self, version: ReadVersion) -> ReadVersion:
        number = version.number
        what = f"{number} cannot be read"
        listing = self._session.ask("listing", what, number=number)
        run = self._session.ask("run", what, number=number)
        return replace(
            version,
            run=None if run is None else _run(run),
            listing=Listing(dict(listing["sizes"]), str(listing["refused"])),
        )


def _version(name: str, said: Mapping[str, Any]) -> ReadVersion:
    return ReadVersion(
        name=name,
        number=_number(said["number"]),
        created_at=instant(said["created_at"]),
        updated_at=instant(said["updated_at"]),
        created=str(said["created_at"]),
        digest=str(said["digest"]),
        description=str(said["description"]),
        status=str(said["state"]),
        source=str(said["source"]),
        page=str(said["page"]),
        metadata=_texts(said["metadata"]),
        labels=tuple(sorted(str(each) for each in said["tags"])),
    )


def _run(said: Mapping[str, Any]) -> ReadRun:
    # What begins so is of their own client: how long it ran, and with what.
    summary = {k: v for k, v in said["summary"].items() if not k.startswith("_")}
    return ReadRun(
        run_id=str(said["id"]),
        name=str(said["name"]),
        project=str(said["project"]),
        status=str(said["state"]),
        user=str(said["user"]),
        started_at=instant(said["created_at"]),
        finished_at=instant(said["heartbeat_at"]),
        notes=str(said["notes"]),
        metrics={
            str(name): float(value)
            for name, value in summary.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
        params=_texts(said["config"]),
    )


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): value if isinstance(value, str) else canonical_json(value).decode()
        for name, value in found.items()
    }


def _number(said: str) -> str:
    digits = said.removeprefix("v")
    if not digits.isascii() or not digits.isdigit():
        raise MirrorRefused(
            f"the server lists a version {said!r:.100}, which is no number",
            hint="nothing was changed; find out what answers there",
        )
    return f"v{int(digits)}"
