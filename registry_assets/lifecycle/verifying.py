"""Verify: read-only, complete, and naming every broken object with what it touches.

Three things are held against each other: the bytes in the store, the rows of the catalog,
and the ledger that vouches for the rows. Here: the bytes, and that rows, manifests and
pointer files say the same; the catalog by itself is the neighbour `auditing`, what was signed
about promotions `attestation_check`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.engine import damages
from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.catalog.models import get_model
from registry_assets.catalog.monitoring_tables import observations
from registry_assets.catalog.pointers import PointerRecord
from registry_assets.catalog.tables import (
    attestations,
    evaluations,
    pointers,
    registered_models,
    snapshots,
    versions,
)
from registry_assets.errors import CatalogBehind, RegistryError
from registry_assets.lifecycle.attestation_check import Claim, check_claim, read_claims
from registry_assets.lifecycle.auditing import Findings, Problem, audit
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.checkpoints import Checkpoint, check_past
from registry_assets.lifecycle.deploying import resolve
from registry_assets.lifecycle.index_check import check_index
from registry_assets.lifecycle.pointer_files import stale_pointer
from registry_assets.manifest import Manifest
from registry_assets.references import Reference
from registry_assets.store import Store
from registry_assets.store.manifests import read_manifest

Progress = Callable[[int, int], None]
"""Told how many bytes have been hashed, and of how many."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and every problem found.

    Args:
        deep: whether the bytes of files were hashed, or only their presence and size looked at.
    """

    problems: tuple[Problem, ...]
    deep: bool
    manifests: int
    blobs: int
    rows: int
    events: int

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Root:
    """A manifest that a row names: how people know it, and what it must say of itself."""

    digest: str
    name: str
    kind: str
    facts: Mapping[str, Json]


_FEW = 100
_PROMOTION_SECONDS = 1.0
"""Between a promotion's commit and its pointer file pass milliseconds; more on a busy disk."""


