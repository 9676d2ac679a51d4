"""The page of two versions side by side: what differs, and how good they are, as one HTML file.

What both measured is read by `figures`; here nothing is read.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from registry_assets.canonical import Json
from registry_assets.evaluation.report.pictures import Picture, pictures_of
from registry_assets.evaluation.report.rendering import render
from registry_assets.evaluation.report.scales import Bar, Scale
from registry_assets.evaluation.report.speeds import speed_rows
from registry_assets.evaluation.report.texts import plural, weak_count
from registry_assets.evaluation.results import Estimate
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.lifecycle.comparing.changes import Absent, Change, Changes
from registry_assets.lifecycle.comparing.data import SnapshotChanges
from registry_assets.lifecycle.comparing.figures import Both, on_equal_rows


class Finding(Protocol):
    """What a gate found of one side."""

    @property
    def outcome(self) -> str:
        """`passed`, `failed`, … or why there is no verdict."""
        ...

    @property
    def why(self) -> str:
        """The sentence behind it."""
        ...


class Gate(Protocol):
    """One gate of both sides; None where a side has no such gate, or nothing to judge."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def before(self) -> Finding | None:
        """What it found of the one."""
        ...

    @property
    def after(self) -> Finding | None:
        """What it found of the other."""
        ...

    @property
    def told(self) -> bool:
        """Whether what was found is worth reading."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """An estimate of either side, on one scale."""

    label: str
    before: Estimate | None
    after: Estimate | None
    difference: float | None
    before_bar: Bar | None
    after_bar: Bar | None
    before_rows: int | None = None
    after_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One named value before and after, as text; None where a side has none."""

    name: str
    kind: str
    before: str | None
    after: str | None


def compared_page(
    found: Comparison, both: Both, *, gates: Sequence[Gate] = (), summary: str = ""
) -> bytes:
    """Give the page of two versions as UTF-8 HTML; what is the same is one line.

    Args:
        gates: what those of either side found.
        summary: what it comes to, in a sentence.
    """
    headline = found.metrics.metrics[0].name if found.metrics.metrics else ""
    gaps = {gap.what: gap for gap in (*found.gaps, *both.gaps)}
    return render(
        "comparison.html",
        a=found.a,
        b=found.b,
        found=found,
        headline=headline,
        same_version=found.a.version.digest is not None
        and found.a.version.digest == found.b.version.digest,
        summary=summary,
        gates=gates,
        beside=on_equal_rows(found, both),
        less_is_better=_less_is_better(both),
        metrics=list(_metrics(found)),
        slices=list(_slices(found, headline)),
        paired=found.metrics.paired,
        judged=both.judged,
        pictures=_pictures(both),
        fairness=list(_fairness(both)),
        speeds=(
            list(speed_rows(both.before.speed)) if both.before and both.before.speed else [],
            list(speed_rows(both.after.speed)) if both.after and both.after.speed else [],
        ),
        weak=[
            (name, side.weak_slices if side else None)
            for name, side in zip(
                (found.a.version.reference, found.b.version.reference),
                (both.before, both.after),
                strict=True,
            )
        ],
        weak_count=weak_count,
        snapshots=[
            (title, changes)
            for title, changes in (
                ("Trained on", found.data.train),
                ("Held out", found.data.holdout),
                ("Datasets behind the features", found.data.datasets),
            )
            if changes.changed
        ],
        changes=[
            (title, [_row(change) for change in changes.changed])
            for title, changes in _parts(found)
            if changes.changed
        ],
        sizes=[_row(change) for change in found.sizes.changed],
        totals=found.total_sizes,
        same=list(_same(found)),
        gaps=list(gaps.values()),
    )


def _parts(found: Comparison) -> tuple[tuple[str, Changes], ...]:
    return (
        ("Parameters", found.params),
        ("Target and holdout rule", found.recipe),
        ("Columns", found.data.columns),
        ("Environment", found.environment),
        ("Metadata", found.metadata),
    )


def _less_is_better(both: Both) -> frozenset[str]:
    sides = (side for side in (both.before, both.after) if side)
    return frozenset(name for side in sides for name in side.less_is_better)


def _metrics(found: Comparison) -> Iterator[Beside]:
    for metric in found.metrics.metrics:
        scale = Scale.over([metric.before, metric.after])
        yield Beside(
            metric.name,
            metric.before,
            metric.after,
            metric.difference,
            scale.bar(metric.before) if scale else None,
            scale.bar(metric.after) if scale else None,
        )


def _slices(found: Comparison, headline: str) -> Iterator[Beside]:
    parts = found.metrics.slices
    old = [part.before.estimates.get(headline) if part.before else None for part in parts]
    new = [part.after.estimates.get(headline) if part.after else None for part in parts]
    scale = Scale.over([*old, *new])
    for part, before, after in zip(parts, old, new, strict=True):
        yield Beside(
            part.label,
            before,
            after,
            part.difference,
            scale.bar(before) if scale else None,
            scale.bar(after) if scale else None,
            part.before.rows if part.before else None,
            part.after.rows if part.after else None,
        )


def _pictures(both: Both) -> list[tuple[str, Picture | None, Picture | None]]:
    """Pair the pictures of both sides by what they show."""
    before, after = (pictures_of(side) if side else {} for side in (both.before, both.after))
    pairs = []
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        either = new or old
        # Differences to production are in the table of what was measured on the same rows.
        drawn = (old and old.png) or (new and new.png)
        if either is not None and drawn and name != "difference":
            pairs.append((either.title, old, new))
    return pairs


Disparities = list[tuple[str, Estimate | None, Estimate | None]]


def _fairness(
    both: Both,
) -> Iterator[tuple[str, list[tuple[str, Estimate | None, Estimate | None]]]]:
    sides = [
        {found.by: found.disparities for found in side.fairness} if side else {}
        for side in (both.before, both.after)
    ]
    for column in dict.fromkeys([*sides[0], *sides[1]]):
        old, new = (side.get(column, {}) for side in sides)
        yield column, [(name, old.get(name), new.get(name)) for name in {**old, **new}]


def _row(change: Change) -> Row:
    return Row(change.name, change.kind, _text(change.before), _text(change.after))


def _text(value: "Json | Absent") -> str | None:
    if isinstance(value, Absent):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _same(found: Comparison) -> Iterator[str]:
    for title, changes in _parts(found):
        if changes.same:
            many = plural(len(changes.same), "other") if changes.changed else "all"
            yield f"{title.lower()}: {many}"
    for title, snapshots in (
        ("trained on", found.data.train),
        ("held out", found.data.holdout),
        ("datasets behind the features", found.data.datasets),
    ):
        yield from _same_snapshots(title, snapshots)
    unchanged = len(found.code.files) - len(found.code.changed)
    if unchanged:
        yield f"code: {plural(unchanged, 'file')}"
    if found.sizes.same:
        yield f"sizes: {plural(len(found.sizes.same), 'file')}"


def _same_snapshots(title: str, changes: SnapshotChanges) -> Iterator[str]:
    unchanged = len(changes.snapshots) - len(changes.changed)
    if unchanged:
        yield f"{title}: {plural(unchanged, 'snapshot')}"
