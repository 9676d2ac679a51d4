"""What is told of a version: gathered from the catalog, as it stands now."""

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from registry_assets.catalog.approvals import list_approvals
from registry_assets.catalog.evaluations import newest_evaluation, read_verdicts
from registry_assets.catalog.models import get_model
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.tenures import version_tenures
from registry_assets.catalog.versions import VersionRecord, get_committed
from registry_assets.catalog.words import read_words
from registry_assets.mirroring.protocol import Approval, Input, Outgoing, Promotion, Verdict

UI_URL = "REGISTRY_UI_URL"


def read_outgoing(connection: sa.Connection, model: str, number: int) -> Outgoing:
    """Gather what is told of a committed version.

    Raises:
        NotFound, NotReserved, VersionFailed: there is no such version, or it is none yet.
    """
    version, words = get_committed(connection, model, number), read_words(connection, model, number)
    evaluation = newest_evaluation(connection, model, number)
    verdicts = read_verdicts(connection, model, number, evaluation_id=None)
    if evaluation is not None:
        verdicts += read_verdicts(connection, model, number, evaluation_id=evaluation.id)
    facts: Mapping[str, Any] = version.metadata
    return Outgoing(
        registry=read_identity(connection),
        model=model,
        version=number,
        digest=str(version.digest),
        description=words.description.text or str(facts.get("description", "")),
        started_at=str(facts.get("started_at") or ""),
        finished_at=str(facts.get("finished_at") or ""),
        committed_at=version.finished_at or "",
        framework=f"{facts.get('framework', '')} {facts.get('framework_version', '')}".strip(),
        task=get_model(connection, model).task,
        commit=str(facts.get("code_commit") or ""),
        dirty=bool(facts.get("code_dirty")),
        repository=str(facts.get("code_repository") or ""),
        run_id=version.run_id or "",
        run_url=str(facts.get("run_url") or ""),
        evaluation=evaluation.digest if evaluation else "",
        params=dict(version.recipe.params),
        tags=dict(words.tags),
        metrics=dict(_metrics(evaluation.metrics if evaluation else {})),
        inputs=tuple(_inputs(version)),
        verdicts=tuple(
            Verdict(each.gate, each.outcome, each.why, each.value)
            for each in (verdict.finding for verdict in verdicts)
        ),
        approvals=tuple(
            Approval(each.person, each.decision, each.pointer, each.signed, each.recorded_at)
            for each in list_approvals(connection, model, number)
        ),
        promotions=tuple(_promotions(connection, model, number)),
        link=_link(model, number),
    )


def _metrics(found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for name, estimate in found.items():
        for field, suffix in (("value", ""), ("low", ".low"), ("high", ".high")):
            value = estimate.get(field)
            if isinstance(value, int | float) and math.isfinite(value):
                yield f"{name}{suffix}", float(value)


def _inputs(version: VersionRecord) -> Iterator[Input]:
    for role, refs in (("train", version.recipe.train), ("holdout", version.recipe.holdout)):
        for ref in refs:
            yield Input(role, ref.asset, ref.partition, ref.digest)


def _promotions(connection: sa.Connection, model: str, number: int) -> Iterator[Promotion]:
    for tenure in version_tenures(connection, model, first=number, last=number):
        made = tenure.promotion
        yield Promotion(
            made.pointer,
            made.generation,
            made.actor,
            made.reason,
            made.created_at,
            made.policy_digest,
        )


def _link(model: str, number: int) -> str:
    """Give the version's page in the Dagster UI, where it is known how people reach that."""
    base = os.environ.get(UI_URL, "").rstrip("/")
    if not base.startswith(("https://", "http://")) or "@" in base:
        return ""
    return f"{base}/assets/{quote(model)}/model?view=partitions&partition={number}"
