"""What a person does next about each reason that holds a version.

Keyed by the stable codes of `registry_assets.governance.decide`, which says what is
missing; the commands and jobs that mend it are named here.
"""

from registry_assets.cli.options import pointer_flag
from registry_assets.governance.values import (
    ACTIVATE,
    RE_EVALUATE,
    RETRAIN,
    ROLL_BACK,
    RUN_CHECK,
    WAIT,
    Held,
    Reason,
)


def next_step(reason: Reason, model: str, *, version: int | None = None) -> str:
    """Give what to do about one reason, as a sentence; empty where nothing helps.

    Args:
        version: the one that is held, for a command that names it.
    """
    held = f"{model}:{version or 'N'}"
    retrain = f"launch the job {model}__retrain"
    if reason.remedy == RE_EVALUATE:
        return (
            "evaluate it again: the promotion sensor asks for that once by itself;"
            f" by hand, launch the job {model}__evaluate"
        )
    if reason.remedy == RUN_CHECK:
        return (
            f"run the asset check {reason.subject}: materializing partition {version or 'N'} of its"
            " asset again runs it too; the promotion sensor then has its result recorded"
        )
    if reason.remedy == ACTIVATE:
        return (
            "name the people who may sign: `registry policy draft > policy.yaml`, then `registry"
            " policy activate policy.yaml --key KEY`"
        )
    if reason.remedy == ROLL_BACK:
        where = f"{model}@{reason.subject} --to {version or 'N'}"
        return f"`registry rollback {where}` goes back to it; to go on to a newer one, {retrain}"
    restore = "put back in the declaration what it asked for before"
    pinned = f"{restore}; or activate a policy that pins what is declared now"
    tag = f"`registry tag {held} {reason.subject.removeprefix('tags.')}=…` with a value allowed"
    return {
        "archived": f"`registry unarchive {held}`, if it may be promoted after all",
        "rejected": f"a rejection is for good; for another version, {retrain}",
        "tag_missing": tag,
        "tag_not_allowed": tag,
        "not_committed": (
            f"wait for its run to end, or {retrain}"
            if reason.remedy == WAIT
            else f"mend what failed, then {retrain}: another version gets the next number"
        ),
        "other_target": f"train a version for the target declared now: {retrain}",
        "no_metrics": f"declare metrics, then launch the job {model}__evaluate",
        "rolled_back": f"`registry release {held}{pointer_flag(reason.subject)}`, once it may come"
        " back",
        "recalled": f"materialize that data again, with the right rows, and {retrain};"
        " `registry recalls` lists what was recalled, and `registry recall … --lift` takes it back",
        "not_forward": f"{retrain}: a newer version can be promoted",
        "check_failed": f"train a better version (other data, params or code): {retrain}",
        "check_undecided": (
            f"judge on rows that neither version was trained on: {retrain} once newer data is there"
        ),
        "check_no_baseline": "its gate says first='hold': nothing can pass it before production"
        " holds a version; declare first='pass' to start with this one",
        "declaration_weaker": f"{restore}; or activate a policy that lists {model}",
        "gate_differs": pinned,
        "plan_differs": pinned,
        "holdout_differs": f"{retrain} under the holdout that the policy in force pins: a version"
        " keeps the rows it was reserved with",
        "tier_differs": pinned,
        "policy_differs": "declare the policy in force: Promotion(policy=…); or activate the other",
        "not_listed": f"list {model} in a policy: `registry policy draft` prints how",
        "approval_missing": f"`registry approve {held}{pointer_flag(reason.subject)} --key KEY"
        " --reason …`, by somebody who may",
        "approval_stale": "whose approval is stale looks at it again, and signs again",
        "approval_void": "it takes somebody whom the policy in force lists, with a key of theirs",
        "approval_not_counted": "it takes somebody else",
        "author_unknown": f"commit the code and {retrain}; or list who wrote it in the policy",
        "fact_missing": f"declare it, then {retrain}",
        "not_in_staging": "what keeps it from staging is mended first",
        "staging_too_short": "wait until then: the promotion sensor goes on by itself",
        "frozen": "wait until then: the promotion sensor goes on by itself",
        "pointer_first": f"`registry explain {model}@{reason.subject}` says what it waits for",
    }.get(reason.code, retrain if reason.remedy == RETRAIN else reason.remedy)


def next_steps(held: Held, model: str, *, version: int | None = None) -> tuple[str, ...]:
    """Give everything to do about all reasons, each once, in the order of the reasons."""
    # No other step helps a version that is there already, or that may not come back this way.
    final = ("already_held", "not_forward", "rejected")
    deciding = [reason for reason in held.reasons if reason.code in final]
    steps = (next_step(reason, model, version=version) for reason in deciding or held.reasons)
    return tuple(dict.fromkeys(step for step in steps if step))
