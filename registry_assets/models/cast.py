"""The people of the stories beside other registries. Nobody here exists."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo.

    Args:
        name: also the account under which they work.
    """

    name: str
    full_name: str

    @property
    def email(self) -> str:
        """The address under which they commit."""
        return f"{self.name}@example.com"


MARTA = Person("marta", "Marta Modeller (demo)")
OTTO = Person("otto", "Otto Operator (demo)")
PEOPLE = (MARTA, OTTO)
