"""What a person sees of a deployment: the pages of a month that drifted and decayed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from registry_assets.registry import Registry
from registry_assets_tests.browser.pages import Window, chromium
from registry_assets_tests.browser.test_pages import fits
from registry_assets_tests.lifecycle.monitoring.lived import BAD, MODEL, lived_world

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, as it was stored."""
    folder = tmp_path_factory.mktemp("observed")
    with lived_world(folder / "project") as world:
        registry: Registry = world.registry
        found = {
            "drift": registry.observation_page(MODEL, "drift", BAD).html,
            "performance": registry.observation_page(MODEL, "performance", BAD).html,
            "evidently": registry.observation_page(MODEL, "drift", BAD, evidently=True).html,
        }
    for name, html in found.items():
        (folder / f"{name}.html").write_bytes(html)
    return {name: folder / f"{name}.html" for name in found}


@pytest.fixture(params=[1280, 390], ids=["wide", "phone"])
def window(request: pytest.FixtureRequest) -> Iterator[Window]:
    """A window that must ask for nothing outside and show no script error."""
    with chromium("file://", width=request.param) as opened:
        yield opened
        assert opened.outside == []
        assert opened.errors == []


def test_a_drift_s_page_tells_which_columns_moved(window: Window, pages: dict[str, Path]) -> None:
    page = window.visit(str(pages["drift"]))
    for title in ("Checks", "Columns", "Predictions", "Slices", "Evidently", "How it was computed"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="hour").first).to_contain_text("drifted")
    expect(page.get_by_text("feature_drift")).to_be_visible()
    everything = page.get_by_text("All 3 columns")
    everything.click()
    expect(page.get_by_role("rowheader", name="seats")).to_be_visible()
    assert fits(page)


def test_a_performance_s_page_sets_lived_beside_promised(
    window: Window, pages: dict[str, Path]
) -> None:
    page = window.visit(str(pages["performance"]))
    for title in ("Checks", "Metrics", "Slices", "Outcomes", "How it was computed"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_text("performance_decay")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="roc_auc"))
    expect(row).to_contain_text("-0.")
    assert fits(page)


def test_evidently_s_page_says_that_no_verdict_rests_on_it(
    window: Window, pages: dict[str, Path]
) -> None:
    page = window.visit(str(pages["evidently"]))
    expect(page.get_by_text("No verdict rests on these samples").first).to_be_visible()
    expect(page.get_by_text("Drift").first).to_be_visible()
