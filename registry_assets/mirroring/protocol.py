"""What goes out to another registry, what comes back, and what a client of one can do.

The same for every kind of registry. Numbers differ there, so both sides are joined on the
version's digest. All are plain values: no password, token or address with one is ever in them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from registry_assets.canonical import Json, canonical_json, sha256_digest

if TYPE_CHECKING:
    from registry_assets.converting.contents import VersionContents

    OpenContents = Callable[[], VersionContents]
    """Reads a version's files, each verified; called only where they are needed."""

Kind = Literal[
    "model_missing",
    "not_published",
    "version_missing",
    "digest_changed",
    "artifact_missing",
    "artifact_changed",
    "artifact_added",
    "pointer_behind",
    "pointer_missing",
    "pointer_moved",
    "pointer_unexpected",
]
LAGS: tuple[Kind, ...] = ("not_published", "pointer_behind")
"""What only was not told yet: nobody there has done anything."""


@dataclass(frozen=True, slots=True)
class Input:
    """Data that a version was made from.

    Args:
        role: `train` or `holdout`.
    """

    role: str
    asset: str
    partition: str
    digest: str

    @property
    def name(self) -> str:
        """`flights[2013-03]`, or `flights`."""
        return f"{self.asset}[{self.partition}]" if self.partition else self.asset


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found."""

    gate: str
    outcome: str
    why: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """What one person decided about the version."""

    person: str
    decision: str
    pointer: str
    signed: bool
    at: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """One move of a pointer to the version."""

    pointer: str
    generation: int
    actor: str
    reason: str
    at: str
    policy: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One version, as it is told to another registry.

    Args:
        registry: the identity of this registry.
        started_at, finished_at: of the training.
        metrics: value, and bounds where there are any, by name: finite numbers.
        commit: of the code, and whether it had changes that are in no commit.
        run_url: the page of the training's run, if it has one.
        link: back to the version's page here, if there is one.
    """

    registry: str
    model: str
    version: int
    digest: str
    description: str
    started_at: str
    finished_at: str
    committed_at: str
    framework: str
    task: str
    commit: str
    dirty: bool
    repository: str
    run_id: str
    run_url: str
    evaluation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    approvals: tuple[Approval, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    link: str = ""

    @property
    def reference(self) -> str:
        """`flight_delay:12`."""
        return f"{self.model}:{self.version}"

    def to_json(self) -> dict[str, Json]:
        """Give all of it as JSON."""
        return asdict(self)

    @property
    def sent_digest(self) -> str:
        """Name all that is said, so that what was said before is not said again."""
        return sha256_digest(canonical_json(self.to_json()))


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file there; `sha256` is None where nobody has read it."""

    size: int | None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a version is there, and every byte of it was read back.

    Args:
        address: where it is.
        name: what the model is called there.
        number: what the version is called there: a number, an ARN.
        url: its page there.
        files: those of the artifact, each with its digest.
        sent_digest: of what was said about it last.
    """

    address: str
    name: str
    number: str
    url: str
    digest: str
    files: Mapping[str, ForeignFile]
    sent_digest: str

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON; `from_json` reads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        files = {path: ForeignFile(**each) for path, each in said["files"].items()}
        return cls(**{**said, "files": files})


@dataclass(frozen=True, slots=True)
class Pointing:
    """What a pointer holds here, to be set there.

    Args:
        number: what that version is called there; "" where it was not published.
    """

    pointer: str
    version: int
    digest: str
    generation: int
    number: str = ""

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON; the fields are its arguments."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ForeignPointer:
    """What a pointer holds there.

    Args:
        digest: of the version of ours that it is tagged as; None where it is none of ours.
        by, at: who set it so and when, where the other side knows.
    """

    pointer: str
    number: str
    digest: str | None
    by: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignVersion:
    """A version there, with its files as far as they were looked at; None of one without."""

    number: str
    digest: str | None
    files: Mapping[str, ForeignFile] | None = None


@dataclass(frozen=True, slots=True)
class ForeignState:
    """What stands there.

    Args:
        exists: whether there is such a model at all.
        versions: those that were asked for and are there, by number.
        verified: whether every byte of them was read.
    """

    exists: bool
    pointers: Mapping[str, ForeignPointer] = field(default_factory=dict)
    versions: Mapping[str, ForeignVersion] = field(default_factory=dict)
    verified: bool = False


@dataclass(frozen=True, slots=True)
class OutOfStep:
    """One thing that is not there as it is here.

    Args:
        subject: the pointer, or the version by its number here.
        sentence: what it is, for people.
        by, at: who did it and when, where the other side knows.
    """

    kind: Kind
    subject: str
    sentence: str
    by: str | None = None
    at: str | None = None

    @property
    def is_lag(self) -> bool:
        """Whether it only was not told yet."""
        return self.kind in LAGS

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON; the fields are its arguments."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A version there, brought here as files.

    Args:
        number: what it is called there.
        digest: of the version of ours that it is tagged as; None where it is none of ours.
        files: paths below the folder, sorted; regular files only.
        started_at, finished_at: of the training, in UTC; None where it is not known.
        url: its page there.
    """

    name: str
    number: str
    digest: str | None
    files: tuple[str, ...]
    url: str
    started_at: str | None = None
    finished_at: str | None = None


class MirrorClient(Protocol):
    """Speaks to one model of another registry.

    Every method raises MirrorUnreachable, MirrorRefused or MirrorDiffers, and no secret is in
    what these say. What was done half-way is finished by the same call again.
    """

    @property
    def address(self) -> str:
        """Where it is, for people."""

    @property
    def name(self) -> str:
        """What the model is called there."""

    def publish_version(
        self,
        outgoing: Outgoing,
        contents: "OpenContents",
        *,
        known: Receipt | None = None,
        again: bool = False,
    ) -> Receipt:
        """Bring a version there, or what is said of it up to date; it is read back.

        It is looked up by its digest first: none is there twice.

        Args:
            known: the receipt of before, whose bytes need not be read again.
            again: compare every byte all the same, and replace what differs.
        """

    def set_pointers(self, pointings: Sequence[Pointing], *, clear: Sequence[str] = ()) -> None:
        """Let the pointers there hold what they hold here, and read that back.

        Args:
            pointings: of versions that are published.
            clear: pointers that are to hold nothing there.
        """

    def observe(
        self,
        pointers: Sequence[str],
        receipts: Sequence[Receipt],
        *,
        verify: bool = False,
    ) -> ForeignState:
        """Look at what stands there.

        Args:
            pointers: of ours, to be looked up.
            receipts: of versions that should be there.
            verify: read every byte of them.
        """

    def fetch(self, number: str, folder: Path) -> Fetched:
        """Write the files of a version there into an empty folder; nothing of it is run."""
