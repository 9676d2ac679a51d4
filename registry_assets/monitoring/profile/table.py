"""What a table looks like, column by column: the value that is stored, merged and compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_assets.monitoring.profile.columns import ColumnProfile


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A table's rows, in a few kilobytes for each column.

    Law: the profile of some rows is the same, to the byte, whatever order and portions they came
    in, and `a + b` is the profile of the rows of both.

    Args:
        columns: by name, in the table's order.
    """

    rows: int = 0
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)

    def __add__(self, other: "Profile") -> "Profile":
        """Give the profile of the rows of both; a column that one lacks is missing there."""
        columns = {
            name: _column(self, name) + _column(other, name)
            for name in {**self.columns, **other.columns}
        }
        return Profile(self.rows + other.rows, columns)

    def __eq__(self, other: object) -> bool:
        """Two profiles are equal if they are stored alike."""
        return isinstance(other, Profile) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Give the one way in which it is stored."""
        from registry_assets.monitoring.profile.storing import written

        return written(self.rows, self.columns)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Profile":
        """Read what `to_bytes` gave.

        Raises:
            ProfileInvalid: they are not the bytes of a profile, or of a newer release's.
        """
        from registry_assets.monitoring.profile.storing import read

        return cls(*read(data))


def _column(profile: Profile, name: str) -> ColumnProfile:
    found = profile.columns.get(name)
    return found or ColumnProfile("empty", profile.rows, profile.rows)
