"""What Evidently's report, a file of its own, was made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EvidentlyNote:
    """The sample that Evidently saw, and its own numbers on it, which no gate reads.

    Args:
        rows: of the holdout, of `rows_of`.
        reference_rows: of the training, of `reference_rows_of`.
        left_out: columns that its drift does not have, each with the reason.
        notes: what a reader of the page has to know; they are on it too.
        metrics: those that are defined.
        reason: why there is no page; "" if there is one.
    """

    rows: int
    rows_of: int
    reference_rows: int
    reference_rows_of: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
