"""A version that was made at a double of SageMaker becomes a candidate here, or is refused."""

import io
import tarfile
from pathlib import Path

import pytest
import skops.io as sio
from sklearn.linear_model import LogisticRegression

from registry_assets.errors import AdoptionRefused, MirrorRefused, NotFound
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import (
    MIRROR,
    MODEL,
    Mirrored,
    Mirroring,
)
from registry_assets_tests.servers.sagemaker import BUCKET, SageMakerDouble
from registry_assets_tests.worlds import SENSOR


@pytest.fixture
def mirroring(completed: SageMakerDouble) -> Mirroring:
    return Mirroring(completed)


def packed(entries: dict[str, bytes], *, kind: bytes = tarfile.REGTYPE) -> bytes:
    """An archive of some files, or of what else a tar can hold."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.type = kind
            if kind == tarfile.REGTYPE:
                entry.size = len(data)
            else:
                entry.linkname = data.decode()
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def theirs(mirrored: Mirrored, archive: bytes) -> str:
    """Let somebody register an archive there; give its number."""
    key = f"theirs/{mirrored.name}/{len(archive)}.tar.gz"
    mirrored.put(key, archive)
    return mirrored.theirs(data=f"s3://{BUCKET}/{key}")


def test_it_becomes_a_candidate_by_the_same_gate_and_nothing_is_approved(
    published: Mirrored,
) -> None:
    registry = published.registry
    frame = registry.read_frame(registry.snapshots("flight_features")[0].digest)
    features = frame[["hour", "distance", "seats"]]
    fitted = LogisticRegression(C=0.5, max_iter=300).fit(features, frame["late"])
    number = theirs(published, packed({"model.skops": sio.dumps(fitted), "code/a.py": b"1"}))
    held = registry.pointer(MODEL)
    done = registry.adopt_from_mirror(
        published.declared, MIRROR, number, run=SENSOR, reason="the other team tuned it"
    )
    version = done.registered.version
    assert (done.registered.committed, version.number) == (True, 3)
    assert version.reason == (
        f"adopted from sagemaker, {published.name}/{number}: the other team tuned it"
    )
    assert registry.pointer(MODEL) == held
    assert published.approved() == ["1"]
    decision = registry.decision(MODEL, 3)
    assert decision is not None
    assert not decision.ready
    again = registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    assert (again.registered.committed, again.registered.version.number) == (False, 3)


@pytest.mark.parametrize(
    ("archive", "kind", "said"),
    [
        (packed({"model.joblib": b"\x80\x04."}), AdoptionRefused, "model.joblib, a pickle"),
        (packed({"notes.txt": b"none"}), AdoptionRefused, "0 files that could be its estimator"),
        (packed({"../model.skops": b"x"}), MirrorRefused, "no plain path"),
        (packed({"/tmp/model.skops": b"x"}), MirrorRefused, "no plain path"),
        (
            packed({"model.skops": b"/etc/passwd"}, kind=tarfile.SYMTYPE),
            MirrorRefused,
            "no plain path",
        ),
        (b"no archive at all", MirrorRefused, "cannot be unpacked"),
        (packed({"model.skops": b"x" * 9000})[:-40], MirrorRefused, "cannot be unpacked"),
    ],
    ids=["pickle", "nothing", "upwards", "absolute", "link", "no archive", "cut off"],
)
def test_what_is_not_safe_to_read_is_refused_with_the_reason(
    published: Mirrored, archive: bytes, kind: type[Exception], said: str
) -> None:
    number = theirs(published, archive)
    before = history(published.registry)
    with pytest.raises(kind, match=said):
        published.registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    assert history(published.registry) == before
    assert not Path("/tmp/model.skops").exists()


def test_what_was_published_from_here_is_not_adopted(published: Mirrored) -> None:
    with pytest.raises(AdoptionRefused, match="is flight_delay:1, which was published from here"):
        published.registry.adopt_from_mirror(published.declared, MIRROR, "1", run=SENSOR)


def test_a_version_or_an_archive_that_is_not_there_is_named(published: Mirrored) -> None:
    for number in ("99", "newest"):
        with pytest.raises(NotFound, match=f"no version '{number}'"):
            published.registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
    number = published.theirs(data="s3://models/nothing.tar.gz")
    with pytest.raises(MirrorRefused, match="it is not there"):
        published.registry.adopt_from_mirror(published.declared, MIRROR, number, run=SENSOR)
