"""A registry's folder and git; how it is found is in `lifecycle/test_opening.py`."""

import subprocess
from pathlib import Path

import pytest

from registry_assets.errors import StoreUnwritable
from registry_assets.home import Home
from registry_assets.registry import Registry


def test_git_does_not_see_a_registry(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    Registry.init(tmp_path)
    seen = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == ""


def test_what_somebody_wrote_to_be_ignored_stays(tmp_path: Path) -> None:
    Registry.init(tmp_path)
    ignore = tmp_path / ".registry" / ".gitignore"
    ignore.write_text("*\n!kept\n")
    Registry.init(tmp_path)
    assert ignore.read_text() == "*\n!kept\n"


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".registry").write_text("a file")
    with pytest.raises(StoreUnwritable, match="cannot be written") as caught:
        Home(tmp_path).make()
    assert caught.value.hint
