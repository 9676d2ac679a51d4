"""An index that is not what the rows make it is named by verify."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.index_tables import (
    indexed_evaluations,
    indexed_models,
    indexed_versions,
    text_terms,
)
from registry_assets.lifecycle.reindexing import reindex
from registry_assets_tests.catalog.history import MODEL, History, lived_in


@pytest.fixture
def past(tmp_path: Path) -> History:
    """A registry with a history."""
    return lived_in(tmp_path / "project")


CHANGES = [
    (sa.update(indexed_versions).values(stage="production"), "version late, 1"),
    (sa.update(indexed_versions).values(description="another"), "version late, 3"),
    (sa.delete(indexed_versions).where(indexed_versions.c.number == 2), "version late, 2"),
    (sa.delete(indexed_models), "model late"),
    (sa.delete(indexed_evaluations), "evaluation "),
    (sa.delete(text_terms).where(text_terms.c.name == "tags.quarter"), "version late, 1"),
    (sa.insert(indexed_models).values(name="gone", task="", risk="", description="", tags="{}",
                                      created_at=""), "model gone"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "subject"), CHANGES)
def test_it_is_named_and_made_anew(past: History, change: sa.Executable, subject: str) -> None:
    with past.catalog.write() as connection:
        connection.execute(change)
    found = past.registry.verify().problems
    assert {problem.code for problem in found} == {"index_differs"}
    assert any(problem.subject.startswith(subject) for problem in found)
    assert all("registry rebuild" in problem.sentence for problem in found)
    reindex(past.registry.backends)
    assert past.registry.verify().clean
    assert past.registry.version(f"{MODEL}:2").stage == "production"
