"""The people of the story. Nobody here exists: their keys are made when the story begins.

What each may do is not decided here but by the policy: see `rules`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from registry_assets.signing.signers import generate_key

KEYS = "keys"
"""The folder of their keys, in the project's; git ignores it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo, and what the policy is to say of them.

    Args:
        name: also the account under which they work, and the file of their key.
    """

    name: str
    full_name: str
    roles: tuple[str, ...]

    @property
    def email(self) -> str:
        """The address under which they commit."""
        return f"{self.name}@example.com"

    @property
    def key(self) -> str:
        """Where their private key is, from the project's folder."""
        return f"{KEYS}/{self.name}"


OLGA = Person("olga", "Olga Owner (demo)", ("governor",))
RITA = Person("rita", "Rita Reviewer (demo)", ("risk",))
RAUL = Person("raul", "Raul Reviewer (demo)", ("risk",))
# She could approve what others train: it is no role that keeps her from approving her own.
TARA = Person("tara", "Tara Trainer (demo)", ("risk",))

PEOPLE = (OLGA, RITA, RAUL, TARA)


def make_keys(folder: Path) -> None:
    """Make everybody's key in a project's folder, as `ssh-keygen -t ed25519` would."""
    (folder / KEYS).mkdir(mode=0o700)
    for person in PEOPLE:
        text, public = generate_key()
        path = folder / person.key
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        path.with_name(f"{person.name}.pub").write_text(f"{public.line} {person.email}\n")


def public_line(folder: Path, person: Person) -> str:
    """Read somebody's public key, as a policy lists it."""
    return (folder / f"{person.key}.pub").read_text().strip()
