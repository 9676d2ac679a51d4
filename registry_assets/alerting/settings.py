"""Where alerts go: the sinks of a project, as `alerts.yaml` names them. No secret is in here.

The file lies in the project's folder, or where REGISTRY_ALERTS says. A sink's secrets stand in
environment variables, of which the file has the names; they are read when it is opened
(`sinks.open_sink`), so that whoever writes down an alert needs none.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from registry_assets.alerting.values import Alert, at_least
from registry_assets.canonical import Json
from registry_assets.errors import AlertsInvalid

ALERTS = "REGISTRY_ALERTS"
FILE = "alerts.yaml"
FORMAT = "registry_assets/alerts/1"
PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """What all sinks have in common.

    Args:
        name: what deliveries are recorded under, and `Alerting(sinks=…)` names.
        minimum: the least severity that it is told of.
        models: of which it is told; () means every one.
    """

    type: ClassVar[str]
    name: str
    minimum: str = "info"
    models: tuple[str, ...] = ()

    def takes(self, alert: Alert) -> bool:
        """Tell whether this sink is told of an alert."""
        return at_least(alert.severity, self.minimum) and alert.model in (
            self.models or (alert.model,)
        )

    def variables(self) -> Iterator[tuple[str, str]]:
        """Give each field that names an environment variable, and the variable."""
        for each in fields(self):
            named = getattr(self, each.name)
            if each.name.endswith("_env") and named:
                yield each.name, named

    def missing(self, environment: Mapping[str, str]) -> list[str]:
        """Say which of its environment variables are not set, each in one sentence."""
        return [
            f"sinks.{self.name}.{field} names {variable}, which is not set"
            for field, variable in self.variables()
            if not environment.get(variable, "").strip()
        ]

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON: of secrets, where they are."""
        found: dict[str, Json] = {"type": self.type}
        for each in fields(self):
            value = getattr(self, each.name)
            found[each.name] = list(value) if isinstance(value, tuple) else value
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings(SinkSettings):
    """A file that gets one line of JSON an occasion, or standard error.

    Args:
        path: of the file; empty for standard error.
    """

    type: ClassVar[str] = "log"
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(SinkSettings):
    """An address that gets CloudEvents, signed as Standard Webhooks has it.

    Args:
        url, url_env: one of the two; the second where the address itself is a secret.
        secret_env: holds `whsec_` and base64; without, bodies are not signed.
    """

    type: ClassVar[str] = "webhook"
    url: str = ""
    url_env: str = ""
    secret_env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings(SinkSettings):
    """An incoming webhook of Slack, or of what takes the same; its address is a secret."""

    type: ClassVar[str] = "slack"
    url_env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings(SinkSettings):
    """A mail server.

    Args:
        server: host and port.
        security: `starttls`, `tls` from the start on, or `none`.
        sender, recipients: addresses.
        user, password_env: both, or neither.
    """

    type: ClassVar[str] = "smtp"
    server: tuple[str, int]
    sender: str
    recipients: tuple[str, ...]
    security: str = "starttls"
    user: str = ""
    password_env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutySettings(SinkSettings):
    """PagerDuty's Events API v2.

    Args:
        routing_key_env: holds the integration key.
        url: another region's, or that of what takes the same.
    """

    type: ClassVar[str] = "pagerduty"
    routing_key_env: str
    url: str = PAGERDUTY


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Every sink of a project; none where nobody named one.

    Args:
        where: the file; empty where there is none.
    """

    sinks: tuple[SinkSettings, ...] = ()
    where: str = ""

    def sink(self, name: str) -> SinkSettings | None:
        """Give a sink by name."""
        return next((each for each in self.sinks if each.name == name), None)

    def told(self, alert: Alert, *, minimum: str, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Give the names of the sinks that are told of an alert.

        Args:
            minimum, names: as the model's `Alerting` has them; no names means every sink.
        """
        if not at_least(alert.severity, minimum):
            return ()
        return tuple(
            each.name
            for each in self.sinks
            if each.takes(alert) and (not names or each.name in names)
        )

    def unknown(self, names: Sequence[str]) -> tuple[str, ...]:
        """Give those names that no sink has."""
        return tuple(name for name in names if self.sink(name) is None)

    def missing(self, environment: Mapping[str, str] = os.environ) -> list[str]:
        """Say which environment variables are not set, each in one sentence."""
        return [problem for each in self.sinks for problem in each.missing(environment)]


def find_alerts(folder: Path) -> AlertSettings:
    """Read the file that REGISTRY_ALERTS names, else the project's, if it has one.

    Args:
        folder: the project's.

    Raises:
        AlertsInvalid: it cannot be read, or contradicts itself; with every problem.
    """
    from registry_assets.alerting.reading import read_alerts

    named = os.environ.get(ALERTS, "").strip()
    path = Path(named).absolute() if named else folder / FILE
    # A link that leads nowhere is a file that cannot be read, and no absent one.
    if not named and not (path.exists() or path.is_symlink()):
        return AlertSettings()
    return read_alerts(path)


def invalid(problems: Sequence[str], *, where: str) -> AlertsInvalid:
    """Give the error that lists what is wrong with settings."""
    listed = "\n".join(f"  - {problem}" for problem in problems)
    count = "a mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return AlertsInvalid(
        f"{where} has {count}:\n{listed}",
        problems=problems,
        hint="mend them; until then alerts are kept, and nobody is told",
    )
