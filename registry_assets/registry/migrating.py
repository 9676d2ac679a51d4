"""What came from other kinds of registries: bringing it in, and what is known of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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

        Nothing of it can be promoted, and nothing of it is run: see
        `lifecycle.migrating.importing`.

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
        from registry_assets.lifecycle.migrating import importing
        from registry_assets.lifecycle.migrating.mlflow import MLflowSource
        from registry_assets.mirroring.mlflow.address import Address
        from registry_assets.mirroring.mlflow.reading import Reader

        importing.our_name(name, model, there="MLflow")  # before a server is asked
        return importing.migrate(
            self.backends,
            MLflowSource(Reader(Address.find(tracking_uri), allowed=allowed)),
            name,
            model=model,
            largest=importing.LARGEST if largest is None else largest,
            run=run or RunInfo.by_hand(),
            reason=reason,
            progress=progress or (lambda _what, _done, _total: None),
        )

    def migrate_wandb(
        self,
        name: str,
        *,
        model: str = "",
        base_url: str = "",
        entity: str = "",
        organization: str = "",
        registry: str = "model",
        largest: int | None = None,
        run: RunInfo | None = None,
        reason: str = "",
        progress: "Progress | None" = None,
    ) -> "Migrated":
        """Bring a collection of Weights & Biases in, as history; repeating adds what is new.

        Args:
            model: what it is to be called here; by default as there.
            base_url: where it is; by default WANDB_BASE_URL.
            entity: the team; by default the one of WANDB_API_KEY.
            organization: that the registry is of; by default the one of the team.
            registry: that the collection is in, without its `wandb-registry-`.
            largest: bytes of one version's files that are copied.

        Raises:
            InvalidName: it cannot be called so here.
            NotFound: there is no such collection there.
            MirrorUnreachable, MirrorRefused: it does not answer, or does not let us.
        """
        from registry_assets.lifecycle.migrating import importing
        from registry_assets.lifecycle.migrating.wandb import WeightsAndBiasesSource
        from registry_assets.mirroring.wandb.address import Address, Place
        from registry_assets.mirroring.wandb.reading import Reader

        importing.our_name(name, model, there="Weights & Biases")
        place = Place(entity, organization, registry, name)
        with Reader.open(Address.find(base_url), place) as reader:
            return importing.migrate(
                self.backends,
                WeightsAndBiasesSource(reader),
                name,
                model=model,
                largest=importing.LARGEST if largest is None else largest,
                run=run or RunInfo.by_hand(),
                reason=reason,
                progress=progress or (lambda _what, _done, _total: None),
            )

    def migrate_sagemaker(
        self,
        name: str,
        *,
        model: str = "",
        region: str = "",
        allowed: Sequence[str] = (),
        session: Any = None,
        largest: int | None = None,
        run: RunInfo | None = None,
        reason: str = "",
        progress: "Progress | None" = None,
    ) -> "Migrated":
        """Bring a model package group of SageMaker in, as `migrate_mlflow` does a model.

        Args:
            model: what it is to be called here; by default as there.
            region: where it is; by default as AWS's own settings say.
            allowed: addresses below which this process may read what versions name:
                `s3://bucket/prefix`. Of a version that names another, no file comes.
            session: by what AWS is reached: see `SageMaker`.
            largest: bytes of one version's files that are copied.

        Raises:
            InvalidName: it cannot be called so here.
            NotFound: there is no such group there.
            MirrorUnreachable, MirrorRefused: AWS does not answer, or does not let us.
        """
        from registry_assets.lifecycle.migrating import importing
        from registry_assets.lifecycle.migrating.sagemaker import SageMakerSource
        from registry_assets.mirroring.sagemaker.reading import Reader
        from registry_assets.mirroring.sagemaker.sessions import Aws

        importing.our_name(name, model, there="SageMaker")  # before anybody is asked
        return importing.migrate(
            self.backends,
            SageMakerSource(Reader(Aws(session, region=region), allowed=allowed)),
            name,
            model=model,
            largest=importing.LARGEST if largest is None else largest,
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
