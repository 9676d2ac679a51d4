"""An alert is looked after by whoever says so first, and ends where its version is replaced."""

import pytest

from registry_assets.catalog.alerts import ACKNOWLEDGED, RESOLVED
from registry_assets.catalog.monitoring_tables import alerts
from registry_assets.errors import CatalogError, Conflict, NotFound
from registry_assets_tests.catalog.history import MODEL, PERSON
from registry_assets_tests.lifecycle.monitoring.post import Post


def events(post: Post) -> list[str]:
    """The kinds of the newest events of the model."""
    return [event.kind for event in post.history.registry.log(MODEL)]


def test_who_acknowledges_first_stays_and_is_told_once(post: Post) -> None:
    post.log_to("log")
    post.find()
    registry = post.history.registry
    first = registry.acknowledge(MODEL, 1, run=PERSON, reason="on it")
    again = registry.acknowledge(MODEL, 1, run=PERSON, reason="me too")
    assert (first.new, again.new) == (True, False)
    assert again.alert == first.alert == registry.alert(MODEL, 1)
    assert (first.alert.acknowledged_by, first.alert.acknowledged_why) == ("ann", "on it")
    assert events(post).count(ACKNOWLEDGED) == 1
    post.deliver()
    assert post.told() == ["late/1 opened", "late/1 acknowledged"]
    assert registry.letters(MODEL, 1)[-1].body["sentence"] == "ann looks after it: on it"
    assert registry.verify().clean


def test_of_what_somebody_looks_after_people_hear_again_only_if_it_becomes_worse(
    post: Post,
) -> None:
    post.log_to("log")
    post.find()
    post.history.registry.acknowledge(MODEL, 1, run=PERSON)
    for partition in ("2013-06", "2013-07", "2013-08"):
        post.find(partition=partition)
    assert post.history.registry.alert(MODEL, 1).count == 4
    post.find(partition="2013-09", severity="critical")
    post.deliver()
    assert post.told() == [f"late/1 {kind}" for kind in ("opened", "acknowledged", "escalated")]


def test_what_is_over_or_was_never_there_is_not_acknowledged(post: Post) -> None:
    post.find()
    post.find(outcome="passed")
    before = events(post)
    with pytest.raises(Conflict, match="was resolved"):
        post.history.registry.acknowledge(MODEL, 1, run=PERSON)
    with pytest.raises(NotFound, match="no alert 2"):
        post.history.registry.acknowledge(MODEL, 2, run=PERSON)
    with pytest.raises(NotFound, match="no registered model"):
        post.history.registry.acknowledge("nothing", 1, run=PERSON)
    assert events(post) == before


def test_a_promotion_ends_the_alerts_of_the_version_that_it_replaces(post: Post) -> None:
    post.log_to("log")
    post.find()
    post.find("data_quality")
    post.history.registry.acknowledge(MODEL, 2, run=PERSON)
    post.history.promote(post.history.version(2))
    assert post.history.registry.alerts(MODEL) == ()
    first = post.history.registry.alert(MODEL, 1)
    assert first.resolved_why == "version 2 took its place in production"
    assert first.resolved_at == post.history.registry.promotions(MODEL)[-1].created_at
    assert events(post)[-3:] == ["pointer_moved", RESOLVED, RESOLVED]
    post.deliver()
    assert "late/1 resolved" in post.told()
    assert post.history.registry.verify().clean


def test_a_rollback_ends_them_too_and_leaves_those_of_the_version_that_it_goes_to(
    post: Post,
) -> None:
    post.history.promote(post.history.version(2))
    post.find(version=1)
    post.find(version=2)
    post.history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    (left,) = post.history.registry.alerts(MODEL)
    assert (left.number, left.version) == (1, 1)
    assert events(post)[-2:] == ["pointer_rolled_back", RESOLVED]
    assert post.history.registry.verify().clean


def test_a_promotion_that_cannot_end_them_is_not_made(post: Post) -> None:
    post.find()
    version = post.history.version(2)
    with post.history.catalog.write() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX no_more ON outbox (model)")
    with pytest.raises(CatalogError, match="refused"):
        post.history.promote(version)
    registry = post.history.registry
    assert [each.version for each in registry.pointers(MODEL)] == [1]
    assert registry.alert(MODEL, 1).state == "open"


def test_a_damaged_alert_keeps_no_pointer_from_moving(post: Post) -> None:
    post.find()
    with post.history.catalog.write() as connection:
        connection.execute(alerts.update().values(body="{}"))
    post.history.promote(post.history.version(2))
    assert post.history.registry.alert(MODEL, 1).state == "resolved"
    assert not post.history.registry.verify().clean
