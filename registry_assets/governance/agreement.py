"""Whether enough people agree, who trained nothing of it, and what somebody set aside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry_assets.governance.approvals import Approval
from registry_assets.governance.policy import Policy
from registry_assets.governance.values import ACTIVATE, APPROVE, Reason, Standing
from registry_assets.governance.wording import listed

GROUPS = {
    "evaluation_too_old": "evaluation_age",
    "staging_too_short": "staging",
    "not_in_staging": "staging",
    "frozen": "freeze",
    "pointer_first": "after",
    "check_failed": "gates",
    "check_undecided": "gates",
    "check_no_baseline": "gates",
}
"""Reasons that an override can be allowed to waive, by the policy's name for them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One approval, and whether it counts for this pointer.

    Args:
        why: what keeps it from counting; empty where it does.
    """

    approval: Approval
    why: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is one of those that are asked for."""
        return not self.why


def count_approvals(policy: Policy, standing: Standing) -> tuple[Counted, ...]:
    """Give everything that people approved, each with whether it counts for this pointer."""
    found: list[Counted] = []
    taken: set[str] = set()
    # The newest first: of two of one person the later is what they say.
    for approval in reversed(standing.approvals):
        if approval.record.decision != "approve":
            continue
        if approval.record.pointer != standing.pointer.name:
            continue
        why = _why_not(policy, standing, approval)
        if not why and approval.record.person in taken:
            why = "one person counts once"
        if not why:
            taken.add(approval.record.person)
        found.append(Counted(approval, why))
    return tuple(reversed(found))


def agreement(policy: Policy, standing: Standing) -> Iterator[Reason]:
    """Give why not enough people have approved; nothing where they have."""
    if not policy.required_approvals:
        return
    counted = count_approvals(policy, standing)
    agreed = {each.approval.record.person for each in counted if each.counts}
    missing = policy.required_approvals - len(agreed)
    if missing <= 0:
        return
    version = standing.version.reference
    said = _missing(policy, standing, missing, agreed)
    remedy = APPROVE if policy.active else ACTIVATE
    yield Reason("approval_missing", standing.pointer.name, said, remedy)
    # Of the newest that each of the others said: what somebody signed anew is past.
    others = {each.approval.record.person: each for each in counted}
    for each in (each for person, each in others.items() if person not in agreed):
        if each.why and each.approval.state != "counts":
            code = "approval_stale" if each.approval.state == "stale" else "approval_void"
            said = f"the approval by {each.approval.record.person} is {each.approval.state}"
            yield Reason(code, each.approval.record.person, f"{said}: {each.why}", APPROVE)
        elif each.why:
            said = f"the approval by {each.approval.record.person} does not count: {each.why}"
            yield Reason("approval_not_counted", each.approval.record.person, said, APPROVE)
    trainers = standing.trainers
    if trainers is None or not trainers.unknown or _separation_waived(policy, standing):
        return
    if policy.rules.unknown_author == "everyone":
        said = "nobody can approve it, as it may be anybody who trained it: "
        why = "; ".join(trainers.unknown)
        yield Reason("author_unknown", version, said + why, APPROVE)


