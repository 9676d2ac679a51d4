"""The base of every failure: a message, a hint, and a stable code."""

from typing import ClassVar


class RegistryError(Exception):
    """Base of every error raised on purpose; carries a stable `code` and a `hint`."""

    code: ClassVar[str] = "registry"
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message
