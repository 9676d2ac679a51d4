"""Every committed version of a model by its digests alone: a few columns, at two queries.

For whoever holds all of them against something else, twice a minute and with 10,000 of them.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.tables import evaluations, registered_models, versions


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed version.

    Args:
        evaluation: digest of the newest evaluation under the suite in force, if there is one.
        evaluated: how often it was evaluated, under whatever suite.
    """

    number: int
    digest: str
    evaluation: str | None
    evaluated: int


def list_committed(connection: sa.Connection, model: str) -> tuple[Committed, ...]:
    """Give a model's committed versions in ascending order; none for an unknown model."""
    made = evaluations
    suite = (
        sa.select(registered_models.c.suite_digest)
        .where(registered_models.c.name == model)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(made.c.version, made.c.digest, made.c.suite_digest == suite)
        .where(made.c.model == model)
        .order_by(made.c.version, made.c.id)
    )
    newest: dict[int, str] = {}
    times: dict[int, int] = {}
    for version, digest, in_force in rows:
        times[version] = times.get(version, 0) + 1
        if in_force:
            newest[version] = digest
    found = connection.execute(
        sa.select(versions.c.number, versions.c.digest)
        .where(versions.c.model == model, versions.c.state == "committed")
        .order_by(versions.c.number)
    )
    return tuple(
        Committed(number, digest, newest.get(number), times.get(number, 0))
        for number, digest in found
    )
