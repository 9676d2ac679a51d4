"""Answer questions until there are no more."""

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn, TextIO

from registry_assets.mirroring.wandb.names import FOLDER
from registry_assets.mirroring.wandb.program.failures import told


def main() -> None:
    """Answer what is asked on one descriptor on another."""
    questions = os.fdopen(int(sys.argv[1]), "r", encoding="utf-8")
    answers = os.fdopen(int(sys.argv[2]), "w", encoding="utf-8")
    there = None
    for question in _each(questions):
        try:
            if there is None:
                there = _open(question)
                said: dict[str, Any] = {"answer": {"entity": there.entity}}
            else:
                said = {"answer": there.ask(question["call"], question["arguments"])}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to who asked
            said = {"error": told(error)}
        try:
            answers.write(json.dumps(said) + "\n")
            answers.flush()
        except BrokenPipeError:
            _leave()
    if there is not None:
        there.close()
    _forget()


def _open(settings: dict[str, Any]) -> Any:
    try:
        import wandb  # noqa: F401
    except ImportError:
        raise NotInstalledError from None
    from registry_assets.mirroring.wandb.program.there import There

    return There(settings)


class NotInstalledError(Exception):
    """The client is not here."""


def _each(questions: TextIO) -> Iterator[dict[str, Any]]:
    """Give the questions; whoever asks may die while one is answered, and then this ends, too."""
    waiting: SimpleQueue[str | None] = SimpleQueue()
    busy = threading.Event()

    def read() -> None:
        for line in questions:
            busy.set()
            waiting.put(line)
        if busy.is_set():
            _leave()
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (line := waiting.get()) is not None:
        yield json.loads(line)
        busy.clear()


def _leave() -> NoReturn:
    """End at once: whoever asked is gone, and wants no answer."""
    try:
        _end_children()
        _forget()
    finally:
        os._exit(1)


def _end_children() -> None:
    """End what the client started: it would write on into a folder that is removed."""
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(int(child), signal.SIGKILL)


def _forget() -> None:
    """Remove what the client has written: whoever asked may be gone, and cannot."""
    folder = Path(sys.argv[3])
    if folder.name.startswith(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
