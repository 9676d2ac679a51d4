"""What a person does next about each reason that holds a version.

Keyed by the stable codes of `registry_assets.governance.decide`, which says what is
missing; the commands and jobs that mend it are named here.
"""

from registry_assets.governance.decide import RE_EVALUATE, RETRAIN, RUN_CHECK, WAIT, Held, Reason


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
        "not_forward": f"{retrain}: a newer version can be promoted",
        "check_failed": f"train a better version (other data, params or code): {retrain}",
        "check_undecided": (
            f"judge on rows that neither version was trained on: {retrain} once newer data is there"
        ),
        "check_no_baseline": "its gate says first='hold': nothing can pass it before production"
        " holds a version; declare first='pass' to start with this one",
        "declaration_weaker": "put back in the declaration what it asked for before; this release"
        " has no way to make a policy weaker",
        "approval_missing": "a person must approve it; this release has no way to record an"
        " approval yet, so the version stays in staging",
    }.get(reason.code, retrain if reason.remedy == RETRAIN else reason.remedy)


def next_steps(held: Held, model: str, *, version: int | None = None) -> tuple[str, ...]:
    """Give everything to do about all reasons, each once, in the order of the reasons."""
    # No other step helps a version that is there already, or that may not come back this way.
    final = ("already_held", "not_forward", "rejected")
    deciding = [reason for reason in held.reasons if reason.code in final]
    steps = (next_step(reason, model, version=version) for reason in deciding or held.reasons)
    return tuple(dict.fromkeys(step for step in steps if step))
