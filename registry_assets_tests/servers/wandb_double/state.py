"""What the double keeps: runs, artifacts, collections, and what is a member of which."""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

ORG, ORG_ENTITY = "Double", "double-org"
"""The organization that every team is of, and the entity that its registries belong to."""
TEAM = "grove-team"
REGISTRY = "wandb-registry-"


@dataclass(slots=True)
class Run:
    """A run; `gone` once somebody has deleted it: its id is given out no more."""

    id: str
    entity: str
    project: str
    name: str
    display_name: str = ""
    config: str = "{}"
    summary: str = "{}"
    notes: str = ""
    job_type: str = ""
    state: str = "running"
    gone: bool = False
    created_at: str = ""


@dataclass(slots=True)
class File:
    """A file of an artifact: bytes under `key`, as they were said to be."""

    name: str
    key: str
    md5: str


@dataclass(slots=True)
class Artifact:
    """A version; `state` is PENDING, COMMITTED or DELETED."""

    id: str
    sequence: str
    type: str
    digest: str
    run: str
    description: str | None
    metadata: str | None
    aliases: list[str]
    tags: list[str] = field(default_factory=list)
    state: str = "PENDING"
    index: int | None = None
    manifest: str = ""
    files: list[File] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class Collection:
    """A sequence, which artifacts are logged to, or a portfolio, which they are linked to."""

    id: str
    kind: str
    entity: str
    project: str
    name: str
    type: str
    description: str = ""
    tags: list[str] = field(default_factory=list)
    next_index: int = 0
    created_at: str = ""


@dataclass(slots=True)
class Member:
    """That an artifact is in a collection, by which number, and under which aliases."""

    id: str
    collection: str
    artifact: str
    index: int
    aliases: list[str]
    created_at: str


class State:
    """All of it, written to a folder after every change.

    Args:
        folder: where its bytes and its `state.json` are.
    """

    def __init__(self, folder: Path) -> None:
        self.lock = threading.RLock()
        self.blobs = folder / "blobs"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self._file = folder / "state.json"
        self.runs: dict[str, Run] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.collections: dict[str, Collection] = {}
        self.members: dict[str, Member] = {}
        self.protected: list[str] = []
        if self._file.exists():
            self._read(json.loads(self._file.read_text()))

    def save(self) -> None:
        """Write it all down."""
        said: dict[str, Any] = {
            "runs": [asdict(each) for each in self.runs.values()],
            "artifacts": [asdict(each) for each in self.artifacts.values()],
            "collections": [asdict(each) for each in self.collections.values()],
            "members": [asdict(each) for each in self.members.values()],
            "protected": self.protected,
        }
        aside = self._file.with_suffix(".new")
        aside.write_text(json.dumps(said, indent=1))
        aside.replace(self._file)

    def _read(self, said: dict[str, Any]) -> None:
        self.runs = {each["id"]: Run(**each) for each in said["runs"]}
        for each in said["artifacts"]:
            files = [File(**file) for file in each["files"]]
            self.artifacts[each["id"]] = Artifact(**{**each, "files": files})
        self.collections = {each["id"]: Collection(**each) for each in said["collections"]}
        self.members = {each["id"]: Member(**each) for each in said["members"]}
        self.protected = said["protected"]

    def run(self, entity: str, project: str, name: str) -> Run | None:
        """Give a run by its name."""
        where = (entity, project, name)
        found = [r for r in self.runs.values() if (r.entity, r.project, r.name) == where]
        return found[0] if found else None

    def collection(self, entity: str, project: str, name: str) -> Collection | None:
        """Give a collection by its name."""
        where = (entity, project, name)
        found = (c for c in self.collections.values() if (c.entity, c.project, c.name) == where)
        return next(found, None)

    def make_collection(self, kind: str, where: tuple[str, str, str], type_: str) -> Collection:
        """Give a collection, made where there is none."""
        found = self.collection(*where)
        if found is None:
            found = Collection(new_id("Collection"), kind, *where, type_, created_at=now())
            self.collections[found.id] = found
        return found

    def project_exists(self, entity: str, project: str) -> bool:
        """Tell whether anything is in a project; registries are always there."""
        if project.startswith(REGISTRY):
            return entity == ORG_ENTITY
        of_runs = {(run.entity, run.project) for run in self.runs.values()}
        of_both = of_runs | {(c.entity, c.project) for c in self.collections.values()}
        return (entity, project) in of_both

    def members_of(self, collection: Collection) -> list[Member]:
        """Give what is in a collection, newest first, as it is listed there."""
        found = [m for m in self.members.values() if m.collection == collection.id]
        return sorted(found, key=lambda member: -member.index)

    def member(self, collection: Collection, alias: str) -> Member | None:
        """Find a member by alias or number."""
        for each in self.members_of(collection):
            if alias == f"v{each.index}" or alias in each.aliases:
                return each
        return None

    def join(self, collection: Collection, artifact: Artifact, aliases: list[str]) -> Member:
        """Put an artifact into a collection; one that is in it already stays what it is."""
        held = (m for m in self.members_of(collection) if m.artifact == artifact.id)
        found = next(held, None)
        if found is None:
            index, collection.next_index = collection.next_index, collection.next_index + 1
            found = Member(new_id("Member"), collection.id, artifact.id, index, [], now())
            self.members[found.id] = found
            aliases = ["latest", *aliases]
        for alias in aliases:
            self.set_alias(found, alias)
        return found

    def set_alias(self, member: Member, alias: str) -> None:
        """Let an alias be at a member, and at no other of its collection."""
        for each in self.members.values():
            if each.collection == member.collection and alias in each.aliases:
                each.aliases.remove(alias)
        member.aliases.append(alias)

    def delete(self, artifact: Artifact) -> None:
        """Delete an artifact, wherever it is linked."""
        artifact.state = "DELETED"
        self.members = {k: m for k, m in self.members.items() if m.artifact != artifact.id}

    def in_sequence(self, artifact: Artifact) -> Member | None:
        """Give the membership of an artifact in the sequence that it was logged to."""
        for each in self.members.values():
            if (each.collection, each.artifact) == (artifact.sequence, artifact.id):
                return each
        return None

    def places(self, artifact: Artifact) -> Iterator[Member]:
        """Give every membership of an artifact."""
        yield from (each for each in self.members.values() if each.artifact == artifact.id)

    def key_of(self, artifact: str, digest: str) -> str | None:
        """Find the stored bytes of a file by the artifact that it came with, and its MD5."""
        named = unquote(artifact)
        for file in self.artifacts[named].files if named in self.artifacts else ():
            if base64.b64decode(file.md5).hex() == digest:
                return file.key
        return None

    def size(self, key: str) -> int:
        """Give how large some stored bytes are; 0 where there are none."""
        file = self.blobs / key
        return file.stat().st_size if file.exists() else 0


def new_id(kind: str) -> str:
    """Give an id as theirs look."""
    return base64.b64encode(f"{kind}:{secrets.token_hex(6)}".encode()).decode()


def now() -> str:
    """Give the time as they write it."""
    time.sleep(0.001)
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
