"""What was observed of a deployment that never was: real manifests, real rows, no data."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.catalog import alerts, observations, outbox
from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.ledger import change
from registry_assets.catalog.monitored import declare_monitored
from registry_assets.catalog.observations import (
    CheckFinding,
    Kind,
    Outcome,
    Recorded,
    ResultRecord,
    VersionObserved,
)
from registry_assets.manifest import Manifest, Parent
from registry_assets.store.manifests import put_manifest
from registry_assets_tests.catalog.history import MODEL, History

CHECK = {
    "predictions": "data_quality",
    "drift": "feature_drift",
    "performance": "performance_decay",
}
POINTER = "production"


@dataclass(frozen=True, slots=True)
class Watch:
    """A registry with a version in production, and short ways to observe it."""

    history: History
    model: str = MODEL

    def digest_of(self, number: int) -> str:
        """The digest of a version."""
        return str(self.history.registry.version_numbered(self.model, number).version.digest)

    def manifest(
        self,
        kind: Kind,
        partition: str,
        *,
        versions: Sequence[int] = (1,),
        parents: Sequence[Parent] = (),
        content: int = 0,
        generation: int = 1,
    ) -> Manifest:
        """A stored manifest about some versions."""
        facts: dict[str, Json] = {
            "model": self.model,
            "partition": partition,
            "pointer": POINTER,
            "generation": generation,
            "content": content,
        }
        made_by = [Parent("version", self.digest_of(number)) for number in versions]
        manifest = Manifest(kind, (), (*made_by, *parents), facts)
        put_manifest(self.history.registry.backends.store, manifest)
        return manifest

    def observe(
        self,
        kind: Kind,
        partition: str,
        outcome: Outcome = "passed",
        *,
        versions: Sequence[int] = (1,),
        parents: Sequence[Parent] = (),
        content: int = 0,
        generation: int = 1,
        rows: int = 100,
        value: float = 0.2,
    ) -> Recorded:
        """Record an observation with what a check found; open, fold or resolve its alert."""
        manifest = self.manifest(
            kind,
            partition,
            versions=versions,
            parents=parents,
            content=content,
            generation=generation,
        )
        check = CHECK[kind]
        finding = CheckFinding(
            check, outcome, "it was measured", value, 0.1, 0.3, threshold=0.1, rows=rows
        )
        history = self.history
        with change(
            history.catalog,
            chain=self.model,
            kind=observations.OBSERVATION_RECORDED,
            actor="ann",
            clock=history.clock,
        ) as draft:
            recorded = observations.record_observation(
                draft,
                model=self.model,
                kind=kind,
                partition=partition,
                digest=manifest.digest,
                pointer=POINTER,
                generation=generation,
                observed=[
                    VersionObserved(number, self.digest_of(number), rows, {"n": 1}, (finding,))
                    for number in versions
                ],
                parents=manifest.parents,
                run_id="run-1",
            )
            for number in () if recorded.again else versions:
                if outcome != "passed":
                    alert = alerts.open_or_fold(
                        draft,
                        model=self.model,
                        version=number,
                        version_digest=self.digest_of(number),
                        pointer=POINTER,
                        generation=generation,
                        check=check,
                        severity="warning",
                        partition=partition,
                        why="half of it moved",
                        body={"moved": ["distance"]},
                    )
                    occasion: outbox.Occasion = "opened" if alert.count == 1 else "repeated"
                    key = f"{self.model}/{alert.number}/{occasion}/{alert.count}"
                    outbox.append(
                        draft,
                        key=key,
                        model=self.model,
                        alert=alert.number,
                        occasion=occasion,
                        body={"said": alert.why},
                    )
                    continue
                for alert in alerts.list_alerts(
                    draft.connection, self.model, version=number, check=check
                ):
                    alerts.resolve(draft, alert, why=f"{check} passed in {partition}")
        return recorded

    def acknowledge(self, number: int, *, actor: str = "bob", reason: str = "") -> AlertRecord:
        """Let somebody look after an alert."""
        history = self.history
        with change(
            history.catalog,
            chain=self.model,
            kind=alerts.ACKNOWLEDGED,
            actor=actor,
            reason=reason,
            clock=history.clock,
        ) as draft:
            alert = alerts.get_alert(draft.connection, self.model, number)
            return alerts.acknowledge(draft, alert, actor=actor, reason=reason)

    def check_freshness(
        self, outcome: Outcome = "failed", *, number: int = 1, partition: str = "2013-05"
    ) -> ResultRecord:
        """Record that data did not come."""
        history = self.history
        with change(
            history.catalog,
            chain=self.model,
            kind=observations.CHECK_RECORDED,
            actor="ann",
            clock=history.clock,
        ) as draft:
            return observations.record_check(
                draft,
                model=self.model,
                partition=partition,
                version=number,
                version_digest=self.digest_of(number),
                finding=CheckFinding("freshness", outcome, "it is late"),
            )

    def alert(self, number: int) -> AlertRecord:
        """One alert."""
        with self.history.catalog.read() as connection:
            return alerts.get_alert(connection, self.model, number)


def watched(history: History, *, model: str = MODEL, number: int = 1) -> Watch:
    """Let a version be observed: an alert of each state, and a letter of each state but one."""
    watch = Watch(history, model)
    declare_monitored(
        history.catalog,
        model=model,
        definition={"pointer": POINTER},
        actor="ann",
        clock=history.clock,
    )
    versions = (number,)
    month = [Parent("rows", row.digest) for row in history.registry.snapshots("flights")[:1]]
    watch.observe("predictions", "2013-05", versions=versions, parents=month)
    watch.observe("drift", "2013-05", "failed", versions=versions)
    watch.observe("drift", "2013-06", "failed", versions=versions)
    watch.observe("drift", "2013-07", versions=versions)
    watch.observe("performance", "2013-05", "undecided", versions=versions)
    watch.acknowledge(2, reason="labels are late")
    watch.check_freshness(number=number)
    watch.observe("predictions", "2013-06", "failed", versions=versions)
    with history.catalog.write(chain=outbox.CHAIN) as connection:
        first, second, *_ = outbox.unaddressed(connection)
        outbox.address(connection, first, {"log": "2013", "mail": "2013"}, now="2013")
        outbox.address(connection, second, {"log": "2013"}, now="2013")
        to_log, to_mail = outbox.due(connection, now="2013-04", limit=2)
        for delivery, state in ((to_log, "delivered"), (to_mail, "given_up")):
            begun = outbox.claim(connection, delivery, until="2014", now="2013-04")
            assert begun is not None
            outbox.settle(connection, begun, state, now="2013-04")  # type: ignore[arg-type]
    return watch
