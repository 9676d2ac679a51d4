"""What was lived in a replay: frozen values, a partition each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_assets.canonical import Json
from registry_assets.governance.document import PolicyDocument


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be lived again.

    Args:
        start, end: the first and the last partition; those before are there from the beginning.
        document: the policy in force; None: that of the real registry, if it has one.
        approve_all: whether as many people sign as are asked for, whatever they would have seen.
    """

    start: str
    end: str
    document: PolicyDocument | None = None
    approve_all: bool = False


@dataclass(frozen=True, slots=True)
class Retrained:
    """A version that was asked for.

    Args:
        at: when, as the catalog writes it.
        outcome: `promoted`, `held` or `failed`.
        why: it was asked for.
        held_by: what holds it, or why it failed; "" where it was promoted.
    """

    version: int
    at: str
    trigger: str
    why: str
    outcome: str
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A pointer that moved."""

    pointer: str
    version: int
    from_version: int | None
    at: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A check that did not pass."""

    check: str
    version: int
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """Something that became of an alert."""

    alert: int
    check: str
    occasion: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Step:
    """One partition, from its arrival until the next one's.

    Args:
        version: that scored it; None where nothing was deployed yet, or it is not watched.
        promised, lived: the headline metric of that version: of its evaluation, and of this
            partition; None where there is none.
        drifted, compared: columns, of the features.
        skipped: why no version was asked for, each said once.
    """

    partition: str
    arrived_at: str
    version: int | None = None
    promised: float | None = None
    lived: float | None = None
    drifted: int | None = None
    compared: int | None = None
    failed: tuple[Failed, ...] = ()
    told: tuple[Told, ...] = ()
    retrained: tuple[Retrained, ...] = ()
    moved: tuple[Moved, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """A period that was lived again.

    Args:
        metric: the headline metric.
        policy: the digest of the policy in force; None: the declaration alone decides.
        before: how many partitions were there from the beginning.
        began: what was done before the first partition arrived.
        remarks: what was other than it would have been, a sentence each.
    """

    model: str
    metric: str
    policy: str | None
    before: int
    steps: tuple[Step, ...]
    began: Step | None = None
    remarks: tuple[str, ...] = field(default=())

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """Every step, the beginning included."""
        return (*((self.began,) if self.began else ()), *self.steps)

    @property
    def totals(self) -> Mapping[str, Json]:
        """How often each thing happened."""
        retrained = [each for step in self.all_steps for each in step.retrained]
        told = Counter(each.occasion for step in self.all_steps for each in step.told)
        outcomes = Counter(each.outcome for each in retrained)
        triggers: dict[str, Json] = {**Counter(each.trigger for each in retrained)}
        return {
            "partitions": len(self.steps),
            "watched": sum(step.version is not None for step in self.steps),
            "alerts": told["opened"],
            "retrainings": len(retrained),
            "by_trigger": triggers,
            "promoted": outcomes["promoted"],
            "held": outcomes["held"],
            "failed": outcomes["failed"],
            "moves": sum(len(step.moved) for step in self.all_steps),
        }
