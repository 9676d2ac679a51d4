"""Who is told when something is found about a deployment, from when on, and on which pages."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from types import MappingProxyType

from registry_assets.canonical import Json
from registry_assets.declaration.checks import names, no_duplicates, one_of, require, time_zone
from registry_assets.errors import DeclarationError
from registry_assets.references import check_text

SEVERITIES = ("info", "warning", "error", "critical")
"""How bad what was found is, ascending."""

CHECK_SEVERITIES: Mapping[str, str] = MappingProxyType(
    {
        "data_quality": "error",
        "label_quality": "warning",
        "feature_drift": "warning",
        "prediction_drift": "warning",
        "performance_decay": "error",
        "freshness": "error",
        "promotion": "error",
    }
)
"""What can be found, and how bad each is unless the declaration says otherwise. `promotion`: one
that was attempted as often as it may be, and did not succeed."""

DASHBOARD_FIELDS = (
    "model",
    "version",
    "digest",
    "pointer",
    "generation",
    "partition",
    "from_ms",
    "to_ms",
    "from_iso",
    "to_iso",
)
"""What a dashboard's address may be filled in with; times are those of the deployment."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of yours about a deployment.

    Args:
        name: how people call it.
        url: its address, in which `{version}` and the other `DASHBOARD_FIELDS` are filled in.
    """

    name: str
    url: str

    def __post_init__(self) -> None:
        check_text(self.name, what="name of a dashboard", limit=100)
        require(bool(self.name.strip()), "a dashboard has no name", 'Dashboard("Grafana", "…")')
        check_text(self.url, what=f"address of the dashboard {self.name}", limit=2000)
        require(
            self.url.startswith(("https://", "http://")) and not set(self.url) & set(" \n\t\"'<>"),
            f"the dashboard {self.name} has the address {self.url!r}",
            "give one that begins with https:// and has no blanks or quotes",
        )
        try:
            parts = list(string.Formatter().parse(self.url))
        except ValueError as error:
            raise DeclarationError(
                f"the address of the dashboard {self.name} cannot be filled in: {error}",
                hint="write {version}, and {{ for a brace that is meant as such",
            ) from error
        for _, name, form, conversion in parts:
            if name is not None:
                one_of(name, DASHBOARD_FIELDS, f"the dashboard {self.name} asks for")
                require(
                    not form and not conversion,
                    f"the dashboard {self.name} asks for {name} in a form of its own",
                    f"write {{{name}}}",
                )

    def filled(self, values: Mapping[str, object]) -> str:
        """Give the address for one deployment.

        Args:
            values: of all `DASHBOARD_FIELDS`.
        """
        from urllib.parse import quote

        return self.url.format(**{name: quote(str(values[name])) for name in DASHBOARD_FIELDS})

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"name": self.name, "url": self.url}


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours in which an alert waits for their end, unless it is bad enough.

    Args:
        start: as `22:00`.
        end: as `07:00`; on the next day where it is not after the start.
        timezone: where these hours are.
        unless: the severity from which on it does not wait.
    """

    start: str
    end: str
    timezone: str = "UTC"
    unless: str = "critical"

    def __post_init__(self) -> None:
        require(
            _hour(self.start) != _hour(self.end),
            f"QuietHours({self.start!r}, {self.end!r}) begin when they end",
            'QuietHours("22:00", "07:00")',
        )
        time_zone(self.timezone, "QuietHours' time zone")
        one_of(self.unless, SEVERITIES, "severity of QuietHours(unless=…)")

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "start": self.start,
            "end": self.end,
            "timezone": self.timezone,
            "unless": self.unless,
        }


@dataclass(frozen=True, slots=True)
class Alerting:
    """Who is told of what is found, and when.

    Args:
        minimum: the least severity that is sent; below it an alert is recorded all the same.
        severities: how bad a check's failure is, where it is not what `CHECK_SEVERITIES` says.
        quiet: hours in which nobody is woken.
        sinks: names of those in `alerts.yaml` that are told; () means every one of them.
    """

    minimum: str = "warning"
    severities: Mapping[str, str] = field(default_factory=dict)
    quiet: QuietHours | None = None
    sinks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        one_of(self.minimum, SEVERITIES, "severity of Alerting(minimum=…)")
        require(
            isinstance(self.severities, Mapping),
            f"Alerting(severities=…) is a {type(self.severities).__name__}",
            'severities={"performance_decay": "critical"}',
        )
        for check, severity in self.severities.items():
            one_of(check, CHECK_SEVERITIES, "the check of Alerting(severities=…)")
            one_of(severity, SEVERITIES, f"the severity of {check}")
        object.__setattr__(self, "severities", dict(sorted(self.severities.items())))
        require(
            self.quiet is None or isinstance(self.quiet, QuietHours),
            f"Alerting(quiet=…) is a {type(self.quiet).__name__}",
            'quiet=QuietHours("22:00", "07:00", timezone="America/New_York")',
        )
        object.__setattr__(self, "sinks", names(self.sinks, "Alerting(sinks=…)"))
        no_duplicates(self.sinks, "sink")

    def severity(self, check: str) -> str:
        """Say how bad a failure of a check is."""
        return self.severities.get(check, CHECK_SEVERITIES[check])

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "minimum": self.minimum,
            "severities": dict(self.severities),
            "quiet": self.quiet.definition() if self.quiet else None,
            "sinks": list(self.sinks),
        }


def _hour(text: object) -> time:
    """Give an hour and minute; raise DeclarationError for what is none."""
    try:
        if isinstance(text, str) and len(text) == len("22:00"):
            return time.fromisoformat(text)
    except ValueError:
        pass
    raise DeclarationError(f"QuietHours holds {text!r}", hint='give hours as "22:00" and "07:00"')
