"""What goes to Weights & Biases, how often, and what it finds there: a double, and the real client.

What only the real service could show, such as its webhooks, is not shown here.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.converting.folder import load_folder
from registry_assets.declaration import WeightsAndBiases
from registry_assets.errors import MirrorRefused, MirrorUnreachable
from registry_assets.lifecycle.reserving import Request
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.wandb.linked import MIRROR, MODEL, Linked, settled
from registry_assets_tests.servers.wandb import ORG, ORG_ENTITY, WandbDouble
from registry_assets_tests.worlds import SENSOR, World, flights, planes


def test_what_is_in_production_here_is_linked_there_and_loads_as_it_is(
    linked: Linked, tmp_path: Path
) -> None:
    due = linked.registry.mirror_due(linked.declared, MIRROR)
    assert due is not None
    assert due.why == "version 1 is not there yet; production has moved to version 1"
    published = linked.publish()
    settled(linked, 1)
    assert (published.moved, published.pointers["production"].number) == (True, "v0")
    assert published.name == f"grove-team/wandb-registry-model/{linked.collection}"

    held = linked.double.version(linked.collection, "v0")
    artifact = next(a for a in linked.double.state["artifacts"] if a["id"] == held["id"])
    for file in artifact["files"]:
        place = tmp_path / file["name"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((linked.double.data / "blobs" / file["key"]).read_bytes())
    rows = flights(seed=7).drop(columns="late")
    ours = linked.registry.load(f"{MODEL}@production").predict(rows, planes=planes())
    theirs = load_folder(tmp_path, digest=linked.digest(1)).predict(rows, planes=planes())
    assert list(theirs) == list(ours)


def test_everything_that_is_known_of_a_version_is_at_the_top_of_its_metadata(
    published: Linked,
) -> None:
    version = published.registry.version(f"{MODEL}:1")
    there, said = published.double.version(published.collection, "v0"), published.said("v0")
    assert said["registry_assets_digest"] == version.version.digest
    assert (said["registry_assets_model"], said["registry_assets_version"]) == (MODEL, 1)
    assert said["team"] == "airline-ops"
    assert said["registry_assets_tags"]["team"] == "airline-ops"
    assert said["registry_assets_commit"] == version.version.metadata["code_commit"]
    (promoted,) = said["registry_assets_promotions"]
    assert (promoted["pointer"], promoted["generation"]) == ("production", 1)
    gates = {each["gate"]: each["outcome"] for each in said["registry_assets_verdicts"]}
    assert gates["roc_auc_at_least"] == "passed"
    recipe = version.version.recipe
    told = {(each["partition"], each["digest"]) for each in said["registry_assets_inputs"]}
    assert told == {(ref.partition, ref.digest) for ref in (*recipe.train, *recipe.holdout)}
    assert there["artifactType"] == {"name": "model"}
    assert f"`registry show {MODEL}:1`" in there["description"]
    assert version.evaluation is not None
    measured = version.evaluation.metrics["roc_auc"]
    assert said["registry_assets_metrics"]["roc_auc"] == measured["value"]
    (run,) = published.runs()
    config, summary = json.loads(run["config"]), json.loads(run["summary"])
    assert config["C"]["value"] == 1.0
    assert config["registry_assets_digest"]["value"] == version.version.digest
    assert summary["roc_auc.low"] == measured["low"]
    assert run["display_name"] == f"{MODEL}:1"


def test_publishing_again_sends_nothing_and_records_nothing(published: Linked) -> None:
    before, there = history(published.registry), published.double.state
    assert not published.publish().moved
    assert history(published.registry) == before
    assert published.double.state == there


@pytest.mark.thorough
def test_the_alias_follows_a_promotion_and_a_rollback(published: Linked) -> None:
    published.registry.promote(MODEL, 2, run=SENSOR)
    behind = published.look()
    assert [each.kind for each in behind.differences] == ["not_published", "pointer_behind"]
    assert behind.is_lag
    published.publish()
    settled(published, 2)
    assert published.aliases() == {"production": "v1"}

    published.registry.rollback(MODEL, run=SENSOR, reason="it was slow")
    published.publish()
    assert published.aliases() == {"production": "v0"}
    assert published.look().in_step
    # What was decided since is told as well, of the version that it is about.
    assert len(published.said("v0")["registry_assets_promotions"]) == 2


def test_a_tag_that_was_taken_away_here_goes_there_and_what_others_wrote_stays(
    published: Linked,
) -> None:
    registry, reference = published.registry, f"{MODEL}:1"
    registry.tag(reference, {"quarter": "Q3", "region": "north"}, run=SENSOR)
    published.publish()
    held = published.double.version(published.collection, "v0")
    theirs = {**published.said("v0"), "reviewed_by": "somebody", "region": "theirs now"}
    change = {"artifactID": held["id"], "metadata": json.dumps(theirs)}
    published.double.ask("UpdateArtifact", input=change)
    registry.tag(reference, {"quarter": None, "region": None}, run=SENSOR)
    published.publish()
    said = published.said("v0")
    assert "quarter" not in said
    assert (said["reviewed_by"], said["region"]) == ("somebody", "theirs now")
    assert "quarter" not in said["registry_assets_tags"]


def test_its_page_is_of_the_organization_as_the_server_names_it(published: Linked) -> None:
    receipt = published.registry.mirror_receipts(MODEL, MIRROR)[1]
    selected = f"{ORG_ENTITY}%2Fwandb-registry-model%2F{published.collection}"
    assert receipt.url == (
        f"{published.double.url}/orgs/{ORG}/registry/model"
        f"?selectionPath={selected}&view=membership&version=v0"
    )


@pytest.mark.thorough
def test_every_version_goes_out_where_it_is_asked_for(succeeded: World, wandb: WandbDouble) -> None:
    linked = Linked.of(succeeded, wandb, publish="commit")
    linked.publish()
    assert linked.versions() == {"v0": linked.digest(1), "v1": linked.digest(2)}
    assert linked.aliases() == {"production": "v0"}


def test_a_model_without_anything_in_production_makes_nothing_there(
    trained: World, wandb: WandbDouble
) -> None:
    linked = Linked.of(trained, wandb)
    assert linked.registry.mirror_due(linked.declared, MIRROR) is None
    assert not linked.publish().receipts
    assert linked.look().in_step
    assert linked.versions() == {}


@pytest.mark.thorough
def test_a_pointer_whose_name_they_keep_for_themselves_gets_another_alias(
    succeeded: World, wandb: WandbDouble
) -> None:
    linked = Linked.of(succeeded, wandb)
    declared = replace(linked.declared, pointers=("production", "latest", "v2"))
    linked = replace(linked, declared=declared)
    linked.registry.reserve(declared, Request("pointers"), run=SENSOR)
    for pointer in ("latest", "v2"):
        linked.registry.promote(MODEL, 2, pointer=pointer, run=SENSOR)
    linked.publish()
    assert linked.aliases() == {"production": "v0", "pointer-latest": "v1", "pointer-v2": "v1"}
    assert linked.look().in_step


def test_a_collection_is_published_to_from_one_model_only(published: Linked) -> None:
    held = published.double.version(published.collection, "v0")
    said = {**published.said("v0"), "registry_assets_model": "another"}
    change = {"artifactID": held["id"], "metadata": json.dumps(said)}
    published.double.ask("UpdateArtifact", input=change)
    published.registry.promote(MODEL, 2, run=SENSOR)
    with pytest.raises(MirrorRefused, match="published to from the model another"):
        published.publish()
    assert published.aliases() == {"production": "v0"}


def theirs(linked: Linked, *aliases: str) -> str:
    """Let somebody link a version of theirs; give its number."""
    double, made = linked.double, {"entityName": "grove-team", "projectName": "theirs"}
    said = {"artifactTypeName": "model", "digest": linked.collection, **made}
    made = double.ask(
        "CreateArtifact", input={**said, "artifactCollectionNames": [f"m-{linked.collection}"]}
    )
    named = made["createArtifact"]["artifact"]["id"]
    double.ask("CommitArtifact", artifactID=named)
    where = {"entityName": ORG_ENTITY, "projectName": "wandb-registry-model"}
    alias = [{"artifactCollectionName": linked.collection, "alias": each} for each in aliases]
    link = {"artifactID": named, "artifactPortfolioName": linked.collection, "aliases": alias}
    found = double.ask("LinkArtifact", input={**link, **where})
    return f"v{found['linkArtifact']['versionIndex']}"


@pytest.mark.thorough
def test_a_team_s_own_collection_is_taken_with_its_history(linked: Linked) -> None:
    assert theirs(linked, "production", "champion") == "v0"
    linked.publish()
    # The number in the collection, which is another one where it was logged.
    assert linked.aliases() == {"production": "v1", "champion": "v0"}
    assert linked.look(verify=True).in_step


@pytest.mark.thorough
def test_another_collection_gets_everything_anew(published: Linked, wandb: WandbDouble) -> None:
    elsewhere = Linked.of(published.world, wandb)
    assert elsewhere.registry.mirror_due(elsewhere.declared, MIRROR) is not None
    elsewhere.publish()
    settled(elsewhere, 1)


@pytest.mark.thorough
def test_a_run_that_was_deleted_there_takes_nothing_from_the_next_version(
    linked: Linked,
) -> None:
    linked.publish()
    double = linked.double
    double.kill()
    state = double.state
    for run in state["runs"]:
        run["gone"] = run["project"] == f"runs-{linked.collection}"
    state["members"], state["artifacts"] = [], []
    (double.data / "state.json").write_text(json.dumps(state))
    double.start()
    assert [each.kind for each in linked.observe().differences] == [
        "version_missing",
        "pointer_missing",
    ]
    assert linked.repair().now.in_step
    settled(linked, 1)


def test_a_server_that_is_away_is_an_error_and_is_tried_again_later(linked: Linked) -> None:
    away = WeightsAndBiases(base_url="http://127.0.0.1:9")
    declared = replace(linked.declared, mirrors=(away,))
    registry, held = linked.registry, linked.registry.pointer(MODEL)
    with pytest.raises(MirrorUnreachable, match="connection refused"):
        registry.publish_to_mirror(declared, MIRROR, run=SENSOR)
    first = registry.mirror_state(MODEL, MIRROR)
    with pytest.raises(MirrorUnreachable):
        registry.publish_to_mirror(declared, MIRROR, run=SENSOR)
    second = registry.mirror_state(MODEL, MIRROR)
    assert (first.failures, second.failures) == (1, 2)
    assert str(first.next_at) < str(second.next_at)
    assert registry.pointer(MODEL) == held
    assert registry.observe_mirror(declared, MIRROR, run=SENSOR).state == "unreachable"

    linked.publish()
    assert registry.mirror_state(MODEL, MIRROR).failures == 0
    assert linked.observe().in_step


@pytest.mark.thorough
def test_a_server_that_stops_and_starts_again_has_the_one_right_state(linked: Linked) -> None:
    linked.publish()
    linked.double.kill()
    try:
        linked.registry.promote(MODEL, 2, run=SENSOR)
        with pytest.raises(MirrorUnreachable):
            linked.publish()
        assert linked.registry.pointer(MODEL).version == 2
    finally:
        linked.double.start()
    linked.publish()
    settled(linked, 2)


def test_a_protected_alias_is_told_as_what_it_is(published: Linked) -> None:
    double = published.double

    def protect(aliases: list[str]) -> None:
        double.kill()
        (double.data / "state.json").write_text(json.dumps({**double.state, "protected": aliases}))
        double.start()

    protect(["production"])
    try:
        published.registry.promote(MODEL, 2, run=SENSOR)
        with pytest.raises(MirrorRefused, match="permission") as refused:
            published.publish()
        assert "protected alias" in refused.value.hint
    finally:
        protect([])
    published.publish()
    settled(published, 2)
