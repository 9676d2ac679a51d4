"""What came from other kinds of registries: bringing it in, and what is known of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_assets.catalog import imported, imported_aliases
from registry_assets.catalog import models as model_rows
from registry_assets.catalog.imported import ImportedRecord
from registry_assets.catalog.imported_aliases import AliasRecord
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.references import Reference
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.lifecycle.migrating.values import Migrated, Progress


class Migrating(Part):
    """Migrate, and read what came."""

    def migrate_mlflow(
        self,
        name: str,
        *,
        model: str = "",
        tracking_uri: str = "",
        allowed: Sequence[str] = (),
        largest: int | None = None,
        run: RunInfo | None = None,
        reason: str = "",
        progress: "Progress | None" = None,
    ) -> "Migrated":
        """Bring a registered model of an MLflow server in, as history; repeating adds what is new.

        Nothing of it can be promoted, and nothing of it is run: see `lifecycle.migrating.mlflow`.

        Args:
            model: what it is to be called here; by default as there.
            tracking_uri: where the server is; by default MLFLOW_TRACKING_URI.
            allowed: addresses below which artifacts may be read by this process, though the
                server does not serve them: `s3://bucket/mlruns`, `file:///srv/mlruns`.
            largest: bytes of one version's files that are copied.

        Raises:
            InvalidName: it cannot be called so here.
            NotFound: there is no such model there.
            MirrorUnreachable, MirrorRefused: the server does not answer, or does not let us.
        """
        from registry_assets.lifecycle.migrating import mlflow
        from registry_assets.mirroring.mlflow.address import Address
        from registry_assets.mirroring.mlflow.reading import Reader

        mlflow.our_name(name, model)  # before a server is asked
        return mlflow.migrate_mlflow(
            self.backends,
            Reader(Address.find(tracking_uri), allowed=allowed),
            name,
            model=model,
            largest=mlflow.LARGEST if largest is None else largest,
            run=run or RunInfo.by_hand(),
            reason=reason,
            progress=progress or (lambda _what, _done, _total: None),
        )

    def imported_versions(
        self,
        model: str,
        *,
        limit: int | None = None,
        before: int | None = None,
        linked: bool = False,
    ) -> tuple[ImportedRecord, ...]:
        """Give the versions of a model that came as history, oldest first.

        Args:
            limit: the newest, at most so many.
            before: only numbers below this one.
            linked: also those that are versions of ours.
        """
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return imported.list_imported(
                connection, model, limit=limit, before=before, linked=linked
            )

    def imported_version(self, reference: str | Reference) -> ImportedRecord | None:
        """Give the version that came as history and has this number or digest, if it is one."""
        asked = Reference.parse(reference) if isinstance(reference, str) else reference
        if asked.version is None and asked.digest is None:
            return None
        with self.backends.catalog.read() as connection:
            return imported.find_imported(
                connection, asked.model, number=asked.version, digest=asked.digest
            )

    def imports_of(self, model: str, number: int) -> tuple[ImportedRecord, ...]:
        """Give what a version is called in other kinds of registries, as far as is known."""
        with self.backends.catalog.read() as connection:
            return imported.imports_of(connection, model, number)

    def imported_aliases(self, model: str) -> tuple[AliasRecord, ...]:
        """Give where aliases of other registries were found last: history, no pointers of ours."""
        with self.backends.catalog.read() as connection:
            return imported_aliases.list_aliases(connection, model)
