"""How whoever acts is recorded: an account by its name, what runs by itself by what started it.

A name that people give themselves is no proof of anything, but it must not be one that stands for
nobody: of a version that a schedule asked for, nobody is kept from approving it.
"""

AUTOMATIC = ("schedule:", "sensor:")
"""How the actor of a run begins that Dagster's daemon launched by itself."""

UNVERIFIED = "unverified:"
"""How an actor begins that claims to be such a one, and may be anybody."""


def self_named(name: str) -> str:
    """Give the actor for a name that somebody gave themselves."""
    return unverified(name) if name.startswith(AUTOMATIC) else name


def unverified(actor: str) -> str:
    """Give the actor for a claim that nothing confirms."""
    return f"{UNVERIFIED}{actor}"
