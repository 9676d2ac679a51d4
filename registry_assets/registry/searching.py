"""What is searched for: a page at a time, from the index."""

from typing import Any, Literal, overload

from registry_assets.registry.part import Part
from registry_assets.search import finding
from registry_assets.search.fields import Entity
from registry_assets.search.questions import NEWEST_FIRST
from registry_assets.search.records import FoundEvaluation, FoundModel, FoundVersion, SearchPage


class Searching(Part):
    """Search in versions, models and evaluations."""

    @overload
    def search(
        self,
        filter: str = "",
        *,
        entity: Literal["versions"] = "versions",
        order_by: str = NEWEST_FIRST,
        limit: int = 100,
        cursor: str | None = None,
    ) -> SearchPage[FoundVersion]: ...

    @overload
    def search(
        self,
        filter: str = "",
        *,
        entity: Literal["models"],
        order_by: str = NEWEST_FIRST,
        limit: int = 100,
        cursor: str | None = None,
    ) -> SearchPage[FoundModel]: ...

    @overload
    def search(
        self,
        filter: str = "",
        *,
        entity: Literal["evaluations"],
        order_by: str = NEWEST_FIRST,
        limit: int = 100,
        cursor: str | None = None,
    ) -> SearchPage[FoundEvaluation]: ...

    def search(
        self,
        filter: str = "",  # noqa: A002 - what it is
        *,
        entity: Entity = "versions",
        order_by: str = NEWEST_FIRST,
        limit: int = 100,
        cursor: str | None = None,
    ) -> SearchPage[Any]:
        """Give one page of the versions, models or evaluations that a filter lets through.

        Args:
            filter: such as `stage = 'production' and metrics.roc_auc > 0.8`; the empty one lets
                everything through. `docs/search.md` has the language.
            order_by: a field, and `asc` or `desc`.
            cursor: `next_cursor` of the page before, of the same search.

        Raises:
            InvalidQuery: filter, order, limit or cursor cannot be read, or types do not fit.
            QueryTooBroad: too many rows would have to be read; the hint names a term to add.
        """
        with self.backends.catalog.read() as connection:
            return finding.find(
                connection, filter, entity=entity, order_by=order_by, limit=limit, cursor=cursor
            )

    def explain_search(
        self,
        filter: str = "",  # noqa: A002 - what it is
        *,
        entity: Entity = "versions",
        order_by: str = NEWEST_FIRST,
    ) -> tuple[str, ...]:
        """Say how a search would be answered: what leads, what is tested by key or row by row.

        Raises:
            InvalidQuery: filter or order cannot be read.
        """
        with self.backends.catalog.read() as connection:
            return finding.explain(connection, filter, entity=entity, order_by=order_by)
