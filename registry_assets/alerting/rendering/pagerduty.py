"""An occasion as an event of PagerDuty's Events API v2: one incident an alert."""

from typing import Any

from registry_assets.alerting.rendering import words
from registry_assets.alerting.values import Alert, Occasion
from registry_assets.evaluation.report.texts import shown

_LONGEST_SUMMARY = 1024
_ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}


def pagerduty_event(occasion: Occasion, *, routing_key: str) -> dict[str, Any] | None:
    """Give the event as JSON; None for what happens to an alert that is over.

    A trigger under the key of an incident that ended would open another one, and wake somebody.
    """
    alert = occasion.alert
    action = _ACTIONS.get(occasion.kind, "trigger")
    if action == "trigger" and alert.state == "resolved":
        return None
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": alert.key,
    }
    if action == "trigger":
        event |= {
            "client": "registry_assets",
            "payload": _payload(occasion),
            "links": [
                {"href": each.url, "text": each.name}
                for each in words.links(alert)
                if each.is_address
            ],
        }
    return event


def _payload(occasion: Occasion) -> dict[str, Any]:
    alert = occasion.alert
    summary = f"{words.subject(occasion)}: {shown(occasion.sentence, most=None)}"
    return {
        "summary": summary[:_LONGEST_SUMMARY],
        "source": alert.target,
        "severity": alert.severity,
        "timestamp": occasion.at,
        "component": alert.model,
        "group": alert.pointer,
        "class": alert.check,
        "custom_details": _details(alert),
    }


def _details(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "version": alert.reference,
        "digest": alert.digest,
        "generation": alert.generation,
        "since": words.since(alert),
        "moved": list(words.moved(alert)),
        "to do": [each.line for each in words.commands(alert)],
        "made from": [f"{what} {which}" for what, which in words.made_from(alert)],
    }
