"""What a registered model of an MLflow server is, as plain values. Nothing is changed there.

Many versions are looked at beside each other: most of a call is waiting. A thread calls MLflow's
client only inside `Calls.to`, which the caller of all of them holds. Their files are
`reading_files`.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.clock import timestamp
from registry_assets.errors import MirrorRefused, NotFound
from registry_assets.mirroring.listing import Listing
from registry_assets.mirroring.mlflow import models
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.calling import ABSENT, Calls, is_code
from registry_assets.mirroring.mlflow.reading_files import (
    Place,
    check_allowed,
    fetch_file,
    list_files,
    place_of,
)
from registry_assets.references import clean_text

THREADS = 6
_PAGE = 200
_MOST_VERSIONS = 1_000_000
_MOST_ALIASES, _LONGEST_ALIAS = 1_000, 255


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """Data that a run says it was made from."""

    name: str
    digest: str
    source_type: str
    source: str
    context: str


@dataclass(frozen=True, slots=True)
class ReadRun:
    """The run that a version came out of.

    Args:
        deleted: whether it is in the server's bin.
        metrics: the last value of each; some may be no finite number.
    """

    run_id: str
    name: str
    experiment: str
    status: str
    deleted: bool
    user: str
    started_at: str | None
    finished_at: str | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    inputs: tuple[DatasetInput, ...]


@dataclass(frozen=True, slots=True)
class ReadVersion:
    """A version there.

    Args:
        stage: its stage, of servers that still know them; "" for none.
        source: where it says that its files are.
        run: None where it has none, or that is gone for good.
        files_at: where they are, once the server was asked.
        listing: its files; None before `Reader.look`.
    """

    name: str
    number: int
    created_at: str | None
    updated_at: str | None
    created: int
    user: str
    description: str
    stage: str
    status: str
    source: str
    run_id: str
    tags: Mapping[str, str]
    run: ReadRun | None = None
    files_at: str = ""
    listing: Listing | None = None

    @property
    def identity(self) -> str:
        """What it is, wherever the server is: a number is given out again there."""
        named: dict[str, Json] = {
            "source": "mlflow",
            "name": self.name,
            "number": str(self.number),
            "created": str(self.created),
            "run": self.run_id,
        }
        return sha256_digest(canonical_json(named))


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A registered model there, with its versions by number.

    Args:
        aliases: the number that each is at.
    """

    name: str
    description: str
    tags: Mapping[str, str]
    aliases: Mapping[str, str]
    versions: tuple[ReadVersion, ...]


