"""What is asked of the registry: one reading of the catalog each; nothing is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.catalog import counts, ledger, tenures
from registry_assets.catalog import evaluations as evaluation_rows
from registry_assets.catalog import models as model_rows
from registry_assets.catalog import pointers as pointer_rows
from registry_assets.catalog import versions as version_rows
from registry_assets.catalog.committed import Committed, list_committed
from registry_assets.catalog.evaluations import EvaluationRecord, VerdictRecord
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.ledger import Event
from registry_assets.catalog.log import LogPage, Wanted, read_log
from registry_assets.catalog.marks import MarkRecord, marked_above
from registry_assets.catalog.models import PRODUCTION, ModelRecord
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.tenures import Tenure
from registry_assets.catalog.versions import VersionRecord
from registry_assets.clock import timestamp
from registry_assets.governance import standing
from registry_assets.governance.standings import read_decisions
from registry_assets.lifecycle import (
    carding,
    comparing,
    deploying,
    instants,
    pointer_files,
)
from registry_assets.references import Reference
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.evaluation.report.values import Card


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """One version with everything that is derived about it.

    Args:
        evaluation: the newest complete one under the suite in force.
        verdicts: those of that evaluation, and those reached at commit.
        mark: that a person archived or rejected it; None where nothing of that holds.
        decision: whether production may move to it, and what holds it.
    """

    version: VersionRecord
    stage: Stage
    evaluation: EvaluationRecord | None
    verdicts: tuple[VerdictRecord, ...]
    mark: MarkRecord | None
    decision: standing.Decision


class Answers(Part):
    """Models, versions, evaluations, pointers, snapshots, decisions and the ledger."""

    def models(self, *, after: str = "", limit: int | None = None) -> tuple[ModelRecord, ...]:
        """Give every registered model by name, whether or not code still declares it.

        Args:
            after: only the names that come after this one.
            limit: at most so many.
        """
        with self.backends.catalog.read() as connection:
            return model_rows.list_models(connection, after=after, limit=limit)

    def count_models(self) -> int:
        """Give how many registered models there are."""
        with self.backends.catalog.read() as connection:
            return counts.count_models(connection)

    def model_counts(
        self, models: Sequence[ModelRecord], *, pointer: str = PRODUCTION
    ) -> Mapping[str, counts.ModelCounts]:
        """Give what a list says of a page of models, by name."""
        if not models:
            return {}
        first, last = models[0].name, models[-1].name
        with self.backends.catalog.read() as connection:
            return counts.count_by_model(connection, first=first, last=last, pointer=pointer)

    def stages(self, models: Sequence[ModelRecord]) -> Mapping[str, Mapping[Stage, int]]:
        """Give how many versions of each stage a page of models has, by name."""
        if not models:
            return {}
        first, last = models[0].name, models[-1].name
        with self.backends.catalog.read() as connection:
            found = counts.count_stages(connection, first=first, last=last)
        return {model.name: found.get(model.name, {}) for model in models}

    def imported_counts(self, models: Sequence[ModelRecord]) -> Mapping[str, int]:
        """Give how many versions of a page of models came as history, by name."""
        if not models:
            return {}
        first, last = models[0].name, models[-1].name
        with self.backends.catalog.read() as connection:
            return counts.count_imported(connection, first=first, last=last)

    def model(self, name: str) -> ModelRecord:
        """Give one registered model."""
        with self.backends.catalog.read() as connection:
            return model_rows.get_model(connection, name)

    def is_registered(self, model: str) -> bool:
        """Tell whether there is a registered model of this name."""
        with self.backends.catalog.read() as connection:
            return counts.has_model(connection, model)

    def versions(
        self, model: str, *, limit: int | None = None, before: int | None = None
    ) -> tuple[VersionSummary, ...]:
        """Give a model's versions, oldest first, each with stage, evaluation and verdicts.

        Args:
            limit: the newest, at most so many.
            before: only numbers below this one.
        """
        with self.backends.catalog.read() as connection:
            record = model_rows.get_model(connection, model)
            found = version_rows.list_versions(connection, model, limit=limit, before=before)
            return _summaries(connection, record, found, now=self._now())

    def count_versions(self, model: str) -> int:
        """Give how many versions a model has."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return counts.count_versions(connection, model)

    def reserved(self, model: str) -> tuple[VersionRecord, ...]:
        """Give the versions that are reserved and not yet trained."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return version_rows.list_versions(connection, model, state="reserved")

    def committed(self, model: str) -> tuple[Committed, ...]:
        """Give a model's committed versions by their digests alone."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return list_committed(connection, model)

    def unfinished(self, model: str, *, above: int, limit: int) -> tuple[VersionRecord, ...]:
        """Give the newest versions above a number that failed, or are not trained yet."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            found = [
                version
                for state in ("failed", "reserved")
                for version in version_rows.list_versions(
                    connection, model, state=state, above=above, limit=limit
                )
            ]
        return tuple(sorted(found, key=lambda version: version.number)[-limit:])

    def set_aside(self, model: str, *, above: int, limit: int) -> tuple[VersionSummary, ...]:
        """Give the newest versions above a number that a person archived or rejected."""
        with self.backends.catalog.read() as connection:
            record = model_rows.get_model(connection, model)
            numbers = marked_above(connection, model, above, limit=limit)
            return tuple(
                _summary(
                    connection,
                    record,
                    version_rows.get_version(connection, model, number),
                    now=self._now(),
                )
                for number in numbers
            )

    def tenures(self, model: str, *, first: int, last: int) -> tuple[Tenure, ...]:
        """Give the times in which pointers held the versions of these numbers."""
        with self.backends.catalog.read() as connection:
            return tenures.version_tenures(connection, model, first=first, last=last)

    def holdings(
        self, models: Sequence[ModelRecord]
    ) -> Mapping[str, Sequence[tuple[PointerRecord, PromotionRecord | None]]]:
        """Give the pointers of a page of models, each with the promotion that moved it last."""
        if not models:
            return {}
        first, last = models[0].name, models[-1].name
        with self.backends.catalog.read() as connection:
            return tenures.current_holdings(connection, first=first, last=last)

    def newest_promotion(self, model: str, pointer: str = PRODUCTION) -> PromotionRecord:
        """Give the promotion that moved a pointer last: see `catalog.pointers`."""
        with self.backends.catalog.read() as connection:
            return pointer_rows.newest_promotion(connection, model, pointer)

    def promotion(self, model: str, pointer: str, generation: int) -> PromotionRecord | None:
        """Give the promotion that brought a pointer to a generation; None if there is none."""
        with self.backends.catalog.read() as connection:
            found = tenures.tenure_of(connection, model, pointer, generation)
            return found.promotion if found else None

    def version(self, reference: str) -> VersionSummary:
        """Give the version that a reference names, with stage, evaluation and verdicts."""
        with self.backends.catalog.read() as connection:
            version = deploying.resolve(connection, Reference.parse(reference))
            record = model_rows.get_model(connection, version.model)
            return _summary(connection, record, version, now=self._now())

    def version_numbered(self, model: str, number: int) -> VersionSummary:
        """Give a version by number, also one that failed or is not trained yet."""
        with self.backends.catalog.read() as connection:
            record = model_rows.get_model(connection, model)
            return _summary(
                connection,
                record,
                version_rows.get_version(connection, model, number),
                now=self._now(),
            )

    def evaluations(self, model: str) -> tuple[EvaluationRecord, ...]:
        """Give all evaluations of a model's versions, oldest first."""
        with self.backends.catalog.read() as connection:
            return evaluation_rows.list_evaluations(connection, model)

    def last_evaluation(self, model: str, number: int) -> EvaluationRecord | None:
        """Give a version's newest evaluation, under whatever suite; None if it has none."""
        with self.backends.catalog.read() as connection:
            every = evaluation_rows.list_evaluations(connection, model, version=number)
        return every[-1] if every else None

    def pointers(self, model: str) -> tuple[PointerRecord, ...]:
        """Give a model's pointers."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return pointer_rows.list_pointers(connection, model)

    def pointer(self, model: str, name: str = PRODUCTION) -> PointerRecord:
        """Give one pointer."""
        with self.backends.catalog.read() as connection:
            return pointer_rows.get_pointer(connection, model, name)

    def stale_pointer(self, model: str, name: str = PRODUCTION) -> PointerRecord | None:
        """Give a pointer whose file in the store is behind the catalog; None where it is not."""
        return pointer_files.stale_pointer(self.backends, model, name)

    def promotions(self, model: str, pointer: str | None = None) -> tuple[PromotionRecord, ...]:
        """Give the promotions of a model, oldest first."""
        with self.backends.catalog.read() as connection:
            return pointer_rows.list_promotions(connection, model, pointer)

    def decision(
        self, model: str, number: int | None = None, *, pointer: str = PRODUCTION
    ) -> standing.Decision | None:
        """Decide on a version, by default the pointer's candidate; None where there is none."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            found = number or standing.find_candidate(connection, model, pointer)
            if found is None:
                return None
            return standing.read_decision(connection, model, found, pointer, now=self._now())

    def candidate(self, model: str, *, pointer: str = PRODUCTION) -> int | None:
        """Give the version that the sensor may move a pointer to next, whatever holds it."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return standing.find_candidate(connection, model, pointer)

    def _now(self) -> str:
        return timestamp(self.backends.clock())

    def log(self, chain: str) -> tuple[Event, ...]:
        """Give the events of a model, or of the registry itself, oldest first."""
        with self.backends.catalog.read() as connection:
            if chain != ledger.REGISTRY:
                model_rows.get_model(connection, chain)
            return tuple(ledger.read_events(connection, chain))

    def head(self, chain: str) -> ledger.Head:
        """Give the end of a chain: it moves with every change."""
        with self.backends.catalog.read() as connection:
            return ledger.read_head(connection, chain)

    def log_page(
        self, chain: str, wanted: Wanted, *, last: int, before: int | None = None
    ) -> LogPage:
        """Give the newest events that are wanted, reading the chain from its end.

        Args:
            last: at most so many.
            before: only sequence numbers below this one.
        """
        with self.backends.catalog.read() as connection:
            if chain != ledger.REGISTRY:
                model_rows.get_model(connection, chain)
                if wanted.version is not None:
                    version_rows.get_version(connection, chain, wanted.version)
            return read_log(connection, chain, wanted, last=last, before=before)

    def at(self, reference: str, instant: datetime | str) -> tuple[instants.Holding, ...]:
        """Give what a pointer held at an instant, or each pointer of a model: as it was then.

        Examples:
            >>> registry.at("flight_delay@production", "2026-03-01T12:00Z")  # doctest: +SKIP
        """
        return instants.holdings_at(self.backends, Reference.parse(reference), instant)

    def compare(self, a: str, b: str, *, diff_lines: int = 0) -> comparing.Comparison:
        """Compare two versions, from manifests and files, verified; no model code runs.

        Args:
            diff_lines: how many lines of difference to give of each source file, at most.
        """
        parsed = Reference.parse(a), Reference.parse(b)
        return comparing.compare_versions(self.backends, *parsed, diff_lines=diff_lines)

    def card(self, reference: str) -> "Card":
        """Gather the card of a version, as things stand now: see `lifecycle.carding`.

        Examples:
            >>> card_markdown(registry.card("flight_delay@production"))  # doctest: +SKIP
        """
        return carding.read_card(self.backends, Reference.parse(reference))

    def page(self, reference: str, *, evidently: bool = False) -> carding.Page:
        """Read the page of a version's newest evaluation, verified: see `lifecycle.carding`."""
        return carding.read_page(self.backends, Reference.parse(reference), evidently=evidently)


