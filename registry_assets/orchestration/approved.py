"""The asset check `approved`: who has signed for a version, and what is missing, by pointer.

It is on the version's own partition of its evaluation, and given with each. What changes it
afterwards is no run: a signature at a terminal, a policy, time that passes. Whoever looks for
what Dagster is missing (`missing`) finds the results that are out of date, and has them reported.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.declaration import RegisteredModel
from registry_assets.declaration.model import APPROVED
from registry_assets.governance.agreement import count_approvals
from registry_assets.governance.decide import Held, Standing
from registry_assets.governance.standing import Decision
from registry_assets.governance.wording import approvers, listed
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation import version_identity
from registry_assets.orchestration.presentation.cells import table
from registry_assets.orchestration.unstable.check_results import last_outcomes, stored_results
from registry_assets.orchestration.untold import Untold
from registry_assets.registry import Registry

RULE = "Everybody whom the policy asks for has signed, and what they signed still counts."

_OF_PEOPLE = (
    "approval_missing",
    "approval_stale",
    "approval_void",
    "approval_not_counted",
    "author_unknown",
)
"""Codes of the reasons that are about approvals."""

_TABLE = "approvals"

_LOOKED_AT = 20
"""Of results that say that somebody is missing, so many are looked at again: the newest."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where approvals of a version stand before one pointer.

    Args:
        made: the promotion by which the pointer held it last; None where it never did, or
            where the version was released since and may come back on new approvals.
    """

    decision: Decision
    made: PromotionRecord | None

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing: nothing of a version that was approved when it came there."""
        answer = self.decision.answer
        if self.made is not None or not isinstance(answer, Held):
            return ()
        return tuple(reason.sentence for reason in answer.reasons if reason.code in _OF_PEOPLE)


def approved_result(
    registry: Registry, declared: RegisteredModel, number: int
) -> dg.AssetCheckResult:
    """Give where the approvals of a version stand, before each of its model's pointers."""
    return _result(Names(declared.name), list(_places(registry, declared, number)))


def find_untold_approvals(
    instance: dg.DagsterInstance, registry: Registry, declared: RegisteredModel
) -> Iterator[Untold]:
    """Find the results that are other than Dagster shows.

    Looked at are the candidate of each pointer, and the newest that are shown to wait: one may
    have been promoted, rejected or passed by since.
    """
    names = Names(declared.name)
    key = dg.AssetCheckKey(names.evaluation_key, APPROVED)
    shown = last_outcomes(instance, key)
    waiting = [int(partition) for partition, passed in shown.items() if partition and not passed]
    newest = sorted(waiting)[-_LOOKED_AT:]
    for number in sorted({*_candidates(registry, declared), *newest}):
        before = next(stored_results(instance, key, str(number)), None)
        if before is None:
            continue  # it comes with its evaluation
        result = approved_result(registry, declared, number)
        state = _state(result)
        if state != _state(before.evaluation):
            yield Untold(result, str(number), state)


def _state(shown: dg.AssetCheckResult | dg.AssetCheckEvaluation) -> str:
    """Give what tells a result from every other: its words, and who signed."""
    found = shown.metadata.get(_TABLE)
    rows = found.records if isinstance(found, dg.TableMetadataValue) else ()
    # In the order of names: Dagster does not keep that of the columns.
    said: list[Json] = [[f"{name}: {row.data[name]}" for name in sorted(row.data)] for row in rows]
    return sha256_digest(canonical_json([shown.passed, shown.description, said]))


def _candidates(registry: Registry, declared: RegisteredModel) -> set[int]:
    found = {
        registry.candidate(declared.name, pointer=pointer)
        for pointer in _pointers(registry, declared)
    }
    return {number for number in found if number is not None}


def _pointers(registry: Registry, declared: RegisteredModel) -> list[str]:
    """Give the declared pointers that the registry knows."""
    known = {pointer.name for pointer in registry.pointers(declared.name)}
    return [pointer for pointer in declared.pointers if pointer in known]


def _places(registry: Registry, declared: RegisteredModel, number: int) -> Iterator[_Place]:
    for pointer in _pointers(registry, declared):
        found = registry.decision(declared.name, number, pointer=pointer)
        assert found is not None
        yield _Place(found, _made(registry, found))


