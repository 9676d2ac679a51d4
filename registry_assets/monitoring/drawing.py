"""Some rows of many that pass by once: the same ones whenever the same rows pass again."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(slots=True, eq=False)
class Draw:
    """Draws at most so many of the rows that it is given, each with the same chance.

    Kept are the rows whose number is smallest, and a row's number is made of what it holds and
    of where it stands: by its content alone, rows that are equal would come all or not at all,
    and to count them takes memory for every row.

    Args:
        most: rows that are kept; 0 keeps none.
        seen: rows that passed.
    """

    most: int
    seen: int = 0
    _kept: "list[pd.DataFrame]" = field(default_factory=list)
    _numbers: "list[np.ndarray]" = field(default_factory=list)

    def add(self, frame: "pd.DataFrame") -> None:
        """Let rows pass, with the same columns as those before."""
        import numpy as np

        from registry_assets.evaluation.data.sampling import frame_hashes
        from registry_assets.evaluation.mixing import mixed

        start, self.seen = self.seen, self.seen + len(frame)
        if not self.most or not len(frame):
            return
        places = np.arange(start, self.seen, dtype=np.uint64)
        numbers = mixed(frame_hashes(frame) ^ mixed(places))
        chosen = np.sort(np.argsort(numbers, kind="stable")[: self.most])
        self._kept.append(frame.iloc[chosen])
        self._numbers.append(numbers[chosen])
        if sum(map(len, self._numbers)) > 4 * self.most:
            self._shrink()

    def rows(self) -> "pd.DataFrame | None":
        """Give the rows that were drawn, in their order; None where none passed."""
        self._shrink()
        return self._kept[0] if self._kept else None

    def _shrink(self) -> None:
        import numpy as np
        import pandas as pd

        if not self._kept:
            return
        frame = pd.concat(self._kept, ignore_index=True)
        numbers = np.concatenate(self._numbers)
        chosen = np.sort(np.argsort(numbers, kind="stable")[: self.most])
        self._kept = [frame.iloc[chosen].reset_index(drop=True)]
        self._numbers = [numbers[chosen]]
