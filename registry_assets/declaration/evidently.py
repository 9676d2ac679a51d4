"""Whether Evidently's own report is kept with an evaluation, and of how many rows."""

from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import installed, whole


@dataclass(frozen=True, slots=True)
class Evidently:
    """Keep Evidently's report of quality and drift with each evaluation.

    A page of 5 MB that takes seconds to make, beside the one that every evaluation has: for
    teams that read Evidently's anyway. It needs the extra `reports`.

    Args:
        rows: most rows of the holdout, and of the training, that it is made of; of more, so
            many are drawn at random, and the page says so. Gates never read it.
    """

    rows: int = 5000

    def __post_init__(self) -> None:
        installed("evidently", extra="reports", wanted="Evidently(…)")
        whole(self, "rows", least=100, most=1_000_000)

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"rows": self.rows}
