"""Evidence that leaves the house: whole, verified, and checked without this program."""

import hashlib
import json
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.errors import BlobCorrupt, Conflict, NotFound, StoreUnwritable
from registry_assets.governance.attestations import Attestation, registry_principal
from registry_assets.governance.document import Person, PointerRules, PolicyDocument
from registry_assets.lifecycle import evidence_pack
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.carding import read_card
from registry_assets.lifecycle.checkpoints import read_checkpoint
from registry_assets.registry import Registry
from registry_assets.signing.dsse import Envelope
from registry_assets_tests.catalog.history import History
from registry_assets_tests.catalog.watched import Watch
from registry_assets_tests.governance.people import Governed
from registry_assets_tests.lifecycle.packs import (
    ALICE,
    HOSTILE,
    MODEL,
    Pack,
    approve,
    governed_world,
    promoted_world,
    unpack,
)
from registry_assets_tests.worlds import PERSON, SENSOR, World, opened_world

NEEDED = {
    "README.txt", "SHA256SUMS", "MANIFEST.json", "card.md", "checkpoint.json", "comparison.html",
    "comparison.json", "index.html", "index.json", "inventory.json", "keys/allowed_signers",
    "ledger.jsonl", "ledger_of_registry.jsonl", "lineage.json", "monitoring.json",
    "sbom.cdx.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(succeeded_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 2 was approved by bob and promoted; nobody changes it."""
    folder = tmp_path_factory.mktemp("promoted") / "project"
    with opened_world(succeeded_folder) as world:
        world.copy(folder)
    with opened_world(folder) as world:
        promoted_world(world, folder.parent / "keys")
    return folder


@pytest.fixture(scope="module")
def pack(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The evidence about what is in production."""
    place = tmp_path_factory.mktemp("pack")
    Registry.open(folder).evidence(f"{MODEL}@production", place / "pack.zip")
    return unpack(place / "pack.zip", place / "unpacked")


@pytest.fixture
def world(succeeded: World, tmp_path: Path) -> Governed:
    """Version 1 is in production, and 2 waits for one approval."""
    return governed_world(succeeded, tmp_path / "keys")


def packed(registry: Registry, reference: str, folder: Path) -> Pack:
    file = folder / f"{len(list(folder.iterdir()))}.zip"
    registry.evidence(reference, file)
    return unpack(file, file.with_suffix(""))


def test_everything_is_in_it_and_listed_with_its_digest(pack: Pack) -> None:
    assert pack.paths >= NEEDED
    listed = {file["path"]: file for file in pack.document("MANIFEST.json")["files"]}
    assert listed.keys() == pack.paths - {"MANIFEST.json", "SHA256SUMS"}
    for path, file in listed.items():
        data = (pack.folder / path).read_bytes()
        assert (file["sha256"], file["size"]) == (sha256_digest(data), len(data)), path
        assert file["what"], path
    sums = dict(line.split("  ")[::-1] for line in pack.text("SHA256SUMS").splitlines())
    assert sums.keys() == pack.paths - {"SHA256SUMS"}
    # Nobody finds what is not named for them.
    page = pack.text("index.html")
    assert [path for path in listed if path != "index.html" and f'href="{path}"' not in page] == []


def test_the_bill_of_materials_in_it_is_the_one_that_the_registry_gives(
    folder: Path, pack: Pack
) -> None:
    bill = Registry.open(folder).bill(f"{MODEL}@production")
    assert (pack.folder / "sbom.cdx.json").read_bytes() == bill.to_bytes()


def test_without_the_library_of_bills_of_materials_it_says_that_there_is_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    found = packed(Registry.open(folder), f"{MODEL}:1", tmp_path)
    assert "sbom.cdx.json" not in found.paths
    not_known = found.document("index.json")["not_known"]
    assert any("registry_assets[sbom]" in each for each in not_known)
    assert found.check() == []


def test_whoever_has_sha256sum_and_ssh_keygen_checks_all_of_it(pack: Pack) -> None:
    assert pack.check() == []
    said = pack.text("README.txt")
    assert said.count("ssh-keygen -Y verify") == 2  # bob, and the registry
    assert "-I bob " in said
    index = pack.document("index.json")
    assert f"-I {registry_principal(index['registry'])} " in said


@pytest.mark.parametrize(
    "path", ["approvals/*.signed", "attestations/*/attestation.signed", "evaluations/*/report.html"]
)
def test_what_was_changed_afterwards_is_found(pack: Pack, tmp_path: Path, path: str) -> None:
    for name in pack.paths:
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((pack.folder / name).read_bytes())
    (changed,) = tmp_path.glob(path)
    data = changed.read_bytes()
    changed.write_bytes(data.replace(b"a", b"b", 1))
    failed = Pack(tmp_path).check()
    assert any("sha256sum --check" in each for each in failed)
    if path.endswith(".signed"):
        assert any("ssh-keygen" in each and changed.name in each for each in failed)


def test_the_same_state_at_the_same_instant_gives_the_same_bytes(
    folder: Path, tmp_path: Path
) -> None:
    with opened_world(folder) as world:
        first = world.registry.evidence(f"{MODEL}:2", tmp_path / "a.zip")
        again = world.registry.evidence(f"{MODEL}:2", tmp_path / "b.zip")
    assert first.sha256 == again.sha256
    data = (tmp_path / "a.zip").read_bytes()
    assert first.sha256 == sha256_digest(data) == sha256_digest((tmp_path / "b.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        entries = opened.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    names = [entry.filename for entry in entries]
    assert names[0] == "index.html"
    assert names[1:-2] == sorted(names[1:-2])


def test_the_index_says_who_agreed_on_what(pack: Pack, folder: Path) -> None:
    index = pack.document("index.json")
    registry = Registry.open(folder)
    version = registry.resolve(f"{MODEL}@production")
    assert (index["model"], index["version"], index["digest"]) == (MODEL, 2, version.digest)
    (held,) = index["live"]
    assert (held["pointer"], held["since"][:10], held["generation"]) == (
        "production",
        "2013-05-01",
        2,
    )
    (said,) = index["approvals"]
    assert (said["person"], said["roles"], said["decision"]) == ("bob", ["risk"], "approve")
    assert (said["signed"], said["counted_for"]) == (True, ["production-2"])
    assert said["reason"] == HOSTILE
    (signer,) = [each for each in registry.signers() if each.principal == "bob"]
    assert said["fingerprint"] == signer.key.fingerprint
    envelope = Envelope.from_bytes((pack.folder / said["file"]).read_bytes())
    assert json.loads(envelope.payload)["predicate"]["evaluation"] == said["evaluation"]
    assert index["separation"]["people"] == {"alice": "asked for it"}
    assert {v["outcome"] for v in index["verdicts"]} == {"passed"}
    (policy,) = index["policies"]
    assert "must approve" in json.dumps(policy["sentences"])
    assert index["predecessor"] == f"{MODEL}:1"
    assert [event["kind"] for event in index["events"]][-1] == "pointer_moved"


def test_what_was_signed_and_stored_is_there_as_it_was(pack: Pack, folder: Path) -> None:
    registry = Registry.open(folder)
    promotion = registry.newest_promotion(MODEL)
    attested = registry.manifest(str(promotion.evidence["attestation"]))
    for file in attested.files:
        data = (pack.folder / "attestations/production-2" / file.path).read_bytes()
        assert sha256_digest(data) == file.sha256
    stated = Attestation.from_bytes(
        Envelope.from_bytes(
            (pack.folder / "attestations/production-2/attestation.json").read_bytes()
        ).payload
    )
    (evaluated,) = pack.document("index.json")["evaluations"]
    assert stated.evaluation == evaluated["digest"]
    manifest = (pack.folder / evaluated["folder"] / "manifest.json").read_bytes()
    assert sha256_digest(manifest) == evaluated["digest"]
    digests = {file["path"]: file["sha256"] for file in json.loads(manifest)["files"]}
    for path in ("report.html", "evaluation.json"):
        data = (pack.folder / evaluated["folder"] / path).read_bytes()
        assert sha256_digest(data) == digests[path]
    assert "2013-04-01" in evaluated["folder"]


def test_lineage_goes_down_to_the_data_by_digests_alone(pack: Pack) -> None:
    lineage = pack.document("lineage.json")
    nodes = {node["digest"]: node for node in lineage["manifests"]}
    top, reached = pack.document("index.json")["digest"], set[str]()
    pending = [top]
    while pending:
        digest = pending.pop()
        data = (pack.folder / nodes[digest]["file"]).read_bytes()
        assert sha256_digest(data) == digest
        reached.add(nodes[digest]["name"])
        pending += [parent["digest"] for parent in json.loads(data)["parents"]]
    assert {"flights[2013-01]", "flights[2013-03]", "planes"} <= reached


def test_the_ledger_in_it_is_whole_and_the_checkpoint_is_one(pack: Pack, folder: Path) -> None:
    heads = pack.document("checkpoint.json")["heads"]
    for name, chain in (("ledger.jsonl", MODEL), ("ledger_of_registry.jsonl", "-registry")):
        previous = "sha256:" + "0" * 64
        for number, line in enumerate(pack.text(name).splitlines(), start=1):
            event = json.loads(line)
            assert (event["sequence"], event["previous"]) == (number, previous)
            previous = event.pop("digest")
            assert sha256_digest(canonical_json(event)) == previous
            assert event["chain"] == chain
        assert heads[chain] == {"sequence": number, "digest": previous}
    registry = Registry.open(folder)
    kept = read_checkpoint(pack.folder / "checkpoint.json")
    assert registry.verify(checkpoint=kept).clean
    registry.tag(f"{MODEL}:1", {"quarter": "Q2"}, run=PERSON)
    assert registry.verify(checkpoint=kept).clean


def test_the_inventory_has_what_an_inventory_asks_for(pack: Pack) -> None:
    entry = pack.document("inventory.json")
    assert (entry["model"], entry["version"], entry["stage"]) == (MODEL, 2, "production")
    assert entry["purpose"].startswith("Will a flight arrive")
    assert entry["owners"] == ["team:airline-ops"]
    assert entry["tags"]["use_case"] == "delay"
    assert (entry["risk"], entry["retention"]) == ("low", None)
    assert entry["intended_use_and_limits"] is None
    assert entry["framework"]["name"] == "scikit-learn"
    assert entry["environment"]["python"]
    assert entry["pointers"][0]["since"] == entry["was_held"][0]["since"]


def test_a_version_of_which_nothing_was_observed_is_said_to_be_so(pack: Pack) -> None:
    said = pack.document("monitoring.json")
    assert (said["monitoring"], said["incidents"], said["declared"]) == ([], [], None)
    nothing = "Nothing was observed of this version in use; its model is not watched."
    assert said["why"].startswith(nothing)
    assert f"What it does in use. {nothing}" in pack.document("index.json")["not_known"]
    assert nothing in pack.text("index.html")


def test_what_was_observed_of_it_is_in_it_with_results_and_alerts(
    succeeded: World, tmp_path: Path
) -> None:
    watch = Watch(History(succeeded.registry, succeeded.clock), MODEL)
    watch.observe("drift", "2013-04", "failed")
    watch.observe("drift", "2013-05", "failed")
    watch.acknowledge(1, reason="the airport was closed")
    watch.check_freshness("passed")
    pack = packed(succeeded.registry, f"{MODEL}:1", tmp_path)
    said = pack.document("monitoring.json")
    assert [each["partition"] for each in said["monitoring"]] == ["2013-04", "2013-05"]
    (result,) = said["monitoring"][0]["results"]
    assert (result["check"], result["outcome"], result["value"]) == ("feature_drift", "failed", 0.2)
    assert said["freshness"]["outcome"] == "passed"
    (alert,) = said["alerts"]
    assert (alert["check"], alert["count"], alert["state"]) == ("feature_drift", 2, "acknowledged")
    page = pack.text("index.html")
    assert "Observed on 2 partitions; 1 alert, not resolved; its model is" in page
    assert "acknowledged by bob: the airport was closed" in page
    other = packed(succeeded.registry, f"{MODEL}:2", tmp_path).document("monitoring.json")
    assert (other["monitoring"], other["alerts"]) == ([], [])


def test_words_that_mean_no_good_are_words(pack: Pack) -> None:
    for name in ("index.html", "comparison.html"):
        page = pack.text(name)
        assert "<script" not in page, name
        assert "<b>bold" not in page, name
        assert "&lt;script&gt;alert" in page, name
        assert "{{7*7}}" in page, name
        assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "`id`" not in pack.text("README.txt")


def test_what_differs_from_the_version_before_is_told(pack: Pack) -> None:
    found = pack.document("comparison.json")
    assert (found["a"]["version"], found["b"]["version"]) == (1, 2)
    names = [each["name"] for each in found["data"]["train"]["changed"]]
    assert names == ["flight_features[2013-03]"]
    assert f"{MODEL}:1" in pack.text("comparison.html")


def test_a_version_that_was_never_promoted_has_its_evidence_too(
    world: Governed, tmp_path: Path
) -> None:
    registry = world.history.registry
    approve(world, 2, "bob", reason="looks right")
    found = packed(registry, f"{MODEL}:2", tmp_path)
    index = found.document("index.json")
    assert (index["live"], index["promotions"]) == ([], [])
    assert index["approvals"][0]["became"] == "counts; nothing was promoted on it yet"
    # It is held against what production holds, which it would replace.
    assert index["predecessor"] == f"{MODEL}:1"
    assert "no pointer has ever held it" in found.text("index.html")
    assert not any(path.startswith("attestations/") for path in found.paths)
    assert found.check() == []
    first = packed(registry, f"{MODEL}:1", tmp_path)
    assert first.document("index.json")["predecessor"] is None
    assert "comparison.html" not in first.paths
    assert first.check() == []


def test_what_was_signed_is_checked_by_the_keys_of_then(world: Governed, tmp_path: Path) -> None:
    registry = world.history.registry
    approve(world, 2, "bob")
    registry.promote(MODEL, 2, run=SENSOR)
    world.activate(without_bob(world))
    found = packed(registry, f"{MODEL}@production", tmp_path)
    assert found.check() == []
    assert "bob" not in found.text("keys/allowed_signers")
    index = found.document("index.json")
    assert [policy["which"] for policy in index["policies"]] == [
        "When promotion 2 of production was decided",
        "In force now",
    ]
    (said,) = index["approvals"]
    assert said["counted_for"] == ["production-2"]
    assert "no more with" in json.dumps(index["policies"][1]["sentences"])


def without_bob(world: Governed) -> PolicyDocument:
    """The policy, in which bob's key is revoked."""
    roles = {"ann": ["trainer"], "cleo": ["risk"], "dan": ["owner"]}
    bob = Person(name="bob", roles=("risk",), revoked_keys=(world["bob"].line,))
    rules = PointerRules(approvals=1, roles=("risk",))
    return world.document(rules, roles=roles, more=(ALICE, bob))


def test_a_rollback_and_what_it_rests_on_is_told(world: Governed, tmp_path: Path) -> None:
    registry = world.history.registry
    approve(world, 2, "bob")
    registry.promote(MODEL, 2, run=SENSOR)
    world.history.clock.now += timedelta(days=1)
    registry.rollback(MODEL, run=PERSON, reason="it was slow")
    found = packed(registry, f"{MODEL}@production", tmp_path)
    index = found.document("index.json")
    assert (index["version"], index["predecessor"]) == (1, f"{MODEL}:2")
    assert [each["generation"] for each in index["promotions"]] == [1, 3]
    assert index["promotions"][1]["rollback"]
    assert found.check() == []
    left = packed(registry, f"{MODEL}:2", tmp_path)
    assert left.document("index.json")["live"] == []
    assert "is not live: production held it last" in left.text("index.html")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_made_in_another_registry_is_checked_by_its_keys(
    folder: Path,
    tmp_path: Path,
    database: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Registry.open(folder).export(tmp_path / "all.tar", [MODEL])
    if database == "postgresql":
        monkeypatch.setenv("REGISTRY_CATALOG", request.getfixturevalue("postgresql_catalog"))
    other = Registry.init(tmp_path / "other")
    other.import_from(tmp_path / "all.tar")
    found = packed(other, f"{MODEL}@production", tmp_path)
    assert found.check() == []
    index = found.document("index.json")
    origin = json.loads((folder / ".registry/store/registry.json").read_bytes())["registry"]
    assert index["registry"] != origin
    assert {each["made_in"] for each in index["promotions"]} == {origin}
    assert f"-I {registry_principal(origin)} " in found.text("README.txt")
    assert f"ledger_of_registry_{origin}.jsonl" in found.paths
    assert any(origin in said for said in index["not_known"])


def test_nothing_is_replaced_and_nothing_is_left_of_what_failed(
    world: Governed, tmp_path: Path
) -> None:
    registry, place = world.history.registry, tmp_path / "out"
    place.mkdir()
    taken = place / "taken.zip"
    taken.write_text("mine")
    with pytest.raises(StoreUnwritable, match="File exists"):
        registry.evidence(f"{MODEL}:1", taken)
    assert taken.read_text() == "mine"
    with pytest.raises(NotFound):
        registry.evidence(f"{MODEL}:9", place / "none.zip")
    digest = registry.resolve(f"{MODEL}:1").digest
    blob = damage(registry.backends, str(digest))
    with pytest.raises(BlobCorrupt):
        registry.evidence(f"{MODEL}:1", place / "damaged.zip")
    assert blob.exists()
    assert [path.name for path in place.iterdir()] == ["taken.zip"]


def damage(backends: Backends, digest: str) -> Path:
    """Change a byte of a blob; give its file."""
    root: Any = backends.store
    file = Path(root.root) / "objects" / "sha256" / digest[7:9] / digest[9:]
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(data)
    assert hashlib.sha256(data).hexdigest() != digest[7:]
    return file


def test_a_model_that_never_holds_still_is_said_to(
    world: Governed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = world.history.registry
    times: list[str] = []

    def while_somebody_tags(*arguments: Any) -> Any:
        times.append("read")
        registry.tag(f"{MODEL}:1", {"note": f"{len(times)}"}, run=PERSON)
        return read_card(*arguments)

    monkeypatch.setattr(f"{evidence_pack.__name__}.read_card", while_somebody_tags)
    with pytest.raises(Conflict, match="changed again and again"):
        registry.evidence(f"{MODEL}:1", tmp_path / "pack.zip")
    assert len(times) == 3
    assert not (tmp_path / "pack.zip").exists()
    monkeypatch.undo()
    assert packed(registry, f"{MODEL}:1", tmp_path).check() == []
