"""Who wrote a version's code is asked of git for each pointer, since what it held last."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import commit
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.governance.separation import WHOLE_HISTORY
from registry_assets.lifecycle.authorship import read_code_authors
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.manifest import Manifest
from registry_assets.store.manifests import put_manifest
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history
from registry_assets_tests.declaration.test_mistakes import declare
from registry_assets_tests.packaging.projects import AIRLINE, project_in
from registry_assets_tests.packaging.repositories import BOB, EVE, UNITS, Repository, closure_of

POINTERS = declare(pointers=("production", "canary"))


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """A project whose first commit is Ada's."""
    with project_in(tmp_path / "src") as project:
        made = Repository(project)
        made.commit(AIRLINE)
        yield made


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A registry in which nothing is declared."""
    return new_history(tmp_path / "project")


def authors(history: History, repository: Repository) -> dict[str, tuple[str | None, set[str]]]:
    """By pointer since which commit, and who changed the code in it."""
    found: Any = read_code_authors(
        history.registry.backends, POINTERS, closure_of(repository.project)
    )
    assert not any(each["unknown"] for each in found.values())
    return {
        pointer: (each["since"], {a["email"].partition("@")[0] for a in each["authors"]})
        for pointer, each in found.items()
    }


def version_of(history: History, code_commit: str, *, seed: int) -> int:
    """Commit a version that was made of this commit, and evaluate it."""
    number = history.reserve(f"version {seed}", seed=seed).version.number
    facts: dict[str, Any] = {"model": MODEL, "version": number}
    manifest = Manifest("model", (), (), facts)
    commit(
        history.catalog,
        model=MODEL,
        number=number,
        digest=put_manifest(history.registry.backends.store, manifest),
        metadata={"code_commit": code_commit},
        findings=[Finding(n, commit_check_digest(n), "passed", "so") for n in COMMIT_CHECKS],
        run_id="run-1",
        actor="ann",
        clock=history.clock,
    )
    history.evaluate(number)
    return number


def test_before_anything_is_registered_the_whole_history_counts(
    history: History, repository: Repository
) -> None:
    whole = (None, {"ada"})
    assert authors(history, repository) == dict.fromkeys(
        ("production", "canary", WHOLE_HISTORY), whole
    )


def test_a_pointer_that_moved_counts_from_the_commit_of_what_it_held(
    history: History, repository: Repository
) -> None:
    declare_model(history.registry.backends, POINTERS, actor="ann")
    first = repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    number = version_of(history, first, seed=1)
    # That it is there is not enough: nobody has let it through yet.
    everybody = (None, {"ada", "bob"})
    assert authors(history, repository)["canary"] == everybody
    history.registry.promote(MODEL, number, pointer="canary", run=PERSON)
    repository.commit({UNITS: "PER_HOUR = 100\n"}, by=EVE)
    assert authors(history, repository) == {
        "production": (None, {"ada", "bob", "eve"}),
        "canary": (first, {"eve"}),
        WHOLE_HISTORY: (None, {"ada", "bob", "eve"}),
    }


def test_after_a_rollback_it_counts_from_the_newest_that_was_let_through(
    history: History, repository: Repository
) -> None:
    declare_model(history.registry.backends, POINTERS, actor="ann")
    first = repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    history.promote(version_of(history, first, seed=1))
    second = repository.commit({UNITS: "PER_HOUR = 90\n"}, by=EVE)
    history.promote(version_of(history, second, seed=2))
    history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    assert authors(history, repository)["production"] == (second, set())


def test_a_version_that_does_not_say_its_commit_starts_no_count(
    history: History, repository: Repository
) -> None:
    declare_model(history.registry.backends, POINTERS, actor="ann")
    history.promote(history.version(1))
    assert authors(history, repository)["production"] == (None, {"ada"})
