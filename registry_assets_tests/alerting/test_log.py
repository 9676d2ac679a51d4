"""The log: one line of JSON an occasion."""

import fcntl
import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from registry_assets.alerting.sinks.log import LogSink
from registry_assets.errors import DeliveryFailed
from registry_assets_tests.alerting.occasions import HOSTILE, an_occasion, hostile


def test_each_occasion_is_a_line_that_others_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sink = LogSink("file", str(path))
    for sequence in (1, 2):
        sink.send(an_occasion(sequence=sequence))
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["id"] for line in lines] == ["flight_delay/3/1", "flight_delay/3/2"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
def test_no_text_ends_a_line(tmp_path: Path, written: str) -> None:
    path = tmp_path / "alerts.jsonl"
    LogSink("file", str(path)).send(hostile(written))
    assert path.read_bytes().count(b"\n") == 1


def test_without_a_path_it_is_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    LogSink("file").send(an_occasion())
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["subject"]) == ("", "flight_delay/3")


def test_a_folder_that_is_not_there_is_a_delivery_that_failed(tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed, match="No such file") as caught:
        LogSink("file", str(tmp_path / "none" / "alerts.jsonl")).send(an_occasion())
    assert not caught.value.permanent


def test_a_disk_that_is_full_is_a_delivery_that_failed() -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("no /dev/full on this machine")
    with pytest.raises(DeliveryFailed, match="No space left"):
        LogSink("file", "/dev/full").send(an_occasion())


def _send_many(path: str, number: int) -> None:
    for sequence in range(1, 51):
        LogSink("file", path).send(an_occasion(number=number, sequence=sequence))


def test_lines_of_several_processes_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_send_many, args=(str(path), n)) for n in (1, 2, 3)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(60)
        assert each.exitcode == 0
    keys = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    assert len(keys) == len(set(keys)) == 150


def test_a_line_that_another_is_writing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sink = LogSink("file", str(path))
    mine = threading.Thread(target=sink.send, args=[an_occasion()])
    with path.open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b'{"id":')
        mine.start()
        mine.join(0.5)
        other.write(b'"other"}\n')
    mine.join(60)
    keys = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    assert keys == ["other", "flight_delay/3/1"]
