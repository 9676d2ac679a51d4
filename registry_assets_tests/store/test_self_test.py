"""A store is created only where its promises have something to rest on."""

from pathlib import Path

import pytest

from registry_assets.errors import StoreUnsafe
from registry_assets.store import FolderStore, create_store, open_store
from registry_assets_tests.servers.careless import Careless, careless

LOCATION = "s3://models/registry"


def test_a_service_that_keeps_its_promises_is_taken() -> None:
    with careless(Careless()) as service:
        store = create_store(LOCATION, s3_client=service.client())
        assert all(probe.passed for probe in store.self_test())
        digest = store.put(b"data")
        assert open_store(LOCATION, s3_client=service.client()).read(digest) == b"data"


@pytest.mark.parametrize(
    ("service", "failed", "words"),
    [
        (Careless(conditions="ignored"), {"put_if_absent", "race"}, "ignores `If-None-Match"),
        (Careless(conditions="kept_when_alone"), {"race"}, "of 8 writers of one object"),
        (Careless(checksums=False), {"checksums"}, "not those of their checksum"),
    ],
    ids=["conditions_ignored", "conditions_kept_when_alone", "checksums_ignored"],
)
def test_a_service_that_does_not_is_refused_loudly_and_gets_no_store(
    service: Careless, failed: set[str], words: str
) -> None:
    with careless(service):
        with pytest.raises(StoreUnsafe, match=words) as refusal:
            create_store(LOCATION, s3_client=service.client())
        assert LOCATION in refusal.value.message
        assert "SeaweedFS" in refusal.value.hint
        assert service.objects == {}

        # As it was made by somebody else: `registry doctor` finds it all the same.
        marker = b'{"format":"registry_assets/store/1"}'
        service.objects["/models/registry/store.json"] = marker
        probes = open_store(LOCATION, s3_client=service.client()).self_test()
        assert {probe.name for probe in probes if not probe.passed} == failed


def test_a_folder_that_cannot_be_written_fails_every_probe_and_says_why(tmp_path: Path) -> None:
    store = FolderStore.create(tmp_path)
    (tmp_path / "tmp").rmdir()
    (tmp_path / "tmp").write_text("")
    probes = store.self_test()
    assert {probe.passed for probe in probes} == {False}
    assert {probe.sentence.rpartition(": ")[2] for probe in probes} == {"Not a directory"}
