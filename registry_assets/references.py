"""Names, digests and references: the strings by which people and programs say which one.

Pure functions over text; what a reference points to is looked up in `registry/`.
Whatever becomes a path, a key or a line on a terminal passes through a check here first.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from registry_assets.errors import DeclarationError, InvalidName, InvalidReference

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# Eighteen digits fit a signed 64-bit integer column in every database.
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_ASSET = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_LONGEST_PARTITION = 500
_SNAPSHOT_FORMS = "Write asset or asset[partition]: flights, raw/flights[2013-03]."
_FORMS = "Write name, name:12, name@pointer or name@sha256:<64 hexadecimal digits>."

# Marks that reorder the text around them, so that a line reads as what it is not.
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def check_name(text: str, *, what: str = "name") -> str:
    """Give back a name that is safe as key, path segment and Dagster asset key.

    Raises:
        InvalidName: it is not `[a-z][a-z0-9_]*` of at most 63 characters.
    """
    if _matches(_NAME, text):
        return text
    raise InvalidName(
        f"{_shown(text)} is no {what}: expected a small letter, then small letters, "
        "digits and _, 63 characters at most.",
        hint=_suggestion(text),
    )


def check_digest(text: str) -> str:
    """Give back a digest of the form `sha256:<64 small hexadecimal digits>`.

    Raises:
        InvalidReference: it has another form.
    """
    if _matches(_DIGEST, text):
        return text
    raise InvalidReference(
        f"{_shown(text)} is no digest.", hint="Write sha256: and 64 small hexadecimal digits."
    )


def check_text(text: str, *, what: str, limit: int) -> str:
    """Give back free text that can be stored, and shown without deceiving its reader.

    Line feeds and tabs are text; every other control character can move a terminal's
    cursor, and bidirectional controls can reorder what is on screen.

    Args:
        limit: the greatest length, in characters.

    Raises:
        DeclarationError: too long, or it holds a character that is not text.
    """
    if not isinstance(text, str):
        raise DeclarationError(
            f"The {what} must be text; found {type(text).__name__}.", hint="Write it in quotes."
        )
    if len(text) > limit:
        raise DeclarationError(
            f"The {what} is {len(text):,} characters long; at most {limit:,} are kept.",
            hint="Shorten it, and link to the long form.",
        )
    if text.isprintable():
        return text
    for position, character in enumerate(text):
        if _is_unsafe(character):
            raise DeclarationError(
                f"The {what} holds the character U+{ord(character):04X} at position {position}, "
                "which is not text.",
                hint="Remove it; it often comes along when text is pasted.",
            )
    return text


def clean_text(text: str, *, limit: int) -> str:
    """Give free text with each character that is not text replaced by U+FFFD, and cut.

    For what no person wrote and nobody can be asked to correct, such as an error's message.
    """
    return "".join("\ufffd" if _is_unsafe(c) else c for c in text[:limit])


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_unsafe(character: str) -> bool:
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs") or character in _BIDI_CONTROLS


def _shown(text: object) -> str:
    """`repr` escapes whatever could deceive; the cut keeps a pasted file out of a log."""
    shown = repr(text)
    return shown if len(shown) <= 100 else f"{shown[:90]}… ({len(shown):,} characters)"


def _suggestion(text: object) -> str:
    if not isinstance(text, str):
        return "A name is text."
    folded = re.sub(r"[^a-z0-9]+", "_", text[:200].lower()).strip("_")
    return f"Try {folded!r}." if _NAME.fullmatch(folded) else "Choose a name of that form."


@dataclass(frozen=True, slots=True)
class Reference:
    """One registered model, or one version of it by number, pointer or digest.

    Law: `Reference.parse(str(reference)) == reference`.
    """

    model: str
    version: int | None = None
    pointer: str | None = None
    digest: str | None = None

    def __post_init__(self) -> None:
        check_name(self.model, what="model name")
        if sum(part is not None for part in (self.version, self.pointer, self.digest)) > 1:
            raise InvalidReference(
                f"A reference to {self.model} says which version in more than one way.",
                hint=_FORMS,
            )
        if self.version is not None and not _NUMBER.fullmatch(str(self.version)):
            raise InvalidReference(f"{_shown(self.version)} is no version number.", hint=_FORMS)
        if self.pointer is not None:
            check_name(self.pointer, what="pointer name")
        if self.digest is not None:
            check_digest(self.digest)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name`, `name:12`, `name@pointer` or `name@sha256:…`.

        Raises:
            InvalidReference: it has none of these forms.
        """
        if not isinstance(text, str):
            raise InvalidReference(f"{_shown(text)} is no reference.", hint=_FORMS)
        try:
            return cls._parse(text)
        except (InvalidName, InvalidReference) as error:
            raise InvalidReference(
                f"{_shown(text)} is no reference. {error.message}", hint=_FORMS
            ) from error

    @classmethod
    def _parse(cls, text: str) -> Self:
        model, at, target = text.partition("@")
        if at and target.startswith("sha256:"):
            return cls(model, digest=target)
        if at:
            return cls(model, pointer=target)
        model, colon, number = text.partition(":")
        if not colon:
            return cls(model)
        # Only the one spelling that str() writes: "+1", "01" and other scripts' digits
        # are numbers to int().
        if not _NUMBER.fullmatch(number):
            raise InvalidReference(f"{_shown(number)} is no version number.")
        return cls(model, version=int(number))

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.model}:{self.version}"
        target = self.pointer or self.digest
        return f"{self.model}@{target}" if target else self.model


