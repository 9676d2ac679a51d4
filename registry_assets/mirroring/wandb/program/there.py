"""One collection at Weights & Biases: every question that is asked of it, by its own client.

Nothing that is fetched is opened but to hash it. Versions are taken by the number that they have
in the collection: what the client lists has that of the artifact that is linked.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import wandb

from registry_assets.faults import reached
from registry_assets.mirroring.wandb.names import DIGEST, PREFIX, TAGS, TYPE, run_of
from registry_assets.mirroring.wandb.program.failures import Absent, Elsewhere, status_of

Said = dict[str, Any]
_PAGE = 100
_MOST_DELETED_RUNS = 20
_GONE = (403, 404, 410)
_CHUNK = 1 << 20
_IN_ADDRESSES = "%:/?&=[]"


class There:
    """A collection, and the connection to its server.

    Args:
        settings: `base_url`, `entity`, `path` of the collection, `project`, `folder` to write in,
            and how long to wait and how often to try again.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._path = str(settings["path"])
        self._project = str(settings["project"])
        self._folder = Path(settings["folder"])
        tries = int(settings["tries"])
        wandb.setup(
            wandb.Settings(
                base_url=settings["base_url"],
                entity=settings["entity"] or None,
                root_dir=str(self._folder),
                console="off",
                silent=True,
                disable_git=True,
                disable_code=True,
                disable_job_creation=True,
                label_disable=True,
                save_code=False,
                init_timeout=float(settings["timeout"]),
                x_disable_meta=True,
                x_disable_stats=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
                x_graphql_retry_max=tries,
                x_graphql_retry_wait_min_seconds=0.5,
                x_graphql_retry_wait_max_seconds=4,
                x_graphql_timeout_seconds=float(settings["timeout"]),
                x_file_transfer_retry_max=tries,
                x_file_transfer_retry_wait_min_seconds=0.5,
                x_file_transfer_retry_wait_max_seconds=4,
                x_file_stream_retry_max=tries,
            )
        )
        overrides = {"base_url": settings["base_url"]}
        if settings["entity"]:
            overrides["entity"] = settings["entity"]
        self._api = wandb.Api(overrides=overrides, timeout=int(settings["timeout"]))
        self.entity = str(settings["entity"] or self._api.default_entity or "")

    def ask(self, call: str, arguments: Mapping[str, Any]) -> Any:
        """Answer one question."""
        return _CALLS[call](self, **arguments)

    def close(self) -> None:
        """End all that the client started."""
        wandb.teardown()

    def versions(self) -> list[Said] | None:
        """Give every version, in the order of their numbers; None where there is no collection."""
        if self._collection() is None:
            return None
        listed = list(self._api.artifacts(TYPE, self._path, per_page=_PAGE))
        page = _page(listed[0]) if listed else ""
        found = [
            {
                "number": _number(each),
                "aliases": list(each.aliases),
                "metadata": dict(each.metadata),
                "tags": list(each.tags),
                "description": each.description or "",
                "created_at": each.created_at,
                "updated_at": each.updated_at,
                "state": each.state,
                "digest": each.digest,
                "size": each.size,
                "source": each.source_qualified_name,
                "page": f"{page}{_number(each)}",
            }
            for each in listed
        ]
        return sorted(found, key=lambda version: int(version["number"][1:]))

    def collection(self) -> Said:
        """Give what is said of the collection itself."""
        found = self._collection()
        if found is None:
            raise Absent(f"there is no {self._path}")
        return {"description": found.description or "", "tags": list(found.tags)}

    def sizes(self, number: str) -> dict[str, int | None]:
        """List the files of a version with their sizes."""
        entries = _entries(self._version(number))
        return {path: entry.size for path, entry in entries.items()}

    def hashes(self, number: str, folder: str) -> dict[str, tuple[int, str]]:
        """Read every byte of a version's files; none is kept.

        A file that is listed, and whose bytes are gone, is as if it were empty.
        """
        artifact, found = self._version(number), {}
        for path, entry in _entries(artifact).items():
            try:
                file = _fetched(entry, folder)
            except Exception as error:
                if status_of(error) not in _GONE:
                    raise
                found[path] = (0, hashlib.sha256(b"").hexdigest())
                continue
            found[path] = (file.stat().st_size, _sha256(file))
            file.unlink()
        return found

    def listing(self, number: str) -> Said:
        """List the files of a version with their sizes, or say why none can be had."""
        try:
            return {"sizes": self.sizes(number), "refused": ""}
        except Elsewhere as elsewhere:
            return {"sizes": {}, "refused": str(elsewhere)}

    def fetch(self, number: str, folder: str, most_bytes: int, most_files: int) -> Said:
        """Write the files of a version into an empty folder; `problem` says what kept one away."""
        artifact = self._version(number)
        entries, problem = _entries(artifact), ""
        size = sum(entry.size or 0 for entry in entries.values())
        if size > most_bytes or len(entries) > most_files:
            raise Elsewhere(f"its files are {len(entries):,}, of {size:,} bytes together")
        for path, entry in entries.items():
            try:
                found = _fetched(entry, folder).stat().st_size
            except Exception as error:
                if status_of(error) not in _GONE:
                    raise
                problem = problem or f"the bytes of {path} are not there any more"
                continue
            if entry.size is not None and found != entry.size:
                problem = problem or f"{path} has {found:,} bytes; {entry.size:,} were said"
        said = artifact.metadata.get(DIGEST)
        return {"files": sorted(entries), "digest": said, "problem": problem}

    def run(self, number: str) -> Said | None:
        """Give the run that logged a version; None where there is none any more."""
        found = _run_of(self._version(number))
        if found is None:
            return None
        summary = {name: found.summary.get(name) for name in found.summary.keys()}  # noqa: SIM118
        return {
            "id": found.id,
            "name": found.name,
            "project": f"{found.entity}/{found.project}",
            "state": found.state,
            "user": getattr(getattr(found, "user", None), "username", "") or "",
            "created_at": found.created_at,
            "heartbeat_at": getattr(found, "heartbeat_at", None),
            "notes": getattr(found, "notes", None) or "",
            "config": _plain(found.config),
            "summary": _plain(summary),
        }

    def bring(
        self,
        name: str,
        registry: str,
        version: str,
        folder: str,
        run: Mapping[str, Any],
        metadata: Said,
        description: str,
    ) -> str:
        """Log files as a version, link it, and give the number that it has in the collection.

        Equal files are one version there: nothing is logged twice.

        Args:
            version: its digest here.
            run: name, notes, config and summary of the run that logs it.
        """
        artifact = wandb.Artifact(name, type=TYPE, description=description, metadata=metadata)
        # Without a copy in a cache: what is read back is to be what the server has.
        artifact.add_dir(folder, policy="immutable", skip_cache=True)
        with self._logging(registry, version, run) as started:
            started.summary.update(dict(run["summary"]))
            reached("wandb.run_made")
            logged = started.log_artifact(artifact)
            logged.wait()
            reached("wandb.logged")
            linked = started.link_artifact(logged, self._path)
            reached("wandb.linked")
        # The client may give what it has of the artifact that is linked.
        return _number(linked)

    def tell(self, number: str, metadata: Said, description: str, summary: Said) -> None:
        """Bring what is said of a version up to date; keys of other people stay."""
        artifact = self._version(number)
        # A tag that the team has taken away here is none of other people's keys.
        before = artifact.metadata.get(TAGS) or {}
        theirs = {
            k: v
            for k, v in artifact.metadata.items()
            if not k.startswith(PREFIX) and before.get(k) != v
        }
        wanted = {**theirs, **metadata}
        if artifact.metadata != wanted or artifact.description != description:
            artifact.metadata, artifact.description = wanted, description
            artifact.save()
        reached("wandb.told")
        run = _run_of(artifact)
        if run is not None and any(run.summary.get(k) != v for k, v in summary.items()):
            run.summary.update(summary)

    def remove(self, number: str) -> None:
        """Delete a version, and the artifact that is linked; one that is gone is well gone."""
        with suppress(Absent):
            found = self._version(number)
            try:
                found.source_artifact.delete(delete_aliases=True)
            except Exception:
                # Another publication may have been faster: then it is not found a second time.
                self._version(number)
                raise

    def point(self, wanted: Mapping[str, str], clear: list[str]) -> dict[str, str]:
        """Set aliases to versions and remove others; give where all are then."""
        for alias, number in wanted.items():
            artifact = self._version(number)
            if alias not in artifact.aliases:
                artifact.aliases.append(alias)
                artifact.save()
        for alias, number in self._aliases().items():
            if alias in clear:
                artifact = self._version(number)
                artifact.aliases.remove(alias)
                artifact.save()
        reached("wandb.pointed")
        return self._aliases()

    def _collection(self) -> Any:
        """Give the collection; None where there is none.

        Their own `artifact_collection_exists` says so of one that may not be read as well.
        """
        try:
            return self._api.artifact_collection(TYPE, self._path)
        except (wandb.errors.CommError, ValueError) as error:
            if status_of(error) is not None or "Could not find artifact" not in str(error):
                raise
            return None

    def _aliases(self) -> dict[str, str]:
        versions = self.versions() or []
        return {alias: each["number"] for each in versions for alias in each["aliases"]}

    def _version(self, number: str) -> Any:
        try:
            return self._api.artifact(f"{self._path}:{number}", type=TYPE)
        except wandb.errors.CommError as error:
            if status_of(error) in (None, 404) and "not found" in str(error):
                raise Absent(str(error)) from None
            raise

    def _logging(self, registry: str, version: str, run: Mapping[str, Any]) -> Any:
        """Begin the run about a version, or go on with it."""
        for attempt in range(_MOST_DELETED_RUNS):
            try:
                return wandb.init(
                    entity=self.entity,
                    project=self._project,
                    id=run_of(registry, version, attempt),
                    resume="allow",
                    name=run["name"],
                    notes=run["notes"],
                    config=run["config"],
                    job_type="registry_assets",
                )
            except Exception as error:
                # An id that was deleted is given out no more.
                if "previously created and deleted" not in str(error):
                    raise
        raise Absent(f"the runs about {version} were deleted {_MOST_DELETED_RUNS} times")


