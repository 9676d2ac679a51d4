"""`policy`: a file drafted, checked, explained, signed, tried out and brought into force."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from registry_assets.lifecycle.activating import NAMESPACE
from registry_assets.registry import Registry
from registry_assets.signing.dsse import Envelope, pae
from registry_assets.signing.sshsig import SshSignature
from registry_assets_tests.catalog.history import MODEL
from registry_assets_tests.cli.conftest import Command, Ran
from registry_assets_tests.cli.governed import (
    PROGRAM,
    REFERENCE,
    Office,
    in_terminal,
    new_office,
    without_terminal,
)
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.signing.openssh import PASSPHRASE, verified

WHY = ("--reason", "we begin")
TWO = {"activation: {roles: [owner]}": "activation: {roles: [owner, risk], approvals: 2}"}


@pytest.fixture(scope="module")
def _begun(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return new_office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def office(_begun: Office, tmp_path: Path) -> Office:
    """A registry with an owner, in which no policy is in force."""
    return _begun.copy(tmp_path / "copied")


def policy(command: Command, office: Office, *arguments: str, width: int = 80) -> Ran:
    """Run one of the commands."""
    return command("policy", *arguments, folder=office.folder, width=width)


def activate(command: Command, office: Office, file: Path, who: str, *more: str) -> Ran:
    """Bring a policy into force with somebody's key, without being asked."""
    key = ("--key", str(office.key(who)))
    return policy(command, office, "activate", str(file), *key, *WHY, "--yes", *more)


def in_force(command: Command, office: Office) -> Any:
    """The digest of the policy in force."""
    return policy(command, office, "explain", "--json").document["digest"]


def test_a_draft_pins_what_is_declared_and_is_sound_once_people_are_in_it(
    command: Command, office: Office
) -> None:
    drafted = policy(command, office, "draft")
    assert drafted.code == 0
    found = yaml.safe_load(drafted.out)
    assert list(found["models"]) == [MODEL]
    pinned = found["models"][MODEL]
    assert pinned["tier"] == "high"
    assert pinned["gates"] == {name: {"gate": name} for name in ("good_enough", "not_worse")}
    assert pinned["plan"] == {
        "target": "late",
        "holdout": {"holdout": "by_key"},
        "evaluation": {"metrics": ["roc_auc"]},
    }
    file = office.folder / "draft.yaml"
    file.write_text(drafted.out)
    ran = policy(command, office, "check", str(file))
    assert ran.code == 2
    assert "has a mistake" in ran.err
    assert "takes 1 of the roles risk, and 0 such people have a key" in flat(ran.err)
    keys = f"keys: ['{office.line('bob')}']"
    file.write_text(drafted.out.replace("keys: []  ", keys))
    ran = policy(command, office, "check", str(file))
    assert ran.code == 0
    assert f"{file} is sound: 1 person, 1 model pinned, sha256:" in ran.out
    assert activate(command, office, file, "owner").code == 0
    explained = command("explain", REFERENCE, "--json", folder=office.folder).document
    codes = [reason["code"] for reason in explained["reasons"]]
    # The gates are as they are pinned; what is missing is somebody else's approval.
    assert not {"gate_differs", "plan_differs", "holdout_differs"} & set(codes)
    assert "approval_missing" in codes


def test_a_draft_of_an_empty_registry_is_a_policy_too(command: Command, tmp_path: Path) -> None:
    Registry.init(tmp_path)
    drafted = command("policy", "draft", folder=tmp_path)
    assert (drafted.code, yaml.safe_load(drafted.out)["models"]) == (0, {})
    same = command("policy", "draft", "--json", folder=tmp_path)
    assert same.document == yaml.safe_load(drafted.out)


def test_every_mistake_of_a_file_is_named(command: Command, office: Office) -> None:
    file = office.policy(
        **{"roles: [owner]}": "rolls: [owner]}", "tier: high}": "tier: hihg}", "[trainer]": "risk"}
    )
    ran = policy(command, office, "check", str(file))
    assert (ran.code, ran.out) == (2, "")
    for said in (
        f"{file} has 2 mistakes:",
        "  - people[1].roles is 'risk'; expected a list: [risk]",
        "  - activation.rolls is not known: did you mean roles?",
        "Hint: mend them and run `registry policy check FILE`; nothing was changed",
    ):
        assert said in ran.err
    for name in ("explain", "simulate", "sign", "activate"):
        options = ("--key", str(office.key("owner"))) if name in ("sign", "activate") else ()
        ran = policy(command, office, name, str(file), *options)
        assert (ran.code, "2 mistakes" in ran.err) == (2, True), name
    assert in_force(command, office) is None


