"""The promises about what is observed of deployments, on every pair of a catalog and a store."""

import pytest
import sqlalchemy as sa

from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.observations import list_observations
from registry_assets.catalog.outbox import list_letters
from registry_assets.errors import CatalogError
from registry_assets_tests.catalog.history import MODEL, PERSON, History, reopened
from registry_assets_tests.catalog.watched import Watch, watched
from registry_assets_tests.laws.combinations import Site
from registry_assets_tests.laws.test_promises import AT_ONCE, codes


def counted(history: History) -> tuple[int, int, int]:
    """How many observations, alerts and letters there are."""
    with history.catalog.read() as connection:
        return (
            len(list_observations(connection, MODEL)),
            len(list_alerts(connection, MODEL)),
            len(list_letters(connection, MODEL)),
        )


def test_p2_an_observation_its_alert_and_its_letter_are_there_together(history: History) -> None:
    watch = Watch(history)
    watch.observe("drift", "2013-05", "failed")
    assert counted(history) == (1, 1, 1)
    with history.catalog.write() as connection:
        connection.execute(sa.text("CREATE UNIQUE INDEX no_more ON outbox (model)"))
    with pytest.raises(CatalogError, match="refused"):
        watch.observe("drift", "2013-06", "failed")
    assert counted(history) == (1, 1, 1)
    assert watch.alert(1).count == 1
    assert history.registry.verify().clean


def test_p4_repeating_an_observation_gives_it_and_finds_nothing_again(history: History) -> None:
    watch = Watch(history)
    first = watch.observe("drift", "2013-05", "failed", versions=(1, 2))
    again = watch.observe("drift", "2013-05", "failed", versions=(1, 2))
    assert again.again
    assert (again.observations, again.results) == (first.observations, first.results)
    assert [watch.alert(number).count for number in (1, 2)] == [1, 1]


TAMPERED = {
    "an observation": "UPDATE observations SET rows = rows + 1 WHERE id = 1",
    "a result": "UPDATE monitoring_results SET outcome = 'passed' WHERE id = 2",
    "an alert": "UPDATE alerts SET severity = 'info' WHERE number = 1",
}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("name", TAMPERED)
def test_p7_whoever_edits_what_was_found_is_found(site: Site, name: str) -> None:
    watched(reopened(site.folder))
    assert codes(reopened(site.folder)) == set()
    with site.project.tampering() as connection:
        assert connection.execute(sa.text(TAMPERED[name])).rowcount == 1
    assert codes(reopened(site.folder)) == {"row_changed"}


def test_p10_a_collection_takes_nothing_that_was_observed(history: History) -> None:
    watched(history)
    with history.catalog.read() as connection:
        digests = {row.digest for row in list_observations(connection, MODEL)}
    history.registry.collect(
        act=True, run=PERSON, reason="tidying", older_than=AT_ONCE, purge_after=AT_ONCE
    )
    assert len(digests) > 3
    assert all(map(history.registry.backends.store.has, digests))
    assert history.registry.verify().clean
