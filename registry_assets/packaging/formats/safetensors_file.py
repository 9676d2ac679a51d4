"""A file of tensors, looked through before safetensors reads it."""

import json
import math
import struct
from typing import Any

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.protocol import beyond, damaged

WHAT = "a safetensors file"
_MOST_BYTES = 2**32
_MOST_TENSORS = 100_000
_LONGEST_TABLE = 16 * 2**20
_LENGTH = struct.Struct("<Q")
_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "U16": 16,
    "I16": 16,
    "F16": 16,
    "BF16": 16,
    "U32": 32,
    "I32": 32,
    "F32": 32,
    "U64": 64,
    "I64": 64,
    "F64": 64,
}


def recognised(data: bytes) -> bool:
    """Say whether a file begins with the length of a table, and the table."""
    if len(data) < _LENGTH.size + 2:
        return False
    (length,) = _LENGTH.unpack_from(data)
    return length <= min(_LONGEST_TABLE, len(data) - _LENGTH.size) and data[8:9] == b"{"


def check_tensors(data: bytes) -> None:
    """Refuse tensors that overlap, leave gaps, lie outside, or are not as long as they say.

    Raises:
        PackagingRefused: naming the tensor.
    """
    if len(data) > _MOST_BYTES:
        raise beyond("bytes", len(data), _MOST_BYTES)
    if not recognised(data):
        raise damaged(WHAT, "it does not begin with the length of its table")
    (length,) = _LENGTH.unpack_from(data)
    begin = _LENGTH.size + length
    try:
        table: Any = json.loads(data[_LENGTH.size : begin])
        table.pop("__metadata__", None)
        if len(table) > _MOST_TENSORS:
            raise beyond("tensors", len(table), _MOST_TENSORS)
        ends = [(*map(int, each["data_offsets"]), name) for name, each in table.items()]
        at = 0
        for first, end, name in sorted(ends):
            if first != at or end < first:
                raise damaged(WHAT, f"{name!r:.60} does not begin where the one before it ends")
            at = end
            _check_length(name, table[name], end - first)
    except PackagingRefused:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(WHAT, f"its table cannot be read: {error}"[:200]) from error
    if at != len(data) - begin:
        raise damaged(WHAT, f"{len(data) - begin:,} bytes follow its table, {at:,} are in it")


def _check_length(name: str, tensor: dict[str, Any], size: int) -> None:
    shape = tensor["shape"]
    if any(type(each) is not int or each < 0 for each in shape):
        raise damaged(WHAT, f"{name!r:.60} has the shape {shape!r:.60}")
    if tensor["dtype"] not in _BITS:
        raise damaged(WHAT, f"{name!r:.60} is of the type {tensor['dtype']!r:.20}")
    if math.prod(shape) * _BITS[tensor["dtype"]] != size * 8:
        raise damaged(WHAT, f"{name!r:.60} is not as long as its shape says")
