"""Approvals in Dagster: a job takes what somebody signed, and a check says where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from registry_assets.governance.document import PointerRules
from registry_assets.orchestration.approved import find_untold_approvals
from registry_assets.orchestration.checks import check_event
from registry_assets.orchestration.untold import Untold
from registry_assets_tests.governance.people import AT_WORK, Governed, governed, signatory
from registry_assets_tests.orchestration.stage import Stage
from registry_assets_tests.orchestration.written import (
    NAMES,
    decide,
    held,
    history_of,
    location,
    look,
    pointed,
    written_stage,
)

APPROVED = dg.AssetCheckKey(NAMES.evaluation_key, "approved")


@dataclass(frozen=True, slots=True)
class World:
    """A home in which version 1 waits for two people, and these people."""

    stage: Stage
    governed: Governed
    model: Any
    definitions: dg.Definitions

    def signed(self, person: str, number: int = 1) -> str:
        """What somebody signs about a version."""
        said = self.governed.statement(number, person, model="ontime")
        return self.governed[person].sign(said).decode()

    def shown(self) -> dg.AssetCheckEvaluation:
        """The newest result of the check, whatever it is about."""
        record = self.stage.instance.get_latest_asset_check_evaluation_record(APPROVED)
        assert record is not None
        assert record.evaluation is not None
        return record.evaluation

    def found(self) -> list[Untold]:
        """Results of the check that Dagster is to show in the place of those that it does."""
        return list(find_untold_approvals(self.stage.instance, self.stage.registry, self.model))

    def untold(self) -> list[str]:
        """Results of the check that are out of date."""
        return [each.sentence for each in self.found()]

    def tell(self) -> dg.AssetCheckResult:
        """Report the one result that is out of date, as the report job does."""
        (found,) = self.found()
        event = check_event(found.result, found.partition, about=self.stage.instance)
        self.stage.instance.report_runless_asset_event(event)
        return found.result


def rows_of(shown: dg.AssetCheckResult | dg.AssetCheckEvaluation) -> list[dg.TableRecord]:
    """The table of what people signed."""
    found = shown.metadata["approvals"]
    assert isinstance(found, dg.TableMetadataValue)
    return list(found.records)


@pytest.fixture
def world(project: ModuleType, tmp_path: Path) -> Iterator[World]:
    model = pointed(project, "production")
    with written_stage(tmp_path / "home", project, model, versions=1) as stage:
        made = governed(history_of(stage.registry), tmp_path / "keys")
        made.activate(made.document(PointerRules(approvals=2, roles=("risk",))))
        yield World(stage, made, model, location(project, model))


def test_a_signed_envelope_is_recorded_and_the_check_says_who_is_missing(world: World) -> None:
    outcome = decide(world.stage, "approve", envelope=world.signed("bob"))
    assert outcome.success, outcome.failures
    assert "bob signed (approve) version 1 for production. Held: " in world.stage.said(outcome)
    shown = world.shown()
    assert (shown.passed, shown.partition) == (False, "1")
    assert shown.severity is dg.AssetCheckSeverity.WARN
    assert "waits for 1 more approval by a person of role risk" in str(shown.description)
    (row,) = rows_of(shown)
    assert (row.data["person"], row.data["counts"]) == ("bob", "yes")
    assert row.data["signed"] == world.governed["bob"].signer.public_key.fingerprint


def test_what_is_signed_at_a_terminal_is_shown_by_the_next_look(world: World) -> None:
    assert decide(world.stage, "approve", envelope=world.signed("bob")).success
    assert world.untold() == []
    registry = world.stage.registry
    registry.record_approval(world.signed("cleo").encode(), run=AT_WORK)
    assert world.untold() == ["approved of ontime/evaluation[1]"]
    requests, reason = look(world.definitions, world.stage.instance)
    assert (len(requests), reason) == (1, "")
    assert requests[0].job_name == NAMES.promote_job
    # Another rule, and nobody has approved under it.
    stricter = PointerRules(approvals=2, roles=("risk",), evaluation_max_age=1_000_000_000)
    world.governed.activate(world.governed.document(stricter))
    assert world.untold() == ["approved of ontime/evaluation[1]"]
    _, reason = look(world.definitions, world.stage.instance)
    assert "waits for 2 approvals" in reason
    assert "the approval by bob is stale: the policy changed since" in reason


def test_two_signatures_let_the_sensor_promote(world: World) -> None:
    outcomes = [
        decide(world.stage, "approve", envelope=world.signed(person)) for person in ("bob", "cleo")
    ]
    assert [outcome.failures for outcome in outcomes] == [(), ()]
    assert "Nothing holds it now" in world.stage.said(outcomes[-1])
    shown = world.shown()
    assert (shown.passed, shown.description) == (True, "approved by bob and cleo")
    assert [run.failures for run in world.stage.promote().runs] == [()]
    assert held(world.stage) == {"production": 1}
    (first, second) = world.stage.registry.newest_promotion("ontime").evidence["approvals"]
    assert {first["person"], second["person"]} == {"bob", "cleo"}
    shown_of = world.stage.instance.fetch_materializations(NAMES.pointer_key("production"), limit=1)
    moved = shown_of.records[0].asset_materialization
    assert moved is not None
    assert moved.metadata["approved by"].value == "bob and cleo"
    signatures = moved.metadata["signatures"]
    assert isinstance(signatures, dg.TableMetadataValue)
    assert [(row.data["person"], row.data["decided"]) for row in signatures.records] == [
        ("bob", "approved it"),
        ("cleo", "approved it"),
    ]


def test_what_is_promoted_before_the_next_look_is_not_shown_to_wait_for_ever(world: World) -> None:
    assert decide(world.stage, "approve", envelope=world.signed("bob")).success
    # Signed at a terminal, and promoted before anything told Dagster of it.
    world.stage.registry.record_approval(world.signed("cleo").encode(), run=AT_WORK)
    assert [run.failures for run in world.stage.promote().runs] == [()]
    assert not world.shown().passed
    shown = world.tell()
    assert (shown.passed, shown.description) == (
        True,
        "production holds it, approved by bob and cleo",
    )
    assert [row.data["counts"] for row in rows_of(shown)] == ["yes: it was promoted on it"] * 2
    assert world.untold() == []


def test_a_version_that_was_rejected_is_shown_to_wait_for_nobody(world: World) -> None:
    assert decide(world.stage, "approve", envelope=world.signed("bob")).success
    command = "registry approve ontime:1 --key KEY --reason TEXT"
    assert world.shown().metadata["to approve"].value == command
    assert decide(world.stage, "reject", version=1, reason="it learned the answer").success
    shown = world.tell()
    assert not shown.passed
    assert str(shown.description).startswith("ontime:1 was rejected by ")
    assert str(shown.description).endswith(": it learned the answer")
    assert "to approve" not in shown.metadata
    assert world.untold() == []


def test_what_does_not_count_is_a_failed_run_that_changes_nothing(
    world: World, tmp_path: Path
) -> None:
    stranger = signatory(tmp_path / "strange", "bob")
    forged = stranger.sign(world.governed.statement(1, "bob", model="ontime")).decode()
    events = world.stage.events()
    for config, why in (
        ({"envelope": forged}, "is of none of the people of the policy in force"),
        ({"envelope": "{}"}, "envelope"),
        ({}, "there is no envelope, and no version and person either"),
        ({"version": 1, "person": "bob", "reason": "I say so"}, "nobody signed it"),
        ({"version": -1, "person": "bob", "reason": "so"}, "-1"),
    ):
        outcome = decide(world.stage, "approve", **config)
        assert not outcome.success
        (failure,) = outcome.failures
        assert why in failure
    assert world.stage.events() == events
    assert held(world.stage) == {"production": None}


def test_forged_tags_make_nobody_an_approver(world: World) -> None:
    envelope = world.signed("dan")  # of no role that counts
    ops = {NAMES.decision_op("approve"): {"config": {"envelope": envelope}}}
    tags = {"dagster/user": "cleo", "user": "cleo", "registry/model": "ontime"}
    outcome = world.stage.daemon.run_job(NAMES.job("approve"), run_config={"ops": ops}, tags=tags)
    assert not outcome.success
    assert "it takes the role risk, and dan has owner" in outcome.failures[0]


def test_unsigned_counts_where_the_policy_allows_it_and_is_shown_so(world: World) -> None:
    world.governed.activate(
        world.governed.document(PointerRules(approvals=1, roles=("risk",), unsigned=True))
    )
    outcome = decide(world.stage, "approve", version=1, person="bob", reason="I looked")
    assert outcome.success, outcome.failures
    shown = world.shown()
    assert (shown.passed, shown.description) == (True, "approved by bob (unsigned)")
    (row,) = rows_of(shown)
    assert row.data["signed"] == "unsigned"


def test_a_signed_rejection_and_a_signed_rollback(world: World) -> None:
    prepared = world.stage.registry.prepare_approval(
        "ontime", 1, decision="reject", person="cleo", reason="it learned the answer"
    )
    envelope = world.governed["cleo"].sign(prepared.statement).decode()
    outcome = decide(world.stage, "reject", version=1, envelope=envelope)
    assert outcome.success, outcome.failures
    mark = world.stage.registry.version("ontime:1").mark
    assert mark is not None
    assert (mark.mark, mark.actor, mark.reason) == ("rejected", "cleo", "it learned the answer")
    assert world.stage.registry.verify().problems == ()
