"""The policies of `deploy/s3` on a real server, with an account for each.

SeaweedFS keeps IAM's user policies, and of bucket policies the conditions by user name, not
those by ARN: there `bucket.json` is tried with the one in place of the other.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from registry_assets.errors import OutcomeUnknown, StoreError, StoreUnwritable
from registry_assets.home import STORE, find_home
from registry_assets.lifecycle.diagnosing import diagnose
from registry_assets.registry import Registry
from registry_assets.store import create_store, open_store
from registry_assets_tests.deploy.running import DEPLOY
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS
from registry_assets_tests.worlds import SENSOR, World, small_world

POLICIES = DEPLOY / "s3"
PREFIX = "policies"
LOCATION = f"s3://{BUCKET}/{PREFIX}"
ACCOUNTS = ("reader", "trainer", "promoter", "collector")
MODEL = "flight_delay"


def policy(name: str, *, prefix: str = PREFIX) -> dict[str, Any]:
    """A policy, filled in for a prefix in the bucket of the tests."""
    values = {
        "REGISTRY_BUCKET": BUCKET,
        "REGISTRY_PREFIX": prefix,
        "REGISTRY_PROMOTER_ARN": f"arn:aws:iam::000000000000:user/{prefix}_promoter",
        "REGISTRY_COLLECTOR_ARN": f"arn:aws:iam::000000000000:user/{prefix}_collector",
    }
    text = Template((POLICIES / f"{name}.json").read_text()).substitute(values)
    document: dict[str, Any] = json.loads(text)
    return document


def _client(server: SeaweedFS, account: str, document: Mapping[str, Any]) -> Any:
    options = {
        "aws_access_key_id": server.access_key,
        "aws_secret_access_key": server.secret_key,
        "region_name": "us-east-1",
        "endpoint_url": server.url,
    }
    iam = boto3.session.Session().client("iam", **options)
    iam.create_user(UserName=account)
    key = iam.create_access_key(UserName=account)["AccessKey"]
    text = json.dumps(document)
    iam.put_user_policy(UserName=account, PolicyName="registry", PolicyDocument=text)
    own = {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }
    return server.client(**own)


@pytest.fixture(scope="module")
def clients(s3_server: SeaweedFS) -> dict[str, Any]:
    """A client for each account, and a store that the collector's began."""
    made = _clients(s3_server, PREFIX)
    create_store(LOCATION, s3_client=made["collector"])
    return made


def _clients(server: SeaweedFS, prefix: str) -> dict[str, Any]:
    return {
        account: _client(server, f"{prefix}_{account}", policy(account, prefix=prefix))
        for account in ACCOUNTS
    }


@dataclass(frozen=True)
class Registries:
    """One registry, as each account sees it."""

    world: World
    clients: Mapping[str, Any]

    def of(self, account: str) -> Registry:
        clock = self.world.clock
        return Registry.open(self.world.folder, clock=clock, s3_client=self.clients[account])

    def seen_by(self, account: str) -> World:
        return World(self.world.folder, self.world.code, self.of(account), self.world.clock)


@pytest.fixture
def registries(
    s3_server: SeaweedFS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Registries]:
    story = f"story_{secrets.token_hex(4)}"
    monkeypatch.setenv(STORE, f"s3://{BUCKET}/{story}")
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with small_world(tmp_path / "project") as world:
        yield Registries(world, _clients(s3_server, story))


@pytest.fixture
def nobodys(s3_server: SeaweedFS) -> Any:
    """A client of an account that may do everything in the bucket, as its policies say."""
    everything = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
    }
    return _client(s3_server, "everything", {"Version": "2012-10-17", "Statement": [everything]})


def test_a_trainer_publishes_and_a_reader_reads(clients: dict[str, Any], tmp_path: Path) -> None:
    trainer = open_store(LOCATION, s3_client=clients["trainer"])
    digest = trainer.put(b"a model")
    assert trainer.put_all([b"a model", b"another"])[0] == digest
    (tmp_path / "file").write_bytes(b"a file")
    stored = trainer.put_file(tmp_path / "file")
    reader = open_store(LOCATION, s3_client=clients["reader"])
    assert reader.read(digest) == b"a model"
    assert reader.read(stored.digest) == b"a file"
    assert reader.read_pointer(MODEL, "production") is None
    with pytest.raises(StoreUnwritable):
        reader.put(b"mine")


def test_nothing_is_known_against_a_store_that_an_account_may_only_read(
    clients: dict[str, Any],
) -> None:
    (tried,) = open_store(LOCATION, s3_client=clients["reader"]).self_test()
    assert (tried.passed, tried.barred) == (False, True)
    probes = open_store(LOCATION, s3_client=clients["trainer"]).self_test()
    assert {(probe.passed, probe.barred) for probe in probes} == {(True, False)}


