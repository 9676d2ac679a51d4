"""How fitted estimators are written and read: one module for each framework.

`package.json` names the format and the file of a version's estimator. Each format is the
framework's own, and none can hold code; what it can make a reader do is told in its class. A
format of one's own is brought by an installed distribution, in the entry points of
`registry_assets.formats`, or made known to this process alone by `register`.
"""

import re
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from registry_assets.errors import DeclarationError, PackagingRefused
from registry_assets.packaging.formats.protocol import EstimatorFormat as EstimatorFormat
from registry_assets.packaging.formats.protocol import Stored as Stored
from registry_assets.packaging.formats.protocol import Surroundings as Surroundings

ENTRY_POINTS = "registry_assets.formats"
"""The group in which a distribution names its formats."""

SKOPS = "skops"
"""The format that every estimator is tried in which no other takes."""

_FILE = re.compile(r"estimator(\.[a-z0-9_]+)+")
_OURS = ("xgboost", "lightgbm", "catboost", "onnx", "torch", SKOPS)
_registered: dict[str, EstimatorFormat] = {}


def register(found: EstimatorFormat) -> None:
    """Make a format known to this process.

    A version is loaded in other processes too: in the load check, in every deployment. Those
    know it by the entry points of an installed distribution.

    Raises:
        DeclarationError: its name is taken by another one, or it is not made as one.
    """
    _check(found)
    if found.name in _OURS or _registered.setdefault(found.name, found) is not found:
        raise DeclarationError(
            f"there is another format named {found.name!r}",
            hint="name it after your framework",
        )


def format_named(name: str) -> EstimatorFormat:
    """Give the format that `package.json` names.

    Raises:
        PackagingRefused: nothing installed here brings it.
    """
    if name in _OURS:
        return _ours(name)
    if name in _registered:
        return _registered[name]
    found = _installed()
    if name not in found:
        known = ", ".join(sorted({*_OURS, *_registered, *found}))
        raise PackagingRefused(
            f"The estimator is of the format {name!r:.60}; this process knows {known}.",
            hint="Install the distribution that brings it: `environment.json` of the version "
            "names all that it was made with.",
        )
    return found[name]


def format_of(estimator: object) -> EstimatorFormat:
    """Give the format that takes an estimator: skops, where no other does."""
    for found in all_formats():
        if found.takes(estimator):
            return found
    return _ours(SKOPS)


def is_foreign(estimator: object) -> bool:
    """Say whether an estimator is of another framework than scikit-learn."""
    # Told first: a forest is made of hundreds of these.
    return not type(estimator).__module__.startswith("sklearn.") and (
        format_of(estimator).name != SKOPS
    )


def all_formats() -> list[EstimatorFormat]:
    """Give every format known here; skops, which takes anything, as the last."""
    return [*_registered.values(), *_installed().values(), *map(_ours, _OURS)]


@cache
def _ours(name: str) -> EstimatorFormat:
    found: EstimatorFormat = import_module(f"{__name__}.{name}").FORMAT
    return found


@cache
def _installed() -> dict[str, EstimatorFormat]:
    formats: dict[str, EstimatorFormat] = {}
    for point in entry_points(group=ENTRY_POINTS):
        found: Any = point.load()
        made = found() if isinstance(found, type) else found
        _check(made)
        if made.name in _OURS or made.name in formats:
            raise DeclarationError(
                f"two distributions bring a format named {made.name!r}",
                hint=f"uninstall one of them; the second is of {point.dist and point.dist.name}",
            )
        formats[made.name] = made
    return formats


def _check(found: Any) -> None:
    wanted = [name for name in vars(EstimatorFormat) if not name.startswith("_")]
    missing = [name for name in wanted if not hasattr(found, name)]
    if missing:
        raise DeclarationError(
            f"{found!r:.80} is no format of estimators: it lacks {', '.join(missing)}",
            hint="docs/frameworks.md shows a whole one",
        )
    if not _FILE.fullmatch(str(found.file)):
        raise DeclarationError(
            f"the format {found.name!r} names its file {found.file!r}",
            hint='name it "estimator." and an ending',
        )
