"""The registries that are measured, by name: both sides are filled to the same shape.

`empty` has nothing, `trained` is one model really trained, in production. `line-N` is one
model with N versions; `wide-N` is N versions in models of a thousand each. Of those each tenth
version took production once, save the newest: those wait to be moved to.
"""

MODEL = "late_0"
TRAINED = "trained"
EMPTY = "empty"
PROMOTED_EVERY = 10
MOVABLE = 50
"""The newest versions of a line: their bytes are in the store, and none was promoted."""
OF_EACH = 1_000


def line(size: int) -> str:
    """Name the registry in which one model has so many versions."""
    return f"line-{size}"


def wide(size: int) -> str:
    """Name the registry in which models of a thousand versions have so many together."""
    return f"wide-{size}"


def production(versions: int) -> int:
    """Give the version that production holds in a model of so many versions."""
    return (versions - MOVABLE) // PROMOTED_EVERY * PROMOTED_EVERY


def dimensions(name: str) -> tuple[int, int]:
    """Give models, and versions of each, of a registry of this name."""
    kind, _, size = name.partition("-")
    return (1, int(size)) if kind == "line" else (max(1, int(size) // OF_EACH), OF_EACH)


def roc_auc(number: int) -> float:
    """Give the metric of a version: spread without chance, so that a load can be repeated.

    Never a whole number, for canonical JSON writes 1.0 as 1.
    """
    return round(0.6 + (number * 7919 % 3600) / 10_000, 4)


def milliseconds_after_start(place: int, number: int) -> int:
    """Give when a version was made: each minute one of every model, no two at once."""
    return 60_000 * number + 5 * place
