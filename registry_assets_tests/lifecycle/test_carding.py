"""The card and the page of a version: gathered from what is recorded, and verified."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.catalog.evaluations import record_evaluation
from registry_assets.errors import (
    BlobCorrupt,
    DeclarationError,
    InvalidReference,
    NotFound,
    VersionFailed,
)
from registry_assets.evaluation.report.card import card_markdown
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import file_entries
from registry_assets_tests.cli.test_failures import damage
from registry_assets_tests.evaluation.report.pages import outside, taken
from registry_assets_tests.worlds import PERSON, SENSOR, World


def test_a_card_is_gathered_from_what_is_recorded(succeeded: World) -> None:
    registry = succeeded.registry
    registry.promote("flight_delay", 2, run=SENSOR)
    card = registry.card("flight_delay@production")
    version = registry.resolve("flight_delay:2")
    assert (card.reference, card.digest) == ("flight_delay:2", version.digest)
    assert card.stage == "production"
    assert (card.task, card.target, card.risk) == ("binary", "late", "low")
    assert [(part.name, part.rows) for part in card.train] == [
        ("flight_features[2013-01]", 400),
        ("flight_features[2013-02]", 400),
        ("flight_features[2013-03]", 400),
    ]
    assert [part.name for part in card.holdout] == ["flight_features[2013-04]"]
    assert {part.name for part in card.datasets} >= {"flights[2013-04]", "planes"}
    assert [(held.pointer, held.until) for held in card.held] == [("production", None)]
    assert card.training.params == {"C": 1.0, "sense": True, "fail": False}
    assert (card.training.framework, card.training.dirty) == ("scikit-learn", False)
    assert card.evaluated is not None
    assert card.evaluated.in_force
    assert list(card.evaluated.result.metrics) == ["roc_auc", "log_loss"]
    assert set(card.evaluated.result.pictures) > {"roc", "calibration", "slices", "difference"}
    assert [gate.outcome for gate in card.gates] == ["passed"] * 5
    assert (card.limits, card.license, card.approvals, card.waits_for) == ("", "", (), ())


def test_the_owners_words_are_kept_with_the_version(arrived: World) -> None:
    limits = "For planning.\nNot for blaming | `carriers`.\n---\n"
    model = replace(arrived.model(), limits=limits, license="Apache-2.0")
    number = arrived.version(model, request="with limits")
    card = arrived.registry.card(f"flight_delay:{number}")
    assert (card.limits, card.license) == (limits, "Apache-2.0")
    # What the declaration says later is about later versions.
    later = replace(model, limits="For nothing.")
    arrived.version(later, request="later")
    assert arrived.registry.card(f"flight_delay:{number}").limits == limits


def test_limits_that_are_no_text_are_refused_where_they_are_written(arrived: World) -> None:
    with pytest.raises(DeclarationError, match="limits must be text"):
        replace(arrived.model(), limits=["a"])  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="license is 501 characters"):
        replace(arrived.model(), license="x" * 501)
    with pytest.raises(DeclarationError, match="limits"):
        replace(arrived.model(), limits="\x1b[2J")


def test_a_version_of_before_has_no_words_and_a_card_all_the_same(trained: World) -> None:
    with sqlite3.connect(trained.folder / ".registry" / "catalog.sqlite") as connection:
        connection.execute(
            "UPDATE versions SET metadata = json_remove(metadata, '$.limits', '$.license')"
        )
    card = trained.registry.card("flight_delay:1")
    assert (card.limits, card.license) == ("", "")
    assert "The owners declared no limits in their own words." in card_markdown(card)


def test_a_card_says_what_a_person_must_still_agree_to(trained: World) -> None:
    trained.table()
    trained.version(trained.high_risk_model(), request="first")
    card = trained.registry.card("seat_credit:1")
    assert (card.risk, card.approvals_needed, card.approval_roles) == ("high", 1, ("risk",))
    assert card.holdout_rule.startswith("50 % of rows by ")
    assert any("waits for 1 approval" in reason for reason in card.waits_for)
    text = card_markdown(card)
    assert "Approvals: none recorded; 1 required by policy, by a person of role risk." in text


def test_edited_words_are_on_the_card(trained: World) -> None:
    registry = trained.registry
    registry.tag("flight_delay:1", {"team": "night-ops"}, run=PERSON)
    registry.describe("flight_delay:1", "Said later.", run=PERSON)
    card = registry.card("flight_delay:1")
    assert (card.tags["team"], card.description) == ("night-ops", "Said later.")


def test_what_has_no_card_is_an_error(trained: World) -> None:
    registry = trained.registry
    with pytest.raises(NotFound, match="no version 9"):
        registry.card("flight_delay:9")
    with pytest.raises(InvalidReference, match="not one of its versions"):
        registry.card("flight_delay")
    with pytest.raises(NotFound, match="holds no version yet"):
        registry.card("flight_delay@production")


def test_a_failed_version_has_nothing_to_describe(arrived: World) -> None:
    number = arrived.reserve(request="broken", params={"fail": "the sky fell"})
    with pytest.raises(Exception, match="the sky fell"):
        arrived.registry.train(arrived.model(), number, run=SENSOR)
    with pytest.raises(VersionFailed, match="the sky fell"):
        arrived.registry.card(f"flight_delay:{number}")


def test_the_page_is_stored_with_its_evaluation(trained: World) -> None:
    registry = trained.registry
    page = registry.page("flight_delay:1")
    evaluation = registry.version("flight_delay:1").evaluation
    assert evaluation is not None
    assert (page.evaluation, page.stored) == (evaluation.digest, True)
    assert page.html == registry.read_file(evaluation.digest, "report.html")
    assert outside(page.html) == []
    text = taken(page.html).text
    for said in ("flight_delay:1", "roc_auc_at_least", "flight_features[2013-03]", "By the other"):
        assert said in text


def test_the_same_evaluation_again_is_the_same_page(trained: World) -> None:
    registry = trained.registry
    first = registry.page("flight_delay:1")
    registry.evaluate(trained.model(), 1, run=SENSOR)
    again = registry.page("flight_delay:1")
    assert (again.evaluation, again.html) == (first.evaluation, first.html)


def evaluated_without_page(world: World) -> None:
    """Version 1 is evaluated once more, as by a release that knew no pages."""
    registry, backends = world.registry, world.registry.backends
    summary = registry.version("flight_delay:1")
    before = summary.evaluation
    assert before is not None
    whole = registry.manifest(before.digest)
    contents = {
        file.path: backends.store.read(file.sha256)
        for file in whole.files
        if file.path != "report.html"
    }
    manifest = replace(whole, files=file_entries(contents))
    publication = Publication.begin(backends)
    digest = publication.put(manifest, contents)
    record_evaluation(
        backends.catalog,
        model="flight_delay",
        version=1,
        version_digest=str(summary.version.digest),
        digest=digest,
        suite_digest=before.suite_digest,
        metrics=before.metrics,  # type: ignore[arg-type]
        findings=[found.finding for found in summary.verdicts if found.evaluation_id],
        parents=manifest.parents,
        passed=lambda _: True,
        run_id="run",
        actor="alice",
        clock=world.clock,
    )


def test_a_page_that_was_not_kept_is_made_of_the_figures(trained: World) -> None:
    evaluated_without_page(trained)
    page = trained.registry.page("flight_delay:1")
    assert not page.stored
    assert outside(page.html) == []
    text = taken(page.html).text
    assert "evaluated 2013-04-01 06:00 UTC" in text
    assert page.evaluation in text
    assert "5 of 5" in text


def test_pages_that_are_not_there_are_errors_that_say_what_to_do(arrived: World) -> None:
    number = arrived.reserve(request="april")
    arrived.registry.train(arrived.model(), number, run=SENSOR)
    with pytest.raises(NotFound, match="has not been evaluated yet") as caught:
        arrived.registry.page(f"flight_delay:{number}")
    assert "flight_delay/evaluation" in caught.value.hint
    assert "Not evaluated yet." in card_markdown(arrived.registry.card(f"flight_delay:{number}"))
    arrived.registry.evaluate(arrived.model(), number, run=SENSOR)
    with pytest.raises(NotFound, match="no page of Evidently's") as caught:
        arrived.registry.page(f"flight_delay:{number}", evidently=True)
    assert "Evidently()" in caught.value.hint


@pytest.mark.parametrize("path", ["report.html", "evaluation.json", "pictures/roc.png"])
def test_damaged_bytes_are_never_shown(path: str, trained: World) -> None:
    registry = trained.registry
    evaluation = registry.version("flight_delay:1").evaluation
    assert evaluation is not None
    damage(Path(trained.folder), registry.manifest(evaluation.digest).file(path).sha256)
    if path == "report.html":
        with pytest.raises(BlobCorrupt):
            registry.page("flight_delay:1")
    else:
        with pytest.raises(BlobCorrupt):
            registry.card("flight_delay:1")
