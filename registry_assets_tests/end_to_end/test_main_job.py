"""The main job tells its story once, goes on after an interruption, and repeats nothing."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "registry_assets.models.main_job"]
REGISTRY = Path(sys.executable).with_name("registry")


def make_project(folder: Path) -> Path:
    """An empty project: the two files that Dagster reads, and nothing lived yet."""
    folder.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, folder)
    return folder


def environment() -> dict[str, str]:
    """This environment without what would point at another registry."""
    hidden = ("REGISTRY_", "DAGSTER_")
    return {k: v for k, v in os.environ.items() if not k.startswith(hidden)}


def run(command: list[str], folder: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, and give what it printed."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment(), "COLUMNS": "200", **extra},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def answer(folder: Path, *arguments: str) -> Any:
    """The JSON answer of the `registry` command."""
    done = run([str(REGISTRY), *arguments, "--json"], folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stages(folder: Path, model: str) -> dict[int, str]:
    """The stage of each version of a model."""
    versions = answer(folder, "versions", model)["versions"]
    return {version["version"]: version["stage"] for version in versions}


def events(folder: Path, model: str) -> list[dict[str, Any]]:
    """The ledger of a model."""
    found: list[dict[str, Any]] = answer(folder, "log", model)["events"]
    return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project in which the main job was interrupted, then ran to its end."""
    folder = make_project(tmp_path_factory.mktemp("main_job") / "project")
    told = interrupted(folder, after="flight_delay:2 is reserved", seconds=1)
    done = run(COMMAND, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, told + done.stdout


def interrupted(folder: Path, *, after: str, seconds: float) -> str:
    """Start the main job and interrupt it so long after a line; give what it printed."""
    process = subprocess.Popen(
        COMMAND,
        cwd=folder,
        env={**environment(), "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if after in line:
                time.sleep(seconds)
                break
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        rest, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    told = "".join([*lines, rest])
    assert "watch_orphans" not in told  # Dagster's log helpers, and their tracebacks
    assert process.returncode == 130, told
    assert "it goes on where it stopped" in rest
    return told


def test_the_story_ends_with_one_promoted_one_held_and_one_waiting(lived: tuple[Path, str]) -> None:
    folder, told = lived

    assert stages(folder, "flight_delay") == {1: "archived", 2: "production", 3: "rejected"}
    assert stages(folder, "loan_approval") == {1: "staging"}
    assert told.count("promoted: flight_delay@production is ") == 2
    for gate in ("roc_auc_at_least", "roc_auc_not_worse_than_production"):
        assert f"    - {gate}\n" in told
        assert f"version 3: {gate} failed: " in told
    assert "waits for 1 approval by a person" in told


def test_it_trained_on_the_months_before_and_judged_on_the_last(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    roles = ("train", "holdout")
    moved = [e for e in events(folder, "flight_delay") if e["kind"] == "pointer_moved"]

    assert [event["effective_at"][:10] for event in moved] == ["2013-05-01", "2013-06-01"]
    versions = answer(folder, "versions", "flight_delay")["versions"]
    used = [
        {role: [p["partition"] for p in version["parents"] if p["role"] == role] for role in roles}
        for version in versions[:2]
    ]
    assert used == [
        {"train": ["2013-01", "2013-02", "2013-03"], "holdout": ["2013-04"]},
        {"train": ["2013-01", "2013-02", "2013-03", "2013-04"], "holdout": ["2013-05"]},
    ]


def test_the_second_run_changes_nothing_and_says_so(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    before = events(folder, "flight_delay"), events(folder, "loan_approval")

    again = run(COMMAND, folder)

    assert again.returncode == 0, again.stderr
    assert "Nothing has changed" in again.stdout
    assert "nothing to do: the recipe is that of flight_delay:3" in again.stdout
    assert (events(folder, "flight_delay"), events(folder, "loan_approval")) == before


def test_everything_verifies(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    assert run([str(REGISTRY), "verify"], folder).returncode == 0


def test_production_predicts_from_raw_rows_without_dagster(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    script = """
import sys, registry_assets
from registry_assets.models.flight_delay import data
model = registry_assets.load("flight_delay@production")
rows = data.flights("2013-06").drop(columns="late").head(3)
p = model.predict_proba(rows, weather=data.weather("2013-06"), planes=data.planes())
assert p.shape == (3, 2) and (p >= 0).all() and (p <= 1).all()
unwanted = ("dagster", "evidently", "matplotlib", "boto3")
print(model.version, [name for name in unwanted if name in sys.modules])
"""
    done = run([sys.executable, "-c", script], folder)
    assert done.stdout.strip() == "2 []", done.stderr


def test_the_commands_of_the_readme_work(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    # Those that govern take people with keys: `make governance` lives them.
    asked, _, rest = (ROOT / "README.md").read_text().partition("## Govern")
    watched = rest.partition("## Watch")[2].partition("## Use")[0]
    line = re.compile(r"^\.venv/bin/registry ([^#\n]+)", flags=re.MULTILINE)
    # A period that is lived again takes minutes: it has tests of its own.
    commands = [each for each in line.findall(asked + watched) if "simulate" not in each]
    assert len(commands) >= 10
    for command in commands:
        done = run([str(REGISTRY), *shlex.split(command)], folder)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout.strip()


def test_the_month_that_arrived_was_predicted_by_what_was_live(lived: tuple[Path, str]) -> None:
    folder, told = lived
    assert "2013-05 was predicted by flight_delay:1: roc_auc 0." in told
    assert answer(folder, "verify")["problems"] == []
    (may,) = answer(folder, "monitor", "flight_delay")["partitions"]
    assert may["partition"] == "2013-05"


def test_a_second_main_job_at_once_is_refused(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    first = subprocess.Popen(
        COMMAND, cwd=folder, env={**environment(), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    try:
        for line in first.stdout:
            if b"2013" in line:
                break
        first.send_signal(signal.SIGSTOP)
        second = run(COMMAND, folder)
    finally:
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=300)

    assert first.returncode == 0
    assert second.returncode == 1
    assert f"is running already, as process {first.pid}" in second.stderr
