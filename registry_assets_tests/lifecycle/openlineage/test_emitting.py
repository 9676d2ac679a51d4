"""Nothing is lost and nobody waits: a receiver that is down, wrong, new, or told by two at once."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_assets import faults
from registry_assets.errors import DeliveryFailed
from registry_assets.lifecycle.openlineage import emitting
from registry_assets.openlineage.destination import FileDestination, HttpDestination
from registry_assets.openlineage.documents import Document
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.lifecycle.openlineage.conftest import names, told
from registry_assets_tests.servers.receiver import Receiver, receiving, status
from registry_assets_tests.worlds import PERSON

SCRIPT = """
import sys
from pathlib import Path
from registry_assets.openlineage.destination import FileDestination
from registry_assets.registry import Registry
Registry.open(sys.argv[1]).tell_lineage(FileDestination(Path(sys.argv[2])))
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def there(receiver: Receiver) -> HttpDestination:
    return HttpDestination(f"{receiver.url}/api/v1/lineage")


def keys(events: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """By what a receiver knows an event again."""
    said = names(events)
    runs = [str(each.get("run", {}).get("runId", "")) for each in events]
    return list(zip(said, runs, strict=True))


def test_what_was_told_is_not_told_again_and_what_comes_is(
    history: History, file: FileDestination
) -> None:
    history.registry.tell_lineage(file)
    before = told(file)
    again = history.registry.tell_lineage(file)
    assert (again.sent, again.waiting) == (0, 0)
    history.version(7)
    # That a number was reserved, and what people say, is told to nobody.
    history.registry.tag(f"{MODEL}:1", {"quarter": "Q3"}, run=PERSON)
    assert history.registry.lineage_progress(file).waiting == 2
    assert history.registry.tell_lineage(file).sent == 4
    assert names(told(file)[len(before) :]) == [
        "START train/late", "COMPLETE train/late", "START evaluate/late", "COMPLETE evaluate/late",
    ]  # fmt: skip
    assert max(Counter(keys([each for each in told(file) if "run" in each])).values()) == 1


def test_a_receiver_that_is_down_fails_nothing_and_misses_nothing(
    history: History, there: HttpDestination, receiver: Receiver, file: FileDestination
) -> None:
    receiver.answers += [status(202)] * 5 + [status(503)]
    done = history.registry.tell_lineage(there)
    assert (done.sent, done.refused) == (5, ())
    assert "answered 503" in done.error
    progress = history.registry.lineage_progress(there)
    assert (progress.due, progress.position.failures) == (False, 1)
    history.version(8)
    history.clock.now += timedelta(minutes=5)
    assert history.registry.lineage_progress(there).due
    assert history.registry.tell_lineage(there).error == ""
    position = history.registry.lineage_progress(there).position
    assert (position.failures, position.error, position.next_at) == (0, None, None)
    history.registry.tell_lineage(file)
    got = [each.body for each in receiver.requests]
    # Those five, and the one that was not taken, are told twice at most.
    assert {*file.path.read_bytes().splitlines()} == {*got}
    assert len(got) - len({*got}) <= 6


def test_nobody_listens_there_at_all(history: History) -> None:
    nowhere = HttpDestination("http://127.0.0.1:9/api/v1/lineage")
    for failures in (1, 2):
        done = history.registry.tell_lineage(nowhere)
        assert "cannot be reached" in done.error
        assert done.sent == 0
        progress = history.registry.lineage_progress(nowhere)
        assert (progress.due, progress.position.failures) == (False, failures)
        assert progress.waiting == done.waiting > 10


def test_what_is_refused_for_what_it_is_is_passed_over_seen_and_told_once_more(
    history: History, there: HttpDestination, receiver: Receiver
) -> None:
    receiver.answers += [status(422, b"no such thing as a job")]
    done = history.registry.tell_lineage(there)
    assert (done.error, done.waiting) == ("", 0)
    (refused,) = done.refused
    assert "no such thing as a job" in refused.error
    assert history.registry.lineage_progress(there).position.refused == (refused,)
    receiver.answers += [status(400)]
    assert len(history.registry.retry_lineage(there)) == 1
    receiver.answers += [status(503)]
    with pytest.raises(DeliveryFailed, match="503"):
        history.registry.retry_lineage(there)
    before = len(receiver.requests)
    assert history.registry.retry_lineage(there) == ()
    assert len(receiver.requests) == before + 3  # the three jobs that a declaration is told as
    assert history.registry.lineage_progress(there).position.refused == ()


def test_a_receiver_that_refuses_everything_is_left_alone(
    history: History, there: HttpDestination, receiver: Receiver
) -> None:
    receiver.answers += [status(400)] * 99
    done = history.registry.tell_lineage(there)
    assert len(receiver.requests) == emitting.MOST_REFUSED
    assert len(done.refused) == emitting.MOST_REFUSED - 1
    assert "answered 400" in done.error
    assert not history.registry.lineage_progress(there).due


def test_a_new_receiver_is_told_everything(history: History, file: FileDestination) -> None:
    history.registry.tell_lineage(file)
    other = FileDestination(file.path.with_name("other.jsonl"))
    history.registry.tell_lineage(other)
    assert told(other) == told(file)


def test_a_round_comes_to_its_end_and_the_next_goes_on(
    history: History, file: FileDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emitting, "MOST_EVENTS", 7)
    rounds = 0
    while history.registry.tell_lineage(file).waiting:
        rounds += 1
        assert rounds < 99
    assert rounds > 3
    other = FileDestination(file.path.with_name("other.jsonl"))
    monkeypatch.undo()
    history.registry.tell_lineage(other)
    assert told(file) == told(other)


@pytest.mark.parametrize(
    ("at", "twice"),
    [("lineage.sent:4", True), ("lineage.noted", False), ("lineage.noted:2", False)],
)
def test_what_a_killed_one_left_is_told_by_the_next(
    history: History,
    file: FileDestination,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    twice: bool,
) -> None:
    folder = str(history.registry.home.folder)
    with monkeypatch.context() as patch:
        patch.setenv(faults.VARIABLE, at)
        command = [sys.executable, "-c", SCRIPT, folder, str(file.path)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert history.registry.tell_lineage(file).error == ""
    other = FileDestination(file.path.with_name("other.jsonl"))
    history.registry.tell_lineage(other)
    lines, all_of_it = (each.path.read_bytes().splitlines() for each in (file, other))
    assert {*lines} == {*all_of_it}
    assert (len(lines) > len(all_of_it)) is twice


@dataclass
class Slow:
    """A file that waits at its first event until somebody else has told it everything."""

    file: FileDestination
    began: threading.Event = field(default_factory=threading.Event)
    told: threading.Event = field(default_factory=threading.Event)

    @property
    def identity(self) -> str:
        return self.file.identity

    @property
    def shown(self) -> str:
        return self.file.shown

    def send(self, document: Document) -> None:
        self.began.set()
        assert self.told.wait(60)
        self.file.send(document)


def test_of_two_who_tell_at_once_one_notes_it_and_nothing_is_missed(
    history: History, file: FileDestination
) -> None:
    slow, found = Slow(file), list[str]()
    other = threading.Thread(target=lambda: found.append(history.registry.tell_lineage(slow).error))
    other.start()
    assert slow.began.wait(60)
    assert history.registry.tell_lineage(file).error == ""
    slow.told.set()
    other.join(60)
    assert found == ["somebody else is telling the same receiver now"]
    assert history.registry.lineage_progress(file).waiting == 0
    assert history.registry.tell_lineage(file).sent == 0
    alone = FileDestination(file.path.with_name("alone.jsonl"))
    history.registry.tell_lineage(alone)
    assert {*file.path.read_bytes().splitlines()} == {*alone.path.read_bytes().splitlines()}


def test_a_ledger_that_was_put_back_is_told_from_its_beginning(
    history: History, file: FileDestination
) -> None:
    history.registry.tell_lineage(file)
    count = len(told(file))
    # As after a restore of another time: the position speaks of an event that is another one.
    with history.catalog.write() as connection:
        connection.exec_driver_sql(
            "UPDATE settings SET value = replace(value, ?, ?) WHERE name LIKE 'lineage %'",
            (history_head(history), "sha256:" + "0" * 64),
        )
    assert history.registry.lineage_progress(file).waiting > 5
    done = history.registry.tell_lineage(file)
    assert 0 < done.sent < count
    assert history.registry.lineage_progress(file).waiting == 0


def history_head(history: History) -> str:
    with history.catalog.read() as connection:
        found = connection.exec_driver_sql("SELECT digest FROM heads WHERE chain = ?", (MODEL,))
        return str(found.scalar())


def test_what_was_told_is_no_change_of_the_registry(
    history: History, file: FileDestination
) -> None:
    with history.catalog.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM events").scalar()
    history.registry.tell_lineage(file)
    with history.catalog.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == before
    assert history.registry.verify().problems == ()


def test_a_registry_that_was_put_back_goes_on_where_its_backup_was(
    history: History, file: FileDestination, tmp_path: Path
) -> None:
    history.version(7)
    history.registry.tell_lineage(file)
    history.registry.backup(tmp_path / "backup")
    restored, _ = Registry.restore(tmp_path / "backup", tmp_path / "restored")
    assert restored.lineage_progress(file).waiting == 0
    assert restored.tell_lineage(file).sent == 0
