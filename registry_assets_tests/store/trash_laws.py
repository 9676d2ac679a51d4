"""What every store promises of its trash; a part of `laws.py`."""

import os
import threading
from datetime import UTC, datetime

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import BlobCorrupt, BlobMissing
from registry_assets_tests.store.places import CLOCKS, Place, object_name, trash_name

LARGE = os.urandom(2_500_000)


class TrashLaws:
    """Nothing is deleted that was not in the trash, and from there it comes back verified."""

    def test_what_is_discarded_can_be_restored_until_it_is_purged(self, place: Place) -> None:
        store = place.store
        kept, digest = store.put_all([b"kept", b"data"])
        before = datetime.now(UTC) - CLOCKS
        for _ in range(2):
            store.discard(digest)
            assert list(store.digests()) == [kept]
            (trashed,) = store.trashed()
            assert (trashed.digest, trashed.size) == (digest, 4)
            assert before < trashed.discarded_at < datetime.now(UTC) + CLOCKS
        assert store.restore(digest)
        assert store.read(digest) == b"data"
        assert list(store.trashed()) == []
        assert not store.restore(digest)

        store.discard(digest)
        for _ in range(2):
            store.purge(digest)
            assert list(store.trashed()) == []
        assert not store.restore(digest)
        assert place.names() == [object_name(kept)]

    def test_purging_touches_nothing_outside_the_trash(self, place: Place) -> None:
        digest = place.store.put(b"data")
        place.store.purge(digest)
        assert place.store.read(digest) == b"data"

    def test_what_was_discarded_can_be_put_again_and_then_restored_or_discarded(
        self, place: Place
    ) -> None:
        store = place.store
        digest = store.put(b"data")
        for end in (store.restore, store.discard):
            store.discard(digest)
            assert store.put(b"data") == digest
            assert place.names() == [object_name(digest), trash_name(digest)]
            end(digest)
            assert store.has(digest) is (end == store.restore)
            assert store.restore(digest) is (end == store.discard)
            assert place.names() == [object_name(digest)]
        assert store.read(digest) == b"data"

    def test_what_was_damaged_in_the_trash_is_not_restored(self, place: Place) -> None:
        digest = place.store.put(b"data")
        place.store.discard(digest)
        place.write(trash_name(digest), b"date")
        with pytest.raises(BlobCorrupt) as found:
            place.store.restore(digest)
        assert (found.value.expected, found.value.actual) == (digest, sha256_digest(b"date"))
        assert not place.store.has(digest)
        assert place.names() == [trash_name(digest)]

    def test_restoring_over_a_damaged_blob_says_so_and_keeps_the_trash(self, place: Place) -> None:
        digest = place.store.put(b"data")
        place.store.discard(digest)
        place.write(object_name(digest), b"date")
        with pytest.raises(BlobCorrupt, match="objects"):
            place.store.restore(digest)
        assert place.read(trash_name(digest)) == b"data"

    def test_a_put_and_a_discard_at_one_moment_lose_nothing(self, place: Place) -> None:
        digest = sha256_digest(LARGE)
        stop = threading.Event()

        def discard() -> None:
            while not stop.is_set():
                try:
                    place.store.discard(digest)
                except BlobMissing:
                    continue

        collector = threading.Thread(target=discard)
        collector.start()
        try:
            for _ in range(10):
                assert place.store.put(LARGE) == digest
        finally:
            stop.set()
            collector.join()
        assert place.store.restore(digest) or place.store.has(digest)
        assert place.store.read(digest) == LARGE
