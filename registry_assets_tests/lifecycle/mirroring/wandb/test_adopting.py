"""A version that a team logged by its own client becomes a candidate here, or is refused.

The client is the real one, and the server a double.
"""

from pathlib import Path

import pytest
import skops.io as sio
from sklearn.linear_model import LogisticRegression

from registry_assets.errors import AdoptionRefused, MirrorRefused, NotFound
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.wandb.linked import MIRROR, MODEL, Linked
from registry_assets_tests.servers.wandb_team import link
from registry_assets_tests.worlds import SENSOR


def estimator(linked: Linked) -> bytes:
    """One that was fitted elsewhere on the same features."""
    registry = linked.registry
    frame = registry.read_frame(registry.snapshots("flight_features")[0].digest)
    features = frame[["hour", "distance", "seats"]]
    data: bytes = sio.dumps(LogisticRegression(C=0.5, max_iter=300).fit(features, frame["late"]))
    return data


def test_it_becomes_a_candidate_by_the_same_gate_and_no_pointer_moves(published: Linked) -> None:
    link(published.double, published.collection, [{"files": {"model.skops": estimator(published)}}])
    registry = published.registry
    held = registry.pointer(MODEL)
    done = registry.adopt_from_mirror(
        published.declared, MIRROR, "v1", run=SENSOR, reason="the other team tuned it"
    )
    version = done.registered.version
    assert (done.registered.committed, version.number) == (True, 3)
    name = f"grove-team/wandb-registry-model/{published.collection}"
    assert version.reason == f"adopted from wandb, {name}/v1: the other team tuned it"
    assert str(version.metadata["run_url"]).startswith(f"{published.double.url}/orgs/")
    assert registry.pointer(MODEL) == held
    assert published.aliases() == {"production": "v0"}
    registry.evaluate(published.declared, 3, run=SENSOR)
    assert registry.promote(MODEL, 3, run=SENSOR).moved
    published.publish()
    assert published.look(verify=True).in_step
    assert published.versions()[published.aliases()["production"]] == version.digest


@pytest.mark.thorough
def test_what_runs_code_or_is_elsewhere_is_refused_with_the_reason(
    published: Linked, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.skops"
    secret.write_bytes(b"of this machine")
    link(
        published.double,
        published.collection,
        [
            {"files": {"model.pkl": b"cos\nsystem\n(S'touch /tmp/hacked'\ntR."}},
            {"files": {}, "references": {"model.skops": f"file://{secret}"}},
            {"files": {"a.txt": b""}, "references": {"model.skops": "s3://theirs/model.skops"}},
        ],
    )
    registry, before = published.registry, history(published.registry)
    with pytest.raises(AdoptionRefused, match=r"is model\.pkl, a pickle or the like"):
        registry.adopt_from_mirror(published.declared, MIRROR, "v1", run=SENSOR)
    for number in ("v2", "v3"):
        with pytest.raises(MirrorRefused, match="only a reference to somewhere else"):
            registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    with pytest.raises(AdoptionRefused, match="is flight_delay:1, which was published from here"):
        registry.adopt_from_mirror(published.declared, MIRROR, "v0", run=SENSOR)
    for number in ("v99", "newest", "latest", "production"):
        with pytest.raises(NotFound, match=f"no version '{number}'"):
            registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    assert history(registry) == before
    assert not Path("/tmp/hacked").exists()
