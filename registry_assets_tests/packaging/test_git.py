"""How git is asked, of repositories whose settings would deceive it or run something."""

from pathlib import Path

from registry_assets.packaging.authors import code_authors
from registry_assets_tests.packaging.projects import AIRLINE
from registry_assets_tests.packaging.repositories import (
    ADA,
    BOB,
    EVE,
    FEATURES,
    UNITS,
    UNRELATED,
    Repository,
    closure_of,
    read_from,
    wrote,
)
from registry_assets_tests.signing.openssh import new_key


def test_history_is_read_as_it_was_committed(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    changed = repository.commit({UNITS: "PER_HOUR = 60\n"}, by=EVE)
    last = repository.commit({UNRELATED: "VALUE = 2\n"})
    repository.commit({".mailmap": f"{ADA} <eve@airline.example>\n"})
    raw = repository.git("cat-file", "commit", changed).replace("eve@", "ada@")
    other = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode())
    repository.git("replace", changed, other)
    assert "eve@" not in repository.git("log", "--format=%ae %aE %ce", changed)
    assert wrote(repository) == {"ada", "eve"}
    repository.git("replace", "-d", changed)
    (repository.project.root / ".git" / "info" / "grafts").write_text(f"{last} {first}\n")
    assert "Eve" not in repository.git("log")
    assert wrote(repository) == {"ada", "eve"}


def test_no_program_that_the_repository_names_runs(repository: Repository, tmp_path: Path) -> None:
    repository.signs_with(new_key(tmp_path / "key"))
    repository.commit({UNITS: "PER_HOUR = 60\n"}, "--gpg-sign", by=BOB)
    repository.git("checkout", "--quiet", "-b", "feature")
    code = AIRLINE[FEATURES]
    repository.commit({FEATURES: f"{code}# theirs\n"}, by=BOB)
    repository.git("checkout", "--quiet", "main")
    repository.commit({FEATURES: f"# ours\n{code}"})
    repository.git("merge", "--quiet", "--no-edit", "feature", by=EVE)
    repository.commit({".gitattributes": "*.py filter=spy diff=spy merge=spy\n"})
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    spy.chmod(0o700)
    for setting in (
        "filter.spy.clean", "filter.spy.process", "diff.spy.textconv", "diff.spy.command",
        "merge.spy.driver", "diff.external", "core.fsmonitor", "core.pager", "gpg.ssh.program",
        "gpg.program", "core.sshCommand",
    ):  # fmt: skip
        repository.git("config", setting, str(spy))
    repository.git("config", "log.showSignature", "true")
    (repository.project.root / UNITS).touch()
    assert wrote(repository) == {"ada", "bob"}
    assert not (tmp_path / "ran").exists()


def test_what_a_partial_clone_lacks_is_not_downloaded(
    repository: Repository, tmp_path: Path
) -> None:
    closure = closure_of(repository.project)
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    url = f"file://{repository.project.root}"
    repository.git("clone", "--quiet", "--filter=tree:0", "--no-checkout", url, str(clone))
    for file in closure.files:
        (clone / file.path).parent.mkdir(exist_ok=True)
        (clone / file.path).write_bytes(file.source)
    assert code_authors(read_from(closure, clone), since=None).unknown
    # It was there to be had: git by itself gets it.
    assert UNITS in repository.git("-C", str(clone), "ls-tree", "--name-only", "-r", "HEAD")
