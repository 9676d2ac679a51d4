"""JSON that reads in one way only: what two readers could take for two things is refused."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from registry_assets.canonical import LARGEST_INTEGER
from registry_assets.signing.wire import Malformed


def read_object(data: bytes, *, keys: Iterable[str], limit: int) -> dict[str, Any]:
    """Read a JSON object that has exactly these keys, in any order and spacing.

    Args:
        limit: how many bytes there may be.

    Raises:
        Malformed: it is none; none of its keys may stand twice, at whatever depth.
    """
    if len(data) > limit:
        raise Malformed(f"{len(data):,} bytes are more than {limit:,}")
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
            parse_int=_number,
        )
    except RecursionError:
        raise Malformed("it is nested too deep") from None
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed(f"it is no JSON ({error})") from error
    return with_keys(document, keys)


def with_keys(value: object, keys: Iterable[str]) -> dict[str, Any]:
    """Give back an object that has exactly these keys.

    Raises:
        Malformed: it is no object, lacks one, or has another.
    """
    expected = sorted(keys)
    if not isinstance(value, dict) or sorted(value) != expected:
        raise Malformed(f"an object with exactly {', '.join(expected)} is expected in it")
    return value


def list_in(value: object, *, least: int, most: int, what: str) -> list[Any]:
    """Give back a list that is neither too short nor too long.

    Raises:
        Malformed: it is none.
    """
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise Malformed(f"a list of {least} to {most} {what} is expected in it")
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("a key stands twice in it")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"it holds {name}, which JSON does not have")


def _number(digits: str) -> int | float:
    # RFC 8785 writes the double 1e20 without an exponent; it must not come back as an int.
    number = float(digits)
    return int(digits) if abs(number) <= LARGEST_INTEGER else number
