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
from registry_assets.evaluation.report.texts import short
from registry_assets.registry import Registry
from registry_assets.registry.alerts import EVERY_STATE
from registry_assets_tests.end_to_end import drifting
from registry_assets_tests.end_to_end.drifting import APRIL, MAY, MODEL, occasion, verified
from registry_assets_tests.orchestration.dagster_dev import DagsterDev, dagster_dev
from registry_assets_tests.servers.certificates import make_certificate
from registry_assets_tests.servers.mail import mail_server
from registry_assets_tests.servers.receiver import Received, receiving, status

pytestmark = pytest.mark.thorough
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

    def found() -> bool:
        return bool(registry.alerts(MODEL, check=DRIFT))

    def holds(version: int) -> bool:
        return registry.pointer(MODEL).version == version

    def everybody_was_told(retrainings: int) -> bool:
        (drift,) = registry.alerts(MODEL, check=DRIFT, states=EVERY_STATE)
        kinds = [letter.occasion for letter in registry.letters(MODEL, drift.number)]
        post = registry.post()
        return kinds.count("retrained") == retrainings and not post.unaddressed + post.waiting

    drifting.arrive(server, APRIL)
    server.wait("April was found to drift", found, seconds=240)
    listed = drifting.registry(home, "alerts", MODEL)["alerts"]
    (name,) = (each["alert"] for each in listed if each["check"] == DRIFT)
    acknowledged = drifting.registry(home, "ack", name, "--reason", "on it")
    server.wait("everybody was told of April", lambda: everybody_was_told(1), seconds=400)
    drifting.arrive(server, MAY)
    server.wait("version 3 was in production", lambda: holds(3), seconds=400)
    server.wait("everybody was told of May", lambda: everybody_was_told(2), seconds=240)
    return listed, acknowledged


def test_the_month_that_drifts_fails_a_check_in_dagster(lived: Lived) -> None:
    shown = [each["evaluation"] for each in lived.shown["assetCheckExecutions"]]
    assert [(each["partition"], each["success"]) for each in shown] == [
        (MAY, False),
        (APRIL, False),
    ]
    assert shown[-1]["description"].startswith("hour (Wasserstein")


def test_the_alert_says_what_moved_and_what_the_version_was_made_of(lived: Lived) -> None:
    registry, told = lived.registry, lived.thread[0]
    version = registry.version(f"{MODEL}:1").version
    alert, made_from = told.alert, told.alert.lineage
    assert (told.kind, alert.name, alert.state) == ("opened", f"{MODEL}/1", "open")
    assert (alert.version, alert.digest) == (1, version.digest)
    assert (alert.target, alert.generation) == (f"{MODEL}@production", 1)
    assert (alert.check, alert.severity, alert.partition) == (DRIFT, "warning", APRIL)
    (hour,) = alert.moved
    assert hour.name == "hour"
    assert isinstance(hour.before, float)
    assert isinstance(hour.after, float)
    assert 9 < hour.after - hour.before < 12
    assert alert.links["Grafana"] == f"https://grafana.example/d?v=1&p={APRIL}"
    assert made_from.features == version.recipe.train
    assert [ref.partition for ref in made_from.features] == ["2013-01", "2013-02"]
    found = [(ref.asset, ref.partition) for ref in made_from.datasets]
    assert found == [("flights", "2013-01"), ("flights", "2013-02"), ("planes", "")]
    stored = registry.find_snapshots([ref.digest for ref in made_from.datasets]).values()
    assert {each.ref for each in stored} == set(made_from.datasets)
    git = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(git, cwd=lived.folder, capture_output=True, text=True, check=True).stdout
    assert made_from.code_commit == head.strip()


def test_it_leads_to_runs_that_dagster_shows(lived: Lived) -> None:
    runs = {run["runId"]: run for run in lived.shown["runsOrError"]["results"]}
    alert = lived.thread[0].alert
    assert runs[alert.lineage.run_id]["jobName"] == f"{MODEL}__train"
    assert runs[alert.links["run"].rpartition("/")[2]]["jobName"] == f"{MODEL}__watch"
    # The run that told the last of it may be about to end.
    assert {run["status"] for run in runs.values()} <= {"SUCCESS", "STARTED"}


