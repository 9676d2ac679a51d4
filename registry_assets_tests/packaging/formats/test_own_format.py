"""The format that docs/frameworks.md shows: installed, it carries a model to its deployment."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.errors import DeclarationError, PackagingRefused
from registry_assets.packaging import formats
from registry_assets.packaging.estimator import load_estimator, store_estimator
from registry_assets.packaging.formats import Stored, format_named, format_of
from registry_assets_tests.project.files import ROOT

PAGE = (ROOT / "docs" / "frameworks.md").read_text()
LIFE = """
from pathlib import Path

import numpy as np

from registry_assets_tests.packaging.formats.lived import birds, nest

TRAINING = '''
import acme_scorecard

def train(features, target, params):
    weight = 1.0 if features["depth"].corr(target.astype(float)) > 0 else -1.0
    return acme_scorecard.Scorecard({"depth": weight})
'''

with nest(Path("project").absolute(), TRAINING) as lived:
    lived.trained("binary", "heavy")
    loaded, rows = lived.deployed("heavy"), birds(40, seed=1)
    np.testing.assert_array_equal(loaded.predict(rows), rows["bill_depth"].to_numpy() > 17)
    print(type(loaded.estimator).__module__, loaded.environment["distributions"]["acme-scorecard"])
    print(lived.registry.version("heavy:1").version.metadata["framework"])
"""


def shown(title: str) -> str:
    """A file that the page shows."""
    found = re.search(rf'```\w+ title="{re.escape(title)}"\n(.*?)```', PAGE, re.DOTALL)
    assert found, title
    return found[1]


@pytest.fixture
def scorecard() -> dict[str, Any]:
    """The module of the page, run."""
    names: dict[str, Any] = {"__name__": "acme_scorecard"}
    exec(compile(shown("acme_scorecard.py"), "acme_scorecard.py", "exec"), names)
    return names


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers, no other test knows."""
    monkeypatch.setattr(formats, "_registered", {})


@pytest.mark.usefixtures("known")
def test_a_process_knows_what_was_registered_in_it(scorecard: dict[str, Any]) -> None:
    with pytest.raises(PackagingRefused, match="'scorecard'; this process knows catboost"):
        format_named("scorecard")
    own = scorecard["ScorecardFormat"]()
    formats.register(own)
    formats.register(own)
    estimator = scorecard["Scorecard"]({"depth": 2.0})
    assert format_of(estimator) is own
    stored = store_estimator(estimator)
    assert (stored.format, stored.data) == ("scorecard", b'{"depth": 2.0}')
    features = pd.DataFrame({"depth": [1.0, -1.0, None]})
    said = load_estimator(stored).predict_proba(features)
    np.testing.assert_array_equal(said, estimator.predict_proba(features))
    with pytest.raises(PackagingRefused, match="no scorecard"):
        load_estimator(Stored("scorecard", b'{"depth": 1e300}'))


@pytest.mark.usefixtures("known")
def test_a_name_is_of_one_format(scorecard: dict[str, Any]) -> None:
    formats.register(scorecard["ScorecardFormat"]())
    with pytest.raises(DeclarationError, match="another format named 'scorecard'"):
        formats.register(scorecard["ScorecardFormat"]())
    own: Any = scorecard["ScorecardFormat"]()
    own.name = "skops"
    with pytest.raises(DeclarationError, match="another format named 'skops'"):
        formats.register(own)


@pytest.mark.usefixtures("known")
def test_what_is_no_format_is_told_what_it_lacks(scorecard: dict[str, Any]) -> None:
    half: Any = type("Half", (), {"name": "half", "file": "estimator.half"})()
    with pytest.raises(DeclarationError, match="it lacks distributions, relative, takes"):
        formats.register(half)
    own: Any = scorecard["ScorecardFormat"]()
    for file in ("../estimator.json", "package.json", "estimator.a/b", "estimator."):
        own.file = file
        with pytest.raises(DeclarationError, match="names its file"):
            formats.register(own)


def test_installed_it_lives_like_any_other(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    script = tmp_path / "life.py"
    script.write_text(LIFE)
    done = subprocess.run(
        [environment, str(script)],
        cwd=tmp_path,
        env={**os.environ, "REGISTRY_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["acme_scorecard", "1.0", "acme-scorecard"]


def installed(folder: Path) -> Path:
    """Make an environment of its own beside this one, with the page's distribution in it."""
    project, environment = folder / "acme", folder / "environment"
    project.mkdir()
    for name in ("acme_scorecard.py", "pyproject.toml"):
        (project / name).write_text(textwrap.dedent(shown(name)))
    make = [sys.executable, "-m", "venv", "--without-pip", str(environment)]
    subprocess.run(make, check=True, timeout=120)
    python = environment / "bin" / "python"
    packages = next((environment / "lib").glob("python*")) / "site-packages"
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "ours.pth").write_text("\n".join([*ours, str(ROOT)]))
    fill = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--offline"]
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, *fill, "--python", python, str(project)], check=True, timeout=120)
    return python
