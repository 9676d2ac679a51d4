"""What goes to a real MLflow server, how often, and what it finds there."""

from dataclasses import replace

import numpy as np
import pytest

from registry_assets.declaration import MLflow
from registry_assets.errors import MirrorRefused, MirrorUnreachable, NotFound
from registry_assets.lifecycle.reserving import Request
from registry_assets.mirroring.mlflow.names import MODEL as MODEL_TAG
from registry_assets.mirroring.mlflow.names import REGISTRY as REGISTRY_TAG
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.mirrored import (
    MIRROR,
    MODEL,
    Mirrored,
    Mirroring,
    settled,
)
from registry_assets_tests.servers.mlflow import MLflowServer
from registry_assets_tests.worlds import SENSOR, World, flights, planes


def test_what_is_in_production_here_is_there_and_predicts_the_same(mirrored: Mirrored) -> None:
    due = mirrored.registry.mirror_due(mirrored.declared, MIRROR)
    assert due is not None
    assert due.why == "version 1 is not there yet; production has moved to version 1"
    published = mirrored.publish()
    settled(mirrored, 1)
    assert (published.moved, published.pointers["production"].number) == (True, "1")

    rows = flights(seed=7).drop(columns="late")
    ours = mirrored.registry.load(f"{MODEL}@production")
    theirs = mirrored.loaded("@production")
    assert np.array_equal(theirs.predict(rows), ours.predict(rows, planes=planes()))


def test_a_tag_that_was_taken_away_here_goes_there_and_what_others_wrote_stays(
    published: Mirrored,
) -> None:
    registry, reference, client = published.registry, f"{MODEL}:1", published.there
    registry.tag(reference, {"quarter": "Q3", "region": "north"}, run=SENSOR)
    published.publish()
    run_id = client.get_model_version(published.name, "1").run_id
    client.set_model_version_tag(published.name, "1", "region", "theirs now")
    client.set_model_version_tag(published.name, "1", "reviewed_by", "somebody")
    client.set_tag(run_id, "reviewed_by", "somebody")
    registry.tag(reference, {"quarter": None, "region": None}, run=SENSOR)
    published.publish()
    tags = client.get_model_version(published.name, "1").tags
    assert "quarter" not in tags
    assert (tags["reviewed_by"], tags["region"]) == ("somebody", "theirs now")
    assert "quarter" not in tags["registry_assets.tags"]
    told = client.get_run(run_id).data.tags
    assert "quarter" not in told
    assert (told["reviewed_by"], "region" in told) == ("somebody", False)


def test_everything_that_is_known_of_a_version_is_told(published: Mirrored) -> None:
    client, version = published.there, published.registry.version(f"{MODEL}:1")
    there = client.get_model_version(published.name, "1")
    run = client.get_run(there.run_id)
    facts = version.version.metadata
    assert there.tags["registry_assets.digest"] == version.version.digest
    assert there.tags["registry_assets.version"] == "1"
    assert there.tags["team"] == "airline-ops"
    for said in ("roc_auc_at_least", '"outcome":"passed"'):
        assert said in there.tags["registry_assets.verdicts"]
    assert '"pointer":"production"' in there.tags["registry_assets.promotions"]
    assert f"`registry show {MODEL}:1`" in there.description
    assert run.data.params == {"C": "1.0", "sense": "true", "fail": "false"}
    assert version.evaluation is not None
    measured = version.evaluation.metrics["roc_auc"]
    assert run.data.metrics["roc_auc"] == measured["value"]
    assert run.data.metrics["roc_auc.low"] == measured["low"]
    assert run.data.tags["mlflow.source.git.commit"] == facts["code_commit"]
    told = {(each.dataset.name, each.dataset.digest) for each in run.inputs.dataset_inputs}
    recipe = version.version.recipe
    assert told == {
        (f"{ref.asset}[{ref.partition}]", ref.digest.removeprefix("sha256:")[:36])
        for ref in (*recipe.train, *recipe.holdout)
    }
    assert [f.path for f in client.list_artifacts(there.run_id)] == [
        "model",
        "registry_assets.json",
    ]


def test_publishing_again_sends_nothing_and_records_nothing(published: Mirrored) -> None:
    before = history(published.registry)
    there = published.there.get_model_version(published.name, "1").last_updated_timestamp
    again = published.publish()
    assert not again.moved
    assert history(published.registry) == before
    assert published.there.get_model_version(published.name, "1").last_updated_timestamp == there
    settled(published, 1)


def test_the_alias_follows_a_promotion_and_a_rollback(published: Mirrored) -> None:
    published.registry.promote(MODEL, 2, run=SENSOR)
    behind = published.look()
    assert [each.kind for each in behind.differences] == ["not_published", "pointer_behind"]
    assert behind.is_lag
    published.publish()
    settled(published, 2)
    assert published.aliases() == {"production": "2"}

    published.registry.rollback(MODEL, run=SENSOR, reason="it was slow")
    published.publish()
    assert published.aliases() == {"production": "1"}
    assert published.look().in_step
    # What was decided since is told as well, of the version that it is about.
    said = published.there.get_model_version(published.name, "1").tags
    assert said["registry_assets.promotions"].count('"pointer":"production"') == 2


