"""Exit codes and messages: what scripts rely on, and what people see when it goes wrong."""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.worlds import World

REGISTRY = [sys.executable, "-c", "from registry_assets.cli import main; main()"]


def damage(folder: Path, digest: str) -> None:
    """Flip one bit of a blob."""
    rest = digest.removeprefix("sha256:")
    path = folder / ".registry" / "store" / "objects" / "sha256" / rest[:2] / rest[2:]
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_verify_of_a_sound_registry_is_clean(command: Command) -> None:
    ran = command("verify")
    assert ran.code == 0
    assert ran.out.startswith("Clean: ")
    document = command("verify", "--json").document
    assert document["clean"] is True
    assert document["problems"] == []
    assert min(document["checked"].values()) > 0


def test_verify_names_every_problem_and_what_it_touches(command: Command, copied: Path) -> None:
    registry = Registry.open(copied)
    digest = str(registry.resolve("flight_delay:2").digest)
    estimator = registry.manifest(digest).file("estimator.skops").sha256
    damage(copied, estimator)
    ran = command("verify", folder=copied)
    assert ran.code == 1
    assert "1 problem found" in ran.out
    assert "blob_corrupt" in ran.out
    assert "touches" in ran.out
    assert "flight_delay:2" in flat(ran.out)
    document = command("verify", "flight_delay:2", "--json", folder=copied)
    assert document.code == 1
    assert document.document["problems"][0]["subject"] == estimator
    assert command("verify", "flight_delay:1", folder=copied).code == 0


@pytest.mark.parametrize("width", [40, 60, 80])
def test_what_verify_names_can_be_copied_whole(command: Command, copied: Path, width: int) -> None:
    registry = Registry.open(copied)
    damage(
        copied, registry.manifest(str(registry.resolve("flight_delay:2").digest)).files[0].sha256
    )
    ran = command("verify", "flight_delay:2", folder=copied, width=width)
    document = command("verify", "flight_delay:2", "--json", folder=copied).document
    (problem,) = document["problems"]
    assert str(copied) in problem["sentence"]
    assert squeezed(problem["sentence"]) in squeezed(ran.out)
    assert squeezed(", ".join(problem["touches"])) in squeezed(ran.out)
    assert max(map(len, ran.out.splitlines())) <= width


def squeezed(text: str) -> str:
    """The text without white space: what was folded is whole again."""
    return "".join(text.split())


def test_verify_of_a_new_registry_has_its_key_to_look_at(command: Command, tmp_path: Path) -> None:
    assert command("init", folder=tmp_path).code == 0
    ran = command("verify", folder=tmp_path)
    assert (ran.code, ran.out) == (0, "Clean: 1 row, 1 event checked.\n")


def test_verify_finds_an_edited_row(command: Command, copied: Path) -> None:
    with sqlite3.connect(copied / ".registry" / "catalog.sqlite") as connection:
        connection.execute("UPDATE versions SET actor = 'mallory' WHERE number = 1")
    ran = command("verify", folder=copied)
    assert ran.code == 1
    assert "row_changed" in ran.out


def test_damaged_bytes_are_never_handed_out(command: Command, copied: Path, tmp_path: Path) -> None:
    digest = str(Registry.open(copied).resolve("flight_delay:2").digest)
    damage(copied, digest)
    target = tmp_path / "pulled"
    for arguments in (("pull", "flight_delay:2", str(target)), ("lineage", "flight_delay:2")):
        ran = command(*arguments, folder=copied)
        assert ran.code == 3
        assert ran.out == ""
        assert digest in ran.err
        assert "Hint: " in ran.err
    assert not target.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "flight_dela"), "did you mean flight_delay?"),
        (("show", "flight_delay:9"), "flight_delay has no version 9: it has 1 to 5"),
        (("show", "flight_delay@shadow"), "no pointer called 'shadow'"),
        (("show", f"flight_delay@sha256:{'0' * 64}"), "no version of flight_delay has the digest"),
        (("show", "Flight-Delay"), "'Flight-Delay' is no reference"),
        (("show", "flight_delay:0"), "no version number"),
        (("show", "../../etc/passwd"), "is no reference"),
        (("show", "seat_credit@production"), "holds no version yet"),
        (("lineage", "flight_delay"), "names a registered model, not one of its versions"),
        (("lineage", "flight_delay:4"), "flight_delay:4 is failed"),
        (("versions", "flight_delay:2"), "this command is about a whole model"),
        (("log", "nothing"), "no registered model is called 'nothing'"),
        (("explain", "flight_delay@shadow"), "no pointer called 'shadow'"),
        (("explain", "flight_delay:9"), "no version 9"),
        (("verify", "flight_delay:9"), "no version 9"),
        (("shw",), "Did you mean 'show'?"),
        (("show",), "Missing argument 'REF'"),
        (("log", "--last", "0"), "--last"),
        (("rollback", "flight_delay", "--to", "9" * 30, "--reason", "x"), "--to"),
    ],
)
def test_what_is_mistyped_gives_code_2_and_one_clear_message(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    ran = command(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("versions", "flight_delay", "--limit", "9" * 30),
        ("versions", "flight_delay", "--before", "9" * 30),
        ("log", "flight_delay", "--last", "9" * 30),
        ("log", "flight_delay", "--before", "9" * 30),
    ],
)
def test_more_than_a_database_counts_to_is_all_there_is(
    command: Command, arguments: tuple[str, ...]
) -> None:
    assert command(*arguments).out == command(*arguments[:2]).out


