"""The one decision: may this version take this pointer now?

Pure: it reads what it is given and touches nothing. The sensor's skip reason,
`registry explain` and the promotion itself all ask it, so they cannot disagree. It fails
closed: evidence that is absent, stale, of another version, of another rule or not finite
counts as not passed. It lists everything that is missing, not the first thing.

Here: what the version is and where the pointer stands. Verdicts are judged in `checks`, times
and order in `conditions`, people in `agreement`.
"""

from collections.abc import Iterator

from registry_assets.governance.agreement import agreement, waived_by
from registry_assets.governance.checks import by_name, counts_as_passed, measured, unmet
from registry_assets.governance.conditions import conditions
from registry_assets.governance.plans import holdout_differing
from registry_assets.governance.policy import Policy
from registry_assets.governance.values import (
    LIFT,
    RE_EVALUATE,
    RELEASE,
    RESTORE,
    RETRAIN,
    ROLL_BACK,
    UNARCHIVE,
    WAIT,
    Held,
    Ready,
    Reason,
    Standing,
)

__all__ = ["Held", "Ready", "Reason", "Standing", "counts_as_passed", "decide", "gates_passed"]


def decide(policy: Policy, standing: Standing) -> Ready | Held:
    """Decide whether the version may take the pointer under this policy."""
    reasons = tuple(_reasons(policy, standing))
    waived = waived_by(policy, standing, reasons)
    held = tuple(reason for reason in reasons if reason not in waived)
    return Held(held) if held else Ready(waived)


def gates_passed(policy: Policy, standing: Standing) -> bool | None:
    """Tell whether every check passed: False where one failed, None where it is not known.

    Not known is whatever was not measured, or could not be decided: it did not pass, and
    nothing was found against the version either.

    A verdict that went stale after it passed still counts here: it says what the version
    earned, not whether it may move now.
    """
    if standing.version.state != "committed" or standing.evaluation is None:
        return None
    found = by_name(standing.verdicts)
    missing = [
        reason
        for check in policy.checks
        if (reason := unmet(check, found.get(check.name), standing, fresh=False))
    ]
    if any(reason.code == "check_failed" for reason in missing):
        return False
    return True if measured(standing.evaluation) and not missing else None


def _reasons(policy: Policy, standing: Standing) -> Iterator[Reason]:
    version = standing.version
    if version.state != "committed":
        why = version.failure or "its training is not finished"
        yield Reason(
            "not_committed",
            version.reference,
            f"{version.reference} is {version.state}: {why}",
            RETRAIN if version.state == "failed" else WAIT,
        )
        return
    yield from _marked(standing)
    for recalled in standing.recalled:
        yield Reason("recalled", version.reference, recalled, LIFT)
    yield from _rolled_back(standing)
    if version.recipe.target != policy.target:
        yield Reason(
            "other_target",
            version.reference,
            f"{version.reference} was trained to tell {version.recipe.target!r};"
            f" {version.model} is declared to tell {policy.target!r}",
            RETRAIN,
        )
        return
    yield from _direction(standing)
    held_out = "; ".join(holdout_differing(policy.holdout, version.recipe.split))
    if held_out:
        yield Reason(
            "holdout_differs",
            version.reference,
            f"the rows that judge {version.reference} were held out by another rule: {held_out}",
            RETRAIN,
        )
    for differing in policy.differing:
        yield Reason(differing.code, version.model, differing.sentence, RESTORE)
    if policy.weaker:
        yield Reason(
            "declaration_weaker",
            version.model,
            f"the declaration of {version.model} asks for less than the policy in force, which"
            f" stays: {'; '.join(policy.weaker)}",
            RESTORE,
        )
    if standing.evaluation is None:
        yield Reason(
            "no_evaluation",
            version.reference,
            f"{version.reference} has no complete evaluation under the suite in force",
            RE_EVALUATE,
        )
    elif not measured(standing.evaluation):
        yield Reason("no_metrics", version.reference, "its evaluation holds no metrics")
    found = by_name(standing.verdicts)
    for check in policy.checks:
        if standing.evaluation is None and not check.of_version and check.name not in found:
            continue  # said once, above
        missing = unmet(check, found.get(check.name), standing, fresh=True)
        if missing is not None:
            yield missing
    yield from conditions(policy, standing)
    yield from agreement(policy, standing)


def _marked(standing: Standing) -> Iterator[Reason]:
    version, found = standing.version, standing.mark
    if found is None:
        return
    said = f"{version.reference} was {found.sentence}"
    if found.mark == "archived":
        yield Reason("archived", version.reference, said, UNARCHIVE)
    else:
        yield Reason("rejected", version.reference, said, RETRAIN)


def _rolled_back(standing: Standing) -> Iterator[Reason]:
    if standing.hold is not None and standing.hold.in_force:
        yield Reason("rolled_back", standing.pointer.name, standing.hold.sentence, RELEASE)


def _direction(standing: Standing) -> Iterator[Reason]:
    version, pointer = standing.version, standing.pointer
    if version.number == pointer.version:
        yield Reason(
            "already_held",
            pointer.name,
            f"{pointer.name} holds {version.reference} already",
        )
    elif standing.hold is not None:
        return  # while it is held, that is the reason; once released, it may come back
    elif standing.held and version.number <= (newest := max(standing.held)):
        said, remedy = f"{pointer.name} has held version {newest}", ""
        if version.number in standing.held:
            said += f"; going back to {version.reference} is a rollback, not a promotion"
            remedy = ROLL_BACK
        else:
            said += f" already; {version.reference} is older, and a promotion only moves forward"
        yield Reason("not_forward", pointer.name, said, remedy)
