"""Migrate: every version of another registry becomes an imported version here, in their order.

For each: look, fetch, store, and one transaction. What is recorded is known by what it is there,
so whatever ends a migration, the next one goes on behind the last version that was recorded.
Nothing that was fetched is opened but to hash it, and to tell whether it is a pickle.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json
from registry_assets.catalog import imported
from registry_assets.catalog.counts import has_model
from registry_assets.catalog.imported import SHOWN_AS, ImportedRecord, Incoming
from registry_assets.catalog.imported_aliases import record_aliases
from registry_assets.catalog.models import declare
from registry_assets.errors import DeclarationError, InvalidName
from registry_assets.faults import reached
from registry_assets.governance.policy import policy_in_force
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.migrating.linking import Ours
from registry_assets.lifecycle.migrating.pickles import find_pickles
from registry_assets.lifecycle.migrating.skeleton import skeleton
from registry_assets.lifecycle.migrating.source import Source, SourceModel, SourceVersion
from registry_assets.lifecycle.migrating.telling import Told, digest_of
from registry_assets.lifecycle.migrating.values import Came, Migrated, Progress
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import FileEntry, Manifest, Parent, file_entries
from registry_assets.references import check_name

LARGEST = 5 * 1024**3
"""Bytes of one version's files, unless asked otherwise."""
AT_ONCE = 8
_BESIDE_EACH_OTHER = 1 << 28
"""Bytes of a version that is fetched while others are: all of them lie on the disk at once."""
_IN_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class _Migration:
    """One migration under way."""

    backends: Backends
    source: Source
    model: str
    run: RunInfo
    reason: str
    largest: int
    ours: Ours

    @property
    def recorded(self) -> dict[str, str]:
        return {"actor": self.run.actor, "run_id": self.run.run_id, "reason": self.reason}


def migrate(
    backends: Backends,
    source: Source,
    name: str,
    *,
    model: str = "",
    largest: int = LARGEST,
    run: RunInfo,
    reason: str = "",
    progress: Progress = lambda _what, _done, _total: None,
) -> Migrated:
    """Bring a model of another registry in, as history. Repeating adds what is new.

    No pointer moves, and nothing that comes can be promoted.

    Args:
        model: what it is to be called here; by default as there.
        largest: bytes of one version's files that are copied; of a larger one all else comes.

    Raises:
        InvalidName: its name cannot be one here; says how to give another.
        NotFound: it has no such model.
        MirrorUnreachable, MirrorRefused: it does not answer, or does not let us.
        StoreError: a file cannot be stored. What is recorded stays, and repeating goes on.
    """
    called = our_name(name, model, there=SHOWN_AS[source.kind])
    progress("reading", 0, 0)
    found = source.model(name)
    declared = _declare(backends, source, called, found, run)
    reached("migrate.declared")
    doing = _Migration(backends, source, called, run, reason, largest, Ours(backends, called))
    with backends.catalog.read() as connection:
        records = imported.list_imported(connection, called, linked=True)
    known = {record.identity: record for record in records}
    came = {each.record.identity: each for each in _known(doing, found.versions, known)}
    waiting = [version for version in found.versions if version.identity not in came]
    done, total = len(came), len(found.versions)
    progress("importing", done, total)
    for first in range(0, len(waiting), AT_ONCE):
        for each in _some(doing, waiting[first : first + AT_ONCE], known):
            came[each.record.identity] = each
            done += 1
            progress("importing", done, total)
    aliases = record_aliases(
        backends.catalog,
        model=called,
        source=source.kind,
        foreign_name=name,
        aliases=found.aliases,
        actor=run.actor,
        clock=backends.clock,
    )
    reached("migrate.ended")
    return Migrated(
        called,
        name,
        source.address,
        declared,
        versions=tuple(came[version.identity] for version in found.versions),
        aliases=aliases,
        always_lost=source.always_lost,
    )


