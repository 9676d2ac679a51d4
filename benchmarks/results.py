"""Results: what was measured, row by row, as JSON and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.cases import OURS, Case
from benchmarks.measuring import Summary


@dataclass(frozen=True, slots=True)
class Row:
    """Our side of a case beside one peer, or by itself where there is none."""

    case: Case
    ours: Summary
    peer_name: str = ""
    peer: Summary | None = None
    target: str = ""
    reached: bool | None = None

    @property
    def ratio(self) -> float | None:
        """The peer's median divided by ours."""
        return None if self.peer is None else self.peer.median / self.ours.median

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "workload": self.case.workload,
            "title": self.case.title,
            "line": self.case.line,
            "size": self.case.size,
            "peer_name": self.peer_name,
            "ours": asdict(self.ours),
            "peer": asdict(self.peer) if self.peer else None,
            "ratio": self.ratio,
            "target": self.target,
            "reached": self.reached,
        }


def rows_of(case: Case, summaries: Mapping[str, Summary]) -> list[Row]:
    """Give one row for each peer of a case."""
    ours = summaries[OURS]
    if not case.peers:
        return [Row(case, ours)]
    rows = []
    for side, (name, target) in case.peers.items():
        peer = summaries[side]
        reached = target.reached(ours=ours.median, peer=peer.median) if target else None
        rows.append(Row(case, ours, name, peer, str(target or ""), reached))
    return rows


def cells(row: Row) -> tuple[str, ...]:
    """Give a row as people read it."""
    verdict = {True: "reached", False: "missed", None: ""}[row.reached]
    return (
        row.case.title,
        milliseconds(row.ours.median),
        milliseconds(row.ours.p95),
        row.peer_name,
        milliseconds(row.peer.median) if row.peer else "",
        milliseconds(row.peer.p95) if row.peer else "",
        ratio(row.ratio),
        row.target,
        verdict,
    )


HEADINGS = (
    "workload",
    "ours",
    "p95",
    "beside",
    "median",
    "p95",
    "ratio",
    "target",
    "",
)


def milliseconds(value: float) -> str:
    """Give milliseconds with three digits, or seconds where they are many."""
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} ms"


def ratio(value: float | None) -> str:
    """Give a ratio with two or three digits."""
    if value is None:
        return ""
    return f"{value:.0f}×" if value >= 20 else f"{value:.1f}×" if value >= 2 else f"{value:.2f}×"


def missed(rows: Sequence[Row]) -> list[Row]:
    """Give the rows whose target was missed."""
    return [row for row in rows if row.reached is False]