def test_a_file_is_checked_wherever_one_stands(command: Command, tmp_path: Path) -> None:
    office = new_office(tmp_path / "office")
    file, elsewhere = office.policy(), tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = command("policy", "check", str(file), "--json", folder=elsewhere)
    (note,) = ran.document["notes"]
    assert note.startswith("activation: once dan loses the key")
    assert ran.document == {
        "file": str(file),
        "digest": ran.document["digest"],
        "valid": True,
        "notes": [note],
    }
    assert command("policy", "explain", str(file), folder=elsewhere).code == 0
    assert command("policy", "explain", folder=elsewhere).code == 2
    gone = command("policy", "check", str(tmp_path / "gone.yaml"), folder=elsewhere)
    assert (gone.code, "No such file" in gone.err) == (2, True)


def test_a_policy_is_explained_in_sentences_and_as_a_document(
    command: Command, office: Office
) -> None:
    file = office.policy()
    nothing = policy(command, office, "explain")
    assert (nothing.code, "No policy is in force." in nothing.out) == (0, True)
    assert policy(command, office, "explain", "--json").document == {
        "digest": None,
        "policy": None,
    }
    before = policy(command, office, "explain", str(file))
    assert before.code == 0
    assert "is not in force by being a file:" in before.out
    assert activate(command, office, file, "owner").code == 0
    after = policy(command, office, "explain")
    assert "activated by the owner:" in after.out
    assert after.out.splitlines()[1:] == before.out.splitlines()[1:]
    for said in (
        "\nTier high, production\n",
        "  - 2 people of the role risk must approve, none of whom trained the version.\n",
        "  - It is of the tier high; a declaration of less risk is held.\n",
    ):
        assert said in after.out
    document = policy(command, office, "explain", "--json").document
    assert document["digest"] == in_force(command, office)
    # What it prints is a policy file again.
    again = office.folder / "again.json"
    again.write_text(json.dumps(document["policy"]))
    assert (
        policy(command, office, "check", str(again), "--json").document["digest"]
        == (document["digest"])
    )