def our_name(name: str, model: str = "", *, there: str) -> str:
    """Give what a model of another registry is called here.

    Args:
        there: what people call that registry: `MLflow`.

    Raises:
        InvalidName: it cannot be called so; says how to give another name.
    """
    if not name or any(each in name for each in "/:"):
        raise InvalidName(
            f"{name!r:.120} is no name of a model in {there}: expected one that is not empty,"
            " without / and :",
            hint="give its name as its own page shows it; a version is not asked for",
        )
    if model:
        return check_name(model, what="model name")
    try:
        return check_name(name, what="model name")
    except InvalidName as refused:
        folded = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())
        folded = "_".join(part for part in folded.split("_") if part)[:60]
        proposed = folded if folded[:1].isalpha() else f"m_{folded}".rstrip("_")
        raise InvalidName(
            f"{name!r:.120} is a name in {there}, and can be none here: expected a small letter,"
            " then small letters, digits and _, 63 characters at most",
            hint=f"say what it is to be called here: --as {proposed}",
        ) from refused


def _declare(
    backends: Backends, source: Source, model: str, found: SourceModel, run: RunInfo
) -> bool:
    """Declare the model as far as it is known, if nobody has; what code declares later holds."""
    with backends.catalog.read() as connection:
        if has_model(connection, model):
            return False
    told = Told(secrets=source.secrets())
    suite, policy = skeleton()
    declare(
        backends.catalog,
        name=model,
        description=told.text(found.description, "description")
        or f"Imported from {SHOWN_AS[source.kind]} {told.text(found.name, 'name', 300)}.",
        task="unknown",
        owners=(),
        tags={name: str(value) for name, value in told.texts(found.tags, "tag").items()},
        suite=suite,
        policy=lambda before: policy_in_force(before, policy),
        actor=run.actor,
        clock=backends.clock,
    )
    return True


def _known(
    doing: _Migration, versions: Sequence[SourceVersion], known: Mapping[str, ImportedRecord]
) -> Iterator[Came]:
    """Give the versions that are here, and of which nothing is missing."""
    for version in versions:
        record = known.get(version.identity)
        if record is not None and record.files == "whole":
            now = digest_of(doing.source.said(version, _told(doing)))
            lost = tuple(record.said.get("not_carried", ()))
            yield Came(record, "known", lost=lost, changed=now != record.said_digest)


def _some(
    doing: _Migration, versions: Sequence[SourceVersion], known: Mapping[str, ImportedRecord]
) -> Iterator[Came]:
    """Import some versions in their order; the small ones are fetched beside each other."""
    looked = [_limited(doing, version) for version in doing.source.look(versions)]
    reached("migrate.looked")
    with tempfile.TemporaryDirectory(prefix="registry-migrate-") as aside:
        folders = [Path(aside) / str(place) for place in range(len(looked))]
        problems: dict[int, str] = {}
        for place, version in enumerate(looked):
            folders[place].mkdir()
            assert version.listing is not None
            if version.listing.refused:
                problems[place] = version.listing.refused
        small = [
            place
            for place, version in enumerate(looked)
            if place not in problems
            and version.listing is not None
            and version.listing.size <= _BESIDE_EACH_OTHER
        ]
        fetched = doing.source.fetch_all([(looked[place], folders[place]) for place in small])
        problems |= dict(zip(small, fetched, strict=True))
        reached("migrate.fetched")
        for place, version in enumerate(looked):
            if place not in problems:
                problems[place] = doing.source.fetch(version, folders[place])
            before = known.get(version.identity)
            yield _import(doing, version, folders[place], problems[place], before)
            for file in folders[place].rglob("*"):
                if file.is_file():
                    file.unlink()  # at most one large version lies there at a time


def _limited(doing: _Migration, version: SourceVersion) -> SourceVersion:
    listing = version.listing
    if listing is None or listing.size <= doing.largest:
        return version
    refused = (
        f"its files are {listing.size:,} bytes, and at most {doing.largest:,} of one version are"
        " copied"
    )
    limited: Any = version  # a dataclass, as every source gives them
    found: SourceVersion = replace(limited, listing=replace(listing, refused=refused))
    return found


