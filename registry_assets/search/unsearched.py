"""What no search reads: versions that came as history from other kinds of registries.

They have a number and no row in the index. Whoever asks about a model that has some is told, where
the answer ends: nobody is to take it for all that there is.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.search.questions import Question

_MOST_COUNTED = 10_000
_MOST_NAMES = 3


def unsearched(connection: sa.Connection, question: Question) -> Iterator[str]:
    """Give a note where models that a question may be about have versions that are not searched."""
    if question.searched.entity != "versions":
        return
    about = [
        sql
        for condition in question.conditions
        if condition.place is not None and condition.place.column == "model"
        for sql in condition.within("i.model")
    ]
    where = " AND ".join(["i.state = 'imported'", *about])
    found = connection.exec_driver_sql(
        "SELECT few.model, count(*) FROM (SELECT i.model AS model FROM"  # noqa: S608 - no text of a user
        f" {imported_versions.name} i WHERE {where} LIMIT {_MOST_COUNTED}) few"
        " GROUP BY few.model ORDER BY few.model",
        dict(question.params),
    ).all()
    if not found:
        return
    count = sum(number for _, number in found)
    said = f"{count:,}{' or more' * (count == _MOST_COUNTED)} imported version{'s' * (count > 1)}"
    named = ", ".join(name for name, _ in found[:_MOST_NAMES])
    more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    one = found[0][0] if len(found) == 1 else "MODEL"
    yield f"{said} of {named}{more}: not searched; `registry versions {one}` lists them"
