"""What people decide about pointers beside a promotion: back, and free to come again."""

from registry_assets.catalog.holds import HoldRecord, list_holds
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import get_pointer
from registry_assets.lifecycle import releasing, rolling_back
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.way_back import WayBack
from registry_assets.references import Reference
from registry_assets.registry.part import Part


class Deciding(Part):
    """Roll back, release, and what stands in the way of either."""

    def plan_rollback(
        self, model: str, *, pointer: str = PRODUCTION, to: int | None = None
    ) -> WayBack | rolling_back.RolledBack:
        """Find what a rollback would do, or that it was made; see `lifecycle.rolling_back`."""
        return rolling_back.plan_rollback(self.backends, model, pointer=pointer, to=to)

    def rollback(
        self,
        model: str,
        *,
        pointer: str = PRODUCTION,
        to: int | None = None,
        leaving: int | None = None,
        reason: str,
        run: RunInfo,
    ) -> rolling_back.RolledBack:
        """Move a pointer back to a version that it held: see `lifecycle.rolling_back`.

        Examples:
            >>> registry.rollback("flight_delay", reason="too slow", run=run)  # doctest: +SKIP
        """
        return rolling_back.roll_back(
            self.backends,
            model,
            pointer=pointer,
            to=to,
            leaving=leaving,
            reason=reason,
            run=run,
        )

    def release(
        self, reference: str, *, pointer: str = PRODUCTION, reason: str, run: RunInfo
    ) -> releasing.Released:
        """Let a version come back that was rolled back from: see `lifecycle.releasing`."""
        parsed = Reference.parse(reference)
        return releasing.release(self.backends, parsed, pointer=pointer, reason=reason, run=run)

    def holds(self, model: str, pointer: str | None = None) -> tuple[HoldRecord, ...]:
        """Give which versions pointers were rolled back from, held still or released since."""
        with self.backends.catalog.read() as connection:
            if pointer is not None:
                pointer = get_pointer(connection, model, pointer).name
            return list_holds(connection, model, pointer)
