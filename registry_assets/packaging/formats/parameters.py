"""Constructor parameters as JSON: what of them a version keeps."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from registry_assets.canonical import Json
from registry_assets.packaging.formats.protocol import Stored

_DEEPEST = 4
_LARGEST = 2**53 - 1


def plain_parameters(
    parameters: Mapping[str, Any], *, left_out: Collection[str] = ()
) -> dict[str, Json]:
    """Give those that are set, and that JSON can say.

    A random generator, a callback or a function of one's own says how training went. It is not
    part of what was learned, and is left out.
    """
    return {
        name: plain
        for name, value in sorted(parameters.items())
        if value is not None and name not in left_out and (plain := _plain(value)) is not None
    }


def unfitted(stored: Stored) -> bool:
    """Whether it is an estimator that meta-estimators keep to make others of, without a model."""
    return not stored.data and "parameters" in stored.about


def _plain(value: Any, depth: int = 0) -> Json:
    """Give a value as JSON; None where it is something else."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth < _DEEPEST and isinstance(value, list | tuple):
        found = [_plain(each, depth + 1) for each in value]
        return None if None in found else found
    if depth < _DEEPEST and isinstance(value, dict) and all(isinstance(key, str) for key in value):
        inner = {key: _plain(each, depth + 1) for key, each in value.items()}
        return None if None in inner.values() else inner
    return None
