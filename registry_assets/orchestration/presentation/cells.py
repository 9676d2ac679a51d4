"""Numbers and lists as they stand in the tables of the Dagster UI."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from registry_assets.evaluation.results import Estimate


def number(value: float, *, signed: bool = False) -> str:
    """Give four digits, or that there is no number."""
    return "undefined" if value != value else f"{value:{'+' if signed else ''}.4f}"


def interval(estimate: Estimate, *, signed: bool = False) -> str:
    """Give the interval, or why there is none."""
    if not estimate.defined:
        return estimate.reason
    return f"[{number(estimate.low, signed=signed)}, {number(estimate.high, signed=signed)}]"


def both(estimate: Estimate | None) -> str:
    """Give number and interval in one cell; nothing where nothing was measured."""
    if estimate is None:
        return ""
    return f"{number(estimate.value)} {interval(estimate)}"


def table(rows: Sequence[dict[str, Any]]) -> dg.TableMetadataValue:
    """Give a table; its columns are those of the first row."""
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows])


def bullets(lines: Iterable[str]) -> dg.MarkdownMetadataValue:
    """Give a list."""
    return dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))
