"""Blobs that nothing names go in two phases, and never one that something names."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import BlobMissing, StoreError
from registry_assets.faults import VARIABLE
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import Manifest
from registry_assets.store import FolderStore
from registry_assets.store.manifests import put_manifest
from registry_assets_tests.lifecycle.changes import blob, flip, refused, unchanged
from registry_assets_tests.worlds import PERSON, SENSOR, World

AT_ONCE = timedelta(0)
STRAY = b"what a crash left behind"
DIGEST = sha256_digest(STRAY)
WEEKS = 21 * 24 * 3600


def aged(world: World) -> None:
    """Let three weeks pass over every blob."""
    then = time.time() - WEEKS
    for file in (Path(world.registry.home.store) / "objects").rglob("*"):
        if file.is_file():
            os.utime(file, (then, then))


@pytest.fixture
def strayed(trained: World) -> World:
    """A registry with one old blob that nothing names."""
    trained.registry.backends.store.put(STRAY)
    aged(trained)
    return trained


def collected(world: World, **changes: timedelta) -> list[list[str]]:
    """Collect; give what was discarded, purged and restored."""
    done = world.registry.collect(act=True, run=PERSON, reason="tidying", **changes)
    return [
        [each.digest for each in blobs] for blobs in (done.discarded, done.purged, done.restored)
    ]


def test_it_is_shown_first_and_nothing_is_moved(strayed: World) -> None:
    with unchanged(strayed):
        found = strayed.registry.collect()
    assert (found.acted, [each.digest for each in found.discarded]) == (False, [DIGEST])
    assert found.discarded[0].size == len(STRAY)
    assert strayed.registry.backends.store.has(DIGEST)


def test_what_nothing_names_goes_to_the_trash_and_later_out_of_it(strayed: World) -> None:
    store = strayed.registry.backends.store
    assert collected(strayed) == [[DIGEST], [], []]
    assert not store.has(DIGEST)
    assert collected(strayed) == [[], [], []]
    assert collected(strayed, purge_after=AT_ONCE) == [[], [DIGEST], []]
    assert list(store.trashed()) == []
    assert strayed.registry.verify().clean
    assert strayed.registry.load("flight_delay:1").version == 1
    events = [e for e in strayed.registry.log("-registry") if e.kind == "blobs_collected"]
    assert [event.body["facts"]["discarded"] for event in events] == [1, 0]
    assert events[0].body["reason"] == "tidying"


def test_what_is_young_stays(trained: World) -> None:
    trained.registry.backends.store.put(STRAY)
    found = trained.registry.collect(act=True)
    assert (found.nothing, found.young) == (True, 1)
    assert collected(trained, older_than=AT_ONCE)[0] == [DIGEST]


def test_an_old_blob_that_is_put_again_is_young(strayed: World) -> None:
    # By another process: this one remembers what it has flushed.
    FolderStore(Path(strayed.registry.home.store)).put(STRAY)
    assert strayed.registry.collect(act=True).young == 1


def test_what_is_in_the_trash_and_named_comes_back(strayed: World) -> None:
    store = strayed.registry.backends.store
    named = str(strayed.registry.resolve("flight_delay:1").digest)
    store.discard(DIGEST)
    file = strayed.registry.manifest(named).file("signature.json").sha256
    store.discard(file)
    assert collected(strayed)[2] == [file]
    assert strayed.registry.verify().clean


def test_nothing_is_collected_while_it_is_not_known_what_is_named(strayed: World) -> None:
    digest = str(strayed.registry.resolve("flight_delay:1").digest)
    flip(blob(strayed, digest))
    with refused(StoreError, "nothing was collected", digest):
        strayed.registry.collect(act=True)
    assert strayed.registry.backends.store.has(DIGEST)


@contextmanager
def stopped_before_the_row(
    world: World, monkeypatch: pytest.MonkeyPatch, *, purged: bool
) -> Iterator[int]:
    """Let weeks pass, and a collection, between the bytes of a version and its row."""
    number = world.reserve(request="slow", params={"C": 7.0})

    def collected_first(
        self: Publication, manifest: Manifest, contents: Mapping[str, bytes]
    ) -> str:
        digest = put_manifest(self.store, manifest, contents)
        aged(world)
        collected(world)
        if purged:
            collected(world, purge_after=AT_ONCE)
        return digest

    with monkeypatch.context() as stopping:
        stopping.setattr(Publication, "put", collected_first)
        yield number


def test_a_publisher_that_was_stopped_for_weeks_finds_its_bytes_again(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stopped_before_the_row(trained, monkeypatch, purged=False) as number:
        version = trained.registry.train(trained.model(), number, run=SENSOR)
    assert version.state == "committed"
    assert trained.registry.verify().problems == ()
    assert trained.registry.load(version.reference).version == number


def test_a_publisher_whose_bytes_are_gone_for_good_is_told_and_can_repeat(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        stopped_before_the_row(trained, monkeypatch, purged=True) as number,
        refused(BlobMissing, "was collected while it was being published", "repeat"),
    ):
        trained.registry.train(trained.model(), number, run=SENSOR)
    assert trained.registry.train(trained.model(), number, run=SENSOR).state == "committed"
    assert trained.registry.verify().problems == ()


@pytest.mark.parametrize("point", ["collect.begun", "collect.discarded", "collect.moved"])
def test_a_collection_that_was_killed_leaves_a_publisher_wary(strayed: World, point: str) -> None:
    program = "from registry_assets.registry import Registry; Registry.open().collect(act=True)"
    killed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=strayed.folder,
        env={**os.environ, VARIABLE: point},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert strayed.registry.verify().problems == ()
    # It began before the kill, or after it: either way it looks again.
    publication = Publication.begin(strayed.registry.backends)
    assert publication.collected % 2 == 1
    collected(strayed)
    assert Publication.begin(strayed.registry.backends).collected % 2 == 0
    assert strayed.registry.verify().problems == ()
