"""What both sides of a comparison measured, with their pictures, as far as it can be read.

How it is laid out is in `page` for a browser, and in `cli` for a terminal.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from registry_assets.evaluation.report.texts import plural
from registry_assets.evaluation.results import Comparison as Measured
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.comparison import Verdict
from registry_assets.lifecycle.comparing import Comparison, Side
from registry_assets.lifecycle.reading import Gap, Reader
from registry_assets.manifest import Manifest
from registry_assets.store import Store

_ORDER: tuple[Verdict, ...] = ("better", "not worse", "worse", "undecided")


@dataclass(frozen=True, slots=True)
class Judged:
    """One of two versions that was evaluated beside the other."""

    candidate: str
    baseline: str
    comparison: Measured

    @property
    def sentence(self) -> str:
        """By how many metrics one is better or worse; empty where nothing was compared."""
        return ", ".join(self._by_metrics())

    def _by_metrics(self) -> Iterator[str]:
        if self.comparison.outcome != "compared":
            return
        counts = Counter(self.comparison.verdicts.values())
        found = [verdict for verdict in _ORDER if counts[verdict]]
        if not found:
            return
        first, *rest = found
        start = (
            f"{self.candidate} and {self.baseline} are undecided"
            if first == "undecided"
            else f"{self.candidate} is {first} than {self.baseline}"
        )
        yield f"{start} by {counts[first]} of {plural(counts.total(), 'metric')}"
        yield from (f"{verdict} by {counts[verdict]}" for verdict in rest)


@dataclass(frozen=True, slots=True)
class Both:
    """The figures of two versions, with their pictures; None where they cannot be read."""

    before: EvaluationResult | None
    after: EvaluationResult | None
    judged: Judged | None
    gaps: tuple[Gap, ...]


def read_both(store: Store, found: Comparison, *, pictures: bool = True) -> Both:
    """Read the figures of both sides of a comparison, as far as they can be read."""
    reader = Reader(store)
    before, after = (_figures(reader, side, pictures=pictures) for side in (found.a, found.b))
    judged = None
    for candidate, figures, baseline in (
        (found.b, after, found.a),
        (found.a, before, found.b),
    ):
        beside = figures.comparison if figures else None
        if judged is None and beside and beside.baseline_digest == baseline.version.digest:
            judged = Judged(candidate.version.reference, baseline.version.reference, beside)
    return Both(before, after, judged, reader.gaps)


def on_equal_rows(found: Comparison, both: Both) -> Judged | None:
    """Give the differences that stand beside the figures of both: all are of the same rows."""
    judged = both.judged
    if judged is None or found.metrics.incomparable or judged.comparison.outcome != "compared":
        return None
    return judged


def _evaluation(reader: Reader, side: Side) -> Manifest | None:
    if side.evaluation is None:
        return None
    of = f"the evaluation of {side.version.reference}"
    return reader.manifest(side.evaluation.digest, of=of)


def _figures(reader: Reader, side: Side, *, pictures: bool) -> EvaluationResult | None:
    manifest = _evaluation(reader, side)
    if side.evaluation is None or manifest is None:
        return None
    figures = reader.figures(side.evaluation.digest, of=side.version.reference)
    if figures is None or not pictures:
        return figures
    drawn = {
        file.path: reader.file(manifest, file.path)
        for file in manifest.files
        if file.path.startswith("pictures/") and file.path.endswith(".png")
    }
    named = {
        path.removeprefix("pictures/").removesuffix(".png"): png
        for path, png in drawn.items()
        if png is not None
    }
    return replace(figures, pictures=named)
