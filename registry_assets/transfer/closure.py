"""Which bytes belong to some manifests: they, all that they were made from, and every file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.catalog.monitoring_tables import observations
from registry_assets.catalog.snapshots import find_snapshots
from registry_assets.catalog.stored import read_json
from registry_assets.catalog.tables import attestations, evaluations, snapshots, versions
from registry_assets.manifest import Manifest
from registry_assets.recipe import Recipe
from registry_assets.transfer.rows import batches


@dataclass(slots=True)
class Closure:
    """Blobs by digest with their sizes, and which of them are manifests."""

    sizes: dict[str, int] = field(default_factory=dict)
    manifests: set[str] = field(default_factory=set)

    def add(self, roots: Iterable[str], read: Callable[[str], bytes]) -> None:
        """Follow manifests to everything that they name.

        Raises:
            RegistryError: whatever `read` raises; and one of them is no manifest.
        """
        pending = [digest for digest in roots if digest not in self.manifests]
        while pending:
            digest = pending.pop()
            if digest in self.manifests:
                continue
            data = read(digest)
            manifest = Manifest.from_bytes(data)
            self.manifests.add(digest)
            self.sizes[digest] = len(data)
            self.sizes.update((file.sha256, file.size) for file in manifest.files)
            pending += [parent.digest for parent in manifest.parents]


def named_manifests(connection: sa.Connection, model: str) -> Iterator[str]:
    """Give the manifests that a model's rows name: all there are, and the data to train on."""
    recipes: set[str] = set()
    for row in connection.execute(sa.select(versions).where(versions.c.model == model)):
        if row.digest is not None:
            yield row.digest
        recipe = Recipe.from_json(read_json(row.recipe, where=f"{model}:{row.number}"))
        recipes |= {ref.digest for ref in (*recipe.train, *recipe.holdout)}
    for some in batches(sorted(recipes)):
        yield from find_snapshots(connection, some)
    for table in (evaluations, attestations, observations, imported_versions):
        digests = sa.select(table.c.digest).where(table.c.model == model).distinct()
        yield from connection.execute(digests).scalars()


def snapshot_numbers(connection: sa.Connection, digests: Iterable[str]) -> Iterator[int]:
    """Give the rows of the snapshots that have these digests."""
    for some in batches(digests):
        yield from connection.execute(
            sa.select(snapshots.c.id).where(snapshots.c.digest.in_(some))
        ).scalars()
