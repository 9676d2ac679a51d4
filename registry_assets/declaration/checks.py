"""Small helpers by which declarations refuse mistakes where they are written."""

import difflib
import importlib.util
import math
import zoneinfo
from collections.abc import Iterable, Sequence
from contextlib import suppress
from numbers import Real

from registry_assets.errors import DeclarationError, InvalidName
from registry_assets.references import check_name


def require(condition: object, message: str, hint: str) -> None:
    """Raise DeclarationError with this message and hint unless the condition holds."""
    if not condition:
        raise DeclarationError(message, hint=hint)


def no_duplicates(names: Sequence[str], what: str) -> None:
    """Raise DeclarationError when a name stands twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, f"{what} declared twice: {', '.join(twice)}", "leave one of them out")


def names(value: object, what: str) -> tuple[str, ...]:
    """Give the names as a tuple; raise DeclarationError unless it is a list of texts."""
    if isinstance(value, str):
        # Python takes a text for a list of its letters.
        raise DeclarationError(f"{what} is the text {value!r}", hint=f"give a list: [{value!r}]")
    if not isinstance(value, Iterable):
        raise DeclarationError(f"{what} is {value!r}", hint="give a list of texts")
    given = tuple(value)
    for item in given:
        require(isinstance(item, str), f"{what} holds {item!r}", "give a list of texts")
    return given


def whole(declared: object, name: str, *, least: int, most: int) -> None:
    """Raise DeclarationError unless the field is a whole number from `least` to `most`."""
    value = getattr(declared, name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise DeclarationError(
            f"{type(declared).__name__}({name}={value!r})",
            hint=f"give a whole number from {least:,} to {most:,}",
        )


def finite(value: object, what: str) -> float:
    """Give the value as a float; raise DeclarationError unless it is a finite number."""
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):  # numpy's numbers are Real, too
        with suppress(OverflowError):
            number = float(value)
    if not math.isfinite(number):
        raise DeclarationError(f"{what} is {value!r}", hint="give a finite number")
    return number


def time_zone(value: object, what: str) -> None:
    """Raise DeclarationError unless the value is the name of a time zone."""
    known = isinstance(value, str) and (value == "UTC" or value in zoneinfo.available_timezones())
    require(
        known,
        f"{what} {value!r} is not known",
        'give a name such as "UTC" or "America/New_York"',
    )


def one_of(value: str, choices: Iterable[str], what: str) -> None:
    """Raise DeclarationError, with the nearest choice, unless the value is one of them."""
    known = sorted(choices)
    if value in known:
        return
    near = difflib.get_close_matches(str(value), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    expected = f"expected one of: {', '.join(known)}" if known else "there is none to choose from"
    raise DeclarationError(f"{what} {value!r} is not known", hint=hint + expected)


def installed(library: str, *, extra: str, wanted: str) -> None:
    """Raise DeclarationError where a library is absent that what is declared needs."""
    require(
        importlib.util.find_spec(library) is not None,
        f"{wanted} needs the library {library}, which is not installed",
        f'pip install "registry_assets[{extra}]", or leave it out',
    )


def name_of(function: object, given: str, *, what: str, example: str) -> str:
    """Give the name of a user's own function: the one that was given, or its own.

    Args:
        example: how to give it a name.

    Raises:
        DeclarationError: it has none that can be used.
    """
    name = given or getattr(function, "__name__", "")
    try:
        return check_name(name, what=what)
    except InvalidName as error:
        # What Python calls a lambda, or a partial, is nothing to make a name of.
        raise DeclarationError(error.message, hint=error.hint if given else example) from error


def a_name(value: object, what: str, *, example: str) -> None:
    """Raise DeclarationError unless a thing is named by a text; the hint says by which."""
    if isinstance(value, str) and value:
        return
    alone = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    name = getattr(alone, "name", getattr(alone, "__name__", alone))
    usable = isinstance(name, str) and name not in ("", "<lambda>")
    shown = f"a {type(value).__name__}" if name is not alone and alone is value else repr(value)
    raise DeclarationError(
        f"{what} is {shown}",
        hint=f"give its name: {name!r}" if usable else f"give a name such as {example!r}",
    )
