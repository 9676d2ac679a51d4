"""Other registries that versions are published to: what is there, and how it is put right."""

from typing import TYPE_CHECKING

from registry_assets.catalog import mirrors
from registry_assets.catalog import models as model_rows
from registry_assets.catalog.mirrors import MirrorRecord, ReceiptRecord, StateRecord
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.declaration import RegisteredModel
    from registry_assets.lifecycle.mirroring.adopting import Adopted
    from registry_assets.lifecycle.mirroring.deploying import Deployment
    from registry_assets.lifecycle.mirroring.observing import Observation
    from registry_assets.lifecycle.mirroring.publishing import Published
    from registry_assets.lifecycle.mirroring.repairing import Repaired
    from registry_assets.lifecycle.mirroring.standing import Standing
    from registry_assets.lifecycle.mirroring.wanted import MirrorDue


class Mirrors(Part):
    """Publish outward, look at what stands there, repair it, adopt from it."""

    def mirrors(self, model: str | None = None) -> tuple[MirrorRecord, ...]:
        """Give the mirrors that are declared, of one model or of all."""
        with self.backends.catalog.read() as connection:
            if model is not None:
                model_rows.get_model(connection, model)
            return mirrors.list_mirrors(connection, model)

    def mirror_state(self, model: str, mirror: str) -> StateRecord:
        """Give how a mirror was found last."""
        with self.backends.catalog.read() as connection:
            return mirrors.read_state(connection, model, mirror)

    def mirror_receipts(self, model: str, mirror: str) -> dict[int, ReceiptRecord]:
        """Give what was published to a mirror, by the version's number here."""
        with self.backends.catalog.read() as connection:
            return mirrors.read_receipts(connection, model, mirror)

    def published_to(self, model: str, version: int) -> tuple[ReceiptRecord, ...]:
        """Give where a version was published to."""
        with self.backends.catalog.read() as connection:
            return mirrors.receipts_of_version(connection, model, version)

    def mirror_standing(self, model: str, mirror: str) -> "Standing | None":
        """Give what was told to a mirror so far: see `lifecycle.mirroring.standing`."""
        from registry_assets.lifecycle.mirroring.standing import read_standing

        with self.backends.catalog.read() as connection:
            return read_standing(connection, model, mirror)

    def mirror_due(self, model: "RegisteredModel", mirror: str) -> "MirrorDue | None":
        """Tell whether anything is to be told to a mirror: see `lifecycle.mirroring.wanted`."""
        from registry_assets.lifecycle.mirroring.declared import mirror_of
        from registry_assets.lifecycle.mirroring.wanted import find_due

        with self.backends.catalog.read() as connection:
            return find_due(connection, model.name, mirror_of(model, mirror))

    def publish_to_mirror(
        self, model: "RegisteredModel", mirror: str, *, run: RunInfo, again: bool = False
    ) -> "Published":
        """Publish what is not there yet: see `lifecycle.mirroring.publishing`."""
        from registry_assets.lifecycle.mirroring.publishing import publish

        return publish(self.backends, model, mirror, run=run, again=again)

    def look_at_mirror(
        self, model: "RegisteredModel", mirror: str, *, verify: bool = False, brief: bool = False
    ) -> "Observation":
        """Look at what stands there; nothing is recorded: see `lifecycle.mirroring.observing`."""
        from registry_assets.lifecycle.mirroring.observing import look

        return look(self.backends, model, mirror, verify=verify, brief=brief)

    def observe_mirror(
        self, model: "RegisteredModel", mirror: str, *, run: RunInfo, verify: bool | None = None
    ) -> "Observation":
        """Look, and record what is news: see `lifecycle.mirroring.observing`."""
        from registry_assets.lifecycle.mirroring.observing import observe

        return observe(self.backends, model, mirror, run=run, verify=verify)

    def is_mirror_to_be_verified(self, model: "RegisteredModel", mirror: str) -> bool:
        """Tell whether every byte there is to be compared again."""
        from registry_assets.lifecycle.mirroring.declared import mirror_of
        from registry_assets.lifecycle.mirroring.observing import is_verification_due
        from registry_assets.lifecycle.mirroring.wanted import read_wanted

        declared = mirror_of(model, mirror)
        with self.backends.catalog.read() as connection:
            wanted = read_wanted(connection, model.name, declared)
        return is_verification_due(self.backends, declared, wanted)

    def repair_mirror(
        self,
        model: "RegisteredModel",
        mirror: str,
        *,
        run: RunInfo | None = None,
        reason: str = "",
    ) -> "Repaired":
        """Put right what was changed there: see `lifecycle.mirroring.repairing`."""
        from registry_assets.lifecycle.mirroring.repairing import repair

        by = run or RunInfo.by_hand()
        return repair(self.backends, model, mirror, run=by, reason=reason)

    def deploy_to_endpoint(self, model: "RegisteredModel", mirror: str) -> "Deployment | None":
        """Let a mirror's endpoint serve what its pointer holds: see `lifecycle.mirroring`."""
        from registry_assets.lifecycle.mirroring.deploying import deploy

        return deploy(self.backends, model, mirror)

    def look_at_endpoint(
        self, model: "RegisteredModel", mirror: str, *, brief: bool = False
    ) -> "Deployment | None":
        """Say what a mirror's endpoint is to serve, and what it serves."""
        from registry_assets.lifecycle.mirroring.deploying import look_at_endpoint

        return look_at_endpoint(self.backends, model, mirror, brief=brief)

    def wanted_configuration(self, model: "RegisteredModel", mirror: str) -> str | None:
        """Name what a mirror's endpoint is to serve, by the catalog alone."""
        from registry_assets.lifecycle.mirroring.deploying import wanted_configuration

        return wanted_configuration(self.backends, model, mirror)

    def adopt_from_mirror(
        self,
        model: "RegisteredModel",
        mirror: str,
        number: str,
        *,
        run: RunInfo | None = None,
        reason: str = "",
    ) -> "Adopted":
        """Propose a version there as a candidate here: see `lifecycle.mirroring.adopting`."""
        from registry_assets.lifecycle.mirroring.adopting import adopt

        by = run or RunInfo.by_hand()
        return adopt(self.backends, model, mirror, number, run=by, reason=reason)