def test_the_doctor_finds_a_reader_well(
    registries: Registries, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = registries.clients["reader"]._request_signer._credentials
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
    found = {each.subject: each for each in diagnose(find_home(registries.world.folder))}
    assert found["put_if_absent"].health == "note"
    assert "an account that may write" in found["put_if_absent"].mend
    assert not [each for each in found.values() if each.health == "wrong"]


def test_a_trainer_renews_what_is_there_already(clients: dict[str, Any]) -> None:
    trainer = clients["trainer"]
    open_store(LOCATION, s3_client=trainer).put(b"renewed")
    (found,) = [
        entry["Key"]
        for entry in trainer.list_objects_v2(Bucket=BUCKET, Prefix=f"{PREFIX}/objects/")["Contents"]
        if trainer.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() == b"renewed"
    ]
    # As the store does half an hour later: a policy that asked each write of objects/ for a
    # condition would refuse this one.
    trainer.copy_object(
        Bucket=BUCKET,
        Key=found,
        CopySource={"Bucket": BUCKET, "Key": found},
        MetadataDirective="REPLACE",
    )


def test_only_the_promoter_writes_pointers(clients: dict[str, Any]) -> None:
    for account in ("reader", "trainer", "collector"):
        with pytest.raises(StoreUnwritable):
            open_store(LOCATION, s3_client=clients[account]).write_pointer(MODEL, "mine", b"{}")
    promoter = open_store(LOCATION, s3_client=clients["promoter"])
    promoter.write_pointer(MODEL, "theirs", b"{}")
    promoter.write_pointer(MODEL, "theirs", b"{ }")
    assert promoter.has(promoter.put(b"what the promoter signed"))


def test_only_the_collector_removes(clients: dict[str, Any]) -> None:
    digest = open_store(LOCATION, s3_client=clients["trainer"]).put(b"nobody names me")
    for account in ("reader", "trainer", "promoter"):
        with pytest.raises(StoreError):
            open_store(LOCATION, s3_client=clients[account]).discard(digest)
    collector = open_store(LOCATION, s3_client=clients["collector"])
    collector.discard(digest)
    assert collector.restore(digest)
    collector.discard(digest)
    collector.purge(digest)
    assert not collector.has(digest)


def test_a_version_goes_from_training_to_production_by_accounts_that_can_do_no_more(
    registries: Registries,
) -> None:
    trainer = registries.seen_by("trainer")
    for month in ("2013-01", "2013-02", "2013-03"):
        trainer.month(month)
    trainer.version(request="april")
    # Whoever may change the catalog all the same cannot tell deployments of it.
    with pytest.raises(OutcomeUnknown, match="deployments may not have been told"):
        trainer.registry.promote(MODEL, 1, run=SENSOR)
    registries.of("promoter").promote(MODEL, 1, run=SENSOR)
    reader = registries.of("reader")
    assert reader.load(f"{MODEL}@production").version == 1
    assert reader.verify(deep=True).problems == ()


def test_the_bucket_refuses_whoever_is_not_named_whatever_their_own_policy_allows(
    s3_server: SeaweedFS, clients: dict[str, Any], nobodys: Any
) -> None:
    document = policy("bucket")
    for statement in document["Statement"]:
        for arn in statement.get("Condition", {}).pop("ArnNotLike", {}).values():
            statement["Condition"]["StringNotEquals"] = {"aws:username": arn[0].split("/")[1]}
    # This server speaks plain HTTP to us.
    kept = [each for each in document["Statement"] if each["Sid"] != "Encrypted"]
    administrator = s3_server.client()
    pointer = f"{PREFIX}/pointers/{MODEL}/bucket.json"
    blob = f"{PREFIX}/objects/sha256/00/{'0' * 62}"
    nobodys.put_object(Bucket=BUCKET, Key=pointer, Body=b"{}")
    nobodys.put_object(Bucket=BUCKET, Key=blob, Body=b"")
    text = json.dumps({**document, "Statement": kept})
    administrator.put_bucket_policy(Bucket=BUCKET, Policy=text)
    try:
        with pytest.raises(ClientError, match="AccessDenied"):
            nobodys.put_object(Bucket=BUCKET, Key=pointer, Body=b"forged")
        for key in (pointer, blob):
            with pytest.raises(ClientError, match="AccessDenied"):
                nobodys.delete_object(Bucket=BUCKET, Key=key)
        clients["promoter"].put_object(Bucket=BUCKET, Key=pointer, Body=b"{ }")
        clients["collector"].delete_object(Bucket=BUCKET, Key=blob)
    finally:
        administrator.delete_bucket_policy(Bucket=BUCKET)


def test_a_bucket_without_encryption_on_the_way_refuses_everything(s3_server: SeaweedFS) -> None:
    (encrypted,) = [each for each in policy("bucket")["Statement"] if each["Sid"] == "Encrypted"]
    administrator = s3_server.client()
    administrator.create_bucket(Bucket="in-the-clear")
    encrypted["Resource"] = ["arn:aws:s3:::in-the-clear", "arn:aws:s3:::in-the-clear/*"]
    text = json.dumps({"Version": "2012-10-17", "Statement": [encrypted]})
    administrator.put_bucket_policy(Bucket="in-the-clear", Policy=text)
    with pytest.raises(ClientError, match="AccessDenied"):
        administrator.put_object(Bucket="in-the-clear", Key="key", Body=b"")
