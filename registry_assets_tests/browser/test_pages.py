"""What a person sees of an evaluation outside Dagster: pages that open without a network."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from registry_assets_tests.browser.pages import Window, chromium

# The first test also runs the main job.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

REGISTRY = Path(sys.executable).with_name("registry")
PAGES = {
    "evaluation": ("report", "flight_delay:2"),
    "evidently": ("report", "flight_delay:2", "--evidently"),
    "card": ("card", "loan_approval:1", "--html"),
    "comparison": ("compare", "flight_delay:1", "flight_delay:2", "--html"),
}

SECTIONS = ("Metrics", "Gates", "Changed decisions", "Slices", "Weak slices", "Speed", "Data")


@pytest.fixture(scope="module")
def pages(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, written by the commands that people type."""
    folder = tmp_path_factory.mktemp("pages")
    written = {name: folder / f"{name}.html" for name in PAGES}
    for name, words in PAGES.items():
        subprocess.run(
            [REGISTRY, *words, "--out", written[name]],
            cwd=home,
            env={**os.environ, "REGISTRY_HOME": str(home)},
            check=True,
            capture_output=True,
        )
    return written


@pytest.fixture(params=[1280, 390], ids=["wide", "phone"])
def window(request: pytest.FixtureRequest) -> Iterator[Window]:
    """A window that must ask for nothing outside and show no script error."""
    with chromium("file://", width=request.param) as opened:
        yield opened
        assert opened.outside == []
        assert opened.errors == []


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_the_page_of_an_evaluation_tells_all_of_it(window: Window, pages: dict[str, Path]) -> None:
    page = window.visit(str(pages["evaluation"]))
    for title in SECTIONS:
        expect(page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
    for picture in page.get_by_role("img").all():
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    assert fits(page)


def test_a_card_says_what_the_model_is_for_and_who_must_agree(
    window: Window, pages: dict[str, Path]
) -> None:
    page = window.visit(str(pages["card"]))
    expect(page.get_by_role("heading", name="loan_approval").first).to_be_visible()
    expect(page.get_by_text("decides nothing by itself").first).to_be_visible()
    expect(page.get_by_text("demographic_parity_difference").first).to_be_visible()
    expect(page.get_by_text("approval").first).to_be_visible()
    assert fits(page)


def test_two_versions_stand_side_by_side(window: Window, pages: dict[str, Path]) -> None:
    page = window.visit(str(pages["comparison"]))
    for reference in ("flight_delay:1", "flight_delay:2"):
        expect(page.get_by_text(reference).first).to_be_visible()
    expect(page.get_by_text("better").first).to_be_visible()
    assert fits(page)


def test_evidently_s_report_draws_without_a_network(window: Window, pages: dict[str, Path]) -> None:
    page = window.visit(str(pages["evidently"]))
    expect(page.get_by_text("of 28,128").first).to_be_visible()
    expect(page.get_by_text("Drift").first).to_be_visible()
    expect(page.locator(".js-plotly-plot, svg.main-svg").first).to_be_attached()