def test_it_is_asked_before_a_policy_comes_into_force(
    command: Command, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = office.policy()
    arguments = ("activate", str(file), "--key", str(office.key("owner")), *WHY)
    for typed, code, said in (
        ("", 2, "nobody answered, and nothing was changed"),
        ("n\n", 1, "Nothing was changed."),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        ran = policy(command, office, *arguments)
        assert (ran.code, said in ran.err) == (code, True)
        assert f"Bring {file} (sha256:" in ran.err
        assert ") into force, the first one?" in ran.err
        assert in_force(command, office) is None
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = policy(command, office, *arguments)
    assert ran.code == 0
    digest = in_force(command, office)
    assert f"{digest} is in force, activated by the owner." in ran.out
    again = policy(command, office, *arguments)
    assert (again.code, f"Nothing to do: {digest} is in force." in again.out) == (0, True)
    document = policy(command, office, *arguments, "--json").document
    assert document == {"digest": digest, "changed": False}
    event = command("log", "--json", folder=office.folder).document["events"][-1]
    assert (event["kind"], event["reason"]) == ("policy_activated", "we begin")


def test_only_those_who_may_bring_a_policy_into_force(command: Command, office: Office) -> None:
    file = office.policy()
    for who in ("stranger", "dan"):
        ran = activate(command, office, file, who)
        assert ran.code == 1
        assert "the first policy takes the owner's key" in flat(ran.err)
    document = activate(command, office, file, "owner", "--json").document
    assert (document["changed"], document["person"]) == (True, "the owner")
    other = office.policy("other.yaml", rules=", min_staging: 1 day")
    for who, said in (
        ("owner", "none of the policy's people"),
        ("bob", "takes 1 of the roles owner; nobody of them signed"),
        ("stranger", "none of the policy's people"),
    ):
        ran = activate(command, office, other, who)
        assert (ran.code, said in flat(ran.err)) == (1, True), ran.err
        assert "nothing was changed" in flat(ran.err)
    assert in_force(command, office) == document["digest"]
    assert activate(command, office, other, "dan", "--json").document["person"] == "dan"
    assert command("verify", folder=office.folder).code == 0


def test_several_people_sign_one_after_the_other(command: Command, office: Office) -> None:
    assert activate(command, office, office.policy(**TWO), "owner").code == 0
    other = office.policy("other.yaml", rules=", min_staging: 1 day", **TWO)
    alone = activate(command, office, other, "dan")
    assert alone.code == 1
    assert "`registry policy sign FILE --key KEY --envelope FILE` adds" in flat(alone.err)
    once, twice = office.folder / "once.json", office.folder / "twice.json"
    signed = policy(command, office, "sign", str(other), "--key", str(office.key("dan")))
    once.write_text(signed.out)
    key = ("--key", str(office.key("bob")))
    signed = policy(command, office, "sign", str(other), *key, "--envelope", str(once))
    assert signed.code == 0
    twice.write_text(signed.out)
    # Nothing is in force by being signed.
    by_envelope = ("activate", str(other), "--yes", "--json", "--envelope")
    assert policy(command, office, *by_envelope, str(once)).code == 1
    ran = policy(command, office, *by_envelope, str(twice))
    assert ran.code == 0, ran.err
    assert sorted(ran.document["person"].split(" and ")) == ["bob", "dan"]


def test_the_last_who_signs_brings_it_into_force_in_one(command: Command, office: Office) -> None:
    assert activate(command, office, office.policy(**TWO), "owner").code == 0
    other = office.policy("other.yaml", rules=", min_staging: 1 day", **TWO)
    once = office.folder / "once.json"
    signed = policy(command, office, "sign", str(other), "--key", str(office.key("dan")))
    once.write_text(signed.out)
    assert activate(command, office, other, "bob", "--envelope", str(once)).code == 0


def test_nobody_signs_another_policy_than_the_file_that_is_named(
    command: Command, office: Office
) -> None:
    assert activate(command, office, office.policy(**TWO), "owner").code == 0
    good = office.policy("good.yaml", rules=", min_staging: 1 day", **TWO)
    malign = office.policy("malign.yaml", **TWO, **{"approvals: 2, roles: [risk]": "approvals: 0"})
    begun = office.folder / "begun.json"
    signed = policy(command, office, "sign", str(malign), "--key", str(office.key("bob")))
    begun.write_text(signed.out)
    key = ("--key", str(office.key("dan")))
    for name in ("sign", "activate"):
        ran = policy(command, office, name, str(good), *key, "--envelope", str(begun))
        assert (ran.code, ran.out) == (1, "")
        assert "what is signed is another policy" in ran.err
    # Nor what was signed to replace another one than is in force now.
    once = office.folder / "once.json"
    once.write_text(policy(command, office, "sign", str(good), "--key", str(office.key("bob"))).out)
    between = office.policy("between.yaml", rules=", min_staging: 2 days", **TWO)
    half = office.folder / "half.json"
    half.write_text(policy(command, office, "sign", str(between), *key).out)
    assert activate(command, office, between, "bob", "--envelope", str(half)).code == 0
    ran = policy(command, office, "sign", str(good), *key, "--envelope", str(once))
    assert (ran.code, "to replace another policy than is in force" in ran.err) == (1, True)


def test_whoever_signs_is_told_who_is_missing_and_nobody_signs_twice(
    command: Command, office: Office
) -> None:
    assert activate(command, office, office.policy(**TWO), "owner").code == 0
    other = str(office.policy("other.yaml", rules=", min_staging: 1 day", **TWO))

    def sign(who: str, *more: str) -> Ran:
        return policy(command, office, "sign", other, "--key", str(office.key(who)), *more)

    first, once = sign("dan"), office.folder / "once.json"
    assert "Note: the next policy takes 2 of the roles owner, risk; dan of them" in flat(first.err)
    once.write_text(first.out)
    again = sign("dan", "--envelope", str(once))
    assert (again.code, json.loads(again.out)) == (0, json.loads(first.out))
    assert f"Note: {once} is signed with {office.key('dan')} already." in flat(again.err)
    both = sign("bob", "--envelope", str(once), "--json")
    assert (both.code, both.err) == (0, "")
    assert len(both.document["signatures"]) == 2
    # A key that is nobody's would spoil the signatures of the others.
    for who in ("stranger", "owner"):
        spoilt = sign(who, "--envelope", str(once))
        assert (spoilt.code, spoilt.out) == (1, "")
        assert "none of the policy's people" in flat(spoilt.err)


def test_an_envelope_is_read_from_a_pipe(command: Command, office: Office) -> None:
    file = str(office.policy())
    signed = policy(command, office, "sign", file, "--key", str(office.key("owner")))
    piped = subprocess.run(
        [*PROGRAM, "policy", "activate", file, "--envelope", "-", "--yes", "--json"],
        cwd=office.folder,
        input=signed.out,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert piped.returncode == 0, piped.stderr
    assert json.loads(piped.stdout)["digest"] == in_force(command, office)


def test_what_is_refused_is_refused_before_anybody_is_asked(
    command: Command, office: Office
) -> None:
    file = str(office.policy())
    key = ("--key", str(office.key("stranger")))
    ran = policy(command, office, "activate", file, *key, *WHY)
    assert (ran.code, "[y/N]" in ran.err) == (1, False)
    assert "the first policy takes the owner's key" in flat(ran.err)
    assert activate(command, office, office.policy(), "owner").code == 0
    other = str(office.policy("other.yaml", rules=", min_staging: 1 day"))
    ran = policy(command, office, "activate", other, "--key", str(office.key("bob")), *WHY)
    assert (ran.code, "[y/N]" in ran.err) == (1, False)
    assert "nobody of them signed, and bob without such a role" in flat(ran.err)


def test_whoever_interrupts_changes_nothing_and_is_not_told_to_add_yes(
    command: Command, office: Office
) -> None:
    assert activate(command, office, office.policy(), "owner").code == 0
    before = in_force(command, office)
    file = str(office.policy("other.yaml", rules=", min_staging: 1 day"))
    for who, asked, said in (
        ("dan", "[y/N]", "Nothing was changed."),
        ("cleo", "Passphrase", "Nothing was signed."),
    ):
        code, shown = in_terminal(
            *("policy", "activate", file, "--key", str(office.key(who))),
            folder=office.folder,
            answers=[(asked, "\x03")],
        )
        assert (code, said in shown, "--yes" in shown) == (130, True, False), shown
    code, shown = in_terminal(
        *("policy", "activate", file, "--key", str(office.key("cleo"))),
        folder=office.folder,
        answers=[("Passphrase", f"not {PASSPHRASE}")],
    )
    assert (code, "That is not the passphrase" in shown) == (2, True), shown
    alone = without_terminal(
        *("policy", "activate", file, "--key", str(office.key("cleo"))), folder=office.folder
    )
    assert alone.returncode == 2
    assert "nobody gave the key's passphrase, and nothing was signed" in alone.stderr
    assert "GetPassWarning" not in alone.stderr
    assert in_force(command, office) == before
    assert command("verify", folder=office.folder).code == 0


def test_what_can_never_happen_is_told_before_it_is_in_force(
    command: Command, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    misspelt = {"late: {tier": "lat: {tier", "cleo, roles: [risk]": "cleo, roles: []"}
    file = office.policy(**misspelt)
    pointer = (
        "Note: tiers.high.pointers.production: 2 of the role risk must approve, and 1 is able to:"
        " nothing can be promoted there"
    )
    model = "Note: models.lat: no such model is registered here; did you mean late?"
    handed = "Note: activation: no key that signs this policy can sign the next one;"
    for name in ("check", "explain", "simulate"):
        ran = policy(command, office, name, str(file))
        assert (ran.code, pointer in flat(ran.out)) == (0, True), ran.out
        assert (model in flat(ran.out)) == (name == "simulate")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    asked = policy(command, office, "activate", str(file), "--key", str(office.key("owner")))
    assert asked.code == 2
    before, _, _ = flat(asked.err).partition("Bring")
    assert pointer in before
    assert model in before
    # The owner's key is none of dan's: were dan's a wrong one, nobody could ever replace it.
    assert f"{handed} that takes 1 of dan with SHA256:" in before
    document = activate(command, office, file, "owner", "--json").document
    assert len(document["notes"]) == 4
    pinned = {"late: {tier: high}": "late: {tier: high, gates: {good: {gate: good_enough}}}"}
    ran = policy(command, office, "simulate", str(office.policy("pinned.yaml", **pinned)))
    held = "Note: models.late: every version is held, as it is declared now: the gate good is not"
    assert held in flat(ran.out)
    own = policy(command, office, "simulate", str(office.policy("own.yaml")), "--json").document
    assert [note.partition(":")[0] for note in own["notes"]] == ["activation"]
    assert handed not in activate(command, office, office.policy("own.yaml"), "dan").err


def test_openssh_alone_verifies_who_activated_a_policy(
    command: Command, office: Office, tmp_path: Path
) -> None:
    file = office.policy()
    signed = policy(command, office, "sign", str(file), "--key", str(office.key("owner")))
    envelope = Envelope.from_bytes(signed.out.strip().encode())
    armor = SshSignature.from_blob(envelope.signatures[0].sig).to_armor()
    message = pae(envelope.payload_type, envelope.payload)
    signers = f"owner {office.line('owner')}\nstranger {office.line('stranger')}\n"

    def verifies(principal: str, namespace: str) -> bool:
        return verified(
            tmp_path, message, armor, signers=signers, principal=principal, namespace=namespace
        )

    assert verifies("owner", NAMESPACE)
    assert not verifies("stranger", NAMESPACE)
    assert not verifies("owner", "registry_assets/approval")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sign", "{file}"), "with which key? Give --key"),
        (("activate", "{file}"), "signed by whom? Give --key KEY, or --envelope FILE"),
        (("activate", "{file}", "--envelope", "gone.json"), "does not exist"),
        (("activate", "{file}", "--envelope", "{file}"), "This is no envelope"),
        (("activate", "{file}", "--key", "gone"), "gone"),
        (("activate", "gone.yaml", "--key", "{key}"), "gone.yaml cannot be read"),
        (("simulate", "{file}", "--model", "nothing"), "nothing"),
        (("simulate",), "Missing argument 'FILE'"),
        (("chek", "{file}"), "No such command 'chek'"),
    ],
)
def test_what_is_mistyped_is_named(
    command: Command, office: Office, arguments: tuple[str, ...], said: str
) -> None:
    places = {"{file}": str(office.policy()), "{key}": str(office.key("owner"))}
    typed = [places.get(each, each) for each in arguments]
    ran = policy(command, office, *typed, width=200)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert in_force(command, office) is None


def test_where_there_is_no_owner_it_says_how_to_name_one(command: Command, tmp_path: Path) -> None:
    office = new_office(tmp_path / "office")
    alone = tmp_path / "alone"
    Registry.init(alone)
    file = office.policy()
    options = ("--key", str(office.key("owner")), "--yes")
    ran = command("policy", "activate", str(file), *options, folder=alone)
    assert (ran.code, "registry init --owner-key" in flat(ran.err)) == (1, True)
    named = without_terminal("init", "--owner-key", f"{office.key('owner')}.pub", folder=alone)
    assert named.returncode == 0, named.stderr
    assert command("policy", "activate", str(file), *options, folder=alone).code == 0


def test_a_policy_is_tried_out_on_the_past_and_nothing_is_changed(
    command: Command, office: Office
) -> None:
    file = office.policy()
    nothing = policy(command, office, "simulate", str(file))
    assert (nothing.code, "Nothing was ever promoted" in nothing.out) == (0, True)
    lenient = office.policy("lenient.yaml", **{"{approvals: 2, roles: [risk]}": "{}"})
    assert activate(command, office, lenient, "owner").code == 0
    # Of high risk: one approval it takes whatever is written.
    key = ("--key", str(office.key("bob")), "--reason", "fair")
    assert command("approve", REFERENCE, *key, "--yes", folder=office.folder).code == 0
    moved = command("promote", REFERENCE, *WHY, "--yes", folder=office.folder)
    assert moved.code == 0, moved.err
    before = command("log", "--json", folder=office.folder).document
    ran = policy(command, office, "simulate", str(file), "--model", MODEL)
    assert ran.code == 0
    assert "Under this policy 1 of 1 promotion would have been held." in flat(ran.out)
    assert "late@production promotion of version 1" in flat(ran.out)
    assert "waits for 1 more approval by a person of role risk" in flat(ran.out)
    document = policy(command, office, "simulate", str(file), "--json").document
    (held,) = document["promotions"]
    assert (held["model"], held["version"], held["answer"]) == (MODEL, 1, "held")
    assert [reason["code"] for reason in held["reasons"]] == ["approval_missing"]
    made = policy(command, office, "simulate", str(lenient))
    assert "0 of 1 promotion would have been held" in flat(made.out)
    assert "Made all the same" in made.out
    assert command("log", "--json", folder=office.folder).document == before


def test_a_change_of_the_policy_makes_approvals_stale_and_says_so(
    command: Command, office: Office
) -> None:
    assert activate(command, office, office.policy(), "owner").code == 0
    key = ("--key", str(office.key("bob")), "--reason", "fair")
    assert command("approve", REFERENCE, *key, "--yes", folder=office.folder).code == 0
    stricter = office.policy("stricter.yaml", rules=", evaluation_max_age: 20000 days")
    ran = activate(command, office, stricter, "dan")
    assert "What was approved under other rules is stale now." in ran.out
    explained = command("explain", REFERENCE, "--json", folder=office.folder).document
    stale = {reason["code"]: reason["sentence"] for reason in explained["reasons"]}
    assert "the policy changed since" in stale["approval_stale"]
