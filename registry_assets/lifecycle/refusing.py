"""Refuse: nothing new is trained on data that was recalled, whoever asks.

What was reserved before the recall is trained all the same, and held by the decision.
"""

import shlex
from collections.abc import Sequence

import sqlalchemy as sa

from registry_assets.catalog.recalls import RecallRecord
from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.spoilt import spoilt
from registry_assets.recipe import SnapshotRef

_NAMED = 3


def refuse_recalled(connection: sa.Connection, refs: Sequence[SnapshotRef]) -> None:
    """Refuse data that was recalled, or was made from such: nothing new is trained on it.

    Raises:
        DataUnusable: naming each recall, and what was made from it.
    """
    found = spoilt(connection, refs)
    if not found:
        return
    first = next(iter(found))
    said = [recall.sentence + _made(recall, its) for recall, its in found.items()]
    raise DataUnusable(
        f"what would be trained on is wrong: {'; '.join(said)}",
        hint=f"materialize {first.name} again, with the right data, and what is made from it; were"
        f" it right after all, `registry recall {_typed(first)} --lift --reason …` says so",
    )


def _made(recall: RecallRecord, refs: Sequence[SnapshotRef]) -> str:
    names = [str(ref) for ref in refs if ref.digest != recall.digest]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f" (made from it: {', '.join(names[:_NAMED])}{more})"


def _typed(recall: RecallRecord) -> str:
    """Give the partition as a command takes it."""
    return shlex.join(filter(None, (recall.asset, recall.partition)))
