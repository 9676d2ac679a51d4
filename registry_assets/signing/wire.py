"""The encoding in which SSH writes keys, signatures and an agent's messages (RFC 4251); base64.

Lengths come from whoever wrote the bytes: each is held against what is there before
anything is taken, so that a length of 4 GB costs nothing.
"""

import base64
from dataclasses import dataclass


class Malformed(ValueError):
    """Bytes that are not what they should be; callers say whose bytes they are."""


def uint32(number: int) -> bytes:
    """Write an integer of 32 bits."""
    return number.to_bytes(4, "big")


def string(data: bytes) -> bytes:
    """Write bytes after their length."""
    return uint32(len(data)) + data


def mpint(number: int) -> bytes:
    """Write a positive integer in as few bytes as hold it and a sign."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


def to_base64(data: bytes) -> str:
    """Write bytes as standard base64 on one line."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Read base64 in the one spelling that `to_base64` writes: the same bytes are the same text.

    Raises:
        Malformed: it is none, or another spelling.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("it is not base64 where it should be") from None
    if to_base64(data) != text:
        raise Malformed("its base64 ends in bits that say nothing")
    return data


@dataclass(slots=True)
class Reader:
    """Takes one value after the other from bytes that nobody vouches for."""

    data: bytes
    position: int = 0

    def take(self, count: int) -> bytes:
        """Give the next bytes, as many as asked for.

        Raises:
            Malformed: there are fewer.
        """
        left = len(self.data) - self.position
        if count > left:
            raise Malformed(f"{count:,} bytes are announced where {left:,} are left")
        start, self.position = self.position, self.position + count
        return self.data[start : self.position]

    def uint32(self) -> int:
        """Read an integer of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Read bytes after their length."""
        return self.take(self.uint32())

    def text(self) -> str:
        """Read a string of ASCII, which all names in SSH are."""
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError:
            raise Malformed("a name in it is not ASCII") from None

    def positive(self) -> int:
        """Read a positive integer, in the one spelling that it has."""
        data = self.string()
        number = int.from_bytes(data, "big", signed=True)
        if number <= 0 or string(data) != mpint(number):
            raise Malformed("a number in it is not positive, or not in its shortest form")
        return number

    def end(self) -> None:
        """Make sure that everything was read."""
        left = len(self.data) - self.position
        if left:
            raise Malformed(f"{left:,} bytes follow its end")
