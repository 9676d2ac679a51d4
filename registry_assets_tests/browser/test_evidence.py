"""An evidence pack as somebody opens it who has neither this program nor a network."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect

from registry_assets_tests.browser.pages import Window, chromium
from registry_assets_tests.browser.test_pages import fits
from registry_assets_tests.lifecycle.packs import HOSTILE, MODEL, Pack, promoted_world, unpack
from registry_assets_tests.worlds import SENSOR, small_world

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SECTIONS = (
    "At a glance", "Who approved", "Who made it", "Policy", "Verdicts", "Evaluations", "Lineage",
    "What differs", "History", "Not known", "Files",
)  # fmt: skip


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The evidence about a version that was approved, unpacked."""
    folder = tmp_path_factory.mktemp("evidence")
    months = ("2013-01", "2013-02", "2013-03")
    with small_world(folder / "project", months=months) as world:
        world.version(request="april")
        world.registry.promote(MODEL, 1, run=SENSOR)
        world.month("2013-04")
        world.version(request="may")
        promoted_world(world, folder / "keys")
        world.registry.evidence(f"{MODEL}@production", folder / "pack.zip")
    return unpack(folder / "pack.zip", folder / "unpacked")


@pytest.fixture(params=[1280, 390], ids=["wide", "phone"])
def window(request: pytest.FixtureRequest) -> Iterator[Window]:
    """A window that must ask for nothing outside, run no script and show no dialog."""
    with chromium("file://", width=request.param) as opened:
        dialogs: list[str] = []

        def note(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        opened.page.on("dialog", note)
        yield opened
        assert opened.outside == []
        assert opened.errors == []
        assert dialogs == []


def index(window: Window, pack: Pack) -> Page:
    return window.visit(str(pack.folder / "index.html"))


def test_it_says_what_is_live_and_who_agreed(window: Window, pack: Pack) -> None:
    page = index(window, pack)
    for title in SECTIONS:
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_text(f"{MODEL}:2 is live: production since 2013-05-01")).to_be_visible()
    (said,) = pack.document("index.json")["approvals"]
    approvals = page.locator("#approvals")
    for text in ("bob", "risk", said["fingerprint"], "counted for production, promotion 2"):
        expect(approvals.get_by_text(text).first).to_be_visible()
    expect(approvals.get_by_text("signed", exact=False).first).to_be_visible()
    expect(
        page.locator("#separation").get_by_text("asked for it: cannot approve it")
    ).to_be_visible()
    expect(page.get_by_text("Nothing was observed of this version in use").first).to_be_visible()
    assert fits(page)


def test_words_that_mean_no_good_are_shown_as_they_were_written(window: Window, pack: Pack) -> None:
    page = index(window, pack)
    for part in ("#glance", "#approvals", "#history"):
        expect(page.locator(part).get_by_text(HOSTILE).first).to_be_visible()
    assert page.locator("script").count() == 0
    assert page.locator("main b", has_text="bold").count() == 0
    page = window.visit(str(pack.folder / "comparison.html"))
    expect(page.get_by_text(HOSTILE).first).to_be_attached()
    assert page.locator("script").count() == 0


def test_every_link_leads_to_a_file_of_the_pack(window: Window, pack: Pack) -> None:
    page = index(window, pack)
    links = [link.get_attribute("href") or "" for link in page.locator("a").all()]
    files = {link for link in links if not link.startswith("#")}
    assert files <= pack.paths
    assert files >= pack.paths - {"index.html", "SHA256SUMS"}
    page.locator("#evaluations").get_by_role("link", name="page", exact=True).click()
    expect(page.get_by_role("heading", name="Metrics", exact=True).first).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="both side by side").click()
    expect(page.get_by_text(f"{MODEL}:1").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_by_day_and_by_night(window: Window, pack: Pack, scheme: str) -> None:
    window.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page = index(window, pack)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    first = int(colour.removeprefix("rgb(").split(",")[0])
    assert (first < 64) is (scheme == "dark")
