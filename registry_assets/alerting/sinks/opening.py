"""From settings to a sink that can send: its secrets are read here, and nowhere else."""

import base64
import binascii
import os
from collections.abc import Mapping

from registry_assets.alerting import settings
from registry_assets.alerting.reading import url_problem
from registry_assets.alerting.settings import SinkSettings, invalid
from registry_assets.alerting.sinks.protocol import Sink
from registry_assets.alerting.sinks.signature import PREFIX, SHORTEST_SECRET
from registry_assets.clock import Clock, system_clock


def open_sink(
    sink: SinkSettings,
    *,
    environment: Mapping[str, str] = os.environ,
    clock: Clock = system_clock,
) -> Sink:
    """Make a sink ready to send; nothing is connected yet.

    Args:
        environment: holds the secrets.
        clock: the machine's time: receivers refuse a signature that is not of now.

    Raises:
        AlertsInvalid: a variable is not set, or holds what the sink cannot use; names it.
    """
    problems = sink.missing(environment)
    secrets = {field: environment.get(name, "").strip() for field, name in sink.variables()}
    if not problems:
        problems = list(_problems(sink, secrets))
    if problems:
        raise invalid(problems, where=f"the sink {sink.name}")
    return _opened(sink, secrets, clock)


def _problems(sink: SinkSettings, secrets: Mapping[str, str]) -> list[str]:
    found = []
    variables = dict(sink.variables())
    if (url := secrets.get("url_env")) and (problem := url_problem(url, secret=True)):
        found.append(f"{variables['url_env']} {problem}")
    secret = secrets.get("secret_env")
    if secret and not _is_secret(secret):
        found.append(
            f"{variables['secret_env']} holds no secret of a webhook; expected {PREFIX} and"
            f" {SHORTEST_SECRET} random bytes or more, in base64"
        )
    for field, value in secrets.items():
        # They become a header or a line of a protocol.
        if not value.isascii() or not value.isprintable():
            found.append(f"{variables[field]} holds a character that belongs into no {field[:-4]}")
    return found


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and len(key) >= SHORTEST_SECRET


def _opened(sink: SinkSettings, secrets: Mapping[str, str], clock: Clock) -> Sink:
    if isinstance(sink, settings.LogSettings):
        from registry_assets.alerting.sinks.log import LogSink

        return LogSink(sink.name, sink.path)
    if isinstance(sink, settings.WebhookSettings):
        from registry_assets.alerting.sinks.webhook import WebhookSink

        url = sink.url or secrets["url_env"]
        return WebhookSink(sink.name, url, secrets.get("secret_env", ""), clock)
    if isinstance(sink, settings.SlackSettings):
        from registry_assets.alerting.sinks.slack import SlackSink

        return SlackSink(sink.name, secrets["url_env"])
    if isinstance(sink, settings.SmtpSettings):
        from registry_assets.alerting.sinks.smtp import SmtpSink

        return SmtpSink(sink, secrets.get("password_env", ""))
    assert isinstance(sink, settings.PagerDutySettings)
    from registry_assets.alerting.sinks.pagerduty import PagerDutySink

    return PagerDutySink(sink.name, sink.url, secrets["routing_key_env"])