def _summary(
    connection: sa.Connection,
    model: ModelRecord,
    version: VersionRecord,
    *,
    now: str,
) -> VersionSummary:
    decision = standing.read_decision(connection, model.name, version.number, PRODUCTION, now=now)
    found = decision.standing
    stage = standing.derive_stage(connection, version)
    return VersionSummary(version, stage, found.evaluation, found.verdicts, found.mark, decision)


def _summaries(
    connection: sa.Connection, model: ModelRecord, versions: Sequence[VersionRecord], *, now: str
) -> tuple[VersionSummary, ...]:
    """Summarise many versions at a few queries for all; the stages are those of the index."""
    if not versions:
        return ()
    first, last = versions[0].number, versions[-1].number
    stages = counts.read_stages(connection, model.name, first=first, last=last)
    decisions = read_decisions(connection, model, versions, PRODUCTION, now=now)
    return tuple(
        VersionSummary(
            version=version,
            # A row that the index lacks is no reason not to answer: `verify` names it.
            stage=stages.get(version.number) or standing.derive_stage(connection, version),
            evaluation=decision.standing.evaluation,
            verdicts=decision.standing.verdicts,
            mark=decision.standing.mark,
            decision=decision,
        )
        for version, decision in zip(versions, decisions, strict=True)
    )