def test_every_occasion_reaches_both_and_the_refused_one_comes_again_under_its_key(
    lived: Lived,
) -> None:
    refused, *taken = lived.requests
    assert all(map(verified, lived.requests))
    came = [each.headers["webhook-id"] for each in taken]
    assert sorted(came) == sorted(each.key for each in lived.letters)
    assert len(set(came)) == len(came)
    (again,) = (each for each in taken if each.body == refused.body)
    assert again.headers["webhook-id"] == refused.headers["webhook-id"]
    mailed = [str(mail["Message-ID"]) for mail in lived.mails]
    domain = f"{lived.thread[0].alert.registry}@example.org"
    assert sorted(mailed) == sorted(f"<{key.replace('/', '.')}.{domain}>" for key in came)
    deliveries = lived.registry.deliveries()
    assert {each.state for each in deliveries} == {"delivered"}
    tried = Counter((each.sink, each.attempts) for each in deliveries)
    assert tried == {("hook", 1): len(came) - 1, ("hook", 2): 1, ("oncall", 1): len(came)}


def test_a_mail_says_which_version_of_which_data_and_code(lived: Lived) -> None:
    alert = lived.thread[0].alert
    subject = f"[warning] {alert.target}: {DRIFT}, version 1"
    (mail,) = (each for each in lived.mails if each["Subject"] == subject)
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    for wanted in (alert.digest, APRIL, alert.lineage.code_commit, f"registry ack {alert.name}"):
        assert wanted in said
    for snapshot in (*alert.lineage.datasets, *alert.lineage.features):
        assert f"{snapshot} {short(snapshot.digest)}" in said


def test_the_command_line_lists_the_alert_and_says_who_looks_after_it(lived: Lived) -> None:
    (listed,) = (each for each in lived.listed if each["check"] == DRIFT)
    alert = lived.thread[0].alert
    assert (listed["alert"], listed["digest"]) == (alert.name, alert.digest)
    assert (listed["state"], listed["count"], listed["partition"]) == ("open", 1, APRIL)
    said = lived.acknowledged
    assert (said["state"], said["changed"], said["acknowledged_by"]) == (
        "acknowledged",
        True,
        "ann",
    )
    resolved = lived.registry.alert(MODEL, alert.number)
    assert (resolved.state, resolved.acknowledged_why) == ("resolved", "on it")
    assert lived.registry.alerts(MODEL) == ()


def test_drift_asks_for_a_version_and_the_gate_holds_one_that_is_no_better(lived: Lived) -> None:
    registry = lived.registry
    second = registry.version(f"{MODEL}:2").version
    assert (second.trigger, second.actor) == ("drift", f"sensor:{MODEL}__retraining")
    assert second.reason == f"drift of hour in {APRIL} (alert {MODEL}/1)"
    assert registry.version(f"{MODEL}:2").stage == "rejected"
    told = next(each for each in lived.thread if each.kind == "retrained")
    assert told.alert.state == "acknowledged"
    assert told.sentence.startswith("version 2, trained for it, does not beat production: ")
    assert "roc_auc_better_than_production failed" in told.sentence


def test_one_that_has_seen_the_change_takes_its_place_and_ends_every_alert(lived: Lived) -> None:
    registry = lived.registry
    assert [(move.version, move.actor) for move in registry.promotions(MODEL)] == [
        (1, f"sensor:{MODEL}__promotion"),
        (3, f"sensor:{MODEL}__promotion"),
    ]
    reasons = [registry.version(f"{MODEL}:{number}").version.reason for number in (1, 3)]
    assert reasons == [
        f"new data: {', '.join(drifting.BEFORE)}",
        f"drift of hour in {MAY} (alert {MODEL}/1)",
    ]
    kinds = [each.kind for each in lived.thread]
    # Who looks after it hears of May from what became of it.
    assert kinds == ["opened", "acknowledged", "retrained", "resolved", "retrained"]
    assert lived.thread[-2].sentence == "version 3 took its place in production"
    assert "version 3, trained for it, took its place" in lived.thread[-1].sentence
    ended = {each.alert.check for each in lived.taken if each.kind == "resolved"}
    assert ended == {DRIFT, "prediction_drift", "performance_decay"}
    assert registry.verify(deep=True).clean
