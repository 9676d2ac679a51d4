"""What a person sees in the UI after the main job."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from registry_assets_tests.browser.pages import (
    CHECK,
    GRAPH,
    PARTITION,
    Window,
    chromium,
    webserver,
)

# The first test also runs the main job: a minute and a half, more on busy cores.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

WORSE = "may be worse than that of production version 2 by more than"
REASONS = {
    "calibration_at_most": r"^calibration_error 0\.3\d+ \[.+\] is above 0\.1$",
    "log_loss_not_worse_than_production": f"^log_loss {WORSE}",
    "roc_auc_at_least": r"^the lower bound of roc_auc 0\.5\d+ \[.+\] is below 0\.65$",
    "roc_auc_floor_by_carrier": r"^roc_auc is below 0\.58 for carrier ",
    "roc_auc_floor_by_origin": r"^roc_auc is below 0\.62 for origin ",
    "roc_auc_not_worse_than_production": f"^roc_auc {WORSE}",
}
"""What each gate that fails says about version 3 of flight_delay."""
PASSED = ("approved", "latency_p50_not_worse", "no_leakage", "size_at_most")


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with webserver(home) as server:
        yield server.url


@pytest.fixture
def window(url: str) -> Iterator[Window]:
    """A window that must stay on this machine and show no script error."""
    with chromium(url) as opened:
        yield opened
        assert opened.outside == []
        assert opened.errors == []


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("flight_delay", ("flights", "weather", "planes", "flight_features")),
        ("loan_approval", ("loans", "loan_features")),
    ],
)
def test_the_graph_leads_from_data_to_the_production_pointer(
    window: Window, model: str, data: tuple[str, ...]
) -> None:
    page = window.visit(GRAPH.format(model))
    nodes = page.locator("svg foreignObject")
    for name in (*data, "model", "evaluation", "production"):
        expect(nodes.get_by_text(name, exact=True).first).to_be_visible()
    edges = page.locator("svg path[marker-end]")
    expect(edges).to_have_count(len(data) + 2)  # all but the pointer have one onwards


@pytest.mark.parametrize("gate", REASONS)
def test_a_poor_version_shows_its_failed_gate_with_the_reason(window: Window, gate: str) -> None:
    page = window.visit(CHECK.format("flight_delay/evaluation", gate))
    expect(page.get_by_text(f"Checks ({len(REASONS) + len(PASSED)})")).to_be_visible()
    expect(page.get_by_text("Latest execution")).to_be_visible()
    expect(page.get_by_text("Failed", exact=True)).to_have_count(len(REASONS) + 1)
    expect(page.get_by_text(re.compile(REASONS[gate])).first).to_be_visible()


def test_the_history_of_a_gate_tells_versions_apart(window: Window) -> None:
    gate = "roc_auc_not_worse_than_production"
    page = window.visit(CHECK.format("flight_delay/evaluation", gate))
    page.get_by_text("Execution history").click()
    told = (
        ("Failed", "3", "roc_auc may be worse than that of production version 2"),
        ("Passed", "2", "roc_auc is not worse than that of production version 1"),
        ("Passed", "1", "production has never held a version"),
    )
    for status, version, reason in told:
        cell = page.get_by_role("cell", name=version, exact=True)
        row = page.get_by_role("row").filter(has=cell)
        expect(row).to_contain_text(status)
        expect(row).to_contain_text(reason)


def test_a_model_version_shows_what_it_is_and_what_it_was_trained_on(window: Window) -> None:
    page = window.visit(PARTITION.format("flight_delay/model", 2))
    for label in ("version", "reference", "digest", "recipe", "trained on", "held out", "params"):
        expect(page.get_by_role("cell", name=label, exact=True).first).to_be_visible()
    expect(page.get_by_role("cell", name="flight_delay:2", exact=True)).to_be_visible()
    for month in ("2013-01", "2013-02", "2013-03", "2013-04", "2013-05"):
        expect(page.get_by_text(f"flight_features[{month}]").first).to_be_visible()
    expect(page.get_by_text("flight_delay__train").first).to_be_visible()


def test_an_evaluation_draws_its_roc_and_calibration_curves(window: Window) -> None:
    page = window.visit(PARTITION.format("flight_delay/evaluation", 2))
    for label in ("roc", "precision_recall", "calibration", "confusion", "slices", "difference"):
        row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=label, exact=True))
        row.get_by_text("Show Markdown").click()
        picture = page.get_by_role("img", name=label)
        expect(picture).to_be_visible()
        expect(picture).not_to_have_js_property("naturalWidth", 0)
        page.keyboard.press("Escape")
        expect(picture).to_have_count(0)


def test_every_run_is_a_success_and_links_its_job(window: Window) -> None:
    page = window.visit("/runs")
    for job in ("flight_delay__train", "loan_approval__train", "flight_delay__promote"):
        expect(page.locator(f"a[href*='/jobs/{job}']").first).to_be_visible()
    statuses = page.get_by_text("Success", exact=True)
    runs = page.locator("a[href^='/runs/']").filter(has_text="View")
    expect(runs.first).to_be_visible()
    assert statuses.count() == runs.count() >= 10
    for trouble in ("Failure", "Canceled", "Started"):
        expect(page.get_by_text(trouble, exact=True)).to_have_count(0)


def test_the_promotion_sensor_says_why_it_holds_a_version(window: Window) -> None:
    page = window.visit("/locations/registry_assets/sensors/flight_delay__promotion")
    reason = page.get_by_text("flight_delay:3 is held").first
    window.open(page.get_by_role("button", name="0 runs requested").last, until=reason)
    for gate in REASONS:
        expect(reason).to_contain_text(f"{gate} failed: ")


def test_a_drift_leads_to_the_page_of_the_version_that_it_is_about(window: Window) -> None:
    page = window.visit(PARTITION.format("flight_delay/drift", "2013-05"))
    expect(page.get_by_role("cell", name="wind_gust", exact=True)).to_be_visible()
    expect(page.get_by_text("threshold of the distance: 0.1")).to_be_visible()
    link = page.locator("a[href*='/assets/flight_delay/model?']")
    address = urlsplit(link.first.get_attribute("href") or "")
    page = window.visit(f"{address.path}?{address.query}")
    # Not of version 3, which is the newest.
    expect(page.get_by_role("cell", name="flight_delay:1", exact=True)).to_be_visible()