def _made(registry: Registry, decision: Decision) -> PromotionRecord | None:
    """Give the promotion on whose approvals the pointer held the version last."""
    standing = decision.standing
    version, pointer, hold = standing.version, standing.pointer, standing.hold
    released = hold is not None and not hold.in_force
    if version.number not in standing.held or (released and pointer.version != version.number):
        return None
    every = registry.promotions(version.model, pointer.name)
    return next((each for each in reversed(every) if each.version == version.number), None)


def _result(names: Names, places: Sequence[_Place]) -> dg.AssetCheckResult:
    many = len(places) > 1
    lines = [f"{_pointer(each)}: {_line(each)}" if many else _line(each) for each in places]
    rows = [row for each in places for row in _rows(each, many=many)]
    waiting = [each for each in places if each.missing]
    metadata = version_identity(places[0].decision.standing.version) if places else {}
    return dg.AssetCheckResult(
        asset_key=names.evaluation_key,
        check_name=APPROVED,
        passed=bool(places) and not waiting,
        # Waiting for a person is no fault of the version.
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(lines) or "where approvals stand is not known",
        metadata={
            **({_TABLE: table(rows)} if rows else {}),
            **_who(waiting),
            **metadata,
        },
    )


def _pointer(place: _Place) -> str:
    return place.decision.standing.pointer.name


def _line(place: _Place) -> str:
    decision, made = place.decision, place.made
    standing = decision.standing
    name = standing.pointer.name
    if made is not None:
        by = approvers(made.evidence)
        holds = "holds" if standing.pointer.version == made.version else "held"
        # Where nobody signed it says what it said before: nothing else is told again of it.
        return f"{name} {holds} it, approved by {by}" if by else "no approval is asked for"
    if place.missing:
        return _over(standing) or "; ".join(place.missing)
    if not decision.policy.required_approvals:
        return "no approval is asked for"
    people = [
        each.approval.record.person + ("" if each.approval.record.signed else " (unsigned)")
        for each in count_approvals(decision.policy, standing)
        if each.counts
    ]
    return f"approved by {listed(people)}"


def _over(standing: Standing) -> str:
    """Say why nobody need sign any more; "" where the version may still be promoted."""
    version = standing.version
    if standing.mark is not None:
        return f"{version.reference} was {standing.mark.sentence}"
    newest = max(standing.held, default=0)
    if version.number < newest and standing.hold is None:
        return (
            f"{version.reference} was not approved, and {standing.pointer.name} has held version"
            f" {newest} since"
        )
    return ""


def _rows(place: _Place, *, many: bool) -> Iterator[dict[str, str]]:
    decision, made = place.decision, place.made
    rests_on = {each["digest"] for each in made.evidence["approvals"]} if made else set()
    for each in count_approvals(decision.policy, decision.standing):
        record = each.approval.record
        counts = "yes" if each.counts else f"no: {each.why}"
        if record.digest in rests_on:
            counts = "yes: it was promoted on it"
        yield {
            **({"pointer": record.pointer} if many else {}),
            "person": record.person,
            "counts": counts,
            "said": each.approval.statement.reason,
            "when": record.recorded_at[:16].replace("T", " "),
            "until": record.expires_at[:10],
            # The widest comes last: what does not fit is cut off there.
            "signed": record.fingerprint or "unsigned",
        }


def _who(waiting: Sequence[_Place]) -> dict[str, dg.TextMetadataValue]:
    """Say what approves a version that waits, and whom that is not open to."""
    standings = [each.decision.standing for each in waiting]
    commands = [_command(standing) for standing in standings if not _over(standing)]
    if not commands:
        return {}
    trainers = standings[0].trainers
    kept = [f"{name} {did}" for name, did in trainers.people.items()] if trainers else []
    unknown = list(trainers.unknown) if trainers else []
    said = {"to approve": commands, "cannot approve": kept, "not known": unknown}
    # As texts: of a check, the UI shows Markdown only to who clicks on it.
    return {name: dg.MetadataValue.text("; ".join(each)) for name, each in said.items() if each}


def _command(standing: Standing) -> str:
    name = standing.pointer.name
    where = "" if name == PRODUCTION else f" --pointer {name}"
    return f"registry approve {standing.version.reference}{where} --key KEY --reason TEXT"
