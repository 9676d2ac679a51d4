"""What `doctor` looks at of alerts: where they go, and what nobody was told."""

import os
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from registry_assets.alerting import AlertSettings
from registry_assets.catalog.alerts import list_alerts
from registry_assets.evaluation.report.texts import plural
from registry_assets.lifecycle.monitoring.post import Post, read_post

Remark = tuple[str, str, str]
"""What was looked at, what was found, and what to do: empty where all is good."""

_RETRY = "`registry alerts` lists them, `registry alerts --retry` has them tried again"


def examine_alerts(
    connection: sa.Connection,
    settings: AlertSettings,
    *,
    now: str,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Remark]:
    """Look at open alerts, at who is to be told, and at what was not told."""
    unresolved = list_alerts(connection)
    acknowledged = sum(each.state == "acknowledged" for each in unresolved)
    yield (
        "open",
        f"{plural(len(unresolved), 'alert')} not resolved, {acknowledged} acknowledged",
        "`registry alerts` lists them" if len(unresolved) > acknowledged else "",
    )
    post = read_post(connection, settings, now=now)
    yield _sinks(settings, post)
    for sentence in settings.missing(environment):
        yield "secrets", sentence, "set it where alerts are delivered, if that is here"
    for sink, count in post.unknown.items():
        yield (
            "sinks",
            f"{_deliveries(count)} to {sink}, which is not configured",
            "name it in alerts.yaml",
        )
    said = f"{_deliveries(post.waiting)} waiting, {post.given_up:,} given up"
    yield "deliveries", said, _RETRY if post.given_up else ""


def _sinks(settings: AlertSettings, post: Post) -> Remark:
    names = ", ".join(f"{each.name} ({each.type})" for each in settings.sinks)
    if names:
        return "sinks", f"{settings.where}: {names}", ""
    waiting = plural(post.unaddressed, "occasion")
    tell = f"name one in alerts.yaml: {waiting} of alerts wait for it" if post.unaddressed else ""
    return "sinks", "none is configured, so nobody is told of alerts", tell


def _deliveries(count: int) -> str:
    return f"{count:,} {'delivery' if count == 1 else 'deliveries'}"
