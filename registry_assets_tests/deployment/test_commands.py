"""`resolve`, `pull` and `follow` on the command line, as a container runs them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry_assets.cli.app import run
from registry_assets_tests.deployment.conftest import MODEL, PRODUCTION, Shelf
from registry_assets_tests.lifecycle.changes import flip

REGISTRY = [sys.executable, "-c", "from registry_assets.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    handler = signal.getsignal(signal.SIGTERM)

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield ran
    signal.signal(signal.SIGTERM, handler)  # `follow` is the last thing that its process does


def test_resolve_says_version_digest_and_generation(shelf: Shelf, command: Command) -> None:
    digest = shelf.promote(12, generation=3)
    assert command("resolve", PRODUCTION).out == f"flight_delay:12  {digest}  generation 3\n"
    assert json.loads(command("resolve", PRODUCTION, "--json").out) == {
        "reference": "flight_delay:12",
        "model": MODEL,
        "version": 12,
        "digest": digest,
        "generation": 3,
        "attestation": None,
    }
    assert command("resolve", f"{MODEL}@{digest}").out == f"flight_delay:12  {digest}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("resolve", "flight_delay@canary"), 2, "holds no version yet"),
        (("resolve", "flight_delay:1"), 2, "in the catalog alone"),
        (("resolve", "flight_delay"), 2, "names a registered model"),
        (("resolve", "../x@production"), 2, "is no reference"),
        (("pull", "flight_delay@canary", "new"), 2, "holds no version yet"),
        (("follow", "flight_delay:1", "new"), 2, "cannot be followed"),
        (("follow", "flight_delay@canary", "new", "--once"), 2, "holds no version yet"),
        (("follow", PRODUCTION, "new", "--every", "0"), 2, "--every"),
        (("follow", PRODUCTION, "new", "--keep", "0"), 2, "--keep"),
    ],
)
def test_what_is_mistyped_is_said(
    shelf: Shelf, command: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    shelf.promote(1)
    ran = command(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_pull_again_says_that_it_is_there(shelf: Shelf, command: Command, tmp_path: Path) -> None:
    shelf.promote(1)
    target = str(tmp_path / "model")
    first = command("pull", PRODUCTION, target)
    assert (first.code, first.out.splitlines()[0][:24]) == (0, "Pulled flight_delay:1 (s")
    again = command("pull", PRODUCTION, target)
    assert again.code == 0
    assert "holds flight_delay:1" in again.out
    assert json.loads(command("pull", PRODUCTION, target, "--json").out)["written"] is False
    shelf.promote(2)
    other = command("pull", PRODUCTION, target)
    assert (other.code, other.out) == (2, "")
    assert "registry follow flight_delay@production" in other.err


def test_an_older_pointer_ends_with_code_3_and_names_the_state_file(
    shelf: Shelf, command: Command
) -> None:
    first = shelf.promote(1)
    shelf.promote(2)
    assert command("resolve", PRODUCTION).code == 0
    shelf.point(first, version=1, generation=1)
    ran = command("resolve", PRODUCTION)
    assert (ran.code, ran.out) == (3, "")
    path = ran.err.strip().rpartition("remove ")[2].rstrip(".")
    Path(path).unlink()
    assert command("resolve", PRODUCTION).code == 0


def test_what_is_not_kept_is_a_note(
    shelf: Shelf, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.promote(1)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REGISTRY_STATE", str(tmp_path / "file"))
    ran = command("resolve", PRODUCTION, "--json")
    assert (ran.code, json.loads(ran.out)["version"]) == (0, 1)
    assert ran.err.startswith("Note: what is seen of pointers")
    assert len(ran.err.splitlines()) == 1


def test_follow_once_says_what_is_current(shelf: Shelf, command: Command, tmp_path: Path) -> None:
    digest = shelf.promote(1)
    target = str(tmp_path / "models")
    assert "is flight_delay:1 (generation 1" in command("follow", PRODUCTION, target, "--once").out
    again = json.loads(command("follow", PRODUCTION, target, "--once", "--json").out)
    assert (again["event"], again["current"]) == ("unchanged", f"1-{digest[7:19]}")
    flip(shelf.blob_of(shelf.promote(2, files={"signature.json": b"[ ]"}), "signature.json"))
    ran = command("follow", PRODUCTION, target, "--once")
    assert (ran.code, ran.out) == (3, "")
    assert "is corrupt" in ran.err
    assert (tmp_path / "models" / "current").resolve().name == f"1-{digest[7:19]}"


@contextmanager
def following(target: Path) -> Iterator["subprocess.Popen[str]"]:
    arguments = ("follow", PRODUCTION, str(target), "--every", "0.05", "--json")
    with subprocess.Popen(
        [*REGISTRY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
def test_follow_prints_a_line_for_each_change_and_ends_at_a_signal(
    shelf: Shelf, tmp_path: Path, ends: signal.Signals
) -> None:
    target = tmp_path / "models"
    with following(target) as process:
        assert next_line(process)["code"] == "not_found"
        shelf.promote(1)
        line = next_line(process)
        assert (line["event"], line["version"], line["generation"]) == ("moved", 1, 1)
        process.send_signal(ends)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert sorted(path.name for path in target.iterdir() if path.name.startswith(".")) == [
        ".followed"
    ]


def test_a_second_follower_is_refused_until_the_first_ends(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1)
    with following(tmp_path / "models") as process:
        assert next_line(process)["event"] == "moved"
        second = [*REGISTRY, "follow", PRODUCTION, str(tmp_path / "models"), "--once"]
        done = subprocess.run(second, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "another process follows" in done.stderr
    assert subprocess.run(second, capture_output=True, check=False).returncode == 0


def test_a_problem_is_told_once_and_so_is_its_end(shelf: Shelf, tmp_path: Path) -> None:
    first = shelf.promote(1)
    with following(tmp_path / "models") as process:
        assert next_line(process)["event"] == "moved"
        second = shelf.publish(2, files={"signature.json": b"[ ]"})
        blob = shelf.blob_of(second, "signature.json")
        held = blob.read_bytes()
        flip(blob)
        shelf.point(second, version=2, generation=2)
        line = next_line(process)
        assert (line["event"], line["code"]) == ("problem", "blob_corrupt")
        assert line["current"] == f"1-{first[7:19]}"
        blob.write_bytes(held)
        assert next_line(process)["version"] == 2
        away = shelf.folder.with_name("away")
        shelf.folder.rename(away)
        assert next_line(process)["event"] == "problem"
        away.rename(shelf.folder)
        line = next_line(process)
        assert (line["event"], line["current"]) == ("recovered", f"2-{second[7:19]}")


def test_the_commands_import_neither_a_database_nor_tables(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1)
    program = (
        "import sys; from registry_assets.cli.app import run; code = run(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    heavy = {"sqlalchemy", "pandas", "numpy", "pyarrow", "sklearn", "rich", "dagster", "boto3"}
    for arguments in (
        ("resolve", PRODUCTION),
        ("pull", PRODUCTION, str(tmp_path / "model")),
        ("follow", PRODUCTION, str(tmp_path / "models"), "--once"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
        )
        assert set(done.stderr.split()) & heavy == set()
