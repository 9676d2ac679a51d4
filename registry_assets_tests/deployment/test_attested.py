"""What a pulled folder proves by public keys alone, and everything that proves nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.deployment.contents import ATTESTATION, MANIFEST_FILE
from registry_assets.deployment.proof import Proof, verify_folder
from registry_assets.deployment.trust import TrustedKeys
from registry_assets.errors import NotFound, SignersInvalid
from registry_assets.governance.approval_statement import ApprovalStatement
from registry_assets.governance.attestations import ENVELOPE_FILE, POLICY_FILE
from registry_assets.governance.document import PointerRules
from registry_assets.manifest import Manifest, file_entries
from registry_assets.signing.allowed_signers import AllowedSigner, write_allowed_signers
from registry_assets.signing.signers import open_signer
from registry_assets.signing.wire import to_base64
from registry_assets_tests.catalog.history import MODEL, new_history, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.deployment.proofs import FILES, PRODUCTION, Pulled, pulled
from registry_assets_tests.governance.people import AT_WORK, Governed
from registry_assets_tests.lifecycle.changes import refused

OTHER = "sha256:" + "7" * 64


@pytest.fixture(scope="module")
def _pulled(tmp_path_factory: pytest.TempPathFactory) -> Pulled:
    return pulled(tmp_path_factory.mktemp("pulled"))


@pytest.fixture
def model(_pulled: Pulled, tmp_path: Path) -> Pulled:
    """A copy of it, to be forged."""
    return _pulled.copy(tmp_path / "model")


def proof(model: Pulled) -> Proof:
    return verify_folder(model.folder, TrustedKeys.read(model.trusted))


def failures(model: Pulled) -> dict[str, list[str]]:
    """What failed: by check, what was not as it must be."""
    return {
        f"{check.code} {check.subject}".strip(): [wrong.what for wrong in check.mismatches]
        for check in proof(model).checks
        if not check.passed
    }


def test_a_folder_that_nobody_touched_proves_itself(model: Pulled) -> None:
    found = proof(model)
    assert found.verified
    assert sorted((check.code, check.subject) for check in found.checks) == [
        ("approval", "bob"),
        ("approval", "cleo"),
        ("files", ""),
        ("policy", ""),
        ("signature", ""),
        ("version", ""),
    ]
    assert found.said is not None
    assert found.said.reference == f"{MODEL}:1"
    there = {str(path.relative_to(model.folder)) for path in model.folder.rglob("*")}
    assert {*FILES, MANIFEST_FILE, "attestation/attestation.json", "attestation/policy.json"} <= (
        there
    )


CHANGES: dict[str, tuple[Callable[[ApprovalStatement], ApprovalStatement], list[str]]] = {
    "another version": (
        lambda s: replace(s, bound=replace(s.bound, version=2, digest=OTHER)),
        ["version", "digest"],
    ),
    "another pointer": (
        lambda s: replace(s, bound=replace(s.bound, pointer="canary")),
        ["pointer"],
    ),
    "another evaluation": (
        lambda s: replace(s, bound=replace(s.bound, evaluation=OTHER)),
        ["evaluation"],
    ),
    "another policy": (lambda s: replace(s, bound=replace(s.bound, policy=OTHER)), ["policy"]),
    "other gates": (lambda s: replace(s, bound=replace(s.bound, gates=OTHER)), ["gates"]),
    "other data": (lambda s: replace(s, bound=replace(s.bound, upstream=OTHER)), ["data"]),
    "another registry": (
        lambda s: replace(s, bound=replace(s.bound, registry="0" * 32)),
        ["registry"],
    ),
    "another model": (lambda s: replace(s, bound=replace(s.bound, model="early")), ["model"]),
    "a rejection": (lambda s: replace(s, decision="reject"), ["decision"]),
    "what was over": (lambda s: replace(s, expires_at="2013-04-01T06:00:00.000000Z"), ["expiry"]),
    "what another says": (lambda s: replace(s, person="dan"), ["person"]),
}


@pytest.mark.parametrize("about", CHANGES)
def test_an_approval_of_something_else_proves_nothing_whoever_names_it(
    model: Pulled, about: str
) -> None:
    change, wrong = CHANGES[about]
    model.approve_otherwise("bob", change)
    assert failures(model) == {"approval bob": wrong}


@pytest.mark.parametrize("by", ["eve", "cleo"])
def test_an_approval_with_the_key_of_somebody_else_proves_nothing(model: Pulled, by: str) -> None:
    model.approve_otherwise("bob", lambda statement: statement, by=by)
    assert failures(model) == {"approval bob": ["key"]}
    (check,) = (each for each in proof(model).checks if not each.passed)
    (wrong,) = check.mismatches
    assert model.world["bob"].signer.public_key.fingerprint in wrong.expected
    assert wrong.found == model.world[by].signer.public_key.fingerprint


def test_an_approval_that_was_removed_is_missed(model: Pulled) -> None:
    named = model.approval("cleo")
    (model.folder / ATTESTATION / named.file).unlink()
    assert failures(model) == {
        "files": [f"{ATTESTATION}/{named.file}"],
        "approval cleo": [named.file],
    }


def test_an_approval_that_was_removed_with_a_manifest_to_match_is_missed(model: Pulled) -> None:
    named = model.approval("cleo")
    model.write({named.file: None})
    assert failures(model) == {"approval cleo": [named.file]}


def test_an_approval_that_was_changed_is_found_by_its_digest(model: Pulled) -> None:
    named = model.approval("bob")
    model.write({named.file: (model.folder / ATTESTATION / named.file).read_bytes() + b" "})
    assert failures(model) == {"approval bob": [named.file]}


def test_an_approval_for_another_purpose_proves_nothing(model: Pulled) -> None:
    named, bob = model.approval("bob"), model.world["bob"]
    data = bob.sign(model.statement("bob"), namespace="registry_assets/policy")
    other = replace(named, digest=sha256_digest(data))
    said = model.said
    model.write({named.file: None, other.file: data})
    approvals = tuple(other if each == named else each for each in said.approvals)
    model.state(replace(said, approvals=approvals))
    assert list(failures(model)) == ["approval bob"]


def test_a_statement_that_was_edited_is_no_longer_signed(model: Pulled) -> None:
    envelope = json.loads(model.envelope.to_bytes())
    envelope["payload"] = to_base64(replace(model.said, risk="low", actor="mallory").to_bytes())
    model.write({ENVELOPE_FILE: canonical_json(envelope)})
    assert failures(model) == {"signature": ["signature"]}


def test_a_statement_with_fewer_approvals_is_no_longer_signed(model: Pulled) -> None:
    outsider = model.world["eve"].signer
    model.state(replace(model.said, approvals=()), by=outsider)
    assert failures(model) == {"signature": ["key"]}


def test_another_registrys_key_proves_nothing_here_though_it_is_trusted(
    model: Pulled, tmp_path: Path
) -> None:
    other = new_history(tmp_path / "other").registry
    with model.trusted.open() as file:
        both = file.read() + write_allowed_signers(other.signers())
    trusted = tmp_path / "both"
    trusted.write_text(both)
    model = replace(model, trusted=trusted)
    assert proof(model).verified
    model.state(model.said, by=open_signer(other.home.signing_key))
    assert failures(model) == {"signature": ["key"]}


def test_a_persons_key_signs_no_attestation(model: Pulled, tmp_path: Path) -> None:
    bob = model.world["bob"].signer
    trusted = tmp_path / "bob"
    principal = f"registry@{model.said.registry}"
    lines = [AllowedSigner(principal, bob.public_key, ("registry_assets/approval",)).line]
    trusted.write_text("\n".join(lines))
    model.state(model.said, by=bob)
    assert "signature" in failures(replace(model, trusted=trusted))


def test_the_attestation_of_another_promotion_proves_nothing(model: Pulled, tmp_path: Path) -> None:
    world = _continued(model, tmp_path)
    history = world.history
    number = history.version(2, authors=["ann@example.com"], files={"estimator.skops": b"two"})
    for person in ("bob", "cleo"):
        world.approve(number, person)
    history.registry.promote(MODEL, number, run=AT_WORK)
    history.registry.pull(PRODUCTION, tmp_path / "second")
    second = replace(model, folder=tmp_path / "second")
    assert proof(second).verified
    shutil.rmtree(model.folder / ATTESTATION)
    shutil.copytree(second.folder / ATTESTATION, model.folder / ATTESTATION)
    assert failures(model) == {"version": ["version", "digest of the version"]}


def _continued(model: Pulled, tmp_path: Path) -> Governed:
    """Give a copy of the registry that a folder came from, to go on in."""
    folder = copied(model.world.history.registry.home.folder, tmp_path / "project")
    return replace(model.world, history=reopened(folder))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda f: f.joinpath("estimator.skops").write_bytes(b"another"), "estimator.skops"),
        (lambda f: f.joinpath("estimator.skops").unlink(), "estimator.skops"),
        (lambda f: f.joinpath("notes.txt").write_text("mine"), "notes.txt"),
        (lambda f: f.joinpath("link").symlink_to("/"), "link"),
        (lambda f: f.joinpath("attestation/notes.txt").write_text(""), "attestation/notes.txt"),
    ],
)
def test_files_that_are_not_as_they_were_signed_are_named(
    model: Pulled, change: Callable[[Path], object], path: str
) -> None:
    estimator = model.folder / "estimator.skops"
    estimator.chmod(0o600)
    change(model.folder)
    assert failures(model) == {"files": [path]}


def test_a_manifest_to_match_other_files_is_another_version(model: Pulled) -> None:
    path = model.folder / MANIFEST_FILE
    before = Manifest.from_bytes(path.read_bytes())
    (model.folder / "estimator.skops").unlink()
    (model.folder / "estimator.skops").write_bytes(b"another")
    contents = {file.path: (model.folder / file.path).read_bytes() for file in before.files}
    path.unlink()
    path.write_bytes(
        Manifest("model", file_entries(contents), before.parents, before.facts).to_bytes()
    )
    assert failures(model) == {"version": ["digest of the version"]}


def test_a_manifest_of_the_attestation_that_says_something_else_is_found(model: Pulled) -> None:
    model.write({}, manifest={"generation": 9})
    assert failures(model) == {"version": ["fact generation of the manifest"]}


def test_another_policy_beside_it_is_found(model: Pulled) -> None:
    model.write({POLICY_FILE: b"{}"})
    assert failures(model) == {"policy": [POLICY_FILE]}


def test_a_folder_without_an_attestation_proves_nothing(model: Pulled) -> None:
    shutil.rmtree(model.folder / ATTESTATION)
    assert failures(model) == {"signature": [ATTESTATION]}


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[" * 100_000, b"\xff\xfe", b'{"payload":' + b"9" * (2 << 20)]
)
def test_what_is_no_envelope_is_no_statement(model: Pulled, data: bytes) -> None:
    model.write({ENVELOPE_FILE: data})
    assert list(failures(model)) == ["statement"]
    model.write({ENVELOPE_FILE: None})
    assert list(failures(model)) == ["statement"]


@pytest.mark.parametrize("data", [b"", b"{}", b"not json", b"[" * 10_000])
@pytest.mark.parametrize("path", [MANIFEST_FILE, f"{ATTESTATION}/{MANIFEST_FILE}"])
def test_what_is_no_manifest_is_said(model: Pulled, path: str, data: bytes) -> None:
    (model.folder / path).unlink()
    (model.folder / path).write_bytes(data)
    assert not proof(model).verified


def test_a_link_in_the_place_of_a_manifest_is_not_followed(model: Pulled, tmp_path: Path) -> None:
    path = model.folder / ATTESTATION / MANIFEST_FILE
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not proof(model).verified


def test_a_folder_that_was_not_pulled_is_said(model: Pulled, tmp_path: Path) -> None:
    for folder in (tmp_path / "nothing", tmp_path):
        with refused(NotFound, str(folder), "registry pull"):
            verify_folder(folder, TrustedKeys.read(model.trusted))


@pytest.mark.parametrize("text", ["nonsense\n", "bob ssh-ed25519 AAAA\n"])
def test_a_list_of_keys_that_says_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "trusted").write_text(text)
    with refused(SignersInvalid, str(tmp_path / "trusted"), "Line 1"):
        TrustedKeys.read(tmp_path / "trusted")
    with refused(SignersInvalid, "No such file", "registry keys"):
        TrustedKeys.read(tmp_path / "nothing")


def test_who_is_no_longer_trusted_has_approved_nothing(model: Pulled, tmp_path: Path) -> None:
    lines = model.trusted.read_text().splitlines(keepends=True)
    trusted = tmp_path / "without bob"
    trusted.write_text("".join(line for line in lines if not line.startswith("bob ")))
    assert failures(replace(model, trusted=trusted)) == {"approval bob": ["key"]}


def test_what_an_earlier_key_of_the_registry_signed_stays_proven(
    model: Pulled, tmp_path: Path
) -> None:
    registry = _continued(model, tmp_path).history.registry
    registry.rotate_key(reason="the host was rebuilt", run=AT_WORK)
    trusted = tmp_path / "now"
    trusted.write_text(write_allowed_signers(registry.signers()))
    assert proof(replace(model, trusted=trusted)).verified


def test_a_rollback_proves_itself_by_what_was_approved_then(model: Pulled, tmp_path: Path) -> None:
    world = _continued(model, tmp_path)
    history = world.history
    history.version(2, authors=["ann@example.com"])
    for person in ("bob", "cleo"):
        world.approve(2, person)
    history.registry.promote(MODEL, 2, run=AT_WORK)
    history.clock.now += timedelta(days=400)
    world.activate(world.document(PointerRules(approvals=1, roles=("risk",))))
    history.registry.rollback(MODEL, run=AT_WORK, reason="it was slow")
    history.registry.pull(PRODUCTION, tmp_path / "again")
    again = replace(model, folder=tmp_path / "again")
    found = proof(again)
    assert found.said is not None
    assert (found.said.kind, found.said.generation) == ("rollback", 3)
    assert failures(again) == {}
    # The same statements without what they rest on are over, and of another policy.
    (earlier,) = [found.said.rests_on]
    assert earlier is not None
    again.state(replace(found.said, rests_on=replace(earlier, policy=found.said.policy)))
    assert failures(again) == {"approval bob": ["policy"], "approval cleo": ["policy"]}


def test_it_is_checked_without_database_tables_or_dagster(model: Pulled, tmp_path: Path) -> None:
    program = (
        "import sys; from registry_assets.cli.app import run; code = run(sys.argv[1:]);"
        "print(*sorted({n.partition('.')[0] for n in sys.modules}"
        " | {'.'.join(n.split('.')[:2]) for n in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "verify", "--offline", str(model.folder)],
        cwd=tmp_path,
        env={**os.environ, "REGISTRY_TRUSTED_KEYS": str(model.trusted)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heavy = {"sqlalchemy", "dagster", "pandas", "numpy", "rich", "registry_assets.catalog"}
    assert heavy.isdisjoint(done.stderr.split())
