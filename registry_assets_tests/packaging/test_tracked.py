"""Which code no commit holds."""

from pathlib import Path

import pytest

from registry_assets.packaging.authors import code_authors
from registry_assets_tests.packaging.repositories import (
    EVE,
    TIMES,
    UNITS,
    UNRELATED,
    Repository,
    authors_of,
    closure_of,
    people_of,
    read_from,
    wrote,
)


def test_changes_of_the_closure_that_are_not_committed_are_unknown(repository: Repository) -> None:
    repository.project.write({UNITS: "PER_HOUR = 60\n", "notes.py": "", UNRELATED: "VALUE = 2\n"})
    found = authors_of(repository)
    assert found.unknown == (f"Files with changes that are not committed: {UNITS}.",)
    assert people_of(found.authors) == {"ada"}
    repository.git("add", UNITS)
    assert authors_of(repository).unknown == found.unknown


def test_a_changed_file_outside_the_closure_is_nobodys_code(repository: Repository) -> None:
    repository.project.write({UNRELATED: "VALUE = 2\n", "notes.py": ""})
    assert wrote(repository) == {"ada"}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_that_git_was_told_to_overlook_is_seen(repository: Repository, flag: str) -> None:
    repository.git("update-index", flag, UNITS)
    repository.project.write({UNITS: "PER_HOUR = 60\n"})
    assert repository.git("status", "--porcelain") == ""
    assert UNITS in authors_of(repository).unknown[0]


def test_lines_ended_as_the_folder_asks_are_no_change(repository: Repository) -> None:
    (repository.project.root / UNITS).write_bytes(b"PER_HOUR = 100\r\n")
    assert wrote(repository) == {"ada"}


def test_untracked_and_ignored_files_are_unknown(repository: Repository) -> None:
    repository.git("rm", "--quiet", "--cached", UNITS, TIMES)
    repository.commit({".gitignore": "units.py\n"})
    found = authors_of(repository)
    assert found.unknown == (f"Files that are in no commit: {TIMES}, {UNITS}.",)


def test_a_file_outside_the_repository_is_unknown(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "helpers_beside.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "beside"))
    repository.commit({UNITS: "import helpers_beside\nPER_HOUR = 100\n"})
    (reason,) = authors_of(repository).unknown
    assert reason.endswith("reached by a symbolic link: helpers_beside.py.")


def test_who_set_a_symbolic_link_is_unknown_but_for_one_to_the_project(
    repository: Repository, tmp_path: Path
) -> None:
    closure = closure_of(repository.project)
    (tmp_path / "linked").symlink_to(repository.project.root)
    assert code_authors(read_from(closure, tmp_path / "linked"), since=None).unknown == ()
    (repository.project.root / UNITS).rename(repository.project.root / "kept.py")
    (repository.project.root / UNITS).symlink_to(repository.project.root / "kept.py")
    repository.git("add", ".")
    repository.commit({}, by=EVE)
    assert UNITS in authors_of(repository).unknown[0]
