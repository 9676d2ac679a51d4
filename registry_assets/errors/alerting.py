"""Alerts that cannot be sent, and settings of where they go that cannot be used."""

from collections.abc import Sequence

from registry_assets.errors.base import RegistryError


class AlertsInvalid(RegistryError):
    """Settings of sinks that contradict themselves; `problems` lists everything wrong."""

    code = "alerts_invalid"

    def __init__(self, message: str, *, problems: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class AlertUnreadable(RegistryError):
    """A stored alert or occasion that is damaged, or that a newer release wrote."""

    code = "alert_unreadable"


class DeliveryFailed(RegistryError):
    """A sink did not take an occasion.

    Attributes:
        permanent: it was refused for what it is, so sending it again is of no use.
        retry_after: seconds that the sink asks to be left alone; None where it does not say.
    """

    code = "delivery_failed"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.permanent = permanent
        self.retry_after = retry_after
