"""Move the production pointer of a model to its next version.

Ours decides by the gate, verifies every byte of the version and its evaluation, writes
promotion, pointer and ledger event in one flushed transaction, then the pointer file. MLflow
sets an alias.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, MOVABLE, line, production
from benchmarks.targets import Target, TimesFaster

TARGETS: dict[int, Target] = {100: TimesFaster(2), 10_000: TimesFaster(150)}


def cases(scale: Scale) -> list[Case]:
    """At every size, in one model; each move goes to a version not held before."""
    return [
        Case(
            workload="move_pointer",
            title=f"move a pointer among {size:,} versions",
            fixture=line(size),
            size=size,
            peers={"mlflow": ("MLflow", TARGETS.get(size))},
            line="move a pointer",
            samples=min(40, MOVABLE - 5),
            floor=(
                "A move hashes every file of the version and of its evaluation, decides on some"
                " twenty reads, signs what it decided by and flushes that to the store, a blob and"
                " its manifest; writes promotion, pointer, event and index in one flushed"
                " transaction, and then replaces the pointer file, flushed with its folder: seven"
                " flushes and one signature, of which MLflow has one and none. It takes the same"
                " time however many versions there are; MLflow sets an alias in one row, after"
                " it has read all versions."
            ),
        )
        for size in scale.sizes
    ]


def ours(setting: Setting) -> Operation:
    """`Registry.promote`."""
    from registry_assets import Registry
    from registry_assets.lifecycle.backends import RunInfo

    registry = Registry.open(setting.folder)
    run = RunInfo(actor="bench", run_id="bench")
    numbers = _following(setting.size)

    def move(number: int) -> tuple[int, bool]:
        promoted = registry.promote(MODEL, number, run=run)
        return promoted.promotion.version, promoted.moved

    def check(answer: tuple[int, bool]) -> None:
        require(answer, (registry.resolve(f"{MODEL}@production").number, True))

    return Operation(move, prepare=lambda: next(numbers), check=check)


def mlflow(setting: Setting) -> Operation:
    """`set_registered_model_alias`."""
    from benchmarks.peer.client import open_mlflow
    from benchmarks.peer.loading import ALIAS

    client = open_mlflow(setting.folder)
    numbers = _following(setting.size)

    def move(number: int) -> int:
        client.set_registered_model_alias(MODEL, ALIAS, str(number))
        return number

    def check(number: int) -> None:
        version: Any = client.get_model_version_by_alias(MODEL, ALIAS)
        require(int(version.version), number)

    return Operation(move, prepare=lambda: next(numbers), check=check)


def _following(size: int) -> Iterator[int]:
    return count(production(size) + 1)