def test_every_version_goes_out_where_it_is_asked_for(
    succeeded: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(succeeded, publish="commit")
    mirrored.publish()
    assert mirrored.versions() == {"1": mirrored.digest(1), "2": mirrored.digest(2)}
    assert mirrored.aliases() == {"production": "1"}


def test_a_model_without_anything_in_production_makes_nothing_there(
    trained: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(trained)
    assert mirrored.registry.mirror_due(mirrored.declared, MIRROR) is None
    assert not mirrored.publish().receipts
    assert mirrored.look().in_step
    assert mirrored.there.search_registered_models(f"name = '{mirrored.name}'") == []


def test_a_pointer_that_mlflow_keeps_for_itself_gets_another_alias(
    succeeded: World, mirroring: Mirroring
) -> None:
    mirrored = mirroring.of(succeeded)
    pointers = ("production", "latest", "v2")
    declared = replace(mirrored.declared, pointers=pointers)
    mirrored = replace(mirrored, declared=declared)
    mirrored.registry.reserve(declared, Request("pointers"), run=SENSOR)
    for pointer in ("latest", "v2"):
        mirrored.registry.promote(MODEL, 2, pointer=pointer, run=SENSOR)
    mirrored.publish()
    assert mirrored.aliases() == {"production": "1", "pointer-latest": "2", "pointer-v2": "2"}
    tags = mirrored.there.get_registered_model(mirrored.name).tags
    assert tags["registry_assets.alias.pointer-latest"] == "latest"
    assert mirrored.look().in_step


def test_a_model_there_is_published_to_from_one_model_only(
    published: Mirrored, mirroring: Mirroring
) -> None:
    client = published.there
    client.set_registered_model_tag(published.name, REGISTRY_TAG, "f" * 32)
    client.set_registered_model_tag(published.name, MODEL_TAG, "another")
    published.registry.promote(MODEL, 2, run=SENSOR)
    with pytest.raises(MirrorRefused, match="published to from the model another"):
        published.publish()
    assert published.aliases() == {"production": "1"}


def test_a_team_s_own_model_is_taken_with_its_history(mirrored: Mirrored) -> None:
    client = mirrored.there
    client.create_registered_model(mirrored.name, description="ours since 2019")
    run = client.create_run(client.create_experiment(mirrored.name))
    client.create_model_version(mirrored.name, f"{run.info.artifact_uri}/m", run.info.run_id)
    client.set_registered_model_alias(mirrored.name, "production", "1")
    client.set_registered_model_alias(mirrored.name, "champion", "1")
    mirrored.publish()
    assert mirrored.aliases() == {"production": "2", "champion": "1"}
    assert client.get_registered_model(mirrored.name).description == "ours since 2019"
    assert mirrored.look().in_step


def test_another_server_or_name_gets_everything_anew(
    published: Mirrored, mirroring: Mirroring
) -> None:
    elsewhere = mirroring.of(published.world)
    assert elsewhere.registry.mirror_due(elsewhere.declared, MIRROR) is not None
    elsewhere.publish()
    settled(elsewhere, 1)
    assert published.look().found is not None


def test_a_server_that_is_away_is_an_error_and_is_tried_again_later(mirrored: Mirrored) -> None:
    away = MLflow(tracking_uri="http://127.0.0.1:9")
    declared = replace(mirrored.declared, mirrors=(away,))
    registry = mirrored.registry
    held = registry.pointer(MODEL)
    with pytest.raises(MirrorUnreachable, match="Connection refused"):
        registry.publish_to_mirror(declared, MIRROR, run=SENSOR)
    first = registry.mirror_state(MODEL, MIRROR)
    with pytest.raises(MirrorUnreachable):
        registry.publish_to_mirror(declared, MIRROR, run=SENSOR)
    second = registry.mirror_state(MODEL, MIRROR)
    assert (first.failures, second.failures) == (1, 2)
    assert str(first.next_at) < str(second.next_at)
    assert registry.pointer(MODEL) == held
    assert registry.observe_mirror(declared, MIRROR, run=SENSOR).state == "unreachable"

    mirrored.publish()
    assert registry.mirror_state(MODEL, MIRROR).failures == 0
    assert mirrored.observe().in_step


def test_a_server_that_stops_and_starts_again_has_the_one_right_state(
    mirrored: Mirrored, mlflow: MLflowServer
) -> None:
    mirrored.publish()
    mlflow.kill()
    try:
        mirrored.registry.promote(MODEL, 2, run=SENSOR)
        with pytest.raises(MirrorUnreachable):
            mirrored.publish()
        assert mirrored.registry.pointer(MODEL).version == 2
    finally:
        mlflow.start()
    mirrored.publish()
    settled(mirrored, 2)


def test_an_unknown_mirror_and_an_unknown_model_are_named(mirrored: Mirrored) -> None:
    with pytest.raises(NotFound, match="no mirror called 'wandb'"):
        mirrored.registry.publish_to_mirror(mirrored.declared, "wandb", run=SENSOR)
    unknown = replace(mirrored.declared, name="nobody_knows_it")
    with pytest.raises(NotFound, match="nobody_knows_it"):
        mirrored.registry.publish_to_mirror(unknown, MIRROR, run=SENSOR)
    assert mirrored.registry.mirrors("flight_delay") == ()
