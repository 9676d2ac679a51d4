"""Take the pictures of the README and the docs anew, from a freshly lived main job.

    python scripts/screenshots.py [HOME [GOVERNED]]

HOME is a project folder in which the main job has run already, GOVERNED one that
`make governance ARGS="--folder GOVERNED"` has left; neither is changed.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Page, expect
from rich.console import Console
from rich.text import Text

from registry_assets_tests.browser.pages import (
    CHECK,
    GRAPH,
    PARTITION,
    REPOSITORY,
    chromium,
    lived_home,
    webserver,
)

IMAGES = REPOSITORY / "docs" / "images"
REGISTRY = Path(sys.executable).with_name("registry")
PAGES = {
    "evaluation_page": ("report", "flight_delay:2"),
    "model_card": ("card", "loan_approval:1", "--html"),
}
MARGIN = 16  # pixels around the graph


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if len(sys.argv) > 1:
            shutil.copytree(sys.argv[1], home, dirs_exist_ok=True)
        else:
            print("Running the main job …")
            lived_home(home)
        with webserver(home) as server:
            # So wide that the graph is drawn with what is inside each node.
            with chromium(server.url, width=2150, height=900) as window:
                page = window.visit(GRAPH.format("flight_delay"))
                page.get_by_text("Hide navigation").click()
                page.get_by_text("Asset checks").first.wait_for()
                _save(page, "asset_graph", clip=_graph(page))
            with chromium(server.url, width=1400, height=900) as window:
                page = window.visit(
                    CHECK.format("flight_delay/evaluation", "roc_auc_not_worse_than_production")
                )
                page.get_by_text("Latest execution").wait_for()
                _save(page, "evaluation_checks")
                page = window.visit(PARTITION.format("flight_delay/model", 2))
                page.get_by_text("trained on").wait_for()
                _save(page, "model_materialization")
            # Tall enough for the tables and the pictures of an evaluation.
            with chromium(server.url, width=1400, height=2600) as window:
                page = window.visit(PARTITION.format("flight_delay/evaluation", 2))
                page.get_by_text("against production").wait_for()
                _save(page, "evaluation_materialization")
        with chromium("file://", width=1280, height=1500) as window:
            for name, words in PAGES.items():
                written = home / f"{name}.html"
                subprocess.run(
                    [REGISTRY, *words, "--out", written],
                    env={**os.environ, "REGISTRY_HOME": str(home)},
                    check=True,
                )
                _save(window.visit(str(written)), name)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "governed"
        if len(sys.argv) > 2:
            shutil.copytree(sys.argv[2], home)
        else:
            print("Walking a model through its governance …")
            story = [
                sys.executable,
                "-m",
                "registry_assets.models.governance",
                "--folder",
                str(home),
            ]
            subprocess.run(story, check=True, stdout=subprocess.DEVNULL)
        _governed(home)


def _governed(home: Path) -> None:
    """Take the pictures of a governed model: the check of its approvals, what it waits for."""
    with webserver(home) as server, chromium(server.url, width=1400, height=900) as window:
        page = window.visit(CHECK.format("loan_approval/evaluation", "approved"))
        page.get_by_text("Latest execution").wait_for()
        _save(page, "approved_check")
    told = subprocess.run(
        [REGISTRY, "explain", "loan_approval"],
        env={**os.environ, "REGISTRY_HOME": str(home), "COLUMNS": "100", "FORCE_COLOR": "1"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    terminal = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    terminal.print(Text("$ registry explain loan_approval\n", "bold"))
    terminal.print(Text.from_ansi(told))
    drawn = home / "explain.html"
    drawn.write_text(f"<body style='margin:0'>{terminal.export_svg(title='registry')}</body>")
    with chromium("file://", width=1240, height=900) as window:
        page = window.visit(str(drawn))
        box = page.locator("svg").first.bounding_box()
        assert box is not None
        _save(page, "explain", clip=box)


def _graph(page: Page) -> FloatRect:
    """The rectangle around both groups of the graph."""
    page.wait_for_timeout(3000)  # the zoom to fit is an animation, and nodes fill one by one
    expect(page.get_by_text("Loading")).to_have_count(0)
    boxes = [
        box for part in page.locator("svg foreignObject").all() if (box := part.bounding_box())
    ]
    left = min(box["x"] for box in boxes) - MARGIN
    top = min(box["y"] for box in boxes) - MARGIN
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def _save(page: Page, name: str, *, clip: FloatRect | None = None) -> None:
    page.wait_for_timeout(1500)  # icons and numbers come after the frame
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, clip=clip, animations="disabled")
    print(f"{path.relative_to(REPOSITORY)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
