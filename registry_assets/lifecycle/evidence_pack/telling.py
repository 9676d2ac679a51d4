"""What a pack says in words, for its page and for programs alike: made from what was gathered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from registry_assets.catalog.evaluations import EvaluationRecord
from registry_assets.catalog.policies import PolicyRecord
from registry_assets.governance.document import PolicyDocument, read_policy_value
from registry_assets.governance.document.sentences import Section, sentences
from registry_assets.governance.separation import code_authors_of
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.lifecycle.evidence_pack.gathering import Evidence, Promotion, Statement
from registry_assets.packaging.authors import Author

INCIDENTS = (
    "What came of its answers: the registry knows what was observed and which checks failed, and"
    " records no incidents; those are known to whoever runs it."
)

NO_BILL = (
    "What it is made of, as a bill of materials: CycloneDX's library was not installed where this"
    ' was written (`pip install "registry_assets[sbom]"`). card.md names the same in words.'
)

_WHOSE_KEYS = (
    "Whether a key belongs to the person that it is listed under: compare the fingerprints with a"
    " list that you have from them, or that `registry keys` printed earlier."
)
_WHOSE_COMMITS = (
    "Whether commits were made by whom they name: an author's address in git is what the author"
    " says, unless the commit is signed; account names are no proof either."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate said, as the last promotion names it, or as it is known now."""

    gate: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class Separation:
    """Who made the version, as far as that can be told.

    Args:
        people: of the policy in force, by name, each with what they did; they cannot approve it.
        authors: of the packaged code, as git has them.
        unknown: who is not known, a sentence each.
        judged: whether a policy is in force that says who the people are.
    """

    people: Mapping[str, str]
    authors: tuple[Author, ...]
    asked_by: str
    trigger: str
    unknown: tuple[str, ...]
    judged: bool


def live(evidence: Evidence) -> str:
    """Say which pointers hold the version now, or when they did."""
    reference = evidence.version.reference
    if evidence.holding:
        held = [f"{each.made.pointer} since {_day(each)}" for each in evidence.holding]
        return f"{reference} is live: {', '.join(held)}."
    if evidence.promotions:
        last = evidence.promotions[-1]
        until = str(last.tenure.until)[:10]
        return (
            f"{reference} is not live: {last.made.pointer} held it last, from {_day(last)}"
            f" until {until}."
        )
    return f"{reference} is not live: no pointer has ever held it."


def verdicts(evidence: Evidence) -> tuple[Verdict, ...]:
    """Give what each gate said when the version was promoted last; else what it says now."""
    if evidence.promotion is not None:
        named = evidence.promotion.made.evidence.get("verdicts", ())
        return tuple(Verdict(each["gate"], each["outcome"], each["why"]) for each in named)
    found = (verdict.finding for verdict in evidence.decision.standing.verdicts)
    return tuple(Verdict(each.gate, each.outcome, each.why) for each in found)


def separation(evidence: Evidence) -> Separation:
    """Tell who made the version."""
    version, trainers = evidence.version, evidence.decision.standing.trainers
    written = code_authors_of(version.metadata, evidence.pointer)
    return Separation(
        people=trainers.people if trainers else {},
        authors=written.authors,
        asked_by=version.actor,
        trigger=version.trigger,
        unknown=trainers.unknown if trainers else written.unknown,
        judged=trainers is not None,
    )


def policies(evidence: Evidence) -> Iterator[tuple[str, PolicyRecord, list[Section]]]:
    """Give the policy in force, and the one under which the version was promoted, in sentences."""
    now, promotion = evidence.policy, evidence.promotion
    then = promotion.policy if promotion else None
    if promotion is not None and then is not None and (now is None or then != now):
        made = promotion.made
        when = f"When promotion {made.generation} of {made.pointer} was decided"
        yield when, then, _about(evidence, then)
    if now is not None:
        yield "In force now", now, _about(evidence, now)


def _about(evidence: Evidence, record: PolicyRecord) -> list[Section]:
    """Give what a policy says that concerns this model."""
    document, name = read_policy_value(dict(record.document)), evidence.model.name
    listed = document.models.get(name)
    tier = listed.tier if listed else evidence.decision.policy.risk
    return list(sentences(_narrowed(document, name, tier)))


def _narrowed(document: PolicyDocument, model: str, tier: str) -> PolicyDocument:
    return replace(
        document,
        tiers={name: rules for name, rules in document.tiers.items() if name == tier},
        models={name: rules for name, rules in document.models.items() if name == model},
    )


def became_of(statement: Statement) -> str:
    """Say what became of what a person said: what it counted for, or why it does not."""
    if statement.counted:
        names = (f"{p.made.pointer}, promotion {p.made.generation}" for p in statement.counted)
        return f"counted for {'; '.join(names)}"
    if statement.record.decision in ("reject", "review"):
        return "on record"
    return statement.why or "counts; nothing was promoted on it yet"


def not_known(
    evidence: Evidence, found: Comparison | None, without_page: Sequence[EvaluationRecord]
) -> tuple[str, ...]:
    """Say what this pack does not show."""
    return (
        INCIDENTS,
        *([] if evidence.lived.observed else [f"What it does in use. {evidence.lived.sentence}"]),
        _WHOSE_KEYS,
        *_of_people(evidence),
        *_of_promotions(evidence),
        *_of_measurements(evidence, without_page),
        *(f"{gap.what} could not be compared: {gap.why}." for gap in (found.gaps if found else ())),
    )


def _of_people(evidence: Evidence) -> Iterator[str]:
    made = separation(evidence)
    yield from (f"Who made it: {unknown}." for unknown in made.unknown)
    yield _WHOSE_COMMITS
    if evidence.version.metadata.get("code_dirty"):
        yield (
            "What the uncommitted changes were for: it was trained with some; they are in the"
            " packaged code, and in no commit."
        )
    if evidence.policy is None:
        yield "Who may approve: no policy is in force, so gates and declaration alone decide."
    unsigned = sum(not each.record.signed for each in evidence.statements)
    if unsigned:
        yield f"Whether {unsigned} statements in here are of whom they name: no key signed them."


def _of_promotions(evidence: Evidence) -> Iterator[str]:
    for promotion in evidence.promotions:
        if promotion.attestation is None:
            yield f"A signed statement of the registry about {promotion.name}: there is none."
        elif promotion.maker != evidence.registry:
            yield (
                f"By which keys {promotion.name} is checked, but for those that its registry's"
                f" own ledger names: it was made in registry {promotion.maker}."
            )
    if evidence.review is not None and evidence.review.done is None:
        yield f"What a second person says: {evidence.review.sentence}."


def _of_measurements(evidence: Evidence, without_page: Sequence[EvaluationRecord]) -> Iterator[str]:
    if not evidence.evaluations:
        yield "How good it is: it was never evaluated."
    for record in without_page:
        day, short = record.created_at[:10], record.digest[7:19]
        yield f"How the evaluation of {day} ({short}) looked: no page was stored with it."


def _day(promotion: Promotion) -> str:
    return promotion.made.created_at[:10]
