"""What was observed of a model travels with it; what is to be told stays, but in a backup."""

from pathlib import Path

import sqlalchemy as sa

from registry_assets.catalog import outbox
from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.monitoring_tables import POST
from registry_assets.catalog.observations import list_observations, list_results
from registry_assets.registry import Registry
from registry_assets.transfer.layout import object_file, rows_file
from registry_assets_tests.catalog.history import MODEL, PERSON, History, reopened
from registry_assets_tests.catalog.watched import Watch
from registry_assets_tests.transfer.moves import FULL, carry, said


def post(catalog: Catalog) -> list[list[tuple[object, ...]]]:
    """Every letter and every delivery."""
    with catalog.read() as connection:
        return [
            [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in POST
        ]


def test_an_import_brings_alerts_and_results_and_tells_nobody(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "all")
    there = said(origin.registry, FULL)["watched"]
    assert said(target.registry, FULL)["watched"] == there
    assert there["alerts"]
    assert there["observations"]
    assert there["fresh"]
    assert post(origin.catalog) != [[], []]
    assert post(target.catalog) == [[], []]


def test_an_imported_alert_goes_on_where_it_came_to(
    origin: History, target: History, tmp_path: Path
) -> None:
    target.declare("mine")
    target.version(1, model="mine")
    Watch(target, "mine").observe("drift", "2013-05", "failed")
    carry(origin.registry, target.registry, tmp_path / "all")
    with target.catalog.read() as connection:
        before = [each for each in list_alerts(connection, MODEL) if each.check == "data_quality"]
    Watch(target).observe("predictions", "2013-07", "failed", versions=(2,))
    with target.catalog.read() as connection:
        after = [each for each in list_alerts(connection, MODEL) if each.check == "data_quality"]
        numbers = [row.id for row in list_observations(connection, MODEL)]
        of_newest = list_results(connection, numbers[-1])
    assert [each.count for each in after] == [each.count + 1 for each in before] == [2]
    assert numbers == sorted(numbers)
    assert [each.partition for each in of_newest] == ["2013-07"]
    assert target.registry.verify().problems == ()


def test_what_was_observed_since_comes_with_the_next_import(
    origin: History, target: History, tmp_path: Path
) -> None:
    carry(origin.registry, target.registry, tmp_path / "first")
    Watch(origin).observe("drift", "2013-09", "failed", versions=(2,))
    Watch(origin).observe("predictions", "2013-09", versions=(2,))
    carry(origin.registry, target.registry, tmp_path / "second")
    assert said(target.registry, FULL) == said(origin.registry, FULL)
    assert not target.registry.import_from(tmp_path / "second", run=PERSON).changed


def test_manifests_that_were_observed_are_in_an_export_of_their_model(
    origin: History, tmp_path: Path
) -> None:
    origin.registry.export(tmp_path / "one", [MODEL])
    with origin.catalog.read() as connection:
        digests = {row.digest for row in list_observations(connection, MODEL)}
    assert len(digests) > 3
    for digest in digests:
        assert (tmp_path / "one" / object_file(digest)).is_file()
    for table in POST:
        assert (tmp_path / "one" / rows_file(table.name)).read_bytes() == b""


def test_what_waits_is_told_after_a_restore(origin: History, tmp_path: Path) -> None:
    origin.registry.backup(tmp_path / "backup")
    Registry.restore(tmp_path / "backup", tmp_path / "again")
    again = reopened(tmp_path / "again")
    assert post(again.catalog) == post(origin.catalog)
    Watch(again).observe("drift", "2013-09", "failed", versions=(2,))
    with again.catalog.write(chain=outbox.CHAIN) as connection:
        for letter in outbox.unaddressed(connection):
            outbox.address(connection, letter, {"log": "2013"}, now="2013")
        numbers = {each.letter.id for each in outbox.list_deliveries(connection)}
    # The new letter has a number of its own, after those that were restored.
    assert len(numbers) == len(post(origin.catalog)[0]) + 1
    assert again.registry.verify().problems == ()


def test_a_collection_leaves_what_was_observed(origin: History) -> None:
    with origin.catalog.read() as connection:
        digests = [row.digest for row in list_observations(connection, MODEL)]
    found = origin.registry.collect()
    assert found.nothing
    assert found.young == 0
    origin.registry.rebuild()
    assert all(map(origin.registry.backends.store.has, digests))
    below = origin.registry.descendants("flights[2013-01]")
    assert [each.partition for each in below.observations] == ["2013-05"]
