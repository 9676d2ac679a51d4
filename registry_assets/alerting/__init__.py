"""Alerts: what they say, how it is written down for each reader, and how it gets there.

    values      Alert, Occasion: what was found, and what happened since
    rendering/  as text, mail, Slack message, CloudEvent, PagerDuty event
    settings    the sinks of a project; `reading` gets them from `alerts.yaml`
    sinks/      one module a kind; each sends one occasion, or raises DeliveryFailed
    backoff     when a failed delivery is tried again
    quiet       when somebody may be told at all

No catalog and no state: which alert is open, and what was delivered, is the catalog's to say.
"""

from registry_assets.alerting.backoff import next_attempt
from registry_assets.alerting.quiet import may_be_told
from registry_assets.alerting.settings import AlertSettings, SinkSettings, find_alerts
from registry_assets.alerting.sinks import Sink, open_sink
from registry_assets.alerting.values import Alert, Lineage, Moved, Occasion

__all__ = [
    "Alert",
    "AlertSettings",
    "Lineage",
    "Moved",
    "Occasion",
    "Sink",
    "SinkSettings",
    "find_alerts",
    "may_be_told",
    "next_attempt",
    "open_sink",
]
