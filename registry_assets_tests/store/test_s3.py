"""The store in a bucket: what only a service can do wrong, and what is said about it."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from registry_assets.canonical import sha256_digest
from registry_assets.errors import (
    OutcomeUnknown,
    StoreError,
    StoreUnreachable,
    StoreUnwritable,
)
from registry_assets.store import bucket, create_store, open_store, s3
from registry_assets.store.s3 import S3Store
from registry_assets_tests.servers.careless import Careless, careless
from registry_assets_tests.servers.http_proxy import Loss, Proxy, proxy_to
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS, seaweedfs
from registry_assets_tests.store.places import Prefix, object_name

IMPATIENT = Config(connect_timeout=2, read_timeout=1, retries={"total_max_attempts": 1})
DATA = b"the bytes of a version"


@pytest.fixture
def place(s3_location: str, s3_client: Any) -> Prefix:
    return Prefix(s3_location, s3_client)


@pytest.fixture
def wire(s3_server: SeaweedFS) -> Iterator[Proxy]:
    with proxy_to(s3_server.url) as proxy:
        yield proxy


@pytest.fixture
def far(place: Prefix, wire: Proxy, s3_server: SeaweedFS) -> S3Store:
    """The place's store, over a wire that loses what it is told to."""
    client = s3_server.client(endpoint_url=wire.url, config=IMPATIENT)
    return S3Store(place.store.location, client=client)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# Where it is


def test_a_store_is_found_by_the_usual_aws_means(place: Prefix) -> None:
    digest = open_store(place.store.location).put(DATA)
    assert create_store(f"{place.store.location}/").read(digest) == DATA


def test_a_store_may_have_the_whole_bucket(s3_server: SeaweedFS, s3_client: Any) -> None:
    s3_client.create_bucket(Bucket="whole.bucket")
    store = create_store("s3://whole.bucket", s3_client=s3_client)
    assert store.location == "s3://whole.bucket"
    digest = store.put(DATA)
    assert list(store.digests()) == [digest]


def test_opening_what_is_no_store_is_refused_and_creates_nothing(
    s3_location: str, s3_client: Any
) -> None:
    with pytest.raises(StoreError, match=f"There is no store at {s3_location}") as refusal:
        open_store(s3_location, s3_client=s3_client)
    assert "registry init" in refusal.value.hint
    prefix = s3_location.partition(BUCKET)[2][1:]
    assert s3_client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["KeyCount"] == 0


def test_a_store_of_a_later_format_is_not_touched(place: Prefix) -> None:
    place.write("store.json", b'{"format":"registry_assets/store/2"}')
    with pytest.raises(StoreError, match="this release reads registry_assets/store/1"):
        place.opened()


@pytest.mark.parametrize(
    "location",
    [
        "s3://",
        "s3://B",
        "s3://models/../other",
        "s3://models//x",
        "s3://models/x?versionId=1",
        "s3://key:5eCr3t@models/x",
    ],
)
def test_only_a_bucket_and_a_prefix_are_a_location(location: str) -> None:
    with pytest.raises(StoreError, match="expected s3://bucket/prefix") as refusal:
        open_store(location)
    assert "5eCr3t" not in str(refusal.value)


# What is said when it cannot be used


def test_a_bucket_that_does_not_exist_is_named(s3_location: str) -> None:
    for attempt in (open_store, create_store):
        with pytest.raises(StoreError, match="There is no bucket absent at 127") as refusal:
            attempt("s3://absent/registry")
        assert "REGISTRY_STORE" in refusal.value.hint


def test_wrong_credentials_are_refused_without_being_shown(
    place: Prefix, s3_server: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = S3Store(place.store.location, client=place.client)
    wrong._bucket.client = s3_server.client(aws_secret_access_key="wrong-secret")
    attempts: list[Callable[[], object]] = [
        lambda: wrong.read(sha256_digest(DATA)),
        lambda: wrong.has(sha256_digest(DATA)),
        lambda: list(wrong.entries()),
        lambda: wrong.put(DATA),
        lambda: wrong.write_pointer("m", "production", DATA),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match=rf"refuses access to {place.store.location}/") as no:
            attempt()
        assert "credentials" in no.value.hint
        for secret in ("wrong-secret", s3_server.access_key, s3_server.secret_key):
            assert secret not in str(no.value)
    with pytest.raises(StoreUnwritable):
        wrong.put(DATA)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    with pytest.raises(StoreError, match="SignatureDoesNotMatch"):
        create_store(place.store.location)


def test_missing_credentials_are_named_by_the_variables_that_give_them(
    s3_location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreError, match="There are no credentials for s3://") as refusal:
        open_store(s3_location)
    assert "AWS_ACCESS_KEY_ID" in refusal.value.hint


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_PROFILE", "nobody"), ("AWS_ENDPOINT_URL_S3", "no url")]
)
def test_a_configuration_that_cannot_be_used_is_named(
    s3_location: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match="cannot be opened") as refusal:
        open_store(s3_location)
    assert name.removesuffix("_S3") in refusal.value.hint


