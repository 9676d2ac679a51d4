"""An alert is opened once, folds what repeats it, and ends: every step one event."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from registry_assets.catalog.alerts import (
    ACKNOWLEDGED,
    OPENED,
    REPEATED,
    RESOLVED,
    AlertRecord,
    Severity,
    acknowledge,
    find_unresolved,
    get_alert,
    list_alerts,
    open_or_fold,
    resolve,
)
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.log import Wanted, read_log
from registry_assets.catalog.monitoring_tables import alerts
from registry_assets.catalog.observations import OBSERVATION_RECORDED, list_observations
from registry_assets.catalog.outbox import list_letters
from registry_assets.errors import CatalogError, Conflict, NotFound
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.catalog.watched import POINTER, Watch


@pytest.fixture
def watch(history: History) -> Watch:
    """A model with a version in production."""
    history.promote(history.version(1))
    return Watch(history)


@contextmanager
def changing(watch: Watch, *, actor: str = "ann", reason: str = "") -> Iterator[Change]:
    """A change of the model that has no rows of its own."""
    history = watch.history
    with change(
        history.catalog,
        chain=MODEL,
        kind=ACKNOWLEDGED,
        actor=actor,
        reason=reason,
        clock=history.clock,
    ) as draft:
        yield draft


def find(
    watch: Watch,
    check: str = "feature_drift",
    *,
    severity: Severity = "warning",
    version: int = 1,
    partition: str = "2013-05",
    generation: int = 1,
) -> AlertRecord:
    """Let a check find something."""
    with changing(watch) as draft:
        return open_or_fold(
            draft,
            model=MODEL,
            version=version,
            version_digest=watch.digest_of(version),
            pointer=POINTER,
            generation=generation,
            check=check,
            severity=severity,
            partition=partition,
            why=f"it moved in {partition}",
            body={"partition": partition},
        )


def end(watch: Watch, alert: AlertRecord) -> AlertRecord:
    """Let what an alert is about be over."""
    with changing(watch) as draft:
        return resolve(draft, alert, why="it is well")


def events(watch: Watch) -> list[str]:
    """The kinds of the events that are about alerts, and of the observations before them."""
    log = watch.history.registry.log(MODEL)
    return [event.kind for event in log if event.kind.startswith(("alert", "observation"))]


def test_an_alert_comes_after_its_observation_folds_and_resolves(watch: Watch) -> None:
    for month, outcome in (("05", "failed"), ("06", "undecided"), ("07", "passed")):
        watch.observe("drift", f"2013-{month}", outcome)  # type: ignore[arg-type]
    watch.observe("drift", "2013-08", "failed")
    seen = OBSERVATION_RECORDED
    assert events(watch) == [seen, OPENED, seen, REPEATED, seen, RESOLVED, seen, OPENED]
    first, second = watch.alert(1), watch.alert(2)
    assert (first.count, first.state, first.partition) == (2, "resolved", "2013-06")
    assert first.resolved_why == "feature_drift passed in 2013-07"
    assert (second.number, second.count, second.state) == (2, 1, "open")
    sentences = [event.sentence for event in watch.history.registry.log(MODEL)][-8:]
    about = "alert 1 about version 1 on production: "
    assert sentences[1::2][:3] == [
        f"{about}feature_drift failed in 2013-05: half of it moved",
        f"{about}feature_drift failed in 2013-06 again (2 times): half of it moved",
        f"{about}resolved: feature_drift passed in 2013-07",
    ]
    assert watch.history.registry.verify().clean


def test_what_is_recorded_again_is_not_found_again(watch: Watch) -> None:
    for _ in range(3):
        watch.observe("drift", "2013-05", "failed")
    assert watch.alert(1).count == 1
    with watch.history.catalog.read() as connection:
        assert len(list_letters(connection, MODEL)) == 1


def test_an_alert_is_of_one_pointer_version_and_check(watch: Watch) -> None:
    watch.history.version(2)
    numbers = [
        find(watch).number,
        find(watch, "data_quality").number,
        find(watch, version=2).number,
        find(watch, generation=2).number,
    ]
    assert numbers == [1, 2, 3, 1]
    folded = watch.alert(1)
    assert (folded.count, folded.generation, folded.state) == (2, 2, "open")


def test_the_worse_severity_holds_and_what_came_last_is_told(watch: Watch) -> None:
    severities: list[Severity] = ["warning", "critical", "info"]
    for month, severity in zip(("05", "06", "07"), severities, strict=True):
        find(watch, severity=severity, partition=f"2013-{month}")
    alert = watch.alert(1)
    assert (alert.severity, alert.count) == ("critical", 3)
    assert (alert.partition, alert.why) == ("2013-07", "it moved in 2013-07")
    assert alert.body == {"partition": "2013-07"}


def test_who_acknowledged_first_stays_and_so_does_the_alert(watch: Watch) -> None:
    find(watch)
    first = watch.acknowledge(1, actor="bob", reason="on it")
    assert (first.state, first.acknowledged_by, first.acknowledged_why) == (
        "acknowledged",
        "bob",
        "on it",
    )
    assert watch.acknowledge(1, actor="cleo") == first
    assert find(watch).state == "acknowledged"
    assert events(watch) == [OPENED, ACKNOWLEDGED, REPEATED]
    event = watch.history.registry.log(MODEL)[-2]
    assert (event.body["actor"], event.body["reason"]) == ("bob", "on it")
    assert event.sentence.endswith("acknowledged by bob: on it")
    ended = end(watch, first)
    assert (ended.state, ended.acknowledged_by, ended.resolved_why) == (
        "resolved",
        "bob",
        "it is well",
    )


def test_what_is_over_is_neither_acknowledged_nor_resolved_again(watch: Watch) -> None:
    over = end(watch, find(watch))
    with pytest.raises(Conflict, match="alert 1 of late was resolved on 2013-04-01: it is well"):
        watch.acknowledge(1)
    assert end(watch, over) == over
    assert events(watch) == [OPENED, RESOLVED]


def test_an_alert_that_is_not_there_is_said_to_be_so(watch: Watch) -> None:
    with watch.history.catalog.read() as connection:
        with pytest.raises(NotFound, match="late has no alert 1: it has had none"):
            get_alert(connection, MODEL, 1)
        with pytest.raises(NotFound, match="no registered model"):
            get_alert(connection, "nothing", 1)
    find(watch)
    with (
        watch.history.catalog.read() as connection,
        pytest.raises(NotFound, match="late has no alert 2: it has 1 to 1"),
    ):
        get_alert(connection, MODEL, 2)


def test_alerts_are_listed_by_state_and_what_they_are_about(watch: Watch) -> None:
    end(watch, find(watch))
    find(watch, "data_quality")
    find(watch)
    watch.acknowledge(2)
    with watch.history.catalog.read() as connection:
        assert [a.number for a in list_alerts(connection)] == [3, 2]
        assert [a.number for a in list_alerts(connection, MODEL, limit=1)] == [3]
        assert [a.number for a in list_alerts(connection, states=("acknowledged",))] == [2]
        every = list_alerts(connection, states=("open", "acknowledged", "resolved"))
        assert [a.number for a in every] == [3, 2, 1]
        assert [a.number for a in list_alerts(connection, check="feature_drift")] == [3]
        assert list_alerts(connection, version=2) == ()
        assert list_alerts(connection, pointer="canary") == ()
        assert list_alerts(connection, "other") == ()
        key = {"model": MODEL, "pointer": POINTER, "version": 1}
        found = find_unresolved(connection, **key, check="data_quality")  # type: ignore[arg-type]
        assert found == every[1]


def test_the_database_itself_refuses_a_second_one_that_is_not_over(watch: Watch) -> None:
    find(watch)
    with watch.history.catalog.read() as connection:
        row = dict(connection.execute(sa.select(alerts)).mappings().one())
    second = sa.insert(alerts).values(**{**row, "number": 2})
    with pytest.raises(CatalogError, match="refused"), watch.history.catalog.write() as connection:
        connection.execute(second)


def test_an_alert_that_cannot_be_written_takes_its_observation_with_it(watch: Watch) -> None:
    watch.observe("drift", "2013-05", "failed")
    before = events(watch)
    with watch.history.catalog.write() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX only_one ON alerts (model)")
        connection.execute(sa.update(alerts).values(check_name="another"))
    with pytest.raises(CatalogError, match="refused"):
        watch.observe("drift", "2013-06", "failed")
    assert events(watch) == before
    with watch.history.catalog.read() as connection:
        assert len(list_observations(connection, MODEL)) == 1
        assert len(list_letters(connection, MODEL)) == 1


def test_the_story_of_a_version_has_its_alerts(watch: Watch) -> None:
    find(watch)
    end(watch, watch.alert(1))
    with watch.history.catalog.read() as connection:
        page = read_log(connection, MODEL, Wanted(version=1), last=2)
    assert [event.kind for event in page.events] == [OPENED, RESOLVED]


def test_an_acknowledgement_of_what_is_resolved_changes_nothing(watch: Watch) -> None:
    alert = end(watch, find(watch))
    with pytest.raises(Conflict), changing(watch) as draft:
        acknowledge(draft, alert, actor="bob", reason="")
    assert watch.alert(1) == alert
