"""A lived registry, its webserver, and Chromium on it.

A helper for the tests beside it and for scripts/screenshots.py, not a test. What a page has
to show belongs in the tests.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error, Locator, Page, Request, expect, sync_playwright

from registry_assets_tests.orchestration.dagster_dev import DagsterDev, _free_port, _stop

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60_000  # milliseconds; the cores may be busy with other tests

GRAPH = "/assets/{}/production?view=lineage&lineageScope=upstream&lineageDepth=5"
PARTITION = "/assets/{}?view=partitions&partition={}"
CHECK = "/assets/{}?view=checks&checkDetail={}"

# Without them Chromium looks for updates and accounts, on a machine that may have no network.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOADED = """
{
  workspaceOrError {
    ... on Workspace {
      locationEntries {
        loadStatus
        locationOrLoadError { __typename ... on PythonError { message } }
      }
    }
  }
}
"""


@dataclass  # without slots: playwright notes its listeners in the object they belong to
class Window:
    """A page of the UI, with what went wrong in it so far."""

    page: Page
    url: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def visit(self, path: str) -> Page:
        """The page at this path of the UI."""
        self.page.goto(self.url + path, timeout=PATIENCE)
        return self.page

    def open(self, button: Locator, *, until: Locator) -> None:
        """Click until something is visible: a page that is still loading swallows clicks."""
        for _ in range(PATIENCE // 5_000):
            button.click()
            with suppress(Error):
                until.wait_for(timeout=5_000)
                return
        expect(until).to_be_visible()

    def _watch(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"blob", "data", "file"} and address.hostname != "127.0.0.1":
            self.outside.append(request.url)


def lived_home(folder: Path) -> Path:
    """A project folder in which the main job has run."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(REPOSITORY / name, folder)
    done = subprocess.run(
        [sys.executable, "-m", "registry_assets.models.main_job"],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"the main job ended with {done.returncode}:\n{done.stdout}")
    return folder


@contextmanager
def webserver(home: Path) -> Iterator[DagsterDev]:
    """The UI on a free loopback port, without a daemon, so that nothing in it changes."""
    log = home / "webserver.log"
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dagster_webserver", "--workspace", "workspace.yaml"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=home,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = DagsterDev(url=f"http://127.0.0.1:{port}", log=log, process=process)
    try:
        server.wait("the webserver was ready", lambda: _loaded(server))
        yield server
    finally:
        _stop(process)


@contextmanager
def chromium(url: str, *, width: int = 1400, height: int = 1000) -> Iterator[Window]:
    """A fresh browser window on the UI at `url`, in its light theme and in UTC."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        raise AssertionError("No chromium on PATH. Debian: apt-get install chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="light",
                locale="en-GB",
                timezone_id="UTC",
            )
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            window = Window(page, url)
            page.on("request", window._watch)
            page.on("pageerror", lambda error: window.errors.append(str(error)))
            yield window
        finally:
            browser.close()


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "DAGSTER_HOME": str(home), "REGISTRY_HOME": str(home)}


def _loaded(server: DagsterDev) -> bool:
    entries = server.graphql(_LOADED)["workspaceOrError"].get("locationEntries", [])
    for entry in entries:
        failure = entry["locationOrLoadError"]
        if failure and failure["__typename"] == "PythonError":
            raise AssertionError(f"the code location does not load: {failure['message']}")
    return bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)
