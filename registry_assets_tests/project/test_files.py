"""What every file of the project keeps to."""

import re
from pathlib import Path

from registry_assets_tests.project.files import PACKAGE, ROOT, modules, tracked

LONGEST = 400

# Written in halves, so that this file does not hold what it looks for.
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry.np" + "mjs.org", "arti" + "factory")
# This machine's folders, and those of the containers that projects like this are made in.
FOLDERS = {str(ROOT), str(Path.home()), "/ro" + "ot", "/wo" + "rk", "/opt/py" + "pi"} - {"/"}
PLACES = re.compile(rf"(?<![\w.:/*-])(?:{'|'.join(map(re.escape, FOLDERS))})(?=/|\b)")


def test_no_module_is_longer_than_fits_in_a_head() -> None:
    lengths = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text().splitlines())
        for path in modules()
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_a_path_of_somebodys_machine_is_seen() -> None:
    for text in (f"/{'ro' + 'ot'}/x", f"'{Path.home()}/x'", f"cd /{'wo' + 'rk'}/main"):
        assert PLACES.search(text), text
    for text in ("a/root/b", "https://a.b/work/c", "/usr/bin/env", "./work/x", "tests/home/x"):
        assert not PLACES.search(text), text


def test_no_file_names_a_package_index_or_somebodys_machine() -> None:
    found = []
    for path in tracked():
        for number, line in enumerate(text_of(path).splitlines(), start=1):
            named = [host for host in HOSTS if host in line] + PLACES.findall(line)
            if named:
                found.append(f"{path.relative_to(ROOT)}:{number}: {', '.join(named)}")
    assert found == []


def text_of(path: Path) -> str:
    """The file's text; of a picture, whatever can be read as text."""
    return path.read_bytes().decode(errors="ignore")
