"""What somebody changes at Weights & Biases is told, once, and put right: against a double.

Nobody has asked the real service how it tells of these changes.
"""

import json
from collections.abc import Callable

import pytest

from registry_assets_tests.lifecycle.mirroring.wandb.linked import MIRROR, MODEL, Linked, settled
from registry_assets_tests.servers.wandb import ORG_ENTITY
from registry_assets_tests.sometimes import some


def move_the_alias(linked: Linked) -> None:
    linked.double.set_alias(linked.collection, "v0", "production")


def delete_the_alias(linked: Linked) -> None:
    linked.double.remove_alias(linked.collection, "v1", "production")


def unlink_the_version(linked: Linked) -> None:
    double = linked.double
    held = double.version(linked.collection, "v1")
    collection = next(c for c in double.state["collections"] if c["name"] == linked.collection)
    asked = {"artifactID": held["id"], "artifactPortfolioID": collection["id"]}
    double.ask("UnlinkArtifact", input=asked)


def delete_the_artifact(linked: Linked) -> None:
    """With its bytes, as whoever cleans up there does."""
    held = linked.double.version(linked.collection, "v1")
    linked.double.ask("DeleteArtifact", input={"artifactID": held["id"], "deleteAliases": True})


def swap_bytes(linked: Linked) -> None:
    """Change one byte and no size, where the server stores it."""
    file = linked.double.file(linked.collection, "v1", "estimator.skops")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def lose_bytes(linked: Linked) -> None:
    linked.double.file(linked.collection, "v1", "estimator.skops").unlink()


def claim_another_digest(linked: Linked) -> None:
    said = {**linked.said("v1"), "registry_assets_digest": linked.digest(1)}
    held = linked.double.version(linked.collection, "v1")
    change = {"artifactID": held["id"], "metadata": json.dumps(said)}
    linked.double.ask("UpdateArtifact", input=change)


CHANGES: dict[Callable[[Linked], None], tuple[str, ...]] = {
    move_the_alias: ("pointer_moved",),
    delete_the_alias: ("pointer_missing",),
    unlink_the_version: ("version_missing", "pointer_missing"),
    delete_the_artifact: ("version_missing", "pointer_missing"),
    swap_bytes: ("artifact_changed",),
    lose_bytes: ("artifact_changed",),
    claim_another_digest: ("digest_changed",),
}


# Each is a dozen runs of their client, a second of computing each.
ALWAYS = (move_the_alias,)


@pytest.mark.parametrize(
    "change",
    some(CHANGES, always=ALWAYS),
    ids=lambda change: change.__name__,
)
def test_what_was_changed_there_is_told_and_put_right(
    twice: Linked, change: Callable[[Linked], None]
) -> None:
    change(twice)
    found = twice.observe(verify=True)
    assert tuple(each.kind for each in found.differences) == CHANGES[change], found.sentence
    assert not found.is_lag
    # It is told once, and stands there until it is over, also for who does not read every byte.
    events = len(twice.registry.log(MODEL))
    again = twice.look()
    assert not again.is_news, again.sentence
    assert twice.registry.mirror_state(MODEL, MIRROR).state == "out_of_step"
    assert len(twice.registry.log(MODEL)) == events
    # Nothing here has moved for it, and nothing is put right unasked.
    assert twice.registry.pointer(MODEL).version == 2
    assert twice.registry.mirror_due(twice.declared, MIRROR) is None

    repaired = twice.repair()
    assert [each.kind for each in repaired.amiss] == list(CHANGES[change])
    assert repaired.now.in_step, repaired.now.sentence
    settled(twice, 2)


@pytest.mark.thorough
def test_it_says_where_an_alias_was_moved_to_and_leaves_theirs_alone(twice: Linked) -> None:
    twice.double.set_alias(twice.collection, "v0", "champion")
    assert twice.look().in_step
    move_the_alias(twice)
    assert twice.look().sentence == (
        f"production was moved there to v0 ({twice.digest(1)[:19]}, a version of ours); expected"
        " version 2 (v1 there)"
    )
    twice.repair()
    assert twice.aliases() == {"production": "v1", "champion": "v0"}


@pytest.mark.thorough
def test_keys_that_others_add_to_the_metadata_stay(twice: Linked) -> None:
    held = twice.double.version(twice.collection, "v1")
    said = {**twice.said("v1"), "cost_center": "4711", "registry_assets_commit": "forged"}
    change = {"artifactID": held["id"], "metadata": json.dumps(said)}
    twice.double.ask("UpdateArtifact", input=change)
    twice.repair()
    after = twice.said("v1")
    assert after["cost_center"] == "4711"
    assert after["registry_assets_commit"] != "forged"


@pytest.mark.thorough
def test_versions_of_others_are_never_deleted_whatever_they_say(twice: Linked) -> None:
    """A version of theirs that claims to be ours, where ours has gone: it stays what it is."""
    delete_the_artifact(twice)
    double, where = twice.double, {"entityName": "grove-team", "projectName": "theirs"}
    said = {"registry_assets_digest": twice.digest(2)}
    said |= {key: twice.said("v0")[key] for key in ("registry_assets_registry",)}
    said |= {"registry_assets_model": MODEL}
    made = double.ask(
        "CreateArtifact",
        input={
            **where,
            "artifactTypeName": "model",
            "digest": "0" * 32,
            "metadata": json.dumps(said),
            "artifactCollectionNames": [f"m-{twice.collection}"],
        },
    )
    named = made["createArtifact"]["artifact"]["id"]
    manifest = double.ask("CreateArtifactManifest", artifactID=named)
    assert manifest["createArtifactManifest"]["artifactManifest"]["id"]
    artifact = next(a for a in double.state["artifacts"] if a["id"] == named)
    empty = {"version": 1, "storagePolicy": "wandb-storage-policy-v1", "contents": {}}
    policy = {"storagePolicyConfig": {"storageLayout": "V2"}}
    (double.data / "blobs" / artifact["manifest"]).write_text(json.dumps({**empty, **policy}))
    double.ask("CommitArtifact", artifactID=named)
    link = {"artifactID": named, "artifactPortfolioName": twice.collection}
    target = {"entityName": ORG_ENTITY, "projectName": "wandb-registry-model"}
    double.ask("LinkArtifact", input={**link, **target})
    repaired = twice.repair()
    assert repaired.now.in_step, repaired.now.sentence
    assert twice.aliases()["production"] == "v3"
    assert "v2" in twice.versions()


def test_every_byte_is_compared_as_often_as_is_declared(twice: Linked) -> None:
    registry, declared = twice.registry, twice.declared
    assert not registry.is_mirror_to_be_verified(declared, MIRROR)
    swap_bytes(twice)
    assert twice.observe().in_step  # sizes are the same, and it was compared a moment ago
    twice.world.clock.now = twice.world.clock.now.replace(day=3)
    assert registry.is_mirror_to_be_verified(declared, MIRROR)
    assert [each.kind for each in twice.observe().differences] == ["artifact_changed"]
