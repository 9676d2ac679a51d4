"""Months drift over a real `dagster dev`: people are told, and versions are trained for it."""

import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from registry_assets.alerting import Occasion
from registry_assets.registry import Registry
from registry_assets.registry.alerts import EVERY_STATE
from registry_assets_tests.end_to_end import drifting
from registry_assets_tests.end_to_end.drifting import APRIL, MAY, MODEL, occasion, verified
from registry_assets_tests.orchestration.dagster_dev import DagsterDev, dagster_dev
from registry_assets_tests.servers.certificates import make_certificate
from registry_assets_tests.servers.mail import mail_server
from registry_assets_tests.servers.receiver import Received, receiving, status

DRIFT = "feature_drift"
_SHOWN = """
{
  assetCheckExecutions(
    assetKey: {path: ["ontime", "drift"]}, checkName: "feature_drift", limit: 20
  ) { evaluation { success description partition } }
  runsOrError(limit: 1000) { ... on Runs { results { runId jobName status } } }
}
"""


@dataclass(frozen=True, slots=True)
class Lived:
    """What there is after two months that drifted.

    Args:
        requests: all that the webhook got; the first it refused.
        listed: what `registry alerts` said in April.
        acknowledged: what `registry ack` said then.
        shown: the results of `feature_drift` and the runs that Dagster shows.
    """

    folder: Path
    requests: list[Received]
    mails: list[EmailMessage]
    listed: list[dict[str, Any]]
    acknowledged: dict[str, Any]
    shown: dict[str, Any]

    @property
    def registry(self) -> Registry:
        """The project's."""
        return Registry.open(self.folder)

    @property
    def taken(self) -> list[Occasion]:
        """What the webhook took, in the order in which it came."""
        return [occasion(each) for each in self.requests[1:]]

    @property
    def thread(self) -> list[Occasion]:
        """What it was told of the alert about drift."""
        return [each for each in self.taken if each.alert.check == DRIFT]

    @property
    def letters(self) -> list[Occasion]:
        """What the registry wrote down to be told, by alert."""
        alerts = self.registry.alerts(MODEL, states=EVERY_STATE)
        return [
            Occasion.from_json(letter.body)
            for alert in alerts
            for letter in self.registry.letters(MODEL, alert.number)
        ]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The two months, lived by Dagster's own daemon, and somebody who looks after the alert."""
    folder = tmp_path_factory.mktemp("monitoring")
    certificate = make_certificate(folder / "server.pem")
    user = {"user": "registry", "password": drifting.PASSWORD}
    settings = {**drifting.SECRETS, "SSL_CERT_FILE": str(certificate)}
    with (
        pytest.MonkeyPatch.context() as patch,
        receiving() as hook,
        mail_server("starttls", certificate, **user) as mail,
    ):
        for name in [name for name in os.environ if name.startswith(("REGISTRY_", "DAGSTER_"))]:
            patch.delenv(name)
        # Down as it is told of April for the first time.
        hook.answers.append(status(503))
        home = drifting.make_home(folder / "home", hook=hook.url, mail_port=mail.port)
        with dagster_dev(home / "workspace.yaml", home=home, environment=settings) as server:
            listed, acknowledged = live(server, home)
            shown = server.graphql(_SHOWN)
    return Lived(home, hook.requests, mail.taken, listed, acknowledged, shown)


def live(server: DagsterDev, home: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Let April and May arrive; give what was listed and acknowledged between them."""
    registry = Registry.open(home)

    def holds(version: int) -> bool:
        pointers = registry.pointers(MODEL) if registry.models() else ()
        return any(pointer.version == version for pointer in pointers)

    def everybody_was_told(retrainings: int) -> bool:
        (drift,) = registry.alerts(MODEL, check=DRIFT, states=EVERY_STATE)
        kinds = [letter.occasion for letter in registry.letters(MODEL, drift.number)]
        post = registry.post()
        return kinds.count("retrained") == retrainings and not post.unaddressed + post.waiting

    server.wait("version 1 was in production", lambda: holds(1), seconds=300)
    drifting.arrive(server, APRIL)
    drift = lambda: registry.alerts(MODEL, check=DRIFT)
    server.wait("April was found to drift", drift, seconds=240)
    listed = drifting.registry(home, "alerts", MODEL)["alerts"]
    (name,) = (each["alert"] for each in listed if each["check"] == DRIFT)
    acknowledged = drifting.registry(home, "ack", name, "--reason", "on it")
    server.wait("everybody was told of April", lambda: everybody_was_told(1), seconds=400)
    drifting.arrive(server, MAY)
    server.wait("version 3 was in production", lambda: holds(3), seconds=400)
    server.wait("everybody was told of May", lambda: everybody_was_told(2), seconds=240)
    return listed, acknowledged


def test_look(lived: Lived) -> None:
    import pprint
    for each in lived.requests:
        o = occasion(each)
        print(o.key, o.kind, o.alert.check, o.alert.severity, o.alert.count, o.sentence[:150], verified(each))
    pprint.pprint(lived.thread[0].to_json())
    for m in lived.mails: print(m["Message-ID"], m["Subject"])
    pprint.pprint(lived.shown); pprint.pprint(lived.listed); pprint.pprint(lived.acknowledged)
    print(Counter(d.state for d in lived.registry.deliveries()), [(d.letter.key, d.sink, d.attempts) for d in lived.registry.deliveries()])
    for e in lived.registry.log(MODEL): print(e.kind, e.sentence[:120])
