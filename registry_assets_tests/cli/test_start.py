"""A reading command starts at once: nothing heavy is imported on its way."""

import subprocess
import sys

import pytest

from registry_assets_tests.worlds import World

HEAVY = (
    "dagster",
    "pandas",
    "sklearn",
    "pyarrow",
    "evidently",
    "matplotlib",
    "boto3",
    "numpy",
    "psycopg2",
)
PROGRAM = """
import sys
from registry_assets.cli.app import run
code = run(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def imported(world: World, *arguments: str) -> set[str]:
    """The top-level modules that a command leaves behind in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=world.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("models",),
        ("versions", "flight_delay"),
        ("show", "flight_delay@production"),
        ("show", "flight_delay", "--json"),
        ("lineage", "flight_delay:1"),
        ("lineage", "planes", "--json"),
        ("compare", "flight_delay:1", "flight_delay:2", "--diff"),
        ("at", "flight_delay", "2013-04-15T00:00Z"),
        ("explain", "flight_delay"),
        ("log",),
        ("alerts",),
        ("mirrors",),
        ("openlineage",),
        ("search", "stage = 'production' and tags.team = 'airline-ops'"),
        ("verify",),
    ],
)
def test_reading_commands_import_nothing_heavy(world: World, arguments: tuple[str, ...]) -> None:
    assert imported(world, *arguments).isdisjoint(HEAVY)


def test_a_change_in_words_imports_nothing_heavy_either(world: World) -> None:
    # Said already, so that nothing is changed in the world of other tests.
    assert imported(world, "tag", "flight_delay:2", "team=airline-ops").isdisjoint(HEAVY)


def test_help_imports_neither_database_nor_tables(world: World) -> None:
    found = imported(world, "--help")
    assert "click" in found
    assert found.isdisjoint({*HEAVY, "sqlalchemy", "rich"})


def test_a_pull_imports_nothing_heavy_either(world: World, tmp_path: object) -> None:
    assert imported(world, "pull", "flight_delay:1", f"{tmp_path}/v1").isdisjoint(HEAVY)