def _number(artifact: Any) -> str:
    return str(artifact.name).rpartition(":")[2]


def _page(artifact: Any) -> str:
    """Give the address of the page of its collection's versions, up to the number of one.

    Only the server knows whose the registry is: an organization, and its name in addresses.
    """
    before, _, _ = str(artifact.url).rpartition("version=")
    if not before:
        raise ValueError(f"the server does not say where the page of {artifact.name} is")
    return f"{quote(before, safe=_IN_ADDRESSES)}version="


def _run_of(artifact: Any) -> Any:
    """Give the run that logged a version; None where it is gone, which takes nothing from it."""
    try:
        return artifact.logged_by()
    except (wandb.errors.CommError, ValueError) as error:
        if "could not find run" not in str(error).lower():
            raise
        return None


def _entries(artifact: Any) -> dict[str, Any]:
    """Give the files that the server itself keeps.

    Raises:
        Elsewhere: one is only named: a bucket, or a file of whoever reads it.
    """
    entries = {path: artifact.get_entry(path) for path in artifact.manifest.entries}
    for path, entry in entries.items():
        if entry.ref is not None:
            raise Elsewhere(f"the file {path} is only a reference to somewhere else")
    return entries


def _fetched(entry: Any, folder: str) -> Path:
    """Write a file into a folder, and give it. One after the other: its client shares one place."""
    root = Path(folder).resolve()
    file = Path(entry.download(root=str(root), skip_cache=True))
    if file.is_symlink() or not file.is_file() or not file.resolve().is_relative_to(root):
        raise Elsewhere(f"the file {entry.path} was written to somewhere else")
    return file


def _sha256(file: Path) -> str:
    hasher = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def _plain(found: Mapping[str, Any]) -> Said:
    """Give values as JSON has them: what is none is told as a text."""
    return dict(_items(found))


def _items(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield str(name), _plain(value)
        elif isinstance(value, list | tuple):
            yield str(name), [str(each) for each in value]
        elif value is None or isinstance(value, str | int | float | bool):
            yield str(name), value
        else:
            yield str(name), str(value)


_CALLS: dict[str, Callable[..., Any]] = {
    "versions": There.versions,
    "collection": There.collection,
    "sizes": There.sizes,
    "listing": There.listing,
    "hashes": There.hashes,
    "fetch": There.fetch,
    "run": There.run,
    "bring": There.bring,
    "tell": There.tell,
    "remove": There.remove,
    "point": There.point,
}
