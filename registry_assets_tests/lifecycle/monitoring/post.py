"""A model with alerts, sinks that are told of them, and what was told. Not a test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from registry_assets.catalog.alerts import AlertRecord, Severity
from registry_assets.catalog.ledger import change
from registry_assets.catalog.observations import CHECK_RECORDED, CheckFinding, Outcome
from registry_assets.catalog.outbox import Delivery
from registry_assets.lifecycle.monitoring.delivering import Delivered
from registry_assets.lifecycle.monitoring.telling import Details, found
from registry_assets.lifecycle.monitoring.watched import watched_version
from registry_assets_tests.catalog.history import MODEL, History


@dataclass(frozen=True, slots=True)
class Post:
    """A registry with a version in production, and short ways to have people told of it."""

    history: History

    @property
    def folder(self) -> Path:
        """The project's."""
        return self.history.registry.home.folder

    def configure(self, sinks: Mapping[str, Mapping[str, Any]]) -> None:
        """Write `alerts.yaml`."""
        (self.folder / "alerts.yaml").write_text(json.dumps({"sinks": sinks}))

    def log_to(self, *names: str) -> None:
        """Have each sink be a file of its own."""
        self.configure({name: {"type": "log", "path": f"{name}.jsonl"} for name in names})

    def find(
        self,
        check: str = "feature_drift",
        outcome: Outcome = "failed",
        *,
        severity: Severity = "warning",
        version: int = 1,
        partition: str = "2013-05",
        model: str = MODEL,
    ) -> AlertRecord | None:
        """Let a check find something, with the alert and the letter that follow."""
        history = self.history
        with change(
            history.catalog, chain=model, kind=CHECK_RECORDED, actor="ann", clock=history.clock
        ) as draft:
            return found(
                draft,
                watched_version(draft.connection, model, "production", version),
                CheckFinding(check, outcome, "half of it moved"),
                partition=partition,
                severity=severity,
                details=Details(),
            )

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.history.clock.now += timedelta(**time)

    def deliver(self) -> Delivered:
        """Have everybody told who may be now."""
        return self.history.registry.deliver()

    def told(self, sink: str = "log") -> list[str]:
        """What a log was told, in the order in which it came."""
        path = self.folder / f"{sink}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        events: Sequence[Mapping[str, Any]] = [json.loads(line) for line in lines]
        return [f"{each['subject']} {each['data']['kind']}" for each in events]

    def keys(self, sink: str = "log") -> list[str]:
        """The keys of what a log was told."""
        path = self.folder / f"{sink}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["id"] for line in lines]

    def deliveries(self) -> dict[tuple[str, str], Delivery]:
        """Every delivery, by the end of its letter's key and its sink."""
        every = self.history.registry.deliveries()
        return {(each.letter.key.partition("/")[2], each.sink): each for each in every}

    def states(self) -> dict[tuple[str, str], str]:
        """The state of every delivery."""
        return {key: each.state for key, each in self.deliveries().items()}
