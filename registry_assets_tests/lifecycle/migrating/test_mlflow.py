"""What comes of a model of MLflow, what does not, and that repeating adds only what is new."""

import math
from pathlib import Path
from typing import Any

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import InvalidName, MirrorUnreachable, NotFound, VersionImported
from registry_assets.lifecycle.reserving import Request, reserve_version
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There, pickled, sentences, state_of
from registry_assets_tests.lifecycle.mirroring.mirrored import Mirroring, settled
from registry_assets_tests.worlds import PERSON, SENSOR, World


def test_every_version_comes_in_its_order_with_all_that_is_said_of_it(
    churned: There, registry: Registry
) -> None:
    done = churned.migrate(registry)
    assert [(c.record.number, c.record.foreign_number, c.outcome) for c in done.versions] == [
        (1, "1", "imported"),
        (2, "2", "imported"),
        (3, "3", "imported"),
    ]
    assert done.declared
    assert [each.lost for each in done.versions] == [(), (), ()]
    found = registry.imported_versions("churn")[1]
    said = found.said
    assert found.there == f"MLflow {churned.name}/2"
    assert (said["stage"], said["description"]) == ("Production", "made with 2")
    assert said["tags"] == {"seed": "2"}
    run = said["run"]
    assert (run["metrics"], run["params"]) == ({"auc": 0.702}, {"depth": "2"})
    assert run["tags"]["note"] == "seed 2"
    assert run["started_at"] == "2023-11-14T22:13:20.002000Z"
    assert run["finished_at"] == "2023-11-14T22:14:20.002000Z"
    there = churned.client.get_model_version(churned.name, "2")
    assert run["run_id"] == there.run_id
    assert said["run_url"].endswith(f"/runs/{there.run_id}")
    (given,) = run["inputs"]
    assert (given["name"], given["digest"], given["context"]) == ("flights 2", "d2", "training")
    assert registry.verify().problems == ()


def test_files_are_copied_and_digested_and_pickles_are_marked(
    churned: There, registry: Registry
) -> None:
    done = churned.migrate(registry)
    for seed, came in enumerate(done.versions, start=1):
        manifest = registry.manifest(came.record.digest)
        assert manifest.kind == "imported"
        wanted = {path: sha256_digest(data) for path, data in pickled(seed).items()}
        assert {entry.path: entry.sha256 for entry in manifest.files} == wanted
        assert registry.read_file(came.record.digest, "model.pkl") == pickled(seed)["model.pkl"]
        assert came.record.unsafe == ("model.pkl",)
        assert (came.files, came.size) == (3, sum(map(len, pickled(seed).values())))


def test_aliases_and_stages_are_history_and_move_nothing(
    churned: There, registry: Registry
) -> None:
    churned.migrate(registry)
    (alias,) = registry.imported_aliases("churn")
    assert (alias.alias, alias.foreign_number) == ("champion", "2")
    said = "\n".join(sentences(registry))
    assert f"version 2 was imported from MLflow {churned.name}/2, where its stage is" in said
    assert f"the alias champion of MLflow {churned.name} is at version 2 (churn:2 here)" in said
    assert registry.pointer("churn").version is None
    assert registry.pointer("churn").generation == 0
    churned.client.set_registered_model_alias(churned.name, "champion", "3")
    churned.client.set_registered_model_alias(churned.name, "next", "1")
    churned.migrate(registry)
    churned.client.delete_registered_model_alias(churned.name, "next")
    before = sentences(registry)
    churned.migrate(registry)
    (news,) = sentences(registry)[len(before) :]
    assert news.startswith(f"the alias next of MLflow {churned.name} is no more")
    found = {each.alias: each.foreign_number for each in registry.imported_aliases("churn")}
    assert found == {"champion": "3", "next": None}


def test_a_second_run_adds_only_what_is_new(churned: There, registry: Registry) -> None:
    churned.migrate(registry)
    before, said = state_of(registry), sentences(registry)
    again = churned.migrate(registry)
    assert not again.changed
    assert (state_of(registry), sentences(registry)) == (before, said)
    churned.version(4)
    more = churned.migrate(registry)
    assert [each.outcome for each in more.versions] == ["known", "known", "known", "imported"]
    assert state_of(registry)[0][:3] == before[0]
    assert len(sentences(registry)) == len(said) + 1


def test_what_changed_there_since_is_told_and_what_came_stays(
    churned: There, registry: Registry
) -> None:
    churned.migrate(registry)
    before = state_of(registry)
    churned.client.update_model_version(churned.name, "1", description="another story")
    again = churned.migrate(registry)
    assert [each.changed for each in again.versions] == [True, False, False]
    assert state_of(registry) == before


def test_a_number_that_is_given_out_again_there_is_another_version(
    there: There, registry: Registry
) -> None:
    there.version(1)
    there.migrate(registry)
    there.client.delete_registered_model(there.name)
    there.register()
    there.version(5)
    done = there.migrate(registry)
    assert [(each.record.number, each.record.foreign_number) for each in done.versions] == [
        (2, "1")
    ]
    assert [each.foreign_number for each in registry.imported_versions("churn")] == ["1", "1"]


def test_what_cannot_come_is_told_of_each_version(there: There, registry: Registry) -> None:
    there.version(1, metrics={"auc": math.nan, "f1": 0.5})
    there.forget_run(there.version(2))
    gone = there.version(3)
    for file in there.artifact(gone).rglob("*"):
        file.unlink()
    there.version(4, description="x" * 30_000)
    done = there.migrate(registry)
    first, second, third, fourth = (each.lost for each in done.versions)
    assert first == ("the metric auc is nan, which is no finite number",)
    assert second == ("it names no run: no metrics, no params, no data",)
    assert third[0].startswith("its files did not come: there is no file at mlflow-artifacts:/")
    assert fourth == ("its description has 30,000 characters; the first 20,000 came",)
    assert registry.imported_versions("churn")[0].said["run"]["metrics"] == {"f1": 0.5}
    assert [each.files for each in registry.imported_versions("churn")][2] == "absent"


