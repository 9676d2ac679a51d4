"""`approve`: what it shows, asks, signs and records, with keys that ssh-keygen made."""

import io
import json
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from registry_assets.governance.approvals import NAMESPACE
from registry_assets.signing.dsse import Envelope, pae
from registry_assets.signing.sshsig import SshSignature
from registry_assets_tests.catalog.history import MODEL, PERSON
from registry_assets_tests.cli.conftest import Command, Ran
from registry_assets_tests.cli.governed import (
    REFERENCE,
    Office,
    in_terminal,
    new_office,
    without_terminal,
)
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.signing.openssh import (
    PASSPHRASE,
    Agent,
    new_key,
    run,
    running_agent,
    verified,
)

WHY = ("--reason", "fair, and calibrated")


@pytest.fixture(scope="module")
def _ruled(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = new_office(tmp_path_factory.mktemp("office"))
    file = office.policy()
    done = without_terminal(
        *("policy", "activate", str(file), "--key", str(office.key("owner")), "--yes"),
        folder=office.folder,
    )
    assert done.returncode == 0, done.stderr
    return office


@pytest.fixture
def office(_ruled: Office, tmp_path: Path) -> Office:
    """Version 1 waits for two of bob and cleo."""
    return _ruled.copy(tmp_path / "copied")


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """An agent that holds nothing yet, and that SSH_AUTH_SOCK names."""
    with running_agent() as started:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(started.socket))
        yield started


def approve(command: Command, office: Office, *arguments: str) -> Ran:
    """Approve version 1, without being asked."""
    return command("approve", *arguments, "--yes", folder=office.folder)


def as_bob(command: Command, office: Office, *arguments: str) -> Ran:
    """Approve version 1 with bob's key, without being asked."""
    key = ("--key", str(office.key("bob")))
    return approve(command, office, REFERENCE, *key, *WHY, *arguments)


def kinds(command: Command, office: Office) -> list[str]:
    """What happened to the model, by kind."""
    events = command("log", MODEL, "--json", folder=office.folder).document["events"]
    return [event["kind"] for event in events]


def stored(office: Office) -> tuple[Envelope, str]:
    """The one envelope that is recorded, and who signed it."""
    with sqlite3.connect(office.folder / ".registry" / "catalog.sqlite") as connection:
        ((text, person),) = connection.execute("SELECT envelope, person FROM approvals").fetchall()
    return Envelope.from_bytes(text.encode()), person


def explained(command: Command, office: Office) -> Any:
    """What holds version 1, by code."""
    document = command("explain", REFERENCE, "--json", folder=office.folder).document
    return {reason["code"]: reason["sentence"] for reason in document["reasons"]}


