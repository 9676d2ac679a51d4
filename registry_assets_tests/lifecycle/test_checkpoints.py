"""A checkpoint that was kept elsewhere shows a past that was cut off or written anew."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.ledger import append, read_events
from registry_assets.catalog.tables import events, heads
from registry_assets.errors import DeclarationError
from registry_assets.lifecycle.checkpoints import read_checkpoint
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, History, lived_in, reopened
from registry_assets_tests.copies import copied


@pytest.fixture(scope="session")
def _past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints") / "project"
    lived_in(folder)
    return folder


@pytest.fixture
def past(_past: Path, tmp_path: Path) -> History:
    """A registry with a history."""
    return reopened(copied(_past, tmp_path / "project"))


@pytest.fixture
def kept(past: History, tmp_path: Path) -> Path:
    """A checkpoint of now."""
    file = tmp_path / "kept.json"
    file.write_bytes(past.registry.checkpoint().to_bytes())
    return file


def cut(history: History, count: int) -> None:
    """Take the newest events of the model away, as who holds the database can."""
    with history.catalog.write() as connection:
        story = list(read_events(connection, MODEL))
        left = story[-count - 1]
        connection.execute(
            sa.delete(events).where(events.c.chain == MODEL, events.c.sequence > left.sequence)
        )
        connection.execute(
            sa.update(heads)
            .where(heads.c.chain == MODEL)
            .values(sequence=left.sequence, digest=left.digest)
        )


def codes(history: History, kept: Path) -> list[tuple[str, str]]:
    """What is found against the checkpoint."""
    found = history.registry.verify(checkpoint=read_checkpoint(kept))
    return [(p.code, p.subject) for p in found.problems if p.code.startswith("history")]


def test_a_past_that_went_on_is_clean(past: History, kept: Path) -> None:
    past.version(17)
    assert past.registry.verify(checkpoint=read_checkpoint(kept)).clean


def test_a_past_that_was_cut_off_is_found(past: History, kept: Path) -> None:
    cut(past, 2)
    assert codes(past, kept) == [("history_truncated", MODEL)]


def test_a_past_that_was_cut_off_and_went_on_is_found(past: History, kept: Path) -> None:
    cut(past, 1)
    with past.catalog.write() as connection:
        for _ in range(3):
            append(connection, chain=MODEL, kind="version_failed", body={"effective_at": "never"})
    assert codes(past, kept) == [("history_rewritten", MODEL)]


def test_a_pointer_file_is_a_checkpoint_too(past: History, tmp_path: Path) -> None:
    told = past.registry.backends.store.read_pointer(MODEL, "production")
    assert told is not None
    file = tmp_path / "production.json"
    file.write_bytes(told)
    assert past.registry.verify(checkpoint=read_checkpoint(file)).clean
    count = json.loads(told)["evidence"]["ledger"][MODEL]["sequence"]
    with past.catalog.read() as connection:
        length = len(list(read_events(connection, MODEL)))
    cut(past, length - count + 1)
    assert ("history_truncated", MODEL) in codes(past, file)


def test_a_checkpoint_of_another_registry_says_so(kept: Path, tmp_path: Path) -> None:
    other = Registry.init(tmp_path / "other")
    found = other.verify(checkpoint=read_checkpoint(kept))
    assert [problem.code for problem in found.problems] == ["checkpoint_of_another"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"format": "x"}',
        '{"format": "registry_assets/checkpoint/1"}',
        '{"format": "registry_assets/checkpoint/1", "registry": null, "made_at": null, "heads": 3}',
        "[" * 5000,
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "none.json"
    file.write_text(content)
    with pytest.raises(DeclarationError, match="is no checkpoint") as caught:
        read_checkpoint(file)
    assert "registry checkpoint" in caught.value.hint
