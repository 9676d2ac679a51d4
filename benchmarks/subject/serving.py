"""Two versions of a model, to be served here and by MLflow, and a pointer that moves."""

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.clients import Question, ask
from benchmarks.subject.declaration import declared
from benchmarks.subject.rows import flights, planes
from benchmarks.subject.trained import MODEL, RUN, make_trained, reserve
from registry_assets.converting.mlflow_signature import split_frame
from registry_assets.deployment.pointer_file import PointerFile
from registry_assets.registry import Registry

POINTER = "production"
VERSIONS = (1, 2)
PEER_MODEL = "mlflow-model"
REFERENCES = "references"


def make_served(folder: Path | str, sizes: list[int]) -> dict[str, Any]:
    """Train two versions, write the first as an MLflow model, and give the questions by size.

    Args:
        sizes: rows in one question.
    """
    folder = Path(folder)
    make_trained(folder)
    registry = Registry.open(folder)
    number = reserve(registry, -150)
    registry.train(declared(MODEL), number, run=RUN)
    registry.evaluate(declared(MODEL), number, run=RUN)
    registry.convert(f"{MODEL}:1", folder / PEER_MODEL, to="mlflow")
    (folder / REFERENCES).mkdir()
    planes().to_parquet(folder / REFERENCES / "planes.parquet")
    return {
        "store": str(registry.home.store),
        "questions": {str(size): _questions(registry, size) for size in sizes},
    }


def _questions(registry: Registry, size: int) -> dict[str, dict[str, Any]]:
    rows = flights(size).drop(columns="late").assign(id=range(size))
    expected = {
        str(number): registry.load(f"{MODEL}:{number}").predict(rows, planes=planes()).tolist()
        for number in VERSIONS
    }
    plain = rows.drop(columns="id")
    return {
        "ours": {
            "path": "/predict",
            "body": json.dumps({"rows": rows.to_dict("records")}),
            "answers": "prediction",
            "expected": expected,
        },
        "mlflow": {
            "path": "/invocations",
            "body": json.dumps({"dataframe_split": split_frame(plain)}),
            "answers": "predictions",
            "expected": {"": expected["1"]},
        },
    }


def load_while_moving(
    folder: str, port: int, question: dict[str, Any], clients: int, seconds: float, every: float
) -> dict[str, Any]:
    """Let clients ask for so long, while the pointer moves from version to version and back."""
    mover = _Mover(Registry.open(folder), every)
    mover.start()
    try:
        asked = asyncio.run(ask(port, Question(**question), clients=clients, seconds=seconds))
    finally:
        moves = mover.end()
    return {
        "milliseconds": asked.milliseconds,
        "failures": asked.failures,
        "versions": asked.versions,
        "moves": moves,
    }


class _Mover(threading.Thread):
    """Moves the pointer as its file tells of it, without the decisions that come before."""

    def __init__(self, registry: Registry, every: float) -> None:
        super().__init__(daemon=True)
        self._store = registry.backends.store
        self._digests = {n: str(registry.resolve(f"{MODEL}:{n}").digest) for n in VERSIONS}
        self._every = every
        self._ended = threading.Event()
        self._moves = 0

    def run(self) -> None:
        while not self._ended.wait(self._every):
            data = self._store.read_pointer(MODEL, POINTER)
            assert data is not None
            held = PointerFile.from_bytes(data, model=MODEL, pointer=POINTER)
            number = 3 - held.version
            moved = replace(
                held,
                version=number,
                digest=self._digests[number],
                generation=held.generation + 1,
            )
            self._store.write_pointer(MODEL, POINTER, moved.to_bytes())
            self._moves += 1

    def end(self) -> int:
        self._ended.set()
        self.join()
        return self._moves
