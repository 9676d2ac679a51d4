"""Names and texts in a policy: a problem of each that is none, with its place."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from registry_assets.errors import RegistryError
from registry_assets.references import check_name, check_text

_LONGEST = 500


def named(where: str, name: str) -> Iterator[str]:
    """Say what is wrong with a name, if anything is."""
    yield from _checked(where, partial(check_name, name))


def texts(where: str, texts: Sequence[str]) -> Iterator[str]:
    """Say what is wrong with each of some texts, if anything is."""
    for text in texts:
        yield from _checked(where, partial(check_text, text, what="text", limit=_LONGEST))


def _checked(where: str, check: Callable[[], Any]) -> Iterator[str]:
    try:
        check()
    except RegistryError as error:
        yield f"{where}: {error.message}"
