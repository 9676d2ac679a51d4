"""Alerts: which there are, who looks after them, and who was told what became of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from registry_assets.catalog import alerts, outbox
from registry_assets.catalog.alerts import AlertRecord, State
from registry_assets.catalog.outbox import Delivery, Letter
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.alerting import Alert, AlertSettings
    from registry_assets.lifecycle.monitoring.acknowledging import Acknowledged
    from registry_assets.lifecycle.monitoring.delivering import Delivered
    from registry_assets.lifecycle.monitoring.post import Post, Untold
    from registry_assets.lifecycle.monitoring.trying import Tried

UNRESOLVED: tuple[State, ...] = ("open", "acknowledged")
EVERY_STATE: tuple[State, ...] = (*UNRESOLVED, "resolved")
EVERY_DELIVERY: tuple[outbox.State, ...] = ("waiting", "delivered", "given_up")


class Alerts(Part):
    """Read alerts, look after them, and have people told."""

    def alerts(
        self,
        model: str | None = None,
        *,
        states: Sequence[State] = UNRESOLVED,
        pointer: str | None = None,
        version: int | None = None,
        check: str | None = None,
        limit: int | None = None,
    ) -> tuple[AlertRecord, ...]:
        """Give alerts, the newest first; by default those that are not resolved.

        Raises:
            NotFound: there is no such model.
        """
        from registry_assets.catalog.models import get_model

        with self.backends.catalog.read() as connection:
            if model is not None:
                get_model(connection, model)
            return alerts.list_alerts(
                connection,
                model,
                states=states,
                pointer=pointer,
                version=version,
                check=check,
                limit=limit,
            )

    def count_alerts(
        self, model: str | None = None, *, states: Sequence[State] = UNRESOLVED
    ) -> int:
        """Give how many alerts there are; by default of those that are not resolved."""
        with self.backends.catalog.read() as connection:
            return alerts.count_alerts(connection, model, states=states)

    def alert(self, model: str, number: int) -> AlertRecord:
        """Give one alert.

        Raises:
            NotFound: no such model, or it has no alert of that number.
        """
        with self.backends.catalog.read() as connection:
            return alerts.get_alert(connection, model, number)

    def alert_as_told(self, model: str, number: int) -> "Alert":
        """Give one alert as people and programs are told of it.

        Raises:
            NotFound: no such model, or it has no alert of that number.
            AlertUnreadable: it is damaged, or a newer release wrote it.
        """
        from registry_assets.catalog.provenance import read_identity
        from registry_assets.lifecycle.monitoring.telling import alert_of

        with self.backends.catalog.read() as connection:
            record = alerts.get_alert(connection, model, number)
            return alert_of(record, registry=read_identity(connection) or "")

    def letters(self, model: str, number: int) -> tuple[Letter, ...]:
        """Give what became of an alert, as it was written down to be told, oldest first."""
        with self.backends.catalog.read() as connection:
            return outbox.list_letters(connection, model, number)

    def deliveries(
        self,
        model: str | None = None,
        number: int | None = None,
        *,
        states: Sequence[outbox.State] = EVERY_DELIVERY,
    ) -> tuple[Delivery, ...]:
        """Give deliveries, those of the newest letters first.

        Args:
            number: only those about this alert of the model.
        """
        with self.backends.catalog.read() as connection:
            return outbox.list_deliveries(connection, model, number, states=states)

    def untold(self, model: str | None = None) -> "Mapping[tuple[str, int], Untold]":
        """Give what was not told yet of each alert, by model and number."""
        from registry_assets.lifecycle.monitoring.post import read_untold

        with self.backends.catalog.read() as connection:
            return read_untold(connection, model)

    def acknowledge(
        self, model: str, number: int, *, run: RunInfo, reason: str = ""
    ) -> "Acknowledged":
        """Look after an alert: see `lifecycle.monitoring.acknowledging`."""
        from registry_assets.lifecycle.monitoring.acknowledging import acknowledge_alert

        return acknowledge_alert(self.backends, model, number, run=run, reason=reason)

    def alert_settings(self) -> "AlertSettings":
        """Read where alerts go: see `alerting.settings`.

        Raises:
            AlertsInvalid: `alerts.yaml` cannot be read, or contradicts itself.
        """
        from registry_assets.alerting import find_alerts

        return find_alerts(self.home.folder)

    def post(self) -> "Post":
        """Give what waits to be told, and what was given up: see `lifecycle.monitoring.post`.

        Raises:
            AlertsInvalid: it cannot be read where alerts go.
        """
        from registry_assets.clock import timestamp
        from registry_assets.lifecycle.monitoring.post import read_post

        settings, now = self.alert_settings(), timestamp(self.backends.clock())
        with self.backends.catalog.read() as connection:
            return read_post(connection, settings, now=now)

    def deliver(self) -> "Delivered":
        """Tell everybody who may be told now: see `lifecycle.monitoring.delivering`.

        Raises:
            AlertsInvalid: it cannot be read where alerts go; nothing was sent.
        """
        from registry_assets.lifecycle.monitoring.delivering import deliver

        return deliver(self.backends, self.alert_settings())

    def retry_deliveries(
        self, model: str | None = None, number: int | None = None
    ) -> tuple[Delivery, ...]:
        """Let deliveries that were given up be tried again, from now on; give them.

        Raises:
            NotFound: no such model, or it has no alert of that number.
        """
        from registry_assets.lifecycle.monitoring.delivering import retry

        return retry(self.backends, model=model, alert=number)

    def try_sinks(self, names: Sequence[str] = ()) -> "tuple[Tried, ...]":
        """Send a test message: see `lifecycle.monitoring.trying`."""
        from registry_assets.lifecycle.monitoring.trying import try_sinks

        return try_sinks(self.backends, self.alert_settings(), names)
