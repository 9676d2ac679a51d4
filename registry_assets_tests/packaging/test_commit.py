"""The commit of training code, asked of real repositories."""

import subprocess
from pathlib import Path

import pytest

from registry_assets.errors import CodeCommitUnknown
from registry_assets.packaging import CodeCommit, code_closure, code_commit
from registry_assets.packaging.commit import without_credentials
from registry_assets_tests.packaging.projects import Project

AUTHOR = "Ada Pilot <ada@airline.example>"


@pytest.fixture(autouse=True)
def no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTRY_CODE_COMMIT", raising=False)


def git(project: Project, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada Pilot", "-c", "user.email=ada@airline.example")
    result = subprocess.run(
        ["git", *identity, *arguments], cwd=project.root, check=True, capture_output=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture
def committed(project: Project) -> Project:
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    return project


def commit_of(project: Project) -> CodeCommit:
    return code_commit(code_closure(project.function("airline.features:make_features")))


def test_a_clean_tree_gives_its_commit(committed: Project) -> None:
    git(committed, "remote", "add", "origin", "https://ada:secret@git.example/airline.git?t=1")
    assert commit_of(committed) == CodeCommit(
        sha=git(committed, "rev-parse", "HEAD"),
        dirty=False,
        repository="https://git.example/airline.git",
        author=AUTHOR,
    )


def test_a_changed_file_anywhere_makes_it_dirty(committed: Project) -> None:
    committed.write({"airline/unrelated.py": "VALUE = 2\n"})
    assert commit_of(committed).dirty


def test_an_untracked_file_counts_only_if_the_model_uses_it(committed: Project) -> None:
    committed.write({"notes.py": ""})
    assert not commit_of(committed).dirty
    git(committed, "rm", "--quiet", "--cached", "airline/units.py")
    git(committed, "commit", "--quiet", "-m", "forget a helper")
    assert commit_of(committed).dirty


def test_asking_leaves_the_repository_untouched(committed: Project) -> None:
    def state() -> dict[Path, int]:
        return {
            path: path.stat().st_mtime_ns
            for path in (committed.root / ".git").rglob("*")
            if path.is_file()
        }

    before = state()
    commit_of(committed)
    assert state() == before


def test_no_repository_and_no_commit_say_what_to_do(project: Project) -> None:
    with pytest.raises(CodeCommitUnknown, match="REGISTRY_CODE_COMMIT") as nowhere:
        commit_of(project)
    assert "not a git repository" in str(nowhere.value)
    git(project, "init", "--quiet")
    with pytest.raises(CodeCommitUnknown, match=r"holds features\.py has no commit yet"):
        commit_of(project)


def test_code_that_git_ignores_has_no_commit(committed: Project) -> None:
    git(committed, "rm", "--quiet", "-r", "--cached", "airline")
    committed.write({".gitignore": "airline/\n"})
    with pytest.raises(CodeCommitUnknown, match="gitignore"):
        commit_of(committed)


def test_no_git_says_so(committed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(committed.root))
    with pytest.raises(CodeCommitUnknown, match="git is not installed"):
        commit_of(committed)


def test_the_override_serves_images_without_history(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "0a1b2c3d")
    assert commit_of(project) == CodeCommit(sha="0a1b2c3d", dirty=False)
    monkeypatch.setenv("REGISTRY_CODE_COMMIT", "main")
    with pytest.raises(CodeCommitUnknown, match="'main', not a commit"):
        commit_of(project)


def test_another_repository_in_gits_own_variables_is_not_asked(
    committed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert commit_of(committed).author == AUTHOR


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://user:token@git.example:8443/a/b.git", "https://git.example:8443/a/b.git"),
        ("git@git.example:a/b.git", "ssh://git.example/a/b.git"),
        ("ssh://git@git.example/a/b.git", "ssh://git.example/a/b.git"),
        ("/home/ada/airline", None),
        ("file:///home/ada/airline", None),
        ("", None),
    ],
)
def test_credentials_and_local_paths_are_left_out(remote: str, shown: str | None) -> None:
    assert without_credentials(remote) == shown
