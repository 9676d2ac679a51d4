"""The names of a model's pointers: which are taken, and which one every model has."""

from collections.abc import Sequence

from registry_assets.declaration.checks import no_duplicates, require
from registry_assets.references import check_name

PRODUCTION = "production"
"""The pointer that every model has, and that versions are compared with."""

RESERVED_ASSETS = ("model", "evaluation", "predictions", "drift", "performance")
"""What else a model's assets are called: no pointer can be."""


def check_pointers(model: str, pointers: Sequence[str]) -> None:
    """Refuse pointers that a model cannot have.

    Raises:
        InvalidName: one has no name that is safe everywhere.
        DeclarationError: one stands twice, has the name of another asset, or production is missing.
    """
    no_duplicates(pointers, "pointers")
    for pointer in pointers:
        check_name(pointer, what="pointer name")
        require(
            pointer not in RESERVED_ASSETS,
            f"a pointer cannot be called {pointer!r}: {model}/{pointer} is another asset",
            f"rename it; taken are {', '.join(RESERVED_ASSETS)}",
        )
    require(
        PRODUCTION in pointers,
        f"{PRODUCTION} is not among the pointers {', '.join(pointers) or '()'}",
        f"every model has it: pointers={[*pointers, PRODUCTION]}",
    )
