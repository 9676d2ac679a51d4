"""Names and texts in a policy: a problem of each that is none, with its place."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
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


def meant(name: str, known: Iterable[str]) -> str:
    """Give `; did you mean risk?` where one that is known is much like it, else nothing."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _checked(where: str, check: Callable[[], Any]) -> Iterator[str]:
    try:
        check()
    except RegistryError as error:
        yield f"{where}: {error.message}"