def _import(
    doing: _Migration,
    version: SourceVersion,
    folder: Path,
    problem: str,
    before: ImportedRecord | None,
) -> Came:
    told = _told(doing)
    said = doing.source.said(version, told)
    said_digest = digest_of(said)
    files = [] if problem else sorted(each for each in folder.rglob("*") if each.is_file())
    if problem:
        lost = told.text(problem, "what kept its files from coming", 1000)
        told.lost.insert(0, f"its files did not come: {lost}")
        if before is not None:
            changed = said_digest != before.said_digest
            return Came(before, "absent", lost=tuple(told.lost), changed=changed)
    ours = doing.ours.find(folder, files)
    named = {each.relative_to(folder).as_posix(): each for each in files}
    said |= doing.source.links(version)
    said["unsafe"] = list(find_pickles(named.items()))
    said["same_as"] = ours.reference if ours is not None else None
    publication = Publication.begin(doing.backends)
    entries: list[FileEntry] = []
    contents: dict[str, bytes] = {}
    linked = ours is not None and ours.model == doing.model and before is None
    if not linked:
        entries, contents = _stored(doing, named, told)
    said["not_carried"] = list(told.lost)
    incoming = Incoming(
        identity=version.identity,
        source=doing.source.kind,
        address=doing.source.address,
        foreign_name=version.name,
        foreign_number=str(version.number),
        files="absent" if problem else "whole",
        said=said,
        said_digest=said_digest,
    )
    reached("migrate.stored")
    if ours is not None and linked:
        record = imported.record_linked(
            doing.backends.catalog,
            incoming,
            model=doing.model,
            number=ours.number,
            digest=ours.digest,
            clock=doing.backends.clock,
            **doing.recorded,
        )
        return Came(record, "linked", lost=tuple(told.lost))
    if before is not None:
        record = _complete(doing, incoming, publication, entries, contents, before)
    else:
        record = _record(doing, incoming, publication, entries, contents)
    reached("migrate.recorded")
    return Came(
        record,
        "imported" if before is None else "completed",
        files=len(entries),
        size=sum(entry.size for entry in entries),
        lost=tuple(told.lost),
    )


def _stored(
    doing: _Migration, files: Mapping[str, Path], told: Told
) -> tuple[list[FileEntry], dict[str, bytes]]:
    """Store what is large, and give what is to be stored together with the manifest."""
    entries, contents = [], {}
    for path, file in files.items():
        try:
            FileEntry(path, f"sha256:{'0' * 64}", 0)
        except DeclarationError:
            told.lost.append(f"a file whose path can be none here: {path!r:.200}")
            continue
        if file.stat().st_size <= _IN_MEMORY:
            contents[path] = file.read_bytes()
        else:
            stored = doing.backends.store.put_file(file)
            entries.append(FileEntry(path, stored.digest, stored.size))
    return [*entries, *file_entries(contents)], contents


def _record(
    doing: _Migration,
    incoming: Incoming,
    publication: Publication,
    entries: Sequence[FileEntry],
    contents: Mapping[str, bytes],
) -> ImportedRecord:
    while True:
        with doing.backends.catalog.read() as connection:
            number = imported.next_number(connection, doing.model)
        # The number stands in it, as in the manifest of every version: a store of which the
        # catalog was lost says which numbers were given out.
        manifest = _manifest(doing, incoming, entries, number)
        digest = publication.put(manifest, contents)
        record = imported.record_imported(
            doing.backends.catalog,
            incoming,
            model=doing.model,
            number=number,
            digest=digest,
            confirm=partial(publication.confirm, digest=digest),
            clock=doing.backends.clock,
            **doing.recorded,
        )
        if record is not None:
            return record


def _complete(
    doing: _Migration,
    incoming: Incoming,
    publication: Publication,
    entries: Sequence[FileEntry],
    contents: Mapping[str, bytes],
    before: ImportedRecord,
) -> ImportedRecord:
    manifest = _manifest(doing, incoming, entries, before.number, before=before.digest)
    digest = publication.put(manifest, contents)
    return imported.record_completed(
        doing.backends.catalog,
        incoming,
        model=doing.model,
        digest=digest,
        confirm=partial(publication.confirm, digest=digest),
        clock=doing.backends.clock,
        **doing.recorded,
    )


def _manifest(
    doing: _Migration,
    incoming: Incoming,
    entries: Sequence[FileEntry],
    number: int,
    *,
    before: str | None = None,
) -> Manifest:
    facts: dict[str, Json] = {
        "model": doing.model,
        "version": number,
        "identity": incoming.identity,
        "imported": dict(incoming.said),
    }
    parents = (Parent("before", before),) if before is not None else ()
    return Manifest(kind="imported", files=tuple(entries), parents=parents, facts=facts)


def _told(doing: _Migration) -> Told:
    return Told(secrets=doing.source.secrets())