def waived_by(policy: Policy, standing: Standing, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Give those of the reasons that somebody who may has set aside."""
    rule = policy.rules.override
    if rule is None or not valid_overrides(policy, standing):
        return ()
    return tuple(reason for reason in reasons if GROUPS.get(reason.code) in rule.waives)


def valid_overrides(policy: Policy, standing: Standing) -> tuple[Approval, ...]:
    """Give the overrides in force for this pointer."""
    rule = policy.rules.override
    if rule is None:
        return ()
    return tuple(
        approval
        for approval in standing.approvals
        if approval.record.decision == "override"
        and approval.record.pointer == standing.pointer.name
        and approval.counts
        and approval.record.signed
        and set(rule.roles) & set(approval.roles)
        and not _own_override(policy, standing, approval.record.person)
    )


def unfit(policy: Policy, standing: Standing, said: Approval) -> str:
    """Say why a person may not decide this about a version; "" where they may."""
    rules, person = policy.rules, said.record.person
    match said.record.decision:
        case "approve":
            return _why_not(policy, standing, said)
        case "override" | "rollback" if not said.record.signed:
            return "nobody signed it, and no policy allows that of more than an approval"
        case "override" if rules.override is None:
            return "the policy in force lets nobody set its rules aside here"
        case "override" if rules.override and not set(rules.override.roles) & set(said.roles):
            return f"it takes the role {' or '.join(rules.override.roles)}: {person} has none"
        case "override":
            return _own_override(policy, standing, person)
        case "rollback" if rules.rollback is None:
            return "the policy in force asks for no signature here: roll back without one"
        case "rollback" if rules.rollback and not set(rules.rollback.roles) & set(said.roles):
            return f"it takes the role {' or '.join(rules.rollback.roles)}: {person} has none"
    return ""


def _why_not(policy: Policy, standing: Standing, approval: Approval) -> str:
    """Say why an approval does not count for this pointer; "" where it does."""
    if not approval.counts:
        return approval.why
    if not approval.record.signed and not policy.rules.unsigned:
        return "nobody signed it, and the policy does not allow that"
    for roles in policy.role_sets:
        if not set(roles) & set(approval.roles):
            has = f"has {listed(approval.roles)}" if approval.roles else "has no role"
            return f"it takes the role {' or '.join(roles)}, and {approval.record.person} {has}"
    if _separation_waived(policy, standing) or standing.trainers is None:
        return ""
    did = standing.trainers.people.get(approval.record.person)
    if did is not None:
        return f"{approval.record.person} {did}, and nobody approves their own version"
    if standing.trainers.unknown and policy.rules.unknown_author == "everyone":
        return "who trained the version is not known"
    return ""


def _own_override(policy: Policy, standing: Standing, person: str) -> str:
    """Say why somebody may not set rules aside, as one who trained the version; "" otherwise.

    No override lifts this, or a trainer would set the rule aside that keeps them from it.
    """
    rule, trainers = policy.rules.override, standing.trainers
    if trainers is None or (rule is not None and rule.trainers):
        return ""
    did = trainers.people.get(person)
    if did is not None:
        return f"{person} {did}, and nobody sets rules aside for their own version"
    if trainers.unknown and policy.rules.unknown_author == "everyone":
        why = "; ".join(trainers.unknown)
        return f"who trained the version is not known, and it may be {person}: {why}"
    return ""


def _separation_waived(policy: Policy, standing: Standing) -> bool:
    rule = policy.rules.override
    waives = rule is not None and "separation" in rule.waives
    return waives and bool(valid_overrides(policy, standing))


def _missing(policy: Policy, standing: Standing, missing: int, agreed: set[str]) -> str:
    whose = "".join(f" of role {' or '.join(roles)}" for roles in policy.role_sets)
    more = f"{missing} more" if agreed else str(missing)
    count = f"{more} approval{'s' if missing > 1 else ''}"
    whom = "a person" if missing == 1 else "persons"
    said = f"{standing.version.reference} waits for {count} by {whom}{whose}"
    have = f"; {listed(sorted(agreed))} approved" if agreed else ""
    able = [name for name in _able(policy, standing) if name not in agreed]
    who = f"; {listed(able)} can sign" if able else ""
    if policy.active is None:
        who = "; no policy is in force that says who may sign"
    return f"{said} (risk: {policy.risk}){have}{who}"


def _able(policy: Policy, standing: Standing) -> list[str]:
    """Name who could approve it: people of the roles asked for, who did not train it."""
    if policy.active is None:
        return []
    trained = standing.trainers.people if standing.trainers else {}
    return [
        person.name
        for person in policy.active.document.people
        if person.keys
        and all(set(roles) & set(person.roles) for roles in policy.role_sets)
        and person.name not in trained
    ]
