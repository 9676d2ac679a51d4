"""Lives chapters of the main job's story through Dagster, and tells what came of each."""

import time
from collections.abc import Sequence

import dagster as dg
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from registry_assets import definitions
from registry_assets.catalog.observations import Kind, ObservationRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.clock import ReplayClock
from registry_assets.declaration import RegisteredModel
from registry_assets.models.chapter import Chapter
from registry_assets.models.driving import (
    PATIENCE_SECONDS,
    finished,
    headline,
    lived_sentence,
    look,
    train_reserved,
    wait,
)
from registry_assets.models.flight_delay import declaration as flights
from registry_assets.models.loan_approval import declaration as loans
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import LocalDaemon
from registry_assets.orchestration.monitoring.alerts import ALERTS_SENSOR
from registry_assets.orchestration.reporting import REPORT_SENSOR
from registry_assets.registry import Registry

_DECLARED = {model.name: model for model in (flights.flight_delay, loans.loan_approval)}


class Replay:
    """The story in one registry: each call lives one chapter, or finds that it was lived."""

    def __init__(self, daemon: LocalDaemon, registry: Registry, console: Console) -> None:
        self._daemon = daemon
        self._registry = registry
        self._console = console

    def live(self, chapter: Chapter) -> None:
        """Let data arrive, ask for a version, and let the sensors do the rest.

        Raises:
            RegistryError: a run failed; says why.
        """
        # The code location in this process shares the resource, and so the clock.
        definitions.registry.clock = ReplayClock(chapter.day)
        self._console.print(f"\n[bold]{chapter.title}[/]")
        self._data(chapter)
        names = Names(chapter.model)
        self._watch(names)
        version = self._version(chapter)
        if version is not None and not self._is_current(chapter, version):
            self._say(f"lived before: it came to {version.reference}")
            return
        self._retrain(chapter, names)
        self._train(names, chapter, anew=version is None)
        if version is None or self._is_newest(version):
            self._promote(names, anew=version is None)
        look(self._daemon, ALERTS_SENSOR)

    def report(self) -> None:
        """Report to Dagster what its log is missing, if its history was deleted meanwhile."""
        if look(self._daemon, REPORT_SENSOR).runs:
            self._say("reported to Dagster what its event log was missing")

    def _data(self, chapter: Chapter) -> None:
        if chapter.model == loans.loan_approval.name:
            self._materialize([loans.loans.key, loans.loan_features.asset_key])
            return
        self._materialize([flights.planes.key])
        monthly = [flights.flights.key, flights.weather.key, flights.flight_features.asset_key]
        for month in chapter.partitions:
            self._materialize(monthly, partition=month)

    def _materialize(self, keys: Sequence[dg.AssetKey], *, partition: str | None = None) -> None:
        names = [key.to_user_string() for key in keys]
        held = {
            name: {snapshot.partition: snapshot for snapshot in self._registry.snapshots(name)}
            for name in names
        }
        where = partition or ""
        if not all(where in held[name] for name in names):
            finished(self._daemon.materialize(keys, partition_key=partition))
            held = {
                name: {s.partition: s for s in self._registry.snapshots(name)} for name in names
            }
            rows = ", ".join(f"{name} {held[name][where].rows:,} rows" for name in names)
            self._say(f"{partition + ': ' if partition else ''}{rows}")

    def _watch(self, names: Names) -> None:
        """Let what has arrived be scored by what is deployed, and people be told of alerts."""
        declared = _DECLARED[names.model]
        # A day that was lived before has nothing due, and how late things are is not its to say.
        if declared.monitoring is None or not self._due(declared):
            return
        known = {each.partition for each in self._observed(names.model, "performance")}
        while look(self._daemon, names.monitor_sensor).runs:
            pass
        for lived in self._observed(names.model, "performance"):
            if lived.partition not in known:
                self._say(lived_sentence(self._registry, lived))
        look(self._daemon, ALERTS_SENSOR)

    def _due(self, declared: RegisteredModel) -> bool:
        registry = self._registry
        return registry.is_registered(declared.name) and bool(registry.due(declared))

    def _observed(self, model: str, kind: Kind) -> Sequence[ObservationRecord]:
        if not self._registry.is_registered(model):
            return ()
        return self._registry.observations(model, kind)

    def _version(self, chapter: Chapter) -> VersionRecord | None:
        """Give the newest version that this chapter asked for, if it was lived before."""
        if chapter.model not in {model.name for model in self._registry.models()}:
            return None
        for summary in reversed(self._registry.versions(chapter.model)):
            if summary.version.reason == chapter.reason:
                return summary.version
        return None

    def _is_current(self, chapter: Chapter, version: VersionRecord) -> bool:
        """Tell whether asking again would be about the data that the version is of.

        Once a later month has arrived, the recipe of an earlier day cannot be composed any
        more; there is nothing to ask.
        """
        newest = {ref.digest for ref in version.recipe.train + version.recipe.holdout}
        features = _DECLARED[chapter.model].features.key
        return {snapshot.digest for snapshot in self._registry.snapshots(features)} == newest

    def _is_newest(self, version: VersionRecord) -> bool:
        # By number: the record read before its training is not the one after.
        return version.number == self._registry.versions(version.model)[-1].version.number

    def _retrain(self, chapter: Chapter, names: Names) -> None:
        config = {"reason": chapter.reason, "params": dict(chapter.params)}
        outcome = self._daemon.run_job(
            names.retrain_job,
            run_config={"ops": {f"{names.model}__reserve": {"config": config}}},
        )
        finished(outcome)
        version = self._version(chapter)
        if version is not None and version.request == outcome.run_id:
            self._say(f"{version.reference} is reserved")
        else:
            name = version.reference if version else "a version trained before"
            self._say(f"asked for again, nothing to do: the recipe is that of {name}")

    def _train(self, names: Names, chapter: Chapter, *, anew: bool) -> None:
        if not (anew or self._registry.reserved(names.model)):
            return
        train_reserved(self._daemon, self._registry, names)
        version = self._version(chapter)
        if version is None:
            return
        score = headline(self._registry, version.reference)
        self._say(f"{version.reference} is trained and evaluated{score}")

    def _promote(self, names: Names, *, anew: bool) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            tick = look(self._daemon, names.promotion_sensor)
            pointer = self._registry.pointer(names.model)
            decision = self._registry.decision(names.model)
            if tick.runs and decision is None:
                self._say(f"[green]promoted:[/] {names.model}@production is {pointer.version}")
                return
            if decision is None or (not decision.ready and not tick.runs):
                self._say_skipped(str(tick.skip_reason), whole=anew)
                return
            wait(tick, deadline)

    def _say_skipped(self, reason: str, *, whole: bool) -> None:
        """Print a sensor's skip reason: what is held and by what; the table below says why."""
        about, held, why = reason.partition(" is held: ")
        self._say(f"the promotion sensor launches nothing: {about}{' is held' if held else ''}")
        for sentence in why.split("; ") if whole and why else ():
            by = sentence.partition(" failed: ")[0]
            self._console.print(Padding(Text(f"- {by}"), (0, 0, 0, 4), expand=False))

    def _say(self, text: str) -> None:
        self._console.print(f"  {text}", soft_wrap=False)
