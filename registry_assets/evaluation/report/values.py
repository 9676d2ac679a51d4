"""What a page or a card is about: frozen values, gathered by whoever knows the registry.

Nothing is read here. The evaluation itself is `registry_assets.evaluation.results`; a card
is gathered by `registry_assets.lifecycle.carding`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_assets.canonical import Json
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Data of one digest, called `flights[2013-03]`; rows are None where nobody counted."""

    name: str
    digest: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What one gate found.

    Args:
        outcome: `passed`, `failed`, `undecided` or `no_baseline`; `missing` where there is no
            verdict, `outdated` where it was reached under another rule, `awaited` where an asset
            check of the user's own is still to judge.
        why: a sentence.
    """

    name: str
    outcome: str
    why: str

    @property
    def passed(self) -> bool:
        """Whether it found what it asks for; without a baseline there is nothing to ask."""
        return self.outcome in ("passed", "no_baseline")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose evaluation a page shows.

    Args:
        digest: of the version.
        holdout: the snapshots that the rows are of.
        evaluation: the evaluation's digest; None on the page that is stored with it, since
            it is the digest of that page, too.
        evaluated_at: None likewise: equal evaluations are equal files.
    """

    model: str
    version: int
    digest: str
    description: str = ""
    target: str = ""
    holdout: tuple[Snapshot, ...] = ()
    gates: tuple[GateVerdict, ...] = ()
    evaluation: str | None = None
    evaluated_at: str | None = None

    @property
    def reference(self) -> str:
        """`flight_delay:12`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, slots=True)
class Held:
    """A time in which a pointer held a version; `until` is None while it does."""

    pointer: str
    since: str
    until: str | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Training:
    """How a version was made.

    Args:
        trigger: who asked for it: `manual`, `schedule`, `sensor` or `registration`.
        distributions: versions of the libraries that its code imports.
    """

    params: Mapping[str, Json]
    framework: str
    framework_version: str
    python: str
    platform: str
    distributions: Mapping[str, str]
    code: str
    commit: str
    dirty: bool
    repository: str | None
    recipe: str
    actor: str
    trigger: str
    reason: str
    run: str
    started_at: str
    duration_seconds: float | None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The newest evaluation of a version.

    Args:
        in_force: whether it was made under the suite that is in force; a version that
            nobody asks about any more keeps the evaluation it once had.
    """

    digest: str
    created_at: str
    in_force: bool
    result: EvaluationResult


@dataclass(frozen=True, slots=True)
class PartitionUse:
    """What a version lived in one partition after it was deployed.

    Args:
        promised: the headline metric of the evaluation that its promotion rested on.
        lived: the same on what it really predicted; None where it was not measured yet.
        drifted: `10 of 18 columns`; "" where nothing was compared.
        failed: the checks that did not pass.
    """

    partition: str
    rows: int
    promised: Estimate | None
    lived: Estimate | None
    drifted: str
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """What is known of a version in use.

    Args:
        metric: the headline metric.
        alerts: those that are not resolved, a sentence each.
        pages: those declared for its deployment, filled in, by name.
    """

    metric: str
    partitions: tuple[PartitionUse, ...] = ()
    alerts: tuple[str, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that a person who meets a version has to know.

    Args:
        limits: intended use and limits in the owner's words; "" where nothing was said.
        license: as declared, such as `Apache-2.0`; "" where nothing was said.
        risk: `low` or `high`, of the policy in force.
        approvals_needed: how many people must approve before production.
        approvals: by whom, as far as they are recorded.
        holdout_rule: which rows were held out, as `30 % of rows by application`.
        datasets: what the features were made from.
        evaluated: None where it was not evaluated.
        waits_for: what holds it on its way to production, a sentence each.
        recalled: which of the data it was made from was found to be wrong, a sentence each.
        use: None where it was never observed in use, and no page about that is declared.
    """

    model: str
    version: int
    digest: str
    stage: str
    task: str
    target: str
    description: str
    limits: str
    license: str
    owners: tuple[str, ...]
    tags: Mapping[str, str]
    risk: str
    approvals_needed: int
    approval_roles: tuple[str, ...]
    training: Training
    train: tuple[Snapshot, ...]
    holdout: tuple[Snapshot, ...]
    holdout_rule: str
    datasets: tuple[Snapshot, ...]
    approvals: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    properties: Mapping[str, Json] = field(default_factory=dict)
    evaluated: Evaluated | None = None
    gates: tuple[GateVerdict, ...] = ()
    waits_for: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    use: Use | None = None

    @property
    def reference(self) -> str:
        """`flight_delay:12`."""
        return f"{self.model}:{self.version}"

    @property
    def result(self) -> EvaluationResult | None:
        """The figures of its evaluation, if it has one."""
        return self.evaluated.result if self.evaluated else None