def verify(
    backends: Backends,
    reference: Reference | None = None,
    *,
    deep: bool = True,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check the whole registry, one model, or one version with everything it was made from.

    Args:
        deep: hash the bytes of every file; without, each must be there and have its size.
            Manifests, rows and ledger are checked in full either way.
        checkpoint: an earlier one, of whose past nothing may be missing or rewritten.

    Raises:
        NotFound: the reference names nothing.
    """
    found, claims = Findings(), list[Claim]()
    with backends.catalog.read() as connection:
        roots = list(read_roots(connection, reference))
        if reference is None:
            with _as_far_as_it_can_be_read(connection, found):
                read = audit(connection, found)
                claims += read_claims(connection, read)
                check_index(connection, found)
        if checkpoint is not None:
            check_past(connection, checkpoint, found)
    for root in roots:
        manifest = _manifest(backends, root.digest)
        if manifest is not None:  # else it is said where it is read
            check_root(root, manifest, found)
        _walk(backends, root.digest, root.name, found)
    for claim in claims:
        check_claim(backends.store, claim, found)
    _check_blobs(backends.store, found, deep=deep, progress=progress or _silent)
    if reference is None:
        _check_pointer_files(backends, found)
    return Verification(
        tuple(found.problems),
        deep,
        manifests=len(found.manifests),
        blobs=len(found.blobs),
        rows=found.rows,
        events=found.events,
    )


@contextmanager
def _as_far_as_it_can_be_read(connection: sa.Connection, found: Findings) -> Iterator[None]:
    """Note where the catalog's file itself is damaged; then the block may end early.

    A flipped bit makes NULL or a number of a text, and loses rows to their own index: what the
    schema rules out is there, and nothing that reads rows has to reckon with it.
    """
    damaged = damages(connection)
    for said in damaged:
        sentence = f"the catalog's file is damaged: {said}; restore it from a backup"
        found.add("catalog_damaged", "catalog", sentence)
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, sa.exc.InvalidRequestError):
        if not damaged:
            raise


def _check_blobs(store: Store, found: Findings, *, deep: bool, progress: Progress) -> None:
    total, done = sum(found.sizes.values()), 0
    # One listing costs less than a question per blob, unless few are asked about.
    listed = {}
    if not deep and len(found.blobs) > _FEW:
        listed = {entry.digest: entry.size for entry in store.entries()}
    for digest, touched in sorted(found.blobs.items()):
        try:
            if deep or digest in found.manifests:
                store.verify(digest)
            elif listed.get(digest) != found.sizes[digest]:
                # Not there, of another size, or not listed: only its bytes tell.
                store.verify(digest)
        except RegistryError as error:
            found.add(error.code, digest, error.message, tuple(sorted(touched)))
        done += found.sizes.get(digest, 0)
        progress(done, total)


def _silent(_done: int, _total: int) -> None:
    return


def _check_pointer_files(backends: Backends, found: Findings) -> None:
    with backends.catalog.read() as connection:
        known = connection.execute(sa.select(pointers.c.model, pointers.c.name))
        # As text: a bit that flipped in the file may have made a number of one.
        there = {(str(row.model), str(row.name)) for row in known}
    for model, name in sorted({*there, *backends.store.pointers()}):
        subject = f"{model}@{name}"
        try:
            stale = _lasting(backends, model, name)
        except CatalogBehind as error:
            found.add(error.code, subject, error.message, (subject,))
            continue
        except RegistryError as error:
            # A row that it is made from was changed, and is named besides; or the file is none.
            sentence = f"what the pointer file of {subject} should be is not known: {error.message}"
            found.add("pointer_file_unknown", subject, sentence, (subject,))
            continue
        if stale is None:
            continue
        held = f"version {stale.version}"
        remedy = "the promotion sensor, or promoting that version again, writes it"
        if stale.version is None:
            held, remedy = "nothing was ever promoted", "find out who wrote it, and remove it"
        found.add(
            "pointer_file_behind",
            subject,
            f"the pointer file of {subject} in the store is not what the catalog says"
            f" ({held}); {remedy}",
            (subject,),
        )


def _lasting(backends: Backends, model: str, pointer: str) -> PointerRecord | None:
    """Give a pointer whose file is behind, and not only while a promotion writes it."""
    stale = stale_pointer(backends, model, pointer)
    if stale is not None:
        time.sleep(_PROMOTION_SECONDS)
        stale = stale_pointer(backends, model, pointer)
    return stale


def read_roots(connection: sa.Connection, reference: Reference | None) -> Iterator[Root]:
    """Give the manifests to start from, as the catalog has them.

    A digest is text here even where a bit that flipped in the file made NULL of it.
    """
    if reference is not None:
        is_model = (reference.version, reference.pointer, reference.digest) == (None, None, None)
        if not is_model:
            version = resolve(connection, reference)
            yield _version_root(version.model, version.number, str(version.digest))
            return
        models = [get_model(connection, reference.model).name]
    else:
        # Names only: a declaration that cannot be read must not hide what else is wrong.
        models = list(connection.execute(sa.select(registered_models.c.name)).scalars())
        for row in connection.execute(sa.select(snapshots).order_by(snapshots.c.id)):
            name = f"{row.asset}[{row.partition}]" if row.partition else row.asset
            facts = {"asset": row.asset, "partition": row.partition}
            yield Root(str(row.digest), name, row.kind, facts)
    for model in models:
        for number, digest in connection.execute(
            sa.select(versions.c.number, versions.c.digest).where(
                versions.c.model == model, versions.c.state == "committed"
            )
        ):
            yield _version_root(model, number, str(digest))
        for row in connection.execute(sa.select(evaluations).where(evaluations.c.model == model)):
            facts = {"model": model, "version": row.version}
            name = f"evaluation of {model}:{row.version}"
            yield Root(str(row.digest), name, "evaluation", facts)
        for row in connection.execute(sa.select(attestations).where(attestations.c.model == model)):
            facts = {"model": model, "pointer": row.pointer, "generation": row.generation}
            name = f"attestation {row.generation} of {model}@{row.pointer}"
            yield Root(str(row.digest), name, "attestation", facts)
        yield from _observation_roots(connection, model)
        yield from _imported_roots(connection, model)


def _observation_roots(connection: sa.Connection, model: str) -> Iterator[Root]:
    columns = (observations.c[name] for name in ("digest", "kind", "partition"))
    of_model = observations.c.model == model
    for row in connection.execute(sa.select(*columns).where(of_model).distinct()):
        where = f"[{row.partition}]" if row.partition else ""
        facts = {"model": model, "partition": row.partition}
        yield Root(str(row.digest), f"{row.kind} of {model}{where}", str(row.kind), facts)


def _imported_roots(connection: sa.Connection, model: str) -> Iterator[Root]:
    table = imported_versions
    # What is linked is a version of ours, which is looked at as one.
    of_model = (table.c.model == model) & (table.c.state == "imported")
    columns = sa.select(table.c.number, table.c.digest, table.c.identity)
    for row in connection.execute(columns.where(of_model)):
        facts = {"model": model, "version": row.number, "identity": row.identity}
        yield Root(str(row.digest), f"{model}:{row.number}", "imported", facts)


def _version_root(model: str, number: int, digest: str) -> Root:
    return Root(digest, f"{model}:{number}", "model", {"model": model, "version": number})


def check_root(root: Root, manifest: Manifest, found: Findings) -> None:
    """Hold what a row says of a manifest against what that says of itself."""
    said = {name: manifest.facts.get(name) for name in root.facts}
    if (manifest.kind, said) != (root.kind, root.facts):
        found.add(
            "manifest_of_another",
            root.digest,
            f"the catalog has {root.digest} as {root.name}; it is a {manifest.kind} manifest"
            f" of {', '.join(f'{name} {value}' for name, value in said.items())}",
            (root.name,),
        )


def _walk(backends: Backends, root: str, name: str, found: Findings) -> None:
    """Visit a manifest and all its ancestors, noting which blobs they need."""
    pending, seen = [root], {root}
    while pending:
        digest = pending.pop()
        known = digest in found.manifests
        found.manifests.setdefault(digest, set()).add(name)
        found.blobs.setdefault(digest, set()).add(name)
        manifest = _manifest(backends, digest)
        if manifest is None:
            if not known:
                _note_unreadable(backends, digest, name, found)
            continue
        for file in manifest.files:
            found.blobs.setdefault(file.sha256, set()).add(name)
            found.sizes[file.sha256] = file.size
        for parent in manifest.parents:
            if parent.digest not in seen:
                seen.add(parent.digest)
                pending.append(parent.digest)


def _manifest(backends: Backends, digest: str) -> Manifest | None:
    try:
        return read_manifest(backends.store, digest)
    except RegistryError:
        return None


def _note_unreadable(backends: Backends, digest: str, name: str, found: Findings) -> None:
    """Note bytes that are intact and yet no manifest; damaged ones are found as blobs."""
    try:
        backends.store.verify(digest)
    except RegistryError:
        return
    found.add("not_a_manifest", digest, f"{digest} is intact, but no manifest", (name,))
