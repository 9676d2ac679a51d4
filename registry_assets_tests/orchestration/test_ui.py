"""`make ui`, with the real webserver and daemon on a small project of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from registry_assets.errors import NoRegistry, RegistryError
from registry_assets.orchestration.instance import find_project
from registry_assets.orchestration.resource import UI_URL
from registry_assets.orchestration.ui import HOST, check_port, environment, main

REPOSITORY = Path(__file__).parents[2]

DEFINITIONS = """
import dagster as dg


@dg.asset
def numbers() -> int:
    return 1


defs = dg.Definitions(assets=[numbers])
"""

WORKSPACE = """
load_from:
  - python_file: {relative_path: small.py, attribute: defs, location_name: small}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with this repository's dagster.yaml, and one asset."""
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    (tmp_path / "small.py").write_text(DEFINITIONS)
    (tmp_path / "workspace.yaml").write_text(WORKSPACE)
    return tmp_path


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def start(project: Path, *, port: int) -> subprocess.Popen[str]:
    # As from a background shell: there SIGINT is ignored, and children inherit that.
    command = f"trap '' INT; exec '{sys.executable}' -m registry_assets.orchestration.ui"
    variables = {**os.environ, "PORT": str(port), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        ["sh", "-c", command],
        cwd=project,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def output_until(ui: subprocess.Popen[str], text: str) -> str:
    """What it writes up to the line with this text."""
    assert ui.stdout is not None
    lines = []
    for line in ui.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"ended with {ui.wait()}:\n{''.join(lines)}")


def processes_in(folder: Path) -> list[int]:
    """The live processes whose working directory is this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                here = (entry / "cwd").readlink() == folder
            except OSError:
                continue  # it ended meanwhile, or is another user's
            if here:
                found.append(int(entry.name))
    return found


def test_sigterm_ends_webserver_daemon_and_code_server_which_can_start_again(
    project: Path,
) -> None:
    port = free_port()
    with start(project, port=port) as ui:
        try:
            before = output_until(ui, f"http://{HOST}:{port}   (Ctrl-C")
            assert len(processes_in(project)) >= 4  # this one, webserver, daemon, code server

            with start(project, port=free_port()) as second:
                answer, _ = second.communicate(timeout=60)
            assert second.returncode == 1
            assert f"The UI of this project runs already: http://{HOST}:{port}" in answer

            ui.send_signal(signal.SIGTERM)
            after, _ = ui.communicate(timeout=60)
            assert ui.returncode == 0, after
            assert "warning" not in (before + after).lower()
            assert processes_in(project) == []
            check_port(port)
            assert (project / ".dagster" / "history" / "runs.db").exists()

            with start(project, port=port) as again:
                output_until(again, f"http://{HOST}:{port}   (Ctrl-C")
                again.send_signal(signal.SIGTERM)
                after, _ = again.communicate(timeout=60)
            assert again.returncode == 0, after
            assert processes_in(project) == []
        finally:
            for process in processes_in(project):
                os.kill(process, signal.SIGKILL)


def test_a_taken_port_is_refused_with_the_command_to_use(project: Path, taken_port: int) -> None:
    with start(project, port=taken_port) as ui:
        answer, _ = ui.communicate(timeout=60)
    assert ui.returncode == 1
    assert f"Port {taken_port} on {HOST} is taken by another program.\nHint: take" in answer
    assert "make ui PORT=" in answer
    assert "Traceback" not in answer


def test_the_port_that_a_refusal_offers_is_free(taken_port: int) -> None:
    with pytest.raises(RegistryError) as caught:
        check_port(taken_port)
    check_port(int(caught.value.hint.rpartition("=")[2]))


@pytest.mark.parametrize("value", ["abc", "0", "70000", "30 00"])
def test_what_is_no_port_is_refused_by_the_name_that_was_typed(value: str) -> None:
    ran = CliRunner().invoke(main, [], env={"PORT": value})
    assert ran.exit_code == 1
    assert ran.output == f"Error: PORT is {value!r}: expected a number from 1 to 65535\n"


def test_run_links_lead_to_this_ui_unless_the_user_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(UI_URL, raising=False)
    assert environment(tmp_path, port=3071)[UI_URL] == f"http://{HOST}:3071"
    monkeypatch.setenv(UI_URL, "https://dagster.example.org")
    assert environment(tmp_path, port=3071)[UI_URL] == "https://dagster.example.org"


def test_the_project_is_found_from_a_folder_below(project: Path) -> None:
    below = project / "notebooks" / "old"
    below.mkdir(parents=True)
    assert find_project(below) == project


def test_outside_a_project_the_error_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoRegistry, match=r"dagster\.yaml and workspace\.yaml in"):
        find_project(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_registry_home_without_a_project_is_not_passed_over(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.setenv("REGISTRY_HOME", str(empty))
    with pytest.raises(NoRegistry, match="REGISTRY_HOME is"):
        find_project(project)