class Reader:
    """Reads one server.

    Args:
        allowed: addresses below which artifacts may be read though this server does not serve
            them; by default none.

    Raises:
        MirrorAddressInvalid: nothing can be read from one of those.
    """

    def __init__(self, address: Address, *, allowed: Sequence[str] = ()) -> None:
        self.address = address
        self._allowed = check_allowed(allowed)
        self._calls = Calls(address)

    def model(self, name: str) -> ReadModel:
        """Read a registered model and what its versions are, without their runs and files.

        Raises:
            NotFound: there is none of this name.
            MirrorUnreachable, MirrorRefused: it does not answer, or says no.
        """
        # Somebody waits for the first answer: a server that gives none is soon told.
        found = models.find_model(Calls(self.address, brief=True), name)
        if found is None:
            raise NotFound(
                f"no registered model of {self.address.url} is called {name!r:.200}",
                hint=f"{self.address.page('models')} lists those that there are; names are told"
                " apart by small and capital letters, too",
            )
        given = sorted((found.aliases or {}).items())[:_MOST_ALIASES]
        aliases = {
            clean_text(str(alias), limit=_LONGEST_ALIAS): clean_text(str(number), limit=20)
            for alias, number in given
        }
        # One that is made while pages are turned pushes another onto two of them.
        versions = {version.number: version for version in self._versions(name)}
        in_order = tuple(versions[number] for number in sorted(versions))
        description = str(found.description or "")
        return ReadModel(name, description, dict(found.tags or {}), aliases, in_order)

    def look(self, versions: Sequence[ReadVersion]) -> list[ReadVersion]:
        """Read the runs of some versions, and list their files."""
        with (
            self._calls.to("its versions cannot be read") as client,
            ThreadPoolExecutor(THREADS) as pool,
        ):
            return list(pool.map(lambda version: self._seen(client, version), versions))

    def fetch(self, version: ReadVersion, folder: Path) -> str:
        """Write the files of one version into an empty folder; see `fetch_all`."""
        (problem,) = self.fetch_all([(version, folder)])
        return problem

    def fetch_all(self, wanted: Sequence[tuple[ReadVersion, Path]]) -> list[str]:
        """Write the files of versions into empty folders, beside each other.

        Gives of each what kept its files from being read; "" where all are there.

        Raises:
            MirrorUnreachable: the server went away meanwhile.
        """
        with (
            self._calls.to("its files cannot be read"),
            ThreadPoolExecutor(THREADS) as pool,
        ):
            found = []
            for version, folder in wanted:
                place = self._place(version.files_at)
                assert version.listing is not None
                sizes = version.listing.sizes
                found.append(
                    [
                        pool.submit(fetch_file, place, path, size, folder)
                        for path, size in sizes.items()
                    ]
                )
            problems = [[each.result() for each in futures] for futures in found]
        return [next(filter(None, each), "") for each in problems]

    def _versions(self, name: str) -> Iterator[ReadVersion]:
        with self._calls.to(f"the versions of {name} cannot be read") as client:
            token, count = None, 0
            # A name with a quote in it would end the filter's own.
            quote = '"' if "'" in name else "'"
            while True:
                page = client.search_model_versions(
                    f"name = {quote}{name}{quote}", max_results=_PAGE, page_token=token
                )
                # MLflow finds no model by a part of its name; another server might.
                yield from (_version(each) for each in page if each.name == name)
                token, count = page.token, count + len(page)
                if not token or not page:
                    return
                if count > _MOST_VERSIONS:
                    raise MirrorRefused(
                        f"{self.address.url} lists more than {_MOST_VERSIONS:,} versions of {name}",
                        hint="nothing was changed; find out what answers there",
                    )

    def _seen(self, client: Any, version: ReadVersion) -> ReadVersion:
        run = _run(client, version.run_id) if version.run_id else None
        uri = version.source
        if not uri.startswith("mlflow-artifacts:"):
            # It may name a logged model or a run: what that stands for the server knows.
            asked = version.name, str(version.number)
            uri = str(client.get_model_version_download_uri(*asked) or "")
        try:
            listing = list_files(self._place(uri))
        except MirrorRefused as refused:
            listing = Listing(refused=f"{refused.message}; {refused.hint}")
        return replace(version, run=run, files_at=uri, listing=listing)

    def _place(self, uri: str) -> Place:
        return place_of(self.address, uri, allowed=self._allowed)


def _version(found: Any) -> ReadVersion:
    stage, number = str(found.current_stage or ""), str(found.version)
    if not number.isascii() or not number.isdigit():
        raise MirrorRefused(
            f"the server lists a version {number!r:.100}, which is no number",
            hint="nothing was changed; find out what answers there",
        )
    return ReadVersion(
        name=str(found.name),
        number=int(number),
        created_at=_instant(found.creation_timestamp),
        updated_at=_instant(found.last_updated_timestamp),
        created=int(found.creation_timestamp or 0),
        user=str(found.user_id or ""),
        description=str(found.description or ""),
        stage="" if stage == "None" else stage,
        status=str(found.status or ""),
        source=str(found.source or ""),
        run_id=str(found.run_id or ""),
        tags=dict(found.tags or {}),
    )


def _run(client: Any, run_id: str) -> ReadRun | None:
    try:
        found = client.get_run(run_id)
    except Exception as error:
        if is_code(error, ABSENT):
            return None
        raise
    info, data = found.info, found.data
    inputs = found.inputs.dataset_inputs if found.inputs else []
    return ReadRun(
        run_id=str(info.run_id),
        name=str(info.run_name or ""),
        experiment=str(info.experiment_id),
        status=str(info.status),
        deleted=info.lifecycle_stage == "deleted",
        user=str(data.tags.get("mlflow.user", "")),
        started_at=_instant(info.start_time),
        finished_at=_instant(info.end_time),
        metrics={str(name): float(value) for name, value in data.metrics.items()},
        params={str(name): str(value) for name, value in data.params.items()},
        tags={str(name): str(value) for name, value in data.tags.items()},
        inputs=tuple(_input(each) for each in inputs),
    )


def _input(found: Any) -> DatasetInput:
    dataset = found.dataset
    tags = {tag.key: tag.value for tag in found.tags or ()}
    return DatasetInput(
        name=str(dataset.name or ""),
        digest=str(dataset.digest or ""),
        source_type=str(dataset.source_type or ""),
        source=str(dataset.source or ""),
        context=str(tags.get("mlflow.data.context", "")),
    )


def _instant(milliseconds: Any) -> str | None:
    """Give a time there as an instant; None where it is none, or no year that we can write."""
    if not milliseconds:
        return None
    try:
        return timestamp(datetime.fromtimestamp(int(milliseconds) / 1000, UTC))
    except (OverflowError, OSError, ValueError):
        return None
