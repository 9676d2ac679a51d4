"""The harness takes turns, checks answers, judges by ratio, and writes what it found."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import workloads
from benchmarks.cases import FULL, QUICK, Case, Scale
from benchmarks.driver import MLFLOW, environment_of, measure
from benchmarks.machine import Machine
from benchmarks.measuring import Operation, Summary, require
from benchmarks.page import write_page
from benchmarks.results import rows_of
from benchmarks.run import run
from benchmarks.targets import AtMost, TimesFaster, Within

TINY = Scale(
    "tiny",
    sizes=(60, 80),
    search_sizes=(),
    seconds=0.0,
    fewest=2,
    processes=2,
    races=1,
    race_length=1,
    large_file=1000,
)
MACHINE = Machine(
    date="2026-01-01",
    cpu="a cpu",
    cores=2,
    memory_gib=8,
    system="Linux 6",
    filesystem="ext4",
    fsync_ms=0.3,
    python="3.11.9",
    ours={"numpy": "2.4.6", "SQLite": "3.53.4 (WAL, FULL)"},
    mlflow={"mlflow": "3.17.2", "numpy": "2.4.6", "SQLite": "3.40.1"},
)


class Talker:
    """A worker that answers at once, and remembers what it was told."""

    def __init__(self, milliseconds: float, heard: list[tuple[str, str]]) -> None:
        self._milliseconds = milliseconds
        self._heard = heard

    def tell(self, do: str, **arguments: Any) -> Any:
        self._heard.append((do, arguments["side"]))
        return [self._milliseconds] * arguments.get("count", 0)


def case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "workload": "resolve",
        "title": "do it",
        "fixture": "empty",
        "size": 1,
        "peers": {"mlflow": ("MLflow", TimesFaster(2))},
        "samples": 4,
    }
    return Case(**{**fields, **changes})


def measured(ours: float, peer: float, **changes: Any) -> Any:
    sides = {"ours": Summary.of([ours]), "mlflow": Summary.of([peer])}
    (row,) = rows_of(case(**changes), sides)
    return row


def test_sides_are_sampled_in_turns_and_closed_whatever_happens() -> None:
    heard: list[tuple[str, str]] = []
    workers: Any = {"ours": Talker(60.0, heard), MLFLOW: Talker(90.0, heard)}
    folders = {"ours": Path(), MLFLOW: Path()}
    found = measure(workers, case(), folders, scale=TINY)
    assert [side for do, side in heard if do == "sample"][2:6] == ["ours", "mlflow"] * 2
    assert [do for do, _ in heard[-2:]] == ["close", "close"]
    assert found["ours"].median == 60.0
    assert found["mlflow"].count >= TINY.fewest


def test_a_wrong_answer_ends_the_measurement() -> None:
    operation = Operation(lambda _: 2, check=lambda answer: require(answer, 3))
    with pytest.raises(AssertionError, match="expected 3, got 2"):
        operation.sample(1)


def test_what_prepares_and_checks_is_not_timed() -> None:
    seen: list[str] = []
    operation = Operation(
        lambda given: seen.append(f"run {given}"),
        prepare=lambda: seen.append("prepare") or "it",  # type: ignore[func-returns-value]
        check=lambda _: seen.append("check"),
        units=1000,
    )
    (sample,) = operation.sample(1)
    assert seen == ["prepare", "run it", "check"]
    assert sample < 1.0


@pytest.mark.parametrize(
    ("target", "ours", "peer", "reached"),
    [
        (TimesFaster(2), 1.0, 2.0, True),
        (TimesFaster(2), 1.1, 2.0, False),
        (AtMost(1.25), 1.25, 1.0, True),
        (AtMost(1.25), 1.3, 1.0, False),
        (Within(1.0), 3.0, 2.0, True),
        (Within(1.0), 3.1, 2.0, False),
    ],
)
def test_a_target_is_judged_by_both_medians(
    target: Any, ours: float, peer: float, reached: bool
) -> None:
    assert measured(ours, peer, peers={"mlflow": ("MLflow", target)}).reached is reached


def test_every_case_has_a_function_for_each_side() -> None:
    for scale in (FULL, QUICK):
        for each in workloads.cases(scale):
            module = __import__(f"benchmarks.workloads.{each.workload}", fromlist=["x"])
            assert all(callable(getattr(module, side)) for side in each.sides)


def test_only_sides_of_mlflow_run_in_its_environment() -> None:
    sides = {side for each in workloads.cases(FULL) for side in each.sides}
    assert {side for side in sides if environment_of(side) == MLFLOW} == {
        side for side in sides if side.startswith("mlflow")
    }
    assert environment_of("by_hand") == "ours"


@pytest.mark.parametrize("workload", ["resolve", "get_model", "move_pointer"])
def test_our_side_of_a_workload_gives_right_answers_in_a_worker(workload: str) -> None:
    module = __import__(f"benchmarks.workloads.{workload}", fromlist=["x"])
    alone = [
        case(
            workload=each.workload,
            fixture=each.fixture,
            size=each.size,
            line=each.line,
            peers={},
        )
        for each in module.cases(TINY)
    ]
    rows = run(alone, TINY, say=lambda _: None)
    assert [row.case.size for row in rows] == list(TINY.sizes)
    assert all(row.ours.count >= TINY.fewest for row in rows)


def test_the_page_shows_every_row_what_was_missed_and_a_small_picture(tmp_path: Path) -> None:
    rows = [
        measured(1.0, 10.0, size=size, title=f"resolve, {size} versions", line="resolve")
        for size in (100, 1000)
    ]
    rows.append(measured(1.0, 1.5, title="move a pointer"))
    rows += rows_of(case(peers={}, title="verify"), {"ours": Summary.of([0.25])})
    write_page(rows, MACHINE, docs=tmp_path)
    page = (tmp_path / "performance.md").read_text()
    assert "| resolve, 100 versions | 1.00 ms |" in page
    assert "| move a pointer | 1.00 ms | 1.00 ms | MLflow | 1.50 ms | 1.50 ms | 1.50× |" in page
    assert "- move a pointer, beside MLflow: 1.50× where the target is ≥ 2×." in page
    assert "| verify | 0.250 ms | 0.250 ms | 4,000 |" in page
    assert "ext4" in page
    picture = (tmp_path / "images" / "performance.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 50_000
