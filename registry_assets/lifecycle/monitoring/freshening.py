"""Whether the partition that should be scored by now has been: about data that did not come.

Nothing happens when nothing comes, so somebody has to look, by the clock that rules go by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from registry_assets.catalog.observations import (
    CheckFinding,
    newest_observations,
    newest_result,
)
from registry_assets.clock import parse_timestamp
from registry_assets.declaration import Freshness, RegisteredModel
from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.due import deployed_since, is_history, rows_to_watch
from registry_assets.lifecycle.monitoring.recording import record_finding
from registry_assets.lifecycle.monitoring.watched import Watched, monitoring_of, watched_now
from registry_assets.monitoring.freshness import FRESHNESS, judge_freshness


@dataclass(frozen=True, slots=True)
class Punctuality:
    """What a look at the clock and at the scored partitions comes to.

    Args:
        watched: the version that should have scored.
        expected: the partition that should be scored by now; "" if none should.
        news: whether it is other than what was recorded of this version last.
    """

    watched: Watched
    expected: str
    finding: CheckFinding
    news: bool


def find_punctuality(
    connection: sa.Connection, model: RegisteredModel, *, now: datetime
) -> Punctuality | None:
    """Look whether the expected partition was scored; None if the pointer holds nothing.

    Raises:
        NotFound: there is no such model or pointer.
        DataUnusable: no Freshness is declared.
    """
    plan = monitoring_of(model)
    if plan.freshness is None:
        raise DataUnusable(
            f"nobody asks how fresh the predictions of {model.name} are",
            hint="add freshness=Freshness(days=3) to its Monitoring",
        )
    watched = watched_now(connection, model.name, plan.pointer)
    if watched is None:
        return None
    expected = _expected(connection, model, plan.freshness, now)
    rows: dict[str, int] = {}
    for each in newest_observations(connection, model.name, "predictions"):
        rows[each.partition] = rows.get(each.partition, 0) + each.rows
    # Of a partition whose rows could not be used nothing was predicted.
    scored = {partition for partition, count in rows.items() if count}
    finding = judge_freshness(
        plan.freshness,
        expected=expected,
        newest=max(scored, default=""),
        scored=expected in scored,
    )
    last = newest_result(connection, model.name, FRESHNESS, watched.version.number)
    news = last is None or (last.finding, last.partition) != (finding, expected)
    return Punctuality(watched, expected, finding, news)


def observe_freshness(
    backends: Backends, model: RegisteredModel, *, run: RunInfo, links: Mapping[str, str]
) -> Punctuality | None:
    """Look, and record what is news, with the alert that follows.

    Raises:
        NotFound: there is no such model or pointer.
        DataUnusable: no Freshness is declared.
    """
    with backends.catalog.read() as connection:
        found = find_punctuality(connection, model, now=backends.clock())
    if found is not None and found.news:
        record_finding(
            backends,
            model,
            found.watched,
            found.finding,
            partition=found.expected,
            run=run,
            links=links,
        )
    return found


def _expected(
    connection: sa.Connection, model: RegisteredModel, rule: Freshness, now: datetime
) -> str:
    """Give the newest partition that ended long enough ago, and after the first deployment."""
    since = deployed_since(connection, model)
    if since is None or now - timedelta(days=rule.days) < (first := parse_timestamp(since)):
        return ""
    ended = model.features.ended_partition(now, days=rule.days)
    # What had ended before anything was deployed is history, and so is what had arrived by then.
    if ended == model.features.ended_partition(first, days=0):
        return ""
    rows = rows_to_watch(connection, model).get(ended)
    return "" if rows is not None and is_history(rows, since) else ended
