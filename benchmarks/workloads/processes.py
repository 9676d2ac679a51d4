"""Eight processes commit versions of one model at once: no error, no number twice.

Both sides are given their artifacts beforehand: ours has the blobs of a package in the
store, MLflow a saved folder. What is timed is from the first call to the last answer.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import TRAINED
from benchmarks.targets import TimesFaster

PROCESSES = 8


def cases(scale: Scale) -> list[Case]:
    """One case; a sample is the time of one version, of all that were committed."""
    return [
        Case(
            workload="processes",
            title=f"{PROCESSES} processes commit versions of one model, each version",
            fixture=TRAINED,
            size=1,
            peers={"mlflow": ("create_model_version", TimesFaster(3))},
            samples=scale.races,
            warm_up=0,
            arguments={"each": scale.race_length},
            floor=(
                "SQLite lets one process write at a time, and a commit holds its lock for two"
                " milliseconds when it is alone, four where eight processes share two cores: it"
                " takes 3.4 ms of a processor alone, 6 among eight. PostgreSQL lets commits of"
                " different models go on side by side."
            ),
        )
    ]


def ours(setting: Setting, each: int) -> Operation:
    """Manifest and commit of reserved versions."""
    return _race("benchmarks.racing:commit_ours", setting.folder, each)


def mlflow(setting: Setting, each: int) -> Operation:
    """`create_model_version` of a folder that lies there."""
    return _race("benchmarks.racing:commit_mlflow", setting.folder, each)


def _race(function: str, folder: Path, each: int) -> Operation:
    """Start the processes, let all begin together, and wait for the last."""
    command = [sys.executable, "-m", "benchmarks.racing", function, str(folder)]
    command += [str(PROCESSES), str(each)]

    def prepare() -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        race = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        require(_line(race), "ready")
        return race

    def run(race: "subprocess.Popen[str]") -> tuple["subprocess.Popen[str]", str]:
        assert race.stdin is not None
        race.stdin.write("go\n")
        race.stdin.flush()
        return race, _line(race)

    def check(ended: tuple["subprocess.Popen[str]", str]) -> None:
        race, numbers = ended
        race.communicate(timeout=60)
        require(len(set(numbers.split())), PROCESSES * each)

    return Operation(run, prepare=prepare, check=check, units=PROCESSES * each)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
