"""`explain` and `log`: why a pointer moves or not, and what happened so far."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from registry_assets.cli.remedies import next_step, next_steps
from registry_assets.declaration import Promotion
from registry_assets.governance.decide import Held, Reason
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.worlds import TAGS, World, small_world


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which nothing was promoted: a ready version, and a model without any."""
    months = ("2013-01", "2013-02")
    with small_world(tmp_path_factory.mktemp("young") / "project", months=months) as world:
        world.version(request="first")
        declare_model(world.registry.backends, world.model("seat_choice"), actor="alice")
        yield world


def test_every_reason_is_listed_with_what_to_do(command: Command) -> None:
    ran = command("explain", "flight_delay")
    out = flat(ran.out)
    assert ran.code == 0
    assert "The candidate, version 3, is held, for 3 reasons:" in out
    for gate in ("at_least", "not_worse_than_production", "floor_by_origin"):
        assert f"roc_auc_{gate} failed: " in out
    assert "production holds version 2 since 2013-05-01 06:00 UTC" in out
    assert "Version 4 failed: train raised ValueError: the sky fell" in out
    assert "Version 5 is reserved" in out
    assert out.count("launch the job") == 1
    assert "No such job? Then the code does not declare flight_delay any more." in out


def test_explain_as_json_names_codes_and_evidence(command: Command) -> None:
    document = command("explain", "flight_delay@production", "--json").document
    assert (document["decision"], document["version"]) == ("held", 3)
    assert document["holds"]["version"] == 2
    assert document["generation"] == 2
    assert {reason["code"] for reason in document["reasons"]} == {"check_failed"}
    assert all(reason["next"] for reason in document["reasons"])
    assert [version["state"] for version in document["unfinished"]] == ["failed", "reserved"]
    assert len(document["verdicts"]) == 5


def test_a_missing_approval_is_said_and_not_let_through(command: Command) -> None:
    out = flat(command("explain", "seat_credit").out)
    assert "waits for 1 approval by a person of role risk" in out
    assert "production holds nothing yet." in out
    assert "no policy is in force that says who may sign" in out
    assert "`registry policy draft > policy.yaml`" in out
    assert "No such job?" not in out


def test_a_version_can_be_asked_about_by_number(command: Command) -> None:
    assert "Version 2 is there already." in command("explain", "flight_delay:2").out
    out = flat(command("explain", "flight_delay:1").out)
    assert "going back to flight_delay:1 is a rollback" in out
    assert "evaluate it again" not in out
    assert command("explain", "flight_delay:4", "--json").document["reasons"][0]["code"] == (
        "not_committed"
    )


def test_a_failed_version_is_not_waited_for_and_one_that_trains_is(command: Command) -> None:
    failed = flat(command("explain", "flight_delay:4").out)
    assert "mend what failed, then launch the job flight_delay__retrain" in failed
    assert "wait for its run to end" not in failed
    reserved = flat(command("explain", "flight_delay:5").out)
    assert "wait for its run to end, or launch the job flight_delay__retrain" in reserved


def test_a_ready_candidate_is_said_to_be_ready(command: Command, young: World) -> None:
    ran = command("explain", "flight_delay", folder=young.folder)
    assert "The candidate, version 1, is ready: nothing holds it." in flat(ran.out)
    assert "the promotion sensor launches the job flight_delay__promote" in flat(ran.out)
    versions = command("versions", "flight_delay", folder=young.folder)
    assert "version 1 is ready: nothing holds it" in versions.out
    document = command("explain", "flight_delay", "--json", folder=young.folder).document
    assert (document["decision"], document["reasons"]) == ("ready", [])


def test_without_a_candidate_explain_says_so(command: Command, young: World) -> None:
    ran = command("explain", "seat_choice", folder=young.folder)
    assert "There is no candidate" in ran.out
    assert "production holds nothing yet." in ran.out
    document = command("explain", "seat_choice", "--json", folder=young.folder).document
    assert (document["decision"], document["version"], document["holds"]) == (
        "no_candidate",
        None,
        None,
    )


