"""What is there twice at Weights & Biases, or was brought twice at once, is there once in the end.

Against a double, which takes two uploads at once for two versions.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest

from registry_assets.converting.contents import read_version_contents
from registry_assets.lifecycle.deploying import as_resolved
from registry_assets.lifecycle.mirroring.declared import open_client
from registry_assets.lifecycle.mirroring.outgoing import read_outgoing
from registry_assets.mirroring.protocol import Receipt
from registry_assets_tests.lifecycle.mirroring.wandb.linked import MODEL, Linked, settled

ANOTHER = "QXJ0aWZhY3Q6YW5vdGhlcg=="


def test_two_that_do_not_know_of_each_other_converge(linked: Linked) -> None:
    """As where a lock of the catalog was lost: two clients, the same version, nothing shared."""
    registry, (mirror,) = linked.registry, linked.declared.mirrors
    with registry.backends.catalog.read() as connection:
        said = read_outgoing(connection, MODEL, 1)
    version, store = registry.version(f"{MODEL}:1").version, registry.backends.store

    def publish(_: int) -> Receipt:
        client = open_client(MODEL, mirror)
        return client.publish_version(
            said, lambda: read_version_contents(store, as_resolved(version))
        )

    with ThreadPoolExecutor(2) as pool:
        receipts = list(pool.map(publish, range(2)))
    assert receipts[0] == receipts[1]
    assert list(linked.versions().values()) == [version.digest]
    linked.publish()
    settled(linked, 1)


@pytest.mark.thorough
def test_a_version_that_is_linked_twice_is_linked_once_and_the_first_stays(
    published: Linked,
) -> None:
    double, collection = published.double, published.collection
    first = double.version(collection, "v0")["id"]
    double.kill()
    state = double.state
    for artifact in [each for each in state["artifacts"] if each["id"] == first]:
        state["artifacts"].append({**deepcopy(artifact), "id": ANOTHER, "index": 1})
    for member in [each for each in state["members"] if each["artifact"] == first]:
        another = {"id": f"{member['id']}-2", "artifact": ANOTHER, "index": 1}
        state["members"].append({**member, **another, "aliases": []})
    for held in state["collections"]:
        held["next_index"] += 1
    (double.data / "state.json").write_text(json.dumps(state))
    double.start()
    assert list(published.versions()) == ["v1", "v0"]
    assert published.repair().now.in_step
    settled(published, 1)
    assert list(published.versions()) == ["v0"]