def test_it_shows_the_evidence_before_it_asks(
    command: Command, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kinds(command, office)
    arguments = ("approve", REFERENCE, "--key", str(office.key("bob")), *WHY)
    for typed, code, said in (
        ("", 2, "nobody answered, and nothing was changed; where nobody is there to ask"),
        ("n\n", 1, "Nothing was changed."),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        ran = command(*arguments, folder=office.folder, width=120)
        assert (ran.code, said in flat(ran.err)) == (code, True), ran.err
        assert f"Approve {REFERENCE} for production, as bob, signed?" in ran.err
        shown = flat(ran.out)
        for each in (
            f"{REFERENCE} for production",
            "Gates passed metadata_complete it is so",
            "passed good_enough it was measured",
            "Who trained it - ann asked for it and wrote a commit of its code as ann@example.com",
            "Changed since production production has never held a version",
            "Signed so far nobody",
        ):
            assert each in shown
        assert kinds(command, office) == before
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = command(*arguments, folder=office.folder)
    assert ran.code == 0
    assert f"Recorded: bob approved {REFERENCE} for production (sha256:" in ran.out
    assert "waits for 1 more approval by a person of role risk" in ran.out
    assert "Next: `registry explain late@production` says what to do." in ran.out
    assert kinds(command, office) == [*before, "approval_recorded"]


def test_an_approval_is_one_document_for_a_program(command: Command, office: Office) -> None:
    ran = as_bob(command, office, "--json")
    assert ran.code == 0
    document = ran.document
    assert {name: document[name] for name in ("reference", "pointer", "decision", "person")} == {
        "reference": REFERENCE,
        "pointer": "production",
        "decision": "approve",
        "person": "bob",
    }
    assert (document["signed"], document["new"], document["answer"]) == (True, True, "held")
    assert [reason["code"] for reason in document["reasons"]] == ["approval_missing"]
    assert document["fingerprint"].startswith("SHA256:")
    assert document["approval"].startswith("sha256:")


def test_two_approvals_let_it_through_and_the_page_says_who_signed(
    command: Command, office: Office, agent: Agent, tmp_path: Path
) -> None:
    assert as_bob(command, office).code == 0
    helper = tmp_path / "askpass"
    helper.write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n")
    helper.chmod(0o700)
    cleo = office.key("cleo")
    agent.ask("-q", cleo, SSH_ASKPASS=str(helper), SSH_ASKPASS_REQUIRE="force")
    # By the agent, which holds the key; its file is not opened.
    key = ("--key", f"{cleo}.pub")
    ran = approve(command, office, REFERENCE, *key, "--reason", "so do I")
    assert ran.code == 0
    assert "✓ bob approved it on" in flat(ran.out)
    assert f"Nothing holds {REFERENCE} now" in ran.out
    assert explained(command, office) == {}
    assert command("promote", REFERENCE, *WHY, "--yes", folder=office.folder).code == 0
    assert command("verify", folder=office.folder).code == 0


def test_a_key_with_a_passphrase_asks_for_it_in_the_terminal(office: Office) -> None:
    key = ("--key", str(office.key("cleo")))
    code, shown = in_terminal(
        "approve", REFERENCE, *key, *WHY,
        folder=office.folder,
        answers=[("Passphrase of", PASSPHRASE), ("as cleo, signed? [y/N]", "y")],
    )  # fmt: skip
    assert code == 0, shown
    assert f"Recorded: cleo approved {REFERENCE}" in shown
    assert PASSPHRASE not in shown
    assert stored(office)[1] == "cleo"
    code, shown = in_terminal(
        "approve", REFERENCE, *key, *WHY,
        folder=office.folder,
        answers=[("Passphrase of", "guess")],
    )  # fmt: skip
    assert code == 2
    assert "passphrase" in shown


def test_where_nobody_is_there_to_type_a_passphrase_nothing_is_signed(office: Office) -> None:
    key = ("--key", str(office.key("cleo")))
    done = without_terminal("approve", REFERENCE, *key, *WHY, "--yes", folder=office.folder)
    assert done.returncode == 2
    assert "nobody gave the key's passphrase, and nothing was signed" in flat(done.stderr)
    assert "then give its .pub file" in flat(done.stderr)


def test_a_key_that_the_agent_does_not_hold_signs_nothing(
    command: Command, office: Office, agent: Agent
) -> None:
    key = ("--key", f"{office.key('bob')}.pub")
    ran = approve(command, office, REFERENCE, *key, *WHY)
    assert (ran.code, ran.out) == (2, "")
    assert "does not hold the key SHA256:" in ran.err


def test_what_is_printed_is_recorded_elsewhere_from_a_file_or_from_stdin(
    command: Command, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kinds(command, office)
    printed = as_bob(command, office, "--print")
    assert printed.code == 0
    # Whoever signs looks at the evidence all the same.
    assert "Who trained it" in printed.err
    assert json.loads(printed.out)["payloadType"] == "application/vnd.in-toto+json"
    assert kinds(command, office) == before
    file = office.folder / "approval.json"
    file.write_text(printed.out)
    ran = command("approve", "--envelope", str(file), folder=office.folder)
    assert ran.code == 0
    assert f"Recorded: bob approved {REFERENCE}" in ran.out
    stdin = SimpleNamespace(buffer=io.BytesIO(printed.out.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    again = command("approve", "--envelope", "-", "--json", folder=office.folder)
    assert (again.code, again.document["new"]) == (0, False)
    assert kinds(command, office) == [*before, "approval_recorded"]
    told = command("approve", "--envelope", str(file), folder=office.folder)
    assert "Nothing to do, it was recorded before: bob approved" in told.out


def test_openssh_alone_signs_what_is_recorded(command: Command, office: Office) -> None:
    file = office.folder / "to sign"
    person = ("--person", "bob")
    ran = command("approve", REFERENCE, *person, *WHY, "--to-sign", str(file), folder=office.folder)
    assert ran.code == 0
    assert "Who trained it" in ran.out
    assert f"Wrote what bob is to sign into {file}." in ran.out
    sign, record = [line.partition(": ")[2] or line.strip() for line in ran.out.splitlines()[-2:]]
    command_line = shlex.split(
        sign.replace("~/.ssh/id_ed25519", shlex.quote(str(office.key("bob"))))
    )
    assert command_line[:3] == ["ssh-keygen", "-Y", "sign"]
    run(*command_line)
    recorded = command(*shlex.split(record)[1:], folder=office.folder)
    assert recorded.code == 0, recorded.err
    assert f"Recorded: bob approved {REFERENCE}" in recorded.out


@pytest.mark.parametrize("way", ["our own", "ssh-keygen's"])
def test_openssh_alone_verifies_what_is_recorded(
    command: Command, office: Office, tmp_path: Path, way: str
) -> None:
    if way == "our own":
        assert as_bob(command, office).code == 0
    else:
        file = office.folder / "statement"
        options = (REFERENCE, "--person", "bob", *WHY, "--to-sign", str(file), "--json")
        document = command("approve", *options, folder=office.folder).document
        assert document == {"file": str(file), "person": "bob", "namespace": NAMESPACE}
        run("ssh-keygen", "-Y", "sign", "-q", "-f", office.key("bob"), "-n", NAMESPACE, file)
        signature = ("--signed", str(file), f"{file}.sig")
        assert command("approve", *signature, folder=office.folder).code == 0
    envelope, person = stored(office)
    message = pae(envelope.payload_type, envelope.payload)
    armor = SshSignature.from_blob(envelope.signatures[0].sig).to_armor()
    # The list of who may sign, as the registry prints it for others.
    signers = command("keys", folder=office.folder).out

    def verifies(principal: str, *, said: bytes = message, namespace: str = NAMESPACE) -> bool:
        return verified(
            tmp_path, said, armor, signers=signers, principal=principal, namespace=namespace
        )

    assert verifies(person)
    assert not verifies("cleo")
    assert not verifies(person, said=message + b" ")
    assert not verifies(person, namespace="file")


def test_without_a_key_it_is_recorded_where_the_policy_allows_that(
    command: Command, office: Office
) -> None:
    arguments = (REFERENCE, "--unsigned", "--person", "bob", *WHY)
    ran = approve(command, office, *arguments)
    assert ran.code == 1
    assert "nobody signed it, and the policy does not allow that" in ran.err
    file = office.policy("lenient.yaml", rules=", unsigned: allowed")
    key = ("--key", str(office.key("dan")))
    done = command("policy", "activate", str(file), *key, "--yes", folder=office.folder)
    assert done.code == 0, done.err
    ran = approve(command, office, *arguments)
    assert ran.code == 0
    assert f"Recorded: bob approved {REFERENCE} for production, unsigned (sha256:" in ran.out
    page = command("explain", REFERENCE, folder=office.folder, width=120)
    assert "bob approved it on" in page.out
    assert ", unsigned: fair, and calibrated" in flat(page.out)
    stranger = (REFERENCE, "--unsigned", "--person", "mallory", *WHY)
    assert "none of the people" in approve(command, office, *stranger).err


def test_who_may_not_approve_is_refused_and_told_why(command: Command, office: Office) -> None:
    before = kinds(command, office)
    for name, options, said in (
        ("dan", (), "it takes the role risk, and dan has owner"),
        ("stranger", (), "is of none of its people"),
        ("owner", (), "is of none of its people"),
        ("bob", ("--person", "cleo"), "it is signed with the key of bob"),
        ("stranger", ("--person", "bob"), "is of none of the people of the policy in force"),
        ("bob", ("--as", "override"), "lets nobody set its rules aside here"),
    ):
        key = ("--key", str(office.key(name)))
        ran = approve(command, office, REFERENCE, *key, *WHY, *options)
        assert (ran.code, said in flat(ran.err)) == (1, True), (name, options, ran.err)
        assert "nothing was recorded" in flat(ran.err)
    assert kinds(command, office) == before


def test_a_revoked_key_is_refused_by_name(command: Command, office: Office) -> None:
    bob = office.line("bob")
    file = office.policy("revoked.yaml", **{f'keys: ["{bob}"]': f'revoked_keys: ["{bob}"]'})
    key = ("--key", str(office.key("dan")))
    assert command("policy", "activate", str(file), *key, "--yes", folder=office.folder).code == 0
    ran = as_bob(command, office)
    assert ran.code == 1
    assert "is revoked: it was bob's" in flat(ran.err)


def test_without_a_policy_nobody_can_sign(command: Command, tmp_path: Path) -> None:
    office = new_office(tmp_path)
    ran = as_bob(command, office)
    assert ran.code == 1
    assert "no policy is in force that says who may sign" in ran.err
    assert "registry policy draft" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which version? Name it"),
        ((REFERENCE, "--key", "{bob}"), "say why, with --reason"),
        ((REFERENCE, "--key", "{bob}", "--reason", " "), "say why, with --reason"),
        ((REFERENCE, *WHY), "with which key? Give --key"),
        ((REFERENCE, *WHY, "--unsigned"), "say who signs, with --person"),
        ((REFERENCE, *WHY, "--to-sign", "x"), "say who signs, with --person"),
        ((REFERENCE, *WHY, "--key", "{bob}", "--unsigned"), "ways to do the same"),
        ((REFERENCE, *WHY, "--unsigned", "--person", "bob", "--print"), "with --key alone"),
        ((REFERENCE, *WHY, "--key", "{bob}", "--to-sign", "x"), "ways to do the same"),
        ((REFERENCE, "--envelope", "{bob}"), f"leave {REFERENCE} out"),
        (("--envelope", "{bob}", *WHY, "--days", "3"), "leave --reason and --days out"),
        (("--envelope", "{bob}"), "This is no envelope"),
        (("--envelope", "{bob}", "--pointer", "canary"), "leave --pointer out"),
        (("--envelope", "{bob}", "--as", "override"), "leave --as out"),
        (("--envelope", "gone"), "does not exist"),
        (("--envelope", "."), "is a directory"),
        (("--signed", "{bob}", "{bob}.pub"), "is not what `registry approve --to-sign` wrote"),
        ((REFERENCE, "--key", "{bob}", "--reason", "x" * 10_001), "10,001 characters long"),
        ((REFERENCE, "--key", "{bob}", "--reason", "a\u202eb"), "holds the character U+202E"),
        ((REFERENCE, "--key", "{bob}", "--reason", "a\udcffb"), "holds the character U+DCFF"),
        ((REFERENCE, *WHY, "--key", "{bob}", "--days", "0"), "0 is not in the range"),
        ((REFERENCE, *WHY, "--key", "{bob}", "--days", "99999999"), "is not in the range"),
        ((REFERENCE, *WHY, "--key", "gone"), "gone"),
        ((f"{MODEL}:9", *WHY, "--key", "{bob}"), "no version 9"),
        ((f"{MODEL}@canary", *WHY, "--key", "{bob}"), "canary"),
        ((REFERENCE, *WHY, "--key", "{bob}", "--pointer", "canary"), "canary"),
        ((REFERENCE, *WHY, "--key", "{bob}", "--as", "bless"), "'bless' is not one of"),
    ],
)
def test_what_is_mistyped_is_named(
    command: Command, office: Office, arguments: tuple[str, ...], said: str
) -> None:
    before = kinds(command, office)
    typed = [each.replace("{bob}", str(office.key("bob"))) for each in arguments]
    ran = approve(command, office, *typed)
    assert (ran.code, said in flat(ran.err)) == (2, True), ran.err
    assert "Traceback" not in ran.err
    assert kinds(command, office) == before
    assert not (office.folder / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--person", "nobody", "--to-sign", "x"), "nobody is none of the people of the policy"),
        (("--person", "cleo", "--key", "{bob}", "--print"), "it is signed with the key of bob"),
    ],
)
def test_what_nobody_could_record_is_not_given_out(
    command: Command, office: Office, arguments: tuple[str, ...], said: str
) -> None:
    typed = [each.replace("{bob}", str(office.key("bob"))) for each in arguments]
    ran = approve(command, office, REFERENCE, *WHY, *typed)
    assert (ran.code, ran.out, said in flat(ran.err)) == (1, "", True), ran.err
    assert not (office.folder / "x").exists()


def test_whoever_mistyped_something_is_asked_for_no_passphrase(
    command: Command, office: Office
) -> None:
    key = ("--key", str(office.key("cleo")))
    for arguments in ((REFERENCE, *key), (f"{MODEL}:9", *key, *WHY)):
        ran = approve(command, office, *arguments)
        assert (ran.code, "Passphrase" in ran.err) == (2, False), ran.err


def test_a_file_that_is_there_is_not_written_over(command: Command, office: Office) -> None:
    file = office.folder / "precious"
    file.write_text("mine")
    arguments = (REFERENCE, "--person", "bob", *WHY, "--to-sign", str(file))
    ran = command("approve", *arguments, folder=office.folder)
    assert (ran.code, file.read_text()) == (2, "mine")
    assert "is there already: name a new file" in flat(ran.err)


def test_a_signature_of_another_file_or_purpose_is_refused(
    command: Command, office: Office
) -> None:
    files = [office.folder / name for name in ("one", "two")]
    for file in files:
        options = (REFERENCE, "--person", "bob", *WHY, "--to-sign", str(file))
        assert command("approve", *options, folder=office.folder).code == 0
    one, two = files
    for namespace, signed in (("git", one), (NAMESPACE, two)):
        Path(f"{signed}.sig").unlink(missing_ok=True)
        run("ssh-keygen", "-Y", "sign", "-q", "-f", office.key("bob"), "-n", namespace, signed)
        ran = command("approve", "--signed", str(one), f"{signed}.sig", folder=office.folder)
        assert ran.code == 1, ran.err
    broken = office.folder / "broken.sig"
    broken.write_bytes(b"\xff\x00")
    ran = command("approve", "--signed", str(one), str(broken), folder=office.folder)
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    assert "approval_recorded" not in kinds(command, office)


def test_a_key_of_a_kind_that_is_not_taken_says_which_are(
    command: Command, office: Office, tmp_path: Path
) -> None:
    key = new_key(tmp_path / "rsa", "rsa-2048")
    ran = approve(command, office, REFERENCE, "--key", str(key), *WHY)
    assert ran.code == 2
    assert "ssh-keygen -t ed25519" in ran.err


def test_where_the_evidence_is_gone_it_shows_what_there_is(
    command: Command, office: Office
) -> None:
    history = office.history()
    decision = history.registry.decision(MODEL, 1)
    assert decision is not None
    evaluation = decision.standing.evaluation
    assert evaluation is not None
    # As an earlier release wrote it: without a result; and then not even that.
    ran = as_bob(command, office)
    assert ran.code == 0
    assert "Not to be seen" in ran.out
    for digest in (evaluation.digest, str(decision.standing.version.digest)):
        history.registry.backends.store.discard(digest)
        ran = as_bob(command, office)
        assert ran.code == 0, ran.err
        assert "Not to be seen" in ran.out
        assert "Gates" in ran.out


def test_what_changed_since_production_is_shown_as_far_as_it_can_be_read(
    command: Command, office: Office
) -> None:
    history = office.history()
    registry = history.registry
    assert as_bob(command, office).code == 0
    file = office.policy("one.yaml", **{"approvals: 2": "approvals: 1"})
    key = ("--key", str(office.key("dan")))
    assert command("policy", "activate", str(file), *key, "--yes", folder=office.folder).code == 0
    assert as_bob(command, office).code == 0
    assert command("promote", REFERENCE, *WHY, "--yes", folder=office.folder).code == 0
    history.version(2, authors=["ann@example.com"])
    other = (f"{MODEL}:2", "--key", str(office.key("bob")), *WHY)
    ran = approve(command, office, *other)
    assert ran.code == 0
    shown = flat(ran.out)
    assert "Changed since production" in shown
    assert "parameters seed changed" in shown
    assert f"registry compare {REFERENCE} {MODEL}:2" in shown
    held = registry.version_numbered(MODEL, 1).version.digest
    registry.backends.store.discard(str(held))
    ran = approve(command, office, *other)
    assert ran.code == 0, ran.err
    assert "? the package of late:1" in flat(ran.out)


def test_it_says_until_when_it_counts(command: Command, office: Office) -> None:
    day = as_bob(command, office, "--days", "1", "--json").document
    month = as_bob(command, office, "--days", "300", "--json").document
    assert day["expires_at"] < month["expires_at"]
    # As long as the policy lets it, and no longer.
    longest = as_bob(command, office, "--json").document
    assert month["expires_at"][:10] == longest["expires_at"][:10]


def test_an_archived_version_is_held_all_the_same(command: Command, office: Office) -> None:
    history = office.history()
    history.registry.archive(REFERENCE, run=PERSON, reason="it is old")
    ran = as_bob(command, office)
    assert ran.code == 0
    assert "Held besides" in ran.out
    assert set(explained(command, office)) == {"archived", "approval_missing"}
