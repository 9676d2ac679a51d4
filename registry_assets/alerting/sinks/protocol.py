"""What every sink can do."""

from typing import Protocol

from registry_assets.alerting.values import Occasion


class Sink(Protocol):
    """Something that is told of occasions."""

    @property
    def name(self) -> str:
        """What deliveries are recorded under."""

    def send(self, occasion: Occasion) -> None:
        """Tell of one occasion; when this returns, the sink has taken it.

        Raises:
            DeliveryFailed: it has not, or has not said so; no secret is in what the error says.
        """
