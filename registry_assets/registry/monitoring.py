"""After deployment: what was predicted, how far it drifted, how good it was, and the alerts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.catalog import counts, observations
from registry_assets.catalog.observations import Kind, ObservationRecord, ResultRecord
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.declaration import RegisteredModel
    from registry_assets.lifecycle.monitoring.due import Due
    from registry_assets.lifecycle.monitoring.freshening import Punctuality
    from registry_assets.lifecycle.monitoring.recording import Observed
    from registry_assets.lifecycle.monitoring.reporting import ObservationPage
    from registry_assets.lifecycle.monitoring.threads import Ended
    from registry_assets.lifecycle.replaying import Plan, Replayed
    from registry_assets.lifecycle.retraining import RetrainingDue, RetrainingNotDue
    from registry_assets.monitoring.results.history import History

NO_LINKS: Mapping[str, str] = {}


class Monitoring(Part):
    """Watch what is deployed, and read what was seen of it."""

    def due(self, model: "RegisteredModel") -> "tuple[Due, ...]":
        """Give the partitions that wait to be watched: see `lifecycle.monitoring.due`."""
        from registry_assets.lifecycle.monitoring.due import find_due

        with self.backends.catalog.read() as connection:
            return find_due(connection, model)

    def observe_predictions(
        self,
        model: "RegisteredModel",
        partition: str = "",
        *,
        run: RunInfo,
        links: Mapping[str, str] = NO_LINKS,
    ) -> "Observed":
        """Score a partition, or read its log: see `lifecycle.monitoring.predicting`."""
        from registry_assets.lifecycle.monitoring.predicting import observe_predictions

        return observe_predictions(self.backends, model, partition, run=run, links=links)

    def observe_drift(
        self,
        model: "RegisteredModel",
        partition: str = "",
        *,
        run: RunInfo,
        links: Mapping[str, str] = NO_LINKS,
    ) -> "Observed":
        """Compare what was predicted with the training: see `lifecycle.monitoring.drifting`."""
        from registry_assets.lifecycle.monitoring.drifting import observe_drift

        return observe_drift(self.backends, model, partition, run=run, links=links)

    def observe_performance(
        self,
        model: "RegisteredModel",
        partition: str = "",
        *,
        run: RunInfo,
        links: Mapping[str, str] = NO_LINKS,
    ) -> "Observed":
        """Compare what was predicted with what happened: see `lifecycle.monitoring.performing`."""
        from registry_assets.lifecycle.monitoring.performing import observe_performance

        return observe_performance(self.backends, model, partition, run=run, links=links)

    def punctuality(self, model: "RegisteredModel") -> "Punctuality | None":
        """Look whether the expected partition was scored; None if the pointer holds nothing."""
        from registry_assets.lifecycle.monitoring.freshening import find_punctuality

        with self.backends.catalog.read() as connection:
            return find_punctuality(connection, model, now=self.backends.clock())

    def observe_freshness(
        self, model: "RegisteredModel", *, run: RunInfo, links: Mapping[str, str] = NO_LINKS
    ) -> "Punctuality | None":
        """Look for that, and record it where it is news: see `lifecycle.monitoring.freshening`."""
        from registry_assets.lifecycle.monitoring.freshening import observe_freshness

        return observe_freshness(self.backends, model, run=run, links=links)

    def due_retraining(self, model: "RegisteredModel") -> "RetrainingDue | RetrainingNotDue":
        """Tell whether a version is to be asked for by itself: see `lifecycle.retraining`."""
        from registry_assets.lifecycle.retraining import due_retraining

        with self.backends.catalog.read() as connection:
            return due_retraining(connection, model, now=self.backends.clock())

    def ended_retrainings(self, model: str) -> "tuple[Ended, ...]":
        """Give the retrainings whose end their alerts are to be told of: see `threads`."""
        from registry_assets.lifecycle.monitoring.threads import find_ended

        with self.backends.catalog.read() as connection:
            return find_ended(connection, model, now=self.backends.clock())

    def tell_ended(self, model: str, *, run: RunInfo) -> "tuple[Ended, ...]":
        """Write it into the threads of those alerts: see `lifecycle.monitoring.threads`."""
        from registry_assets.lifecycle.monitoring.threads import tell_ended

        return tell_ended(self.backends, model, run=run)

    def replay(
        self,
        model: "RegisteredModel",
        plan: "Plan",
        *,
        folder: Path,
        progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
    ) -> "Replayed":
        """Live a past period again, in a registry of its own: see `lifecycle.replaying`."""
        from registry_assets.lifecycle.replaying import replay

        return replay(self.backends, model, plan, folder=folder, progress=progress)

    def newest_result(self, model: str, check: str, version: int) -> ResultRecord | None:
        """Give what a check found last of a version; None where it never looked."""
        with self.backends.catalog.read() as connection:
            return observations.newest_result(connection, model, check, version)

    def dashboards(
        self, model: "RegisteredModel", version: int, *, partition: str = ""
    ) -> dict[str, str]:
        """Give the pages declared for a deployment, filled in, by name."""
        from registry_assets.lifecycle.monitoring.lineage import dashboard_links
        from registry_assets.lifecycle.monitoring.recording import now_of
        from registry_assets.lifecycle.monitoring.watched import monitoring_of, watched_version

        plan = monitoring_of(model)
        with self.backends.catalog.read() as connection:
            watched = watched_version(connection, model.name, plan.pointer, version)
        return dashboard_links(
            plan.dashboards, watched, partition=partition, now=now_of(self.backends)
        )

    def repeated(self, model: str, kind: Kind) -> frozenset[str]:
        """Give the partitions of which more than one observation was ever recorded."""
        with self.backends.catalog.read() as connection:
            return counts.repeated_partitions(connection, model, kind)

    def tell_given_up(
        self,
        model: "RegisteredModel",
        pointer: str,
        *,
        version: int | None,
        why: str,
        run: RunInfo,
        links: Mapping[str, str] = NO_LINKS,
    ) -> None:
        """Alert that a promotion was given up: see `lifecycle.monitoring.given_up`."""
        from registry_assets.lifecycle.monitoring.given_up import tell_given_up

        tell_given_up(self.backends, model, pointer, version=version, why=why, run=run, links=links)

    def observations(
        self, model: str, kind: Kind, *, partition: str | None = None, version: int | None = None
    ) -> tuple[ObservationRecord, ...]:
        """Give the newest observation of each partition, one row for every version in it."""
        with self.backends.catalog.read() as connection:
            return observations.newest_observations(
                connection, model, kind, partition=partition, version=version
            )

    def results(self, observation: ObservationRecord) -> tuple[ResultRecord, ...]:
        """Give what checks found in an observation."""
        with self.backends.catalog.read() as connection:
            return observations.list_results(connection, observation.id)

    def history(self, model: str, *, version: int | None = None) -> "History":
        """Give what a model lived through: see `lifecycle.monitoring.history`."""
        from registry_assets.lifecycle.monitoring.history import read_history

        with self.backends.catalog.read() as connection:
            return read_history(connection, model, version=version)

    def observation_page(
        self, model: str, kind: Kind, partition: str, *, evidently: bool = False
    ) -> "ObservationPage":
        """Read the page of an observation: see `lifecycle.monitoring.reporting`."""
        from registry_assets.lifecycle.monitoring.reporting import read_observation_page

        return read_observation_page(self.backends, model, kind, partition, evidently=evidently)

    def deployment_pages(
        self, model: str, version: int, *, pointer: str | None = None
    ) -> dict[str, str]:
        """Give the pages declared for a version's deployment, filled in, by name.

        By what the registry recorded of the declaration: its code need not be here.

        Args:
            pointer: none are given where another one is watched.
        """
        from registry_assets.lifecycle.monitoring.lineage import deployment_links
        from registry_assets.lifecycle.monitoring.recording import now_of

        with self.backends.catalog.read() as connection:
            now = now_of(self.backends)
            return deployment_links(connection, model, version, pointer=pointer, now=now)
