"""What a pointer is called where other registries have aliases: MLflow, Weights & Biases."""

import re

_MANGLED = "pointer-"
_TAKEN = re.compile(r"latest|v[0-9]+")


def alias_of(pointer: str) -> str:
    """Give the alias of a pointer: its name, but for those that both keep for themselves.

    No two pointers have one alias: ours have no hyphen.
    """
    return f"{_MANGLED}{pointer}" if _TAKEN.fullmatch(pointer) else pointer
