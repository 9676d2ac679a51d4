"""UBJSON as XGBoost writes it, read into values and arrays without trusting a length in it."""

import struct
from typing import Any

import numpy as np

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.protocol import beyond, damaged

# By their markers: what numpy calls them, big-endian. Those alone that XGBoost reads as well.
_NUMBERS: dict[bytes, np.dtype[Any]] = {
    b"i": np.dtype("i1"),
    b"U": np.dtype("u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}
_DEEPEST = 32
# A tree takes about thirty values, so this is 300,000 trees.
_MOST_VALUES = 10_000_000
_LONG = struct.Struct(">q")


def read_ubjson(data: bytes) -> dict[str, Any]:
    """Read an object; typed arrays come as numpy arrays, others as lists.

    Raises:
        PackagingRefused: it ends too early, nests too deep, or is no such object.
    """
    reader = _Reader(data)
    value = reader.value(reader.marker(), depth=0)
    if not isinstance(value, dict):
        raise reader.wrong("it does not begin with an object")
    if reader.at != len(data):
        raise reader.wrong(f"{len(data) - reader.at:,} bytes follow its end")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self._values = 0

    def wrong(self, why: str) -> PackagingRefused:
        return damaged("UBJSON as XGBoost writes it", why)

    def take(self, size: int) -> bytes:
        end = self.at + size
        if size < 0 or end > len(self.data):
            raise self.wrong(f"at byte {self.at:,} it announces {size:,} bytes that are not there")
        found = self.data[self.at : end]
        self.at = end
        return found

    def marker(self) -> bytes:
        return self.take(1)

    def value(self, marker: bytes, *, depth: int) -> Any:
        self._values += 1
        if self._values > _MOST_VALUES:
            raise beyond("values", self._values, _MOST_VALUES)
        if depth > _DEEPEST:
            raise self.wrong(f"it nests deeper than {_DEEPEST} levels")
        if marker in _NUMBERS:
            return self._number(marker)
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == b"S":
            return self._text()
        if marker == b"[":
            return self._array(depth)
        if marker == b"{":
            return self._object(depth)
        raise self.wrong(f"at byte {self.at:,} it has the unknown marker {marker!r}")

    def _number(self, marker: bytes) -> int | float:
        kind = _NUMBERS[marker]
        found: int | float = np.frombuffer(self.take(kind.itemsize), kind)[0].item()
        return found

    def _length(self) -> int:
        marker = self.marker()
        if marker == b"L":  # what XGBoost itself writes
            (size,) = _LONG.unpack(self.take(8))
        elif marker in _NUMBERS and _NUMBERS[marker].kind in "iu":
            size = int(self._number(marker))
        else:
            raise self.wrong(f"at byte {self.at:,} a length is expected, and {marker!r} found")
        if size < 0:
            raise self.wrong(f"at byte {self.at:,} a length is negative")
        return int(size)

    def _text(self) -> str:
        raw = self.take(self._length())
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise self.wrong(f"before byte {self.at:,} a text is not UTF-8") from error

    def _array(self, depth: int) -> Any:
        marker = self.marker()
        if marker == b"$":
            kind = _NUMBERS.get(self.marker())
            if kind is None or self.marker() != b"#":
                raise self.wrong(f"at byte {self.at:,} an array is of no type of numbers")
            return np.frombuffer(self.take(self._length() * kind.itemsize), kind)
        if marker == b"#":
            # Each value takes at least its marker, so the bytes that are there bind.
            size = self._length()
            if size > len(self.data) - self.at:
                raise self.wrong(f"at byte {self.at:,} it announces {size:,} values")
            return [self.value(self.marker(), depth=depth + 1) for _ in range(size)]
        items = []
        while marker != b"]":
            items.append(self.value(marker, depth=depth + 1))
            marker = self.marker()
        return items

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (marker := self.marker()) != b"}":
            self.at -= 1
            if marker in (b"$", b"#"):
                raise self.wrong(f"at byte {self.at:,} an object announces its size")
            key = self._text()
            if key in found:
                raise self.wrong(f"it has {key!r} twice in one object")
            found[key] = self.value(self.marker(), depth=depth + 1)
        return found
