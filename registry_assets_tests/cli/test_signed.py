"""What people signed, and what it was judged by then, stays to be seen when the rules change."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_assets.clock import ReplayClock
from registry_assets.governance.document import Person, PointerRules
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import History
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.governance.people import AT_WORK, Governed, governed
from registry_assets_tests.worlds import SENSOR

MODEL, REFERENCE = "seat_credit", "seat_credit:1"
JUNE = ReplayClock(datetime(2013, 6, 1, 6, tzinfo=UTC))
ALICE = Person(name="alice", emails=("alice@example.com",))
RULES = PointerRules(roles=("risk",), unsigned=True)
MOVED = "✓ bob approved it on 2013-06-01, unsigned: looked at it (it moved the pointer)"


@pytest.fixture
def office(copied: Path, tmp_path: Path) -> Governed:
    """A copy in which bob approved version 1, and production holds it."""
    registry = Registry.open(copied, clock=JUNE)
    made = governed(History(registry, JUNE), tmp_path / "keys")
    made.activate(made.document(RULES, more=(ALICE,)))
    registry.record_unsigned(made.statement(1, "bob", model=MODEL), run=AT_WORK)
    registry.promote(MODEL, 1, run=SENSOR)
    return made


def test_what_moved_the_pointer_is_shown_so_when_another_policy_makes_it_stale(
    command: Command, office: Governed, copied: Path
) -> None:
    stricter = PointerRules(roles=("risk",), unsigned=True, approvals=2)
    office.activate(office.document(stricter, more=(ALICE,)))
    for verb in ("show", "explain"):
        out = flat(command(verb, REFERENCE, folder=copied, width=120).out)
        assert MOVED in out
        assert "stale" not in out.partition("Signed for")[2]
    out = flat(command("show", REFERENCE, folder=copied, width=120).out)
    assert "; approved by bob (unsigned)" in out


def test_a_rejection_is_not_taken_back_by_what_changes_after_it(
    command: Command, office: Governed, copied: Path
) -> None:
    registry = office.history.registry
    prepared = registry.prepare_approval(
        "flight_delay", 3, decision="reject", person="cleo", reason="it learned the answer"
    )
    envelope = office["cleo"].sign(prepared.statement)
    registry.reject("flight_delay:3", reason="", envelope=envelope, run=AT_WORK)
    office.activate(office.document(PointerRules(approvals=1), more=(ALICE,)))
    out = flat(command("show", "flight_delay:3", folder=copied, width=120).out)
    assert "· cleo rejected it on 2013-06-01: it learned the answer Waits for" in out


def test_figures_of_an_earlier_suite_are_shown_and_named_so(
    command: Command, office: Governed, copied: Path
) -> None:
    before = command("versions", MODEL, folder=copied, width=120).out
    assert "earlier suite" not in before
    office.history.declare(MODEL, gates={"good_enough": False})
    out = command("versions", MODEL, folder=copied, width=120).out
    assert "earlier suite" in out
    assert "not evaluated" not in out
    shown = flat(command("show", REFERENCE, folder=copied, width=120).out)
    assert "Metrics, under an earlier suite evaluated 2013-0" in shown
    assert "not yet under the suite in force metric value 95 % interval roc_auc 0." in shown
    assert command("show", REFERENCE, "--json", folder=copied).document["evaluation"] is None


def test_the_log_says_when_an_event_was_recorded_only_where_that_was_another_time(
    command: Command, office: Governed, copied: Path
) -> None:
    out = flat(command("log", MODEL, folder=copied, width=120).out)
    assert "approval_recorded by " in out
    assert ", recorded 2013-06-01 06:00 UTC" not in out


def test_the_model_says_that_its_pointer_went_back(command: Command, copied: Path) -> None:
    registry = Registry.open(copied, clock=JUNE)
    registry.rollback("flight_delay", reason="slow", run=AT_WORK)
    out = flat(command("show", "flight_delay", folder=copied, width=120).out)
    assert f"version 1 since 2013-06-01 06:00 UTC rolled back to by {AT_WORK.actor}" in out
