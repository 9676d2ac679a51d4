"""A version that was made at a real MLflow server becomes a candidate here, or is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import skops.io as sio
from sklearn.linear_model import LogisticRegression

from registry_assets.errors import AdoptionRefused, NotFound
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.mirrored import MIRROR, MODEL, Mirrored
from registry_assets_tests.worlds import SENSOR

BEGAN, ENDED = datetime(2013, 4, 1, 1, tzinfo=UTC), datetime(2013, 4, 1, 2, tzinfo=UTC)


def theirs(mirrored: Mirrored, flavours: dict[str, Any], **files: bytes) -> str:
    """Let somebody log a model at the server and register it; give its number."""
    client = mirrored.there
    experiment = client.get_experiment_by_name(mirrored.name)
    known = experiment.experiment_id if experiment else client.create_experiment(mirrored.name)
    run = client.create_run(known, start_time=int(BEGAN.timestamp() * 1000))
    folder = mirrored.world.folder / f"theirs-{run.info.run_id}"
    folder.mkdir()
    (folder / "MLmodel").write_text(json.dumps({"flavors": flavours}))
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    client.log_artifacts(run.info.run_id, str(folder), "model")
    client.set_terminated(run.info.run_id, end_time=int(ENDED.timestamp() * 1000))
    source = f"{run.info.artifact_uri}/model"
    return str(client.create_model_version(mirrored.name, source, run.info.run_id).version)


def estimator(mirrored: Mirrored) -> bytes:
    """One that was fitted elsewhere on the same features."""
    registry = mirrored.registry
    held = registry.snapshots("flight_features")
    frame = registry.read_frame(held[0].digest)
    features = frame[["hour", "distance", "seats"]]
    data: bytes = sio.dumps(LogisticRegression(C=0.5, max_iter=300).fit(features, frame["late"]))
    return data


def test_it_becomes_a_candidate_by_the_same_gate_and_no_pointer_moves(published: Mirrored) -> None:
    skops = {"sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}}
    number = theirs(published, skops, model__skops=estimator(published))
    registry = published.registry
    held = registry.pointer(MODEL)
    done = registry.adopt_from_mirror(
        published.declared, MIRROR, number, run=SENSOR, reason="the other team tuned it"
    )
    version = done.registered.version
    assert (done.registered.committed, version.number) == (True, 3)
    assert version.reason == (
        f"adopted from mlflow, {published.name}/{number}: the other team tuned it"
    )
    assert version.metadata["started_at"] == "2013-04-01T01:00:00.000000Z"
    assert version.metadata["finished_at"] == "2013-04-01T02:00:00.000000Z"
    assert version.metadata["run_url"].endswith(f"/models/{published.name}/versions/{number}")
    assert registry.pointer(MODEL) == held
    assert published.aliases() == {"production": "1"}
    # Nobody has judged it yet; then the gate does, as it does any other.
    decision = registry.decision(MODEL, 3)
    assert decision is not None
    assert not decision.ready
    registry.evaluate(published.declared, 3, run=SENSOR)
    assert registry.promote(MODEL, 3, run=SENSOR).moved
    published.publish()
    assert published.look(verify=True).in_step
    assert published.versions()[published.aliases()["production"]] == version.digest

    again = registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    assert (again.registered.committed, again.registered.version.number) == (False, 3)


@pytest.mark.parametrize(
    ("flavours", "files", "said"),
    [
        (
            {"sklearn": {"pickled_model": "model.pkl", "serialization_format": "cloudpickle"}},
            {"model__pkl": b"cos\nsystem\n(S'touch /tmp/hacked'\ntR."},
            "model.pkl, a pickle or the like",
        ),
        ({"python_function": {"loader_module": "os"}}, {}, "none of which holds an estimator"),
    ],
)
def test_what_runs_code_when_it_is_loaded_is_refused_with_the_reason(
    published: Mirrored, flavours: dict[str, Any], files: dict[str, bytes], said: str
) -> None:
    number = theirs(published, flavours, **files)
    before = history(published.registry)
    with pytest.raises(AdoptionRefused, match=said) as refused:
        published.registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    assert f"{published.name}/{number}" in refused.value.message
    assert "skops" in refused.value.hint
    assert history(published.registry) == before
    assert not Path("/tmp/hacked").exists()


def test_what_was_published_from_here_is_not_adopted(published: Mirrored) -> None:
    with pytest.raises(AdoptionRefused, match="is flight_delay:1, which was published from here"):
        published.registry.adopt_from_mirror(published.declared, MIRROR, "1", run=SENSOR)


def test_a_version_that_is_not_there_is_named(published: Mirrored) -> None:
    for number in ("99", "newest"):
        with pytest.raises(NotFound, match=f"no version '{number}'"):
            published.registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)


def test_a_version_without_files_is_told(published: Mirrored) -> None:
    client = published.there
    run = client.create_run(client.create_experiment(f"{published.name} empty"))
    source = f"{run.info.artifact_uri}/model"
    number = client.create_model_version(published.name, source, run.info.run_id).version
    with pytest.raises(Exception, match="has no files"):
        published.registry.adopt_from_mirror(published.declared, MIRROR, str(number), run=SENSOR)