def test_a_model_without_versions_says_what_to_do(command: Command, young: World) -> None:
    ran = command("versions", "seat_choice", folder=young.folder)
    assert ran.code == 0
    assert "seat_choice has no version yet." in ran.out
    assert "Next: launch the job seat_choice__retrain." in ran.out
    empty = command("versions", "seat_choice", "--json", folder=young.folder)
    assert empty.document == {
        "model": "seat_choice",
        "versions": [],
        "total": 0,
        "imported": [],
    }
    assert "none yet" in command("models", folder=young.folder).out


def test_every_reason_that_a_person_can_mend_has_a_next_step() -> None:
    source = Path(__file__).parents[2] / "registry_assets" / "governance"
    text = "\n".join(path.read_text() for path in sorted(source.glob("*.py")))
    found = re.findall(r'([Rr]eason|Difference)\(\s*"(\w+)"', text)
    codes = {code for _, code in found} | {"check_failed", "check_undecided"}
    assert {"not_committed", "check_stale", "approval_missing", "gate_differs", "frozen"} <= codes
    remedied = {
        "no_evaluation",
        "evaluation_too_old",
        *(code for code in codes if code.startswith("check_")),
    } - {
        "check_failed",
        "check_undecided",
    }
    for code in codes - {"already_held"}:
        remedy = "re-evaluate" if code in remedied else ""
        assert next_step(Reason(code, "x", "y", remedy), "m"), code


def test_a_tag_that_is_missing_is_mended_by_the_command_that_is_shown(
    command: Command, young: World, tmp_path: Path
) -> None:
    folder = young.copy(tmp_path / "asked")
    asking = replace(
        young.model(),
        promotion=Promotion(tags={"tier": ("gold",), "team": ()}),
        tags={**TAGS, "tier": "gold"},
    )
    declare_model(Registry.open(folder).backends, asking, actor="alice")
    out = flat(command("explain", "flight_delay", width=200, folder=folder).out)
    assert "flight_delay:1 has no tag tier; the policy asks for gold" in out
    assert "`registry tag flight_delay:1 tier=…`" in out
    assert command("tag", "flight_delay:1", "tier=silver", folder=folder).code == 1
    assert command("tag", "flight_delay:1", "tier=gold", folder=folder).code == 0
    explained = command("explain", "flight_delay", "--json", folder=folder)
    assert explained.document["decision"] == "ready"


def test_the_same_step_is_said_once() -> None:
    failed = [Reason("check_failed", gate, f"{gate} failed") for gate in ("a", "b")]
    assert len(next_steps(Held(tuple(failed)), "flight_delay")) == 1


def test_the_log_tells_a_models_history(command: Command) -> None:
    out = flat(command("log", "flight_delay").out)
    assert "2013-05-01 06:00 production moved from version 1 to version 2" in out
    assert "pointer_moved by dagster/flight_delay__promotion, recorded 20" in out
    assert "reason: the month of April arrived" in out


def test_log_events_carry_both_times_and_form_a_chain(command: Command) -> None:
    document = command("log", "flight_delay", "--json").document
    events = document["events"]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    pairs = pairwise(events)
    assert all(after["previous"] == before["digest"] for before, after in pairs)
    assert events[0]["effective_at"] == "2013-04-01T06:00:00.000000Z"
    assert events[0]["recorded_at"] > "2020"
    assert {"kind", "sentence", "actor", "reason", "facts"} <= set(events[0])


def test_without_a_model_the_log_is_the_registrys_own(command: Command) -> None:
    out = flat(command("log", width=120).out)
    assert "flight_delay was declared" in out
    assert "flights[2013-01] became sha256:" in out
    assert command("log", "--json").document["chain"] == "-registry"


def test_last_gives_the_newest_events(command: Command) -> None:
    everything = command("log", "flight_delay", "--json").document["events"]
    newest = command("log", "flight_delay", "--last", "2", "--json").document["events"]
    assert newest == everything[-2:]
