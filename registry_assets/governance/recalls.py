"""Which of the data behind a version was recalled: read at each decision, never kept.

So a version that is trained tomorrow on a snapshot that was recalled today is held like those
before it, and lifting the recall frees all of them at once.
"""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from registry_assets.catalog.recalls import RecallRecord, ancestry, built_on
from registry_assets.catalog.versions import VersionRecord


def recalled_of(
    connection: sa.Connection, version: VersionRecord, in_force: Sequence[RecallRecord]
) -> tuple[str, ...]:
    """Say which data that a version was made from is recalled; empty where none is.

    Args:
        in_force: every recall that was not lifted.
    """
    return recalled_of_each(connection, (version,), in_force).get(version.reference, ())


def recalled_of_each(
    connection: sa.Connection, versions: Iterable[VersionRecord], in_force: Sequence[RecallRecord]
) -> Mapping[str, tuple[str, ...]]:
    """Say the same of many versions, by reference, at as many queries; only of those it is so."""
    if not in_force:
        return {}
    named = {version.reference: _named(version) for version in versions}
    behind = ancestry(connection, set().union(*named.values()))
    recalled = [r for r in in_force if r.digest in behind]
    spoilt = [(recall, built_on(behind, recall.digest)) for recall in recalled]
    found = {
        reference: tuple(
            f"{reference} was made from data that is wrong: {recall.sentence}"
            for recall, built in spoilt
            if not digests.isdisjoint(built)
        )
        for reference, digests in named.items()
    }
    return {reference: sentences for reference, sentences in found.items() if sentences}


def _named(version: VersionRecord) -> set[str]:
    """Give the manifests from which the way up begins; before it is trained, those asked for."""
    named = {ref.digest for ref in (*version.recipe.train, *version.recipe.holdout)}
    return named if version.digest is None else named | {version.digest}
