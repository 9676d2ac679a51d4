"""What docs/alerts.md tells people to write works as it stands there."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from registry_assets.alerting.reading import read_alerts_text
from registry_assets.alerting.rendering.cloud_events import cloud_event
from registry_assets.alerting.sinks.webhook import WebhookSink
from registry_assets.alerting.values import KINDS
from registry_assets_tests.alerting.occasions import an_occasion
from registry_assets_tests.project.files import ROOT
from registry_assets_tests.servers.receiver import receiving

PAGE = (ROOT / "docs" / "alerts.md").read_text()
SECRET = "whsec_" + "QUJD" * 11


def block(language: str, *, holding: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (only,) = [each for each in found if holding in each]
    return str(only)


def test_the_example_of_the_settings_is_read() -> None:
    settings = read_alerts_text(block("yaml", holding="sinks:"), where="it", folder=ROOT)
    kinds = {each.type for each in settings.sinks}
    assert kinds == {"log", "webhook", "slack", "smtp", "pagerduty"}


def test_the_recipe_verifies_what_a_webhook_gets_and_nothing_else() -> None:
    recipe: dict[str, Any] = {}
    exec(block("python", holding="def verified"), recipe)
    with receiving() as receiver:
        WebhookSink("hook", receiver.url, SECRET).send(an_occasion())
        old = datetime.fromtimestamp(time.time() - 3600, UTC)
        WebhookSink("hook", receiver.url, SECRET, clock=lambda: old).send(an_occasion())
    new, late = receiver.requests
    verified = recipe["verified"]
    assert verified(SECRET, new.headers, new.body)
    assert not verified(SECRET, new.headers, new.body + b" ")
    assert not verified("whsec_" + "QUJE" * 11, new.headers, new.body)
    assert not verified(SECRET, late.headers, late.body)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_occasion_and_every_field_is_described(kind: str) -> None:
    event: Any = cloud_event(an_occasion(kind))
    alert = event["data"]["alert"]
    names = [kind, *event, *event["data"], *alert, *alert["moved"][0], *alert["lineage"]]
    general = {"specversion", "datacontenttype", "format"}
    told = {"acknowledged_by", "acknowledged_at", "acknowledged_why", "resolved_at", "resolved_why"}
    missing = [name for name in names if f"`{name}`" not in PAGE and name not in general | told]
    assert missing == []