def test_files_that_come_back_complete_the_version_under_its_number(
    churned: There, registry: Registry
) -> None:
    place = churned.artifact("2")
    aside = place.with_name("aside")
    place.rename(aside)
    churned.migrate(registry)
    before = registry.imported_versions("churn")[1]
    assert before.files == "absent"
    assert registry.manifest(before.digest).files == ()
    assert [each.outcome for each in churned.migrate(registry).versions][1] == "absent"
    aside.rename(place)
    assert [each.outcome for each in churned.migrate(registry).versions][1] == "completed"
    after = registry.imported_versions("churn")[1]
    assert (after.number, after.files) == (2, "whole")
    manifest = registry.manifest(after.digest)
    assert manifest.parents_of("before") == (before.digest,)
    assert len(manifest.files) == 3
    assert registry.verify().problems == ()
    assert not churned.migrate(registry).changed


def test_files_that_are_too_large_stay_there_and_come_when_more_is_allowed(
    there: There, registry: Registry
) -> None:
    there.version(1, files={"MLmodel": b"a", "weights.bin": b"w" * 3_000_000})
    (came,) = there.migrate(registry, largest=1_000_000).versions
    (lost,) = came.lost
    assert "its files are 3,000,001 bytes, and at most 1,000,000 of one version" in lost
    (came,) = there.migrate(registry).versions
    assert (came.outcome, came.size) == ("completed", 3_000_001)


def test_a_version_that_came_can_be_neither_promoted_nor_loaded(
    churned: There, registry: Registry
) -> None:
    churned.migrate(registry)
    digest = registry.imported_versions("churn")[0].digest
    for asked in ("churn:1", f"churn@{digest}"):
        with pytest.raises(VersionImported, match="imported from MLflow") as refused:
            registry.resolve(asked)
        assert "registry register" in refused.value.hint
    with pytest.raises(VersionImported, match="a pickle, which is never opened"):
        registry.promote("churn", 1, run=PERSON)
    with pytest.raises(VersionImported):
        registry.pull("churn:1", Path("nowhere"))
    assert registry.candidate("churn") is None
    assert registry.pointer("churn").generation == 0


def test_versions_that_are_trained_here_go_on_after_those_that_came(
    churned: There, arrived: World
) -> None:
    registry = arrived.registry
    done = churned.migrate(registry, model="flight_delay")
    assert done.declared
    reserved = reserve_version(
        arrived.registry.backends, arrived.model(), Request("april"), run=PERSON
    )
    assert reserved.version.number == 4
    policy = registry.model("flight_delay").policy
    assert "weaker" not in policy  # what was assumed asks for less than any declaration
    churned.version(9)
    more = churned.migrate(registry, model="flight_delay")
    assert not more.declared
    assert [each.record.number for each in more.versions] == [1, 2, 3, 5]
    assert registry.verify().problems == ()


def test_a_version_that_was_published_from_here_is_linked_and_not_duplicated(
    succeeded: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(succeeded)
    mirrored.publish()
    registry = mirrored.registry
    blobs = set(registry.backends.store.digests())
    asked: dict[str, Any] = {
        "model": "flight_delay",
        "tracking_uri": mirrored.server.url,
        "run": SENSOR,
    }
    (came,) = registry.migrate_mlflow(mirrored.name, **asked).versions
    assert (came.outcome, came.record.number, came.record.digest) == (
        "linked",
        1,
        mirrored.digest(1),
    )
    assert set(registry.backends.store.digests()) == blobs
    assert registry.imported_versions("flight_delay") == ()
    assert [each.foreign_number for each in registry.imports_of("flight_delay", 1)] == ["1"]
    assert registry.version("flight_delay:1").version.number == 1
    (again,) = registry.migrate_mlflow(mirrored.name, **asked).versions
    assert again.outcome == "known"
    settled(mirrored, 1)


def test_an_estimator_of_ours_is_known_by_its_bytes_and_a_tag_proves_nothing(
    trained: World, there: There
) -> None:
    registry = trained.registry
    digest = str(registry.version("flight_delay:1").version.digest)
    skops = registry.read_file(digest, "estimator.skops")
    ours = there.version(1, files={"MLmodel": b"", "model.skops": skops})
    claimed = there.version(2, tags={"registry_assets.digest": digest})
    forged = there.version(
        3, files={"manifest.json": registry.backends.store.read(digest), "model.pkl": b"\x80\x04."}
    )
    done = there.migrate(registry, model="flight_delay")
    found = {each.record.foreign_number: each.outcome for each in done.versions}
    assert found == {ours: "linked", claimed: "imported", forged: "imported"}


def test_names_servers_and_models_that_there_are_not(there: There, registry: Registry) -> None:
    with pytest.raises(InvalidName) as unusable:
        there.migrate(registry, model="")
    assert "--as churn_" in unusable.value.hint
    with pytest.raises(NotFound, match="no registered model"):
        registry.migrate_mlflow("nobody", tracking_uri=there.server.url)
    with pytest.raises(MirrorUnreachable):
        there.migrate(registry, tracking_uri="http://127.0.0.1:9")
    assert registry.models() == ()
    assert there.migrate(registry).versions == ()
    assert registry.model("churn").description == "Who leaves?"
