"""One world for all tests of the command line, and a way to run commands in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from registry_assets.cli.app import run
from registry_assets_tests.worlds import World, world_with_history


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout, without NaN or infinity."""
        return json.loads(self.out, parse_constant=_refuse)


Command = Callable[..., Ran]


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_with_history(tmp_path_factory.mktemp("world") / "flight delays") as world:
        yield world


@pytest.fixture
def copied(world: World, tmp_path: Path) -> Path:
    """A copy of the project, to be changed."""
    return world.copy(tmp_path / "copied")


@pytest.fixture
def command(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run a command in the world's folder, or in another: then no world is made."""

    def ran(*arguments: str, folder: Path | None = None, width: int = 80) -> Ran:
        monkeypatch.chdir(folder or request.getfixturevalue("world").folder)
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.delenv("REGISTRY_HOME", raising=False)
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran
