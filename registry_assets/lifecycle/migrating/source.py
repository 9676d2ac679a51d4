"""What a migration asks of another kind of registry; each kind has a module of its own here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from registry_assets.canonical import Json
from registry_assets.lifecycle.migrating.telling import Told
from registry_assets.mirroring.listing import Listing


class SourceVersion(Protocol):
    """A version there; a frozen dataclass, for `listing` is replaced."""

    @property
    def name(self) -> str:
        """What its model is called there."""

    @property
    def number(self) -> int:
        """Its number there."""

    @property
    def identity(self) -> str:
        """A digest of what it is, wherever that registry is."""

    @property
    def listing(self) -> Listing | None:
        """Its files; None before `Source.look`."""


class SourceModel(Protocol):
    """A model there, with its versions in their order."""

    @property
    def name(self) -> str:
        """What it is called there."""

    @property
    def description(self) -> str:
        """What is said of it."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""

    @property
    def aliases(self) -> Mapping[str, str]:
        """The number that each alias is at."""

    @property
    def versions(self) -> Sequence[Any]:
        """Its versions: each a `SourceVersion`."""


class Source(Protocol):
    """Reads one registry of another kind; nothing is changed there.

    The versions that it is given are those that it gave.
    """

    @property
    def kind(self) -> str:
        """One of `catalog.imported.SHOWN_AS`."""

    @property
    def address(self) -> str:
        """Where it is, for people."""

    @property
    def always_lost(self) -> tuple[str, ...]:
        """What comes of no version, each a sentence."""

    def secrets(self) -> Sequence[str]:
        """Give texts that must not be kept, whoever wrote them."""

    def model(self, name: str) -> SourceModel:
        """Read a model and what its versions are.

        Raises:
            NotFound: there is none of this name.
            MirrorUnreachable, MirrorRefused: it does not answer, or says no.
        """

    def look(self, versions: Sequence[Any]) -> Sequence[Any]:
        """Read what else is known of some versions, and list their files."""

    def fetch(self, version: Any, folder: Path) -> str:
        """Write the files of a version into an empty folder; give what kept them from coming."""

    def fetch_all(self, wanted: Sequence[tuple[Any, Path]]) -> list[str]:
        """Write those of several small versions, beside each other where that helps."""

    def said(self, version: Any, told: Told) -> dict[str, Json]:
        """Give everything that is said of a version there, for its manifest and its row.

        Its fields are those that `cli.imported` shows: `source`, `name`, `number`, `created_at`,
        `updated_at`, `user`, `description`, `stage`, `status`, `tags`, `artifacts`, `run`.
        """

    def links(self, version: Any) -> dict[str, Json]:
        """Give `address`, and the pages `url` and `run_url` of a version there, None for none."""
