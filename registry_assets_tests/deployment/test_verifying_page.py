"""`docs/verifying.md`: its commands are run on a folder that was pulled, and on forged ones."""

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets_tests.catalog.history import MODEL
from registry_assets_tests.deployment.proofs import Pulled, pulled

PAGE = Path(__file__).parents[2] / "docs" / "verifying.md"
BLOCK = re.compile(r"^```bash run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OTHER = "sha256:" + "7" * 64


@pytest.fixture(scope="module")
def _pulled(tmp_path_factory: pytest.TempPathFactory) -> Pulled:
    return pulled(tmp_path_factory.mktemp("pulled"))


@pytest.fixture
def model(_pulled: Pulled, tmp_path: Path) -> Pulled:
    return _pulled.copy(tmp_path / "model")


def recipe(model: Pulled, work: Path) -> subprocess.CompletedProcess[str]:
    """Run the page's commands, in their order."""
    work.mkdir()
    script = "".join(BLOCK.findall(PAGE.read_text()))
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={
            "PATH": os.environ["PATH"],
            "MODEL": str(model.folder),
            "TRUSTED": str(model.trusted),
            "REGISTRY": model.trusted.read_text().split()[0],
            "NAME": MODEL,
            "WORK": str(work),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_prove_what_was_promoted(model: Pulled, tmp_path: Path) -> None:
    done = recipe(model, tmp_path / "work")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Good ") == 3
    assert "2 people approved; that is proven" in done.stdout


def _file(model: Pulled) -> None:
    (model.folder / "estimator.skops").unlink()
    (model.folder / "estimator.skops").write_bytes(b"another")


FORGED: dict[str, Callable[[Pulled], object]] = {
    "a file": _file,
    "a missing file": lambda m: (m.folder / "estimator.skops").unlink(),
    "a file too many": lambda m: (m.folder / "sitecustomize.py").touch(),
    "a link too many": lambda m: (m.folder / "sitecustomize.py").symlink_to("estimator.skops"),
    "the manifest": lambda m: (m.folder / "manifest.json").unlink(),
    "a statement by another key": lambda m: m.state(m.said, by=m.world["eve"].signer),
    "an approval by another key": lambda m: m.approve_otherwise("bob", lambda s: s, by="eve"),
    "an approval of another version": lambda m: m.approve_otherwise(
        "bob", lambda s: replace(s, bound=replace(s.bound, version=2, digest=OTHER))
    ),
    "an approval for another pointer": lambda m: m.approve_otherwise(
        "cleo", lambda s: replace(s, bound=replace(s.bound, pointer="canary"))
    ),
    "an approval of another evaluation": lambda m: m.approve_otherwise(
        "cleo", lambda s: replace(s, bound=replace(s.bound, evaluation=OTHER))
    ),
    "an approval under other gates": lambda m: m.approve_otherwise(
        "cleo", lambda s: replace(s, bound=replace(s.bound, gates=OTHER))
    ),
    "an approval that was over": lambda m: m.approve_otherwise(
        "cleo", lambda s: replace(s, expires_at="2013-04-01T06:00:00.000000Z")
    ),
    "a removed approval": lambda m: m.write({m.approval("bob").file: None}),
}


@pytest.mark.parametrize("forged", FORGED)
def test_they_fail_where_anything_is_forged(model: Pulled, tmp_path: Path, forged: str) -> None:
    FORGED[forged](model)
    done = recipe(model, tmp_path / "work")
    assert done.returncode != 0
    assert "that is proven" not in done.stdout
