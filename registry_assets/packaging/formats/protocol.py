"""What a format of estimators is, and what it writes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.signature import Label

MOST_PARTS = 1_000
"""Estimators inside an estimator: a bagging of hundreds is the most that anybody keeps."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A fitted estimator as bytes, and what its file alone does not tell.

    Args:
        format: the name of the format that reads it.
        about: what the format noted beside it: its class, its parameters.
        classes: what its answers are called, in the order in which it numbers them; None where
            it says so itself.
        parts: the estimators of other frameworks that were inside it, each in its own format.
    """

    format: str
    data: bytes
    about: Mapping[str, Json] = field(default_factory=dict)
    classes: tuple[Label, ...] | None = None
    parts: tuple["Stored", ...] = ()

    @property
    def plain(self) -> bool:
        """Whether the bytes are all there is."""
        return not self.about and self.classes is None and not self.parts

    @property
    def digest(self) -> str:
        """Name the content; of bytes alone it is their own digest."""
        if self.plain:
            return sha256_digest(self.data)
        content: dict[str, Json] = {
            "format": self.format,
            "data": sha256_digest(self.data),
            "about": dict(self.about),
            "classes": None if self.classes is None else list(self.classes),
            "parts": [part.digest for part in self.parts],
        }
        return sha256_digest(canonical_json(content))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an estimator may stand on where it is checked and loaded.

    Args:
        modules: the packaged modules, whose classes may be built.
        private_name: gives the name under which such a module was loaded.
        parts: the estimators of other frameworks that belong inside it, already loaded.
    """

    modules: Collection[str] = ()
    private_name: Callable[[str], str] | None = None
    parts: Sequence[Any] = ()

    def module(self, name: str) -> str:
        """Give the name under which a packaged module stands in `sys.modules`."""
        return self.private_name(name) if self.private_name else name


class EstimatorFormat(Protocol):
    """How the estimators of one framework are written and read: by its own safe format, no pickle.

    Importing the module of a format must not import its framework: every process that packages
    or loads anything asks each format.
    """

    @property
    def name(self) -> str:
        """Name it as `package.json` does: "xgboost"."""

    @property
    def file(self) -> str:
        """Name its file in a package: "estimator." and an ending that says what it is."""

    @property
    def distributions(self) -> tuple[str, ...]:
        """Name the distributions that loading needs, the framework's own first."""

    @property
    def relative(self) -> float:
        """Give by how much predictions may differ elsewhere: 1e-9, in single precision 1e-5."""

    def takes(self, estimator: object) -> bool:
        """Say whether an estimator is of this framework, without importing it."""

    def predictor(self, estimator: Any) -> Any:
        """Give what predicts for it by `predict`, `predict_proba` and `classes_`.

        Most are that themselves. What it gives must do as the loaded one will.
        """

    def write(self, estimator: Any) -> Stored:
        """Write an estimator that `takes` said yes to.

        Raises:
            PackagingRefused: it, or something in it, cannot be written.
        """

    def recognises(self, data: bytes) -> bool:
        """Say whether a file looks like one of this format; its first bytes are enough."""

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        """Look through a file before anything is built of it.

        Raises:
            PackagingRefused: it is of something else, damaged, or beyond the limits.
            UntrustedTypes: it names types nobody vouched for.
        """

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        """Build what predicts from a file that was checked.

        Raises:
            PackagingRefused: it cannot be built.
        """


def is_of(estimator: object, *classes: str) -> bool:
    """Say whether an estimator is exactly of one of these classes: "xgboost.core.Booster".

    Exactly: a subclass may predict otherwise, and a file of its framework does not say so.
    """
    kind = type(estimator)
    return f"{kind.__module__}.{kind.__qualname__}" in classes


def derives_from(estimator: object, *classes: str) -> bool:
    """Say whether an estimator's class is one of these, or is derived from one."""
    return any(
        f"{base.__module__}.{base.__qualname__}" in classes for base in type(estimator).__mro__
    )


def beyond(what: str, found: int, limit: int) -> PackagingRefused:
    """Say that a file is beyond a limit."""
    return PackagingRefused(
        f"The estimator file has {found:,} {what}; the limit is {limit:,}.",
        hint="A model of that size is served by something else than this package.",
    )


def damaged(what: str, why: str) -> PackagingRefused:
    """Say that a file is not what its format says."""
    return PackagingRefused(
        f"The estimator file is not {what}: {why}.",
        hint="Save the fitted estimator again, by its framework's own function; see "
        "`docs/frameworks.md`.",
    )
