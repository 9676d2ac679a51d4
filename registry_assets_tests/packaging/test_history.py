"""Which commits changed the code: merges, ranges, and histories that are not whole."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from registry_assets.packaging.authors import code_authors
from registry_assets_tests.packaging.projects import AIRLINE
from registry_assets_tests.packaging.repositories import (
    BOB,
    EVE,
    FEATURES,
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

CODE = AIRLINE[FEATURES]
# So far apart that git merges a change of each by itself.
FIRST, LAST = '"""Features of flights."""', '"seats": known["seats"]'


def branched(repository: Repository, *, ours: dict[str, str], theirs: dict[str, str]) -> str:
    """Let Ada change files on main, and Bob on a branch: the commit that both began with."""
    since = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.commit(theirs, by=BOB)
    repository.git("checkout", "--quiet", "main")
    repository.commit(ours)
    return since


def merge(repository: Repository, files: dict[str, str] | None = None, *options: str) -> None:
    """Let Eve merge the branch, and perhaps write files of her own into the merge."""
    if files is None:
        repository.git("merge", "--quiet", "--no-edit", *options, "feature", by=EVE)
        return
    with suppress(subprocess.CalledProcessError):  # a conflict, which her files decide
        repository.git("merge", "--quiet", "--no-commit", "--no-ff", "feature", by=EVE)
    repository.commit(files, by=EVE)


OTHER_FILES = ({TIMES: AIRLINE[TIMES] + "# ours\n"}, {UNITS: "PER_HOUR = 60\n"})
OTHER_LINES = (
    {FEATURES: CODE.replace(FIRST, '"""Ours."""')},
    {FEATURES: CODE.replace(LAST, '"seats": known["seats"] + 1')},
)
BOTH_LINES = OTHER_LINES[0][FEATURES].replace(LAST, '"seats": known["seats"] + 1')


@pytest.mark.parametrize("changes", [OTHER_FILES, OTHER_LINES])
def test_who_merges_without_a_change_is_no_author(
    repository: Repository, changes: tuple[dict[str, str], dict[str, str]]
) -> None:
    since = branched(repository, ours=changes[0], theirs=changes[1])
    merge(repository)
    assert wrote(repository, since=since) == {"ada", "bob"}


@pytest.mark.parametrize(
    ("changes", "written"),
    [
        pytest.param(OTHER_FILES, {UNITS: "PER_HOUR = 1\n"}, id="a file of its own"),
        pytest.param(OTHER_FILES, {UNITS: AIRLINE[UNITS]}, id="the branch undone"),
        pytest.param(OTHER_FILES, {TIMES: AIRLINE[TIMES]}, id="main undone"),
        pytest.param(OTHER_LINES, {FEATURES: BOTH_LINES + "# mine\n"}, id="a line of its own"),
        # No line here is Eve's: the dense combined diff that git shows of such a merge is empty.
        pytest.param(OTHER_LINES, OTHER_LINES[0], id="lines of the branch dropped"),
        pytest.param(
            ({UNITS: "PER_HOUR = 60\n"}, {UNITS: "PER_HOUR = 1\n"}),
            {UNITS: "PER_HOUR = 1\n"},
            id="a conflict decided",
        ),
    ],
)
def test_who_makes_something_else_of_a_merge_is_an_author(
    repository: Repository,
    changes: tuple[dict[str, str], dict[str, str]],
    written: dict[str, str],
) -> None:
    since = branched(repository, ours=changes[0], theirs=changes[1])
    merge(repository, written)
    assert wrote(repository, since=since) == {"ada", "bob", "eve"}


def test_a_merge_that_drops_a_whole_branch_is_its_makers_work(repository: Repository) -> None:
    since = branched(repository, ours={}, theirs={UNITS: "PER_HOUR = 60\n"})
    merge(repository, None, "--strategy=ours")
    assert wrote(repository, since=since) == {"bob", "eve"}


def test_a_merge_of_more_than_two_is_its_makers_work(repository: Repository) -> None:
    since = branched(repository, ours={}, theirs={UNITS: "PER_HOUR = 60\n"})
    repository.git("checkout", "--quiet", "-b", "other", since)
    repository.commit(OTHER_FILES[0], by=BOB)
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-edit", "feature", "other", by=EVE)
    assert wrote(repository, since=since) == {"bob", "eve"}


def test_a_commit_that_is_not_here_leaves_the_whole_history_and_a_doubt(
    repository: Repository,
) -> None:
    for since in ("0a1b2c3d" * 5, "main", "--all", ""):
        found = authors_of(repository, since=since)
        assert people_of(found.authors) == {"ada"}
        (reason,) = found.unknown
        assert reason.startswith(f"The commit {since!r}, since which authors count, is not in")


def test_a_branch_cannot_stand_for_a_commit(repository: Repository) -> None:
    repository.commit({UNITS: "PER_HOUR = 60\n"}, by=EVE)
    repository.git("branch", "0a1b2c3d")
    found = authors_of(repository, since="0a1b2c3d")
    assert people_of(found.authors) == {"ada", "eve"}
    assert "is not in this repository" in found.unknown[0]


def test_a_commit_that_is_no_ancestor_is_doubtful(repository: Repository) -> None:
    older = repository.git("rev-parse", "HEAD")
    promoted = repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    repository.git("reset", "--quiet", "--hard", older)
    repository.commit({UNITS: "PER_HOUR = 1\n"}, by=EVE)
    found = authors_of(repository, since=promoted)
    assert people_of(found.authors) == {"eve"}
    assert "is no ancestor of" in found.unknown[0]


def test_a_shallow_clone_knows_no_more_than_it_holds(
    repository: Repository, tmp_path: Path
) -> None:
    closure = closure_of(repository.project)
    repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    since = repository.commit({UNITS: "PER_HOUR = 100\n"}, by=BOB)
    repository.commit({UNRELATED: "VALUE = 2\n"}, by=EVE)
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=2", f"file://{repository.project.root}", str(clone))
    (reason,) = code_authors(read_from(closure, clone), since=None).unknown
    assert reason.startswith("This clone is shallow")
    assert code_authors(read_from(closure, clone), since=since).unknown == ()
