"""What a decision is reached on, and what it gives: frozen values, without a rule in them."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.catalog.evaluations import EvaluationRecord, VerdictRecord
from registry_assets.catalog.holds import HoldRecord
from registry_assets.catalog.marks import MarkRecord
from registry_assets.catalog.pointers import PointerRecord
from registry_assets.catalog.tenures import Tenure
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.approvals import Approval
from registry_assets.governance.separation import Trainers

RE_EVALUATE = "re-evaluate"
RETRAIN = "retrain"
RESTORE = "restore the declaration"
RUN_CHECK = "run the asset check"
RELEASE = "release"
ROLL_BACK = "roll back"
TAG = "tag"
UNARCHIVE = "unarchive"
WAIT = "wait for its run"
APPROVE = "approve"
ACTIVATE = "activate a policy"
WAIT_UNTIL = "wait until then"
PROMOTE_FIRST = "promote it there first"
LIFT = "lift the recall"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that holds a version: a stable code, what it is about, and what to do."""

    code: str
    subject: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything known about one version before one pointer, read in one transaction.

    Args:
        now: the instant of the decision, by the registry's clock.
        evaluation: the newest complete one under the suite in force.
        verdicts: those of that evaluation, and those reached at commit.
        approvals: everything that people signed about it, each judged as things stand now.
        baseline: the pointer that relative verdicts are reached against, whichever is to move.
        held: of the versions that the pointer has ever held, the highest and, if it is one of
            them, this one.
        hold: that the pointer was rolled back from it, in force or released since; None where
            it never was.
        mark: that a person archived or rejected it; None where nothing of that holds.
        tags: those that hold: declared when it was committed, and changed by people since.
        trainers: None where no policy says who the people are.
        staging_since: since when every gate has passed, where the policy asks for that.
        elsewhere: when the pointer that the policy asks for first has held it.
        recalled: which of the data it was made from was recalled, in words.
    """

    now: str
    version: VersionRecord
    evaluation: EvaluationRecord | None
    verdicts: tuple[VerdictRecord, ...]
    approvals: tuple[Approval, ...]
    pointer: PointerRecord
    baseline: PointerRecord
    held: frozenset[int]
    hold: HoldRecord | None
    mark: MarkRecord | None
    tags: Mapping[str, str]
    trainers: Trainers | None = None
    staging_since: str | None = None
    elsewhere: tuple[Tenure, ...] = ()
    recalled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """Nothing holds the version.

    Args:
        waived: what would hold it, had nobody who may set it aside done so.
    """

    waived: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """The version may not take the pointer; `reasons` is never empty."""

    reasons: tuple[Reason, ...]

    @property
    def sentence(self) -> str:
        """All reasons in one line."""
        return "; ".join(reason.sentence for reason in self.reasons)

    @property
    def needs_evaluation(self) -> bool:
        """Whether evaluating the version again may change the answer."""
        return any(reason.remedy == RE_EVALUATE for reason in self.reasons)