def test_an_endpoint_where_nobody_is_is_named(
    s3_location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = unused_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://user:5eCr3t@127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreUnreachable, match=rf"127\.0\.0\.1:{port} does not answer") as refusal:
        create_store(s3_location)
    assert refusal.value.transient
    assert "AWS_ENDPOINT_URL" in refusal.value.hint
    assert "5eCr3t" not in str(refusal.value)


def test_without_boto3_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(StoreError, match="needs boto3") as refusal:
        open_store("s3://models/registry")
    assert refusal.value.hint == 'pip install "registry_assets[s3]"'


def test_a_file_larger_than_one_request_is_refused_before_it_is_read(
    place: Prefix, tmp_path: Path
) -> None:
    source = tmp_path / "huge"
    with source.open("wb") as file:
        file.truncate((5 << 30) + 1)
    started = time.monotonic()
    with pytest.raises(StoreUnwritable, match="at most 5,368,709,120"):
        place.store.put_file(source)
    assert time.monotonic() - started < 1


# Answers that do not come


@pytest.mark.parametrize("loss", ["request", "answer", "connection"])
def test_a_put_whose_answer_is_lost_looks_and_then_says_what_is_true(
    place: Prefix, wire: Proxy, far: S3Store, tmp_path: Path, loss: Loss
) -> None:
    wire.lose("PUT", loss)
    assert far.put(DATA) == sha256_digest(DATA)
    wire.lose("PUT", loss)
    (tmp_path / "file").write_bytes(b"of a file")
    stored = far.put_file(tmp_path / "file")
    assert place.read(object_name(stored.digest)) == b"of a file"
    assert set(place.store.digests()) == {sha256_digest(DATA), stored.digest}


def test_a_put_without_an_answer_to_any_question_is_an_unknown_outcome(
    place: Prefix, wire: Proxy, far: S3Store
) -> None:
    wire.lose("PUT", "answer", then_close=True)
    with pytest.raises(OutcomeUnknown, match="not known whether s3://") as unknown:
        far.put(DATA)
    assert unknown.value.transient
    assert place.store.put(DATA) == sha256_digest(DATA)  # repeating tells


@pytest.mark.parametrize("loss", ["answer", "connection"])
def test_a_read_whose_connection_breaks_begins_anew(
    place: Prefix, wire: Proxy, far: S3Store, tmp_path: Path, loss: Loss
) -> None:
    digest = place.store.put(os.urandom(2_500_000))
    for look in (far.read, far.verify, lambda digest: far.copy_to(digest, tmp_path / "copy")):
        wire.lose("GET", loss)
        look(digest)
    assert sha256_digest((tmp_path / "copy").read_bytes()) == digest


def test_a_pointer_whose_answer_is_lost_is_written_once_and_never_undoes_a_later_move(
    place: Prefix, wire: Proxy, far: S3Store
) -> None:
    place.store.write_pointer("m", "production", b"1")
    wire.lose("PUT", "answer")
    far.write_pointer("m", "production", b"2")
    wire.lose("PUT", "request")
    far.write_pointer("m", "production", b"3")
    place.store.write_pointer("m", "production", b"4")
    wire.deliver()  # the request that wrote 3 and was given up
    assert place.store.read_pointer("m", "production") == b"4"


def test_a_pointer_without_an_answer_to_any_question_is_an_unknown_outcome(
    place: Prefix, wire: Proxy, far: S3Store
) -> None:
    wire.lose("PUT", "answer", then_close=True)
    with pytest.raises(OutcomeUnknown):
        far.write_pointer("m", "production", b"1")
    place.store.write_pointer("m", "production", b"1")
    assert place.store.read_pointer("m", "production") == b"1"


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_a_service_that_asks_for_patience_gets_some_and_not_for_ever(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_PAUSES", (0.0, 0.01, 0.02, 0.04))
    with careless(Careless()) as service:
        service.objects["/models/patience/store.json"] = b'{"format":"registry_assets/store/1"}'
        store = open_store("s3://models/patience", s3_client=service.client())
        service.refusals = [status, status]
        digest = store.put(DATA)
        service.refusals = [status, status]
        store.write_pointer("m", "production", b"1")
        assert (store.read(digest), store.read_pointer("m", "production")) == (DATA, b"1")

        service.refusals, before = [status] * 100, len(service.requests)
        with pytest.raises(StoreUnreachable, match="cannot answer about s3://"):
            store.put(b"other")
        with pytest.raises(OutcomeUnknown):
            store.write_pointer("m", "production", b"2")
        assert len(service.requests) - before < 25
        assert store.read_pointer("m", "production") == b"1"


def test_a_server_that_is_killed_and_comes_back_has_what_it_acknowledged() -> None:
    with seaweedfs() as server:
        store = create_store(f"s3://{BUCKET}/killed", s3_client=server.client(config=IMPATIENT))
        digests = store.put_all([b"%d" % number for number in range(20)])
        store.write_pointer("m", "production", b"1")
        server.kill()
        with pytest.raises(OutcomeUnknown):
            store.put(DATA)
        with pytest.raises(StoreUnreachable):
            store.read(digests[0])
        server.start()
        assert [store.read(digest) for digest in digests] == [b"%d" % n for n in range(20)]
        assert store.read_pointer("m", "production") == b"1"
        assert store.read(store.put(DATA)) == DATA


# Lists and times


def test_a_long_list_comes_page_by_page(place: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "_LIST_PAGE", 7)
    digests = place.store.put_all([b"%d" % number for number in range(30)])
    assert list(place.store.digests()) == sorted(digests)
    for digest in digests[:10]:
        place.store.discard(digest)
    assert [blob.digest for blob in place.store.trashed()] == sorted(digests[:10])


def test_a_blob_that_is_put_again_is_as_young_as_a_new_one(
    place: Prefix, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = place.store.put(DATA)
    (first,) = place.store.entries()
    time.sleep(1.1)  # the service tells times by the second
    place.store.put(DATA)
    assert list(place.store.entries()) == [first]  # young enough for whoever collects
    monkeypatch.setattr(s3, "_RENEWED_AFTER", timedelta(0))
    place.store.put(DATA)
    (second,) = place.store.entries()
    assert second.modified > first.modified
    assert place.store.read(digest) == DATA
