"""What comes of a collection that a team filled by the real client; the server is a double."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import (
    InvalidName,
    MirrorRefused,
    MirrorUnreachable,
    NotFound,
    VersionImported,
)
from registry_assets.lifecycle.migrating.values import Migrated
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import pickled, sentences, state_of
from registry_assets_tests.lifecycle.mirroring.wandb.linked import Linked
from registry_assets_tests.servers.wandb import KEY, ORG_ENTITY, TEAM, WandbDouble
from registry_assets_tests.servers.wandb_team import link
from registry_assets_tests.worlds import PERSON, SENSOR, World

OF_DATA = "postgresql://scott:tiger@db.example.com/leavers"


@dataclass(frozen=True, slots=True)
class Filled:
    """A collection with three versions, of which the second is called `champion`."""

    double: WandbDouble
    name: str

    def migrate(self, registry: Registry, **options: Any) -> Migrated:
        """Bring it in, as `churn`."""
        asked = {"model": "churn", "base_url": self.double.url, "entity": TEAM, "run": PERSON}
        return registry.migrate_wandb(self.name, **{**asked, **options})


@pytest.fixture(scope="module")
def filled(_wandb: WandbDouble, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Made once: the real client takes its time."""
    found = Filled(_wandb, f"Churn.{secrets.token_hex(6)}")
    secret = tmp_path_factory.mktemp("machine") / "secret.txt"
    secret.write_text("of this machine")
    link(
        _wandb,
        found.name,
        [
            {
                "files": pickled(seed),
                "metadata": {"seed": seed, "data": OF_DATA, "opened_by": KEY},
                "config": {"depth": seed, "net": {"layers": [1, 2]}},
                "summary": {"auc": 0.7 + seed / 1000, "note": "a text is no metric"},
                "description": f"made with {seed}",
                "tags": ["crm", f"seed-{seed}"],
                "aliases": ["champion"] if seed == 2 else [],
                "references": {"data.txt": f"file://{secret}"} if seed == 3 else {},
            }
            for seed in (1, 2, 3)
        ],
    )
    return found