@dataclass(frozen=True, slots=True)
class SnapshotName:
    """The snapshots of an asset: of one partition, or of all that it has.

    Law: `SnapshotName.parse(str(name)) == name`.

    Args:
        partition: None for whatever partitions there are.
    """

    asset: str
    partition: str | None = None

    def __post_init__(self) -> None:
        if not _matches(_ASSET, self.asset):
            raise InvalidReference(f"{_shown(self.asset)} is no asset.", hint=_SNAPSHOT_FORMS)
        if self.partition is not None and (not self.partition or "]" in self.partition):
            raise InvalidReference(
                f"{_shown(self.partition)} is no partition of {self.asset}.", hint=_SNAPSHOT_FORMS
            )
        check_text(self.partition or "", what="partition", limit=_LONGEST_PARTITION)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `asset` or `asset[partition]`.

        Raises:
            InvalidReference: it has neither form.
        """
        asset, bracket, rest = text.partition("[")
        if not bracket:
            return cls(asset)
        if not rest.endswith("]"):
            raise InvalidReference(f"{_shown(text)} lacks its last ].", hint=_SNAPSHOT_FORMS)
        return cls(asset, rest[:-1])

    def __str__(self) -> str:
        return self.asset if self.partition is None else f"{self.asset}[{self.partition}]"


@dataclass(frozen=True, slots=True)
class ManifestName:
    """A manifest by its digest: a snapshot, a version or an evaluation."""

    digest: str

    def __post_init__(self) -> None:
        check_digest(self.digest)

    def __str__(self) -> str:
        return self.digest


@dataclass(frozen=True, slots=True)
class CommitName:
    """A commit of the training code, by enough of its digits."""

    prefix: str

    def __post_init__(self) -> None:
        if not _matches(_COMMIT, self.prefix):
            raise InvalidReference(
                f"{_shown(self.prefix)} is no commit.",
                hint="Write its first 7 hexadecimal digits, or more, in small letters.",
            )

    def __str__(self) -> str:
        return f"commit {self.prefix}"


Subject = Reference | SnapshotName | ManifestName | CommitName
"""What lineage can be asked about."""


def parse_subject(text: str) -> Reference | SnapshotName | ManifestName:
    """Read a reference to a version, the name of an asset's snapshots, or a digest.

    A name that could be both a model's and an asset's is read as the model's.

    Raises:
        InvalidReference: it has none of these forms.
    """
    if text.startswith("sha256:"):
        return ManifestName(text)
    if "[" in text:
        return SnapshotName.parse(text)
    if _matches(_ASSET, text) and not _matches(_NAME, text):
        return SnapshotName(text)
    return Reference.parse(text)
