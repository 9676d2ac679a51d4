"""Recall: the data of a partition was wrong. What was made from it is held, and is found.

A recall is about a snapshot, by its digest: what the partition held before and after may be
right. Nothing is deleted and no pointer moves. Whatever was made from the snapshot, or will
be, is held by the decision itself (`governance.recalls`) until the recall is lifted; which
pointers stand on it, and where they could go back to, is in `proposing`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from registry_assets.catalog.alerts import AlertRecord, list_alerts
from registry_assets.catalog.descent import BOUND
from registry_assets.catalog.ledger import REGISTRY, Change, change
from registry_assets.catalog.recalls import RecallRecord, State, write_recall
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.clock import timestamp
from registry_assets.declaration.checks import require
from registry_assets.errors import Conflict, RecallRefused
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.proposing import RollbackProposal, find_proposals
from registry_assets.lifecycle.recallable import Chosen, Recallable, choose, recalls_of
from registry_assets.lifecycle.tracing import LIMIT, Descendants, descendants
from registry_assets.references import ManifestName, Reference, SnapshotName


@dataclass(frozen=True, slots=True)
class Reach:
    """Which snapshots a recall is about, and what was built on them.

    Args:
        name: the partition, `flights[2013-03]`.
        snapshots: those, newest first.
        marked: the digests of those that were not recalled before.
        others: how many other snapshots the partition has held; they stay as they are.
        built: everything that was built on them, of each kind the newest.
        judged: the versions that were not trained on them and are judged by them.
        alerts: those that are not resolved about any of these versions: the data may be why.
    """

    name: str
    snapshots: tuple[SnapshotRecord, ...]
    marked: tuple[str, ...]
    others: int
    built: Descendants
    judged: tuple[str, ...]
    alerts: tuple[AlertRecord, ...]

    @property
    def digests(self) -> tuple[str, ...]:
        """Those of the snapshots."""
        return tuple(snapshot.digest for snapshot in self.snapshots)


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recall; `changed` is False where all of it was recalled before.

    Args:
        recalls: those in force for these snapshots.
        proposals: the pointers that stand on them, and where each could go back to.
    """

    reach: Reach
    recalls: tuple[RecallRecord, ...]
    proposals: tuple[RollbackProposal, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was marked."""
        return bool(self.reach.marked)


@dataclass(frozen=True, slots=True)
class Lifted:
    """A recall that is not in force any more; `changed` is False where it was lifted before.

    Args:
        name: the partition.
        recalls: what was lifted, now or before.
    """

    name: str
    recalls: tuple[RecallRecord, ...]
    changed: bool


def plan_recall(
    backends: Backends, name: Recallable, *, whole_history: bool = False, limit: int = LIMIT
) -> Reach:
    """Find what a recall would mark, and what was built on it; nothing is changed.

    Raises:
        NotFound, InvalidReference: as `recall` would.
    """
    with backends.catalog.read() as connection:
        chosen = choose(connection, name, whole_history=whole_history)
        return _reach(connection, chosen, chosen.unmarked, limit=limit)


def recall(
    backends: Backends,
    name: Recallable,
    *,
    whole_history: bool = False,
    looked_at: Collection[str] | None = None,
    limit: int = LIMIT,
    reason: str,
    run: RunInfo,
) -> Recalled:
    """Recall what a partition holds now, or one snapshot by its digest.

    Repeating it changes nothing, and gives the same answer.

    Args:
        whole_history: also everything that the partition held before.
        looked_at: the digests that are meant; where others would be marked, nothing is done.
        limit: of each kind that was built on it, how many to list.

    Raises:
        DeclarationError: no reason is given.
        NotFound: there is no such asset, partition or snapshot.
        InvalidReference: the asset has several partitions, and none is named.
        Conflict: the partition holds another snapshot now than was looked at.
    """
    _require(reason, "a recall needs a reason", "say what is wrong with the data")
    with change(
        backends.catalog,
        chain=REGISTRY,
        kind="data_recalled",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        chosen = choose(draft.connection, name, whole_history=whole_history)
        if looked_at is not None and set(looked_at) != set(chosen.digests):
            raise Conflict(
                f"{chosen.name} is {_shortened(chosen.digests)} now; looked at was"
                f" {_shortened(looked_at)}",
                hint="nothing was changed; look again, or name a snapshot by its digest",
            )
        marked = chosen.unmarked
        _write(draft, chosen, marked, "recalled", actor=run.actor, reason=reason)
        draft.sentence = (
            f"{chosen.name} was recalled ({_shortened(marked)}): what was made from it is held"
        )
    # Outside of the lock: what stands on a month of data may take seconds to find.
    with backends.catalog.read() as connection:
        known = recalls_of(connection, chosen.asset, chosen.partition)
        recalls = tuple(r for r in known if r.in_force and r.digest in chosen.digests)
        now = timestamp(backends.clock())
        return Recalled(
            reach=_reach(connection, chosen, marked, limit=limit),
            recalls=recalls,
            proposals=tuple(find_proposals(connection, recalls, now=now)),
        )


def lift(backends: Backends, name: Recallable, *, reason: str, run: RunInfo) -> Lifted:
    """Lift every recall of a partition, or that of one snapshot: the data was right after all.

    Raises:
        DeclarationError: no reason is given.
        NotFound: there is no such asset, partition or snapshot.
        InvalidReference: the asset has several partitions, and none is named.
        RecallRefused: nothing of that was ever recalled.
    """
    _require(reason, "lifting a recall needs a reason", "say why the data is right")
    with change(
        backends.catalog,
        chain=REGISTRY,
        kind="recall_lifted",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        # What was recalled may be older than what the partition holds now.
        chosen = choose(draft.connection, name, whole_history=True)
        known = tuple(recall for recall in chosen.recalls if recall.digest in chosen.digests)
        if not known:
            raise RecallRefused(
                f"{chosen.name} was never recalled, so there is nothing to lift",
                hint="`registry recalls` lists what is recalled; nothing was changed",
            )
        in_force = tuple(recall.digest for recall in known if recall.in_force)
        if not in_force:
            return Lifted(chosen.name, known, changed=False)
        lifted = _write(draft, chosen, in_force, "lifted", actor=run.actor, reason=reason)
        draft.sentence = f"the recall of {chosen.name} was lifted ({_shortened(in_force)})"
        return Lifted(chosen.name, lifted, changed=True)


def _write(
    draft: Change,
    chosen: Chosen,
    digests: Sequence[str],
    state: State,
    *,
    actor: str,
    reason: str,
) -> tuple[RecallRecord, ...]:
    asset, partition = chosen.asset, chosen.partition
    draft.facts = {"asset": asset, "partition": partition, "digests": list(digests)}
    return tuple(
        write_recall(
            draft,
            digest=digest,
            asset=asset,
            partition=partition,
            state=state,
            actor=actor,
            reason=reason,
        )
        for digest in digests
    )


def _reach(
    connection: sa.Connection, chosen: Chosen, marked: tuple[str, ...], *, limit: int
) -> Reach:
    subject: Recallable = ManifestName(chosen.digests[0])
    if len(chosen.snapshots) > 1:
        subject = SnapshotName(chosen.asset, chosen.partition or None)
    found = descendants(connection, subject, limit=BOUND)
    trained = {version.reference for version in found.versions}
    judged = dict.fromkeys(each.reference for each in found.evaluations)
    return Reach(
        name=chosen.name,
        snapshots=chosen.snapshots,
        marked=marked,
        others=chosen.others,
        built=replace(found.first(limit), subject=chosen.name),
        judged=tuple(reference for reference in judged if reference not in trained),
        alerts=_alerts(connection, trained | judged.keys()),
    )


def _alerts(connection: sa.Connection, references: Collection[str]) -> tuple[AlertRecord, ...]:
    models = sorted({Reference.parse(each).model for each in references})
    every = (alert for model in models for alert in list_alerts(connection, model))
    return tuple(alert for alert in every if alert.reference in references)


def _shortened(digests: Collection[str]) -> str:
    return ", ".join(digest[:19] for digest in digests)


def _require(reason: str, why: str, what: str) -> None:
    require(
        bool(reason.strip()),
        why,
        f"{what}, with `--reason`, or reason=… in Python; nothing was changed",
    )
