"""Who wrote the code of a version, asked of real repositories."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.packaging.authors import Author, CodeAuthors, code_authors
from registry_assets.signing.keys import read_public_key
from registry_assets_tests.packaging.projects import AIRLINE, Project
from registry_assets_tests.packaging.repositories import (
    BOB,
    EVE,
    TIMES,
    UNITS,
    UNRELATED,
    Repository,
    authors_of,
    closure_of,
    people_of,
    wrote,
)
from registry_assets_tests.signing.openssh import new_key


def test_authors_are_those_who_changed_files_of_the_closure(repository: Repository) -> None:
    repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    repository.commit({UNITS: "PER_HOUR = 100\n"}, by=BOB)
    repository.commit({UNRELATED: "VALUE = 2\n"}, by=EVE)
    assert authors_of(repository) == CodeAuthors(
        since=None,
        authors=(
            Author("Bob Builder", "bob@airline.example", commits=2),
            Author("Ada Pilot", "ada@airline.example", commits=1),
        ),
        unknown=(),
    )


def test_only_commits_that_since_does_not_reach_count(repository: Repository) -> None:
    promoted = repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    assert wrote(repository, since=promoted) == set()
    repository.commit({TIMES: AIRLINE[TIMES] + "# later\n"}, by=EVE)
    assert wrote(repository, since=promoted) == {"eve"}
    assert wrote(repository, since=promoted[:8]) == {"eve"}


def test_a_file_moved_into_its_place_was_changed_by_who_moved_it(repository: Repository) -> None:
    since = repository.commit({"airline/kept.py": "PER_HOUR = 60\n"}, by=BOB)
    repository.git("rm", "--quiet", UNITS)
    repository.git("mv", "airline/kept.py", UNITS)
    repository.commit({}, by=EVE)
    assert wrote(repository, since=since) == {"eve"}


def test_names_of_files_are_no_patterns(repository: Repository) -> None:
    since = repository.commit({"helpers[a].py": "", UNITS: "PER_HOUR = 60\n"})
    repository.commit({"helpersa.py": "", "helpers[a].py": "VALUE = 1\n"}, by=BOB)
    repository.commit({"helpersa.py": "VALUE = 1\n"}, by=EVE)
    closure = closure_of(repository.project)
    file = replace(
        closure.files[0],
        path="helpers[a].py",
        source=b"VALUE = 1\n",
        origin=repository.project.root / "helpers[a].py",
    )
    found = code_authors(replace(closure, files=(*closure.files, file)), since=since)
    assert (people_of(found.authors), found.unknown) == ({"bob"}, ())


def test_author_committer_and_co_authors_took_part_in_a_commit(repository: Repository) -> None:
    promoted = repository.git("rev-parse", "HEAD")
    message = f"change\n\nCo-authored-by: {BOB}\nCO-AUTHORED-BY: Kim <kim@airline.example>\n"
    author = "Zoe <zoe@airline.example>"
    repository.commit({UNITS: "PER_HOUR = 60\n"}, f"--author={author}", by=EVE, message=message)
    assert wrote(repository, since=promoted) == {"zoe", "eve", "bob", "kim"}


def test_whoever_a_commit_names_without_an_address_is_unknown(repository: Repository) -> None:
    message = "change\n\nCo-authored-by: the whole team\n"
    commit = repository.commit({UNITS: "PER_HOUR = 60\n"}, message=message)
    (reason,) = authors_of(repository).unknown
    assert reason == f"Somebody has no usable e-mail address in these commits: {commit[:12]}."


def test_addresses_that_differ_in_anything_are_two(repository: Repository) -> None:
    repository.commit({UNITS: "PER_HOUR = 60\n"}, by="Ada <ADA@airline.example>")
    # The sign of kelvin: its small letter is a k.
    repository.commit({UNITS: "PER_HOUR = 1\n"}, by="Kim <kim@airline.example>")
    repository.commit({UNITS: "PER_HOUR = 2\n"}, by="Kim <\u212aim@airline.example>")
    assert wrote(repository) == {"ada", "ADA", "kim", "\u212aim"}


def test_a_signature_speaks_for_who_committed(repository: Repository, tmp_path: Path) -> None:
    key = new_key(tmp_path / "key")
    promoted = repository.git("rev-parse", "HEAD")
    repository.signs_with(key)
    repository.commit({UNITS: "PER_HOUR = 60\n"}, f"--author={BOB}", "--gpg-sign", by=EVE)
    fingerprint = read_public_key(key).fingerprint
    assert authors_of(repository, since=promoted) == CodeAuthors(
        since=promoted,
        authors=(
            Author("Bob Builder", "bob@airline.example", commits=1),
            Author("Eve Merger", "eve@airline.example", commits=1, signed_by=(fingerprint,)),
        ),
        unknown=(),
    )


def test_a_commit_whose_signature_does_not_verify_is_named(
    repository: Repository, tmp_path: Path
) -> None:
    repository.signs_with(new_key(tmp_path / "key"))
    commit = repository.commit({UNITS: "PER_HOUR = 60\n"}, "--gpg-sign", by=EVE)
    raw = repository.read(commit).replace(b"eve@", b"bob@")
    forged = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
    repository.git("update-ref", "HEAD", forged)
    found = authors_of(repository)
    assert people_of(found.authors) == {"ada", "bob"}
    assert not any(author.signed_by for author in found.authors)
    assert found.unknown == (
        f"These commits bear a signature that does not verify: {forged[:12]}.",
    )


def test_no_history_to_ask_is_said(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closure = closure_of(project)
    assert "not a git repository" in code_authors(closure, since=None).unknown[0]
    Repository(project)
    assert len(code_authors(closure, since=None).unknown) == 1
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in code_authors(closure, since=None).unknown[0]


def test_of_thousands_of_commits_the_newest_are_read_and_soon(repository: Repository) -> None:
    changes = "".join(
        f"commit refs/heads/main\nauthor P <p{n % 9}@airline.example> {n + 10**9} +0000\n"
        f"committer P <p{n % 9}@airline.example> {n + 10**9} +0000\ndata 1\nx\n"
        + ("from refs/heads/main^0\n" if n == 0 else "")
        + f"M 100644 inline {UNITS}\ndata 16\nPER_HOUR = {10_000 + n}\n\n"
        for n in range(5_100)
    )
    repository.git("fast-import", "--quiet", "--force", stdin=changes.encode())
    repository.git("reset", "--quiet", "--hard", "main")
    started = time.monotonic()
    found = authors_of(repository)
    assert time.monotonic() - started < 20
    assert people_of(found.authors) == {f"p{n}" for n in range(9)}
    (reason,) = found.unknown
    assert reason.startswith("5,101 commits changed the code; the authors of the newest 5,000")


def test_authors_are_listed_up_to_a_thousand(repository: Repository) -> None:
    lines = "".join(f"Co-authored-by: P <p{n:04d}@airline.example>\n" for n in range(1_100))
    repository.commit({UNITS: "PER_HOUR = 60\n"}, message=f"change\n\n{lines}")
    found = authors_of(repository)
    assert len(found.authors) == 1_000
    (reason,) = found.unknown
    assert reason.startswith("More than 1,000 authors, among them: p0999@airline.example, ")
    assert reason.endswith(" and 96 more.")


def test_an_image_may_name_the_authors_itself(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_CODE_AUTHORS", "bob@airline.example, eve@airline.example,")
    assert wrote(repository) == {"ada"}
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "0a1b2c3d")
    assert authors_of(repository, since="1a1b2c3d") == CodeAuthors(
        since="1a1b2c3d",
        authors=(Author("", "bob@airline.example"), Author("", "eve@airline.example")),
        unknown=(),
    )


@pytest.mark.parametrize("said", [None, "", " , "])
def test_a_commit_by_name_alone_has_unknown_authors(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "0a1b2c3d")
    if said is not None:
        monkeypatch.setenv("REGISTRY_CODE_AUTHORS", said)
    found = authors_of(repository)
    assert found.authors == ()
    assert found.unknown[0].startswith("REGISTRY_CODE_COMMIT names the commit")


def test_what_is_no_address_names_nobody(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "0a1b2c3d")
    monkeypatch.setenv("REGISTRY_CODE_AUTHORS", "ada@airline.example,bob,a b@c,\u202eeve@d")
    found = authors_of(repository)
    assert people_of(found.authors) == {"ada"}
    assert found.unknown == (
        "REGISTRY_CODE_AUTHORS holds what is no e-mail address: bob, a b@c, \ufffdeve@d.",
    )


def test_authors_come_back_from_json(repository: Repository) -> None:
    repository.project.write({UNITS: "PER_HOUR = 60\n"})
    found = authors_of(repository, since="0a1b2c3d")
    assert len(found.unknown) == 2
    assert CodeAuthors.from_json(json.loads(canonical_json(found.to_json()))) == found


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"since": None, "authors": []},
        {"since": 1, "authors": [], "unknown": []},
        {"since": None, "authors": "", "unknown": ""},
        {"since": None, "authors": [], "unknown": [1]},
        {"since": None, "authors": [{"name": "Ada"}], "unknown": []},
        {"since": None, "authors": ["Ada"], "unknown": []},
        "",
        [],
    ],
)
def test_versions_that_say_nothing_have_unknown_authors(value: Any) -> None:
    assert CodeAuthors.from_json(value).unknown