@pytest.fixture
def there(filled: Filled, wandb: WandbDouble) -> Filled:
    """It, and the key that opens it."""
    return filled


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry in which nothing was ever declared."""
    registry = Registry.init(tmp_path / "project")
    yield registry
    registry.backends.catalog.driver.pool.close()


def test_every_version_comes_in_its_order_with_all_that_is_said_of_it(
    there: Filled, registry: Registry
) -> None:
    done = there.migrate(registry)
    assert [(c.record.number, c.record.foreign_number, c.outcome) for c in done.versions] == [
        (1, "v0", "imported"),
        (2, "v1", "imported"),
        (3, "v2", "imported"),
    ]
    assert [each.lost for each in done.versions] == [
        (),
        (),
        ("its files did not come: the file data.txt is only a reference to somewhere else",),
    ]
    found = registry.imported_versions("churn")[1]
    said = found.said
    assert found.there == f"Weights & Biases {there.name}/v1"
    assert said["description"] == "made with 2"
    assert said["tags"]["seed"] == "2"
    assert said["tags"]["wandb.tags"] == "crm, seed-2"
    run = said["run"]
    assert (run["metrics"], run["params"]["depth"]) == ({"auc": 0.702}, "2")
    assert run["params"]["net"] == '{"layers":["1","2"]}'
    assert (run["name"], run["experiment"], run["status"]) == (
        "run 1",
        f"{TEAM}/theirs",
        "finished",
    )
    assert said["url"].startswith(f"{there.double.url}/orgs/")
    assert said["run_url"].endswith(f"/{TEAM}/theirs/runs/{run['run_id']}")
    for seed, came in enumerate(done.versions[:2], start=1):
        files = registry.manifest(came.record.digest).files
        wanted = {path: sha256_digest(data) for path, data in pickled(seed).items()}
        assert {entry.path: entry.sha256 for entry in files} == wanted
        assert came.record.unsafe == ("model.pkl",)
    # What opens it, or their data, is kept nowhere, whoever wrote it there.
    assert said["tags"]["opened_by"] == "***"
    assert said["tags"]["data"] == "postgresql://***@db.example.com/leavers"
    assert "of this machine" not in str(state_of(registry))
    assert registry.verify().problems == ()

    (alias,) = registry.imported_aliases("churn")
    assert (alias.alias, alias.foreign_number) == ("champion", "v1")
    assert registry.pointer("churn").version is None
    with pytest.raises(VersionImported, match="a pickle, which is never opened"):
        registry.promote("churn", 1, run=PERSON)

    before, log = state_of(registry), sentences(registry)
    again = there.migrate(registry)
    assert not again.changed
    assert [each.outcome for each in again.versions] == ["known", "known", "absent"]
    assert (state_of(registry), sentences(registry)) == (before, log)


def test_what_changed_there_since_is_told_and_what_came_stays(
    there: Filled, registry: Registry
) -> None:
    there.migrate(registry)
    before, double = state_of(registry), there.double
    held = double.version(there.name, "v0")
    change = {"artifactID": held["id"], "metadata": json.dumps({"seed": 77})}
    double.ask("UpdateArtifact", input=change)
    try:
        again = there.migrate(registry)
    finally:
        double.ask("UpdateArtifact", input={**change, "metadata": held["metadata"]})
    assert [each.changed for each in again.versions] == [True, False, False]
    assert state_of(registry) == before


def test_bytes_that_are_gone_are_told_and_complete_the_version_when_they_are_back(
    there: Filled, registry: Registry
) -> None:
    file = there.double.file(there.name, "v1", "model.pkl")
    aside = file.with_name("aside")
    file.rename(aside)
    try:
        done = there.migrate(registry)
    finally:
        aside.rename(file)
    assert done.versions[1].lost == (
        "its files did not come: the bytes of model.pkl are not there any more",
    )
    assert registry.imported_versions("churn")[1].files == "absent"
    assert [each.outcome for each in there.migrate(registry).versions][1] == "completed"
    assert registry.imported_versions("churn")[1].files == "whole"


def test_a_version_that_was_published_from_here_is_linked_and_not_duplicated(
    succeeded: World, wandb: WandbDouble
) -> None:
    linked = Linked.of(succeeded, wandb)
    linked.publish()
    registry = linked.registry
    blobs = set(registry.backends.store.digests())
    asked: dict[str, Any] = {"model": "flight_delay", "base_url": wandb.url, "run": SENSOR}
    (came,) = registry.migrate_wandb(linked.collection, **asked).versions
    assert (came.outcome, came.record.number) == ("linked", 1)
    assert came.record.digest == linked.digest(1)
    assert set(registry.backends.store.digests()) == blobs
    assert registry.imported_versions("flight_delay") == ()
    (again,) = registry.migrate_wandb(linked.collection, **asked).versions
    assert again.outcome == "known"


def test_names_servers_and_collections_that_there_are_not(
    there: Filled, registry: Registry
) -> None:
    with pytest.raises(InvalidName, match="is a name in Weights & Biases") as unusable:
        there.migrate(registry, model="")
    assert "--as churn_" in unusable.value.hint
    with pytest.raises(NotFound, match="no collection grove-team/wandb-registry-model/nobody"):
        registry.migrate_wandb("nobody", base_url=there.double.url, entity=TEAM)
    with pytest.raises(NotFound, match="wandb-registry-else"):
        registry.migrate_wandb(
            there.name, model="churn", base_url=there.double.url, entity=TEAM, registry="else"
        )
    with pytest.raises(MirrorRefused, match="nobody-s-team"):
        registry.migrate_wandb(
            there.name, model="churn", base_url=there.double.url, entity="nobody-s-team"
        )
    with pytest.raises(MirrorUnreachable):
        there.migrate(registry, base_url="http://127.0.0.1:9")
    assert registry.models() == ()
    assert ORG_ENTITY == "double-org"
