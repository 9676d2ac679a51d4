"""Whether the rows that a deployment was given can be relied on, beside those of its training."""

from collections.abc import Iterator

from registry_assets.catalog.observations import CheckFinding
from registry_assets.declaration import Quality
from registry_assets.monitoring.results.drift import ColumnDrift, DriftResult
from registry_assets.monitoring.results.quality import QualityProblem, QualityResult

DATA_QUALITY = "data_quality"
LABEL_QUALITY = "label_quality"
"""Apart from the rows': labels that are sound must not end what is open about rows that are not."""


def column_problems(drift: DriftResult, rule: Quality) -> Iterator[QualityProblem]:
    """Name the columns that have lost values, or have values that the training never had."""
    for column in drift.columns:
        if column.before is not None and column.after is not None and column.after.rows:
            yield from _column(column, rule)


def duplicate_problem(*, rows: int, duplicates: int, rule: Quality) -> Iterator[QualityProblem]:
    """Name rows that repeat another one, where there are too many of them."""
    if rows and duplicates / rows > rule.duplicates:
        said = (
            f"{duplicates:,} of {rows:,} rows repeat another one"
            f" ({duplicates / rows:.1%}; allowed {rule.duplicates:.1%})"
        )
        yield QualityProblem("duplicate_rows", "", duplicates, said)


def judge_quality(result: QualityResult, *, check: str = DATA_QUALITY) -> CheckFinding:
    """Pass rows, or labels, with which nothing is wrong."""
    return CheckFinding(
        check,
        "passed" if result.passed else "failed",
        result.sentence,
        value=float(len(result.problems)),
        threshold=0.0,
        rows=result.rows,
    )


def _column(column: ColumnDrift, rule: Quality) -> Iterator[QualityProblem]:
    before, after = column.before, column.after
    assert before is not None
    assert after is not None
    was, now = before.missing or 0.0, after.missing or 0.0
    count = round(now * after.rows)
    if now == 1 and was < 1:
        said = f"{column.column} has no value in any of {after.rows:,} rows"
        yield QualityProblem("all_missing", column.column, count, said)
    elif now - was > rule.missing:
        said = (
            f"{column.column} is missing in {count:,} of {after.rows:,} rows ({now:.1%};"
            f" {was:.1%} in training, allowed {rule.missing:.1%} more)"
        )
        yield QualityProblem("missing_values", column.column, count, said)
    was, now = before.infinite / max(before.rows, 1), after.infinite / after.rows
    if now - was > rule.missing:
        said = (
            f"{column.column} is infinite in {after.infinite:,} of {after.rows:,} rows ({now:.1%};"
            f" {was:.1%} in training, allowed {rule.missing:.1%} more)"
        )
        yield QualityProblem("infinite_values", column.column, after.infinite, said)
    if column.unseen is not None and column.unseen > rule.unseen:
        strangers = round(column.unseen * after.rows)
        said = (
            f"{column.column} has values that the training never had in {strangers:,} of"
            f" {after.rows:,} rows ({column.unseen:.1%}; allowed {rule.unseen:.1%})"
        )
        yield QualityProblem("unseen_values", column.column, strangers, said)