def test_outside_any_project_it_says_where_it_looked_and_creates_nothing(
    command: Command, tmp_path: Path
) -> None:
    ran = command("models", folder=tmp_path)
    assert ran.code == 2
    assert f"looked for a .registry folder in {tmp_path}" in ran.err
    assert "Hint: run `registry init`" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_from_a_folder_inside_the_project_the_same_registry_answers(
    command: Command, world: World
) -> None:
    inside = command("models", "--json", folder=world.folder / "ontime")
    assert inside.document == command("models", "--json").document


def test_a_catalog_of_a_newer_release_is_left_alone(command: Command, copied: Path) -> None:
    with sqlite3.connect(copied / ".registry" / "catalog.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (("models",), ("init",)):
        ran = command(*arguments, folder=copied)
        assert ran.code == 3
        assert "schema 9999, which this release does not know" in ran.err
        assert "upgrade this installation" in ran.err


def test_a_file_that_is_no_catalog_is_an_error_and_no_crash(command: Command, copied: Path) -> None:
    for file in (copied / ".registry").glob("catalog.sqlite*"):
        file.unlink()  # what stands in its write-ahead log would mend the file
    (copied / ".registry" / "catalog.sqlite").write_bytes(b"no database" * 100)
    ran = command("models", folder=copied)
    assert ran.code == 3
    assert ran.err.startswith("Error: ")
    assert "Traceback" not in ran.err


def test_the_traceback_is_there_for_who_asks(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_DEBUG", "1")
    ran = command("models", folder=tmp_path)
    assert ran.code == 2
    assert "Traceback" in ran.err
    assert "Error: no registry here" in ran.err


def test_help_shows_the_groups_and_the_exit_codes(command: Command) -> None:
    ran = command("--help")
    assert ran.code == 0
    sections = ("Read the registry:", "Change the registry:", "Move:", "Exit codes:")
    places = [ran.out.index(section) for section in sections]
    assert places == sorted(places)
    for name in (
        "models",
        "versions",
        "show",
        "lineage",
        "compare",
        "explain",
        "log",
        "at",
        "verify",
    ):
        assert f"  {name} " in ran.out[places[0] : places[1]]
        assert "--json" in command(name, "--help").out


def process(folder: Path, *arguments: str, stdout: int) -> subprocess.Popen[str]:
    # As for most people: unbuffered, nothing is left to be written when Python ends.
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONUNBUFFERED"}
    return subprocess.Popen(
        [*REGISTRY, *arguments],
        cwd=folder,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_reader_that_leaves_early_causes_no_noise(world: World) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with process(world.folder, "log", "flight_delay", stdout=writing) as started:
        os.close(writing)
        _, err = started.communicate(timeout=60)
    assert started.returncode == -signal.SIGPIPE
    assert err == ""


def test_ctrl_c_is_quiet(world: World) -> None:
    reading, writing = os.pipe()
    capacity = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with process(world.folder, "log", "flight_delay", "--json", stdout=writing) as started:
        os.close(writing)
        # Nobody reads, so it stops in the middle of writing: there it is interrupted.
        deadline = time.monotonic() + 60
        while waiting(reading) < capacity and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=60)
        os.close(reading)
    assert started.returncode == 130
    assert err.strip() == ""


def waiting(pipe: int) -> int:
    """How many bytes nobody has read yet."""
    answer = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, answer)
    return int.from_bytes(answer, sys.byteorder)


def test_output_that_cannot_be_written_is_no_success(world: World) -> None:
    with (
        Path("/dev/full").open("w") as full,
        process(world.folder, "models", "--json", stdout=full.fileno()) as started,
    ):
        _, err = started.communicate(timeout=60)
    assert started.returncode == 3
    assert err == "Error: No space left on device\n"
