"""From `alerts.yaml` to settings; every mistake is named with its place, and no secret is."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from registry_assets.alerting import settings
from registry_assets.alerting.settings import AlertSettings, SinkSettings, invalid
from registry_assets.declaration.alerting import SEVERITIES
from registry_assets.errors import AlertsInvalid, InvalidName
from registry_assets.governance.document.fields import Fields
from registry_assets.governance.document.plain import parse_yaml
from registry_assets.references import check_name

_LARGEST = 1 << 20
# Small letters are refused: a password that somebody put here would look like a name.
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_SECRETS = ("secret", "password", "routing_key", "token", "key", "api_key")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def read_alerts(path: Path) -> AlertSettings:
    """Read settings from a YAML file.

    Raises:
        AlertsInvalid: it cannot be read, or contradicts itself; with every problem.
    """
    try:
        with path.open("rb") as file:
            # As much as is allowed and no more: it may be a pipe, or /dev/zero.
            data = file.read(_LARGEST + 1)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise AlertsInvalid(
            f"{path} cannot be read: {said}",
            problems=[str(said)],
            hint=f"correct {settings.ALERTS}, or make the file readable",
        ) from error
    if len(data) > _LARGEST:
        raise invalid(["it is larger than a megabyte"], where=str(path))
    return read_alerts_text(text, where=str(path), folder=path.absolute().parent)


def read_alerts_text(text: str, *, where: str, folder: Path) -> AlertSettings:
    """Read settings from YAML.

    Args:
        folder: where relative paths in it start.

    Raises:
        AlertsInvalid: with every problem.
    """
    try:
        value = parse_yaml(text)
    except ValueError as error:
        # Not the error's own text: it shows the line, in which a password may stand.
        raise invalid([_place(error)], where=where) from None
    problems: list[str] = []
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        raise invalid(["it holds no names with values: sinks: {…}"], where=where)
    read = Fields(value, "", problems)
    found = read.text("format", settings.FORMAT)
    if found and found != settings.FORMAT:
        read.note("format", f"is {found!r:.100}; this release reads {settings.FORMAT}")
    given = read.section("sinks")
    read.finish()
    sinks = [
        _sink(name, each, problems, folder)
        for name, each in (given.rest() if given else {}).items()
    ]
    if problems:
        raise invalid(problems, where=where)
    return AlertSettings(tuple(each for each in sinks if each is not None), where)


def _place(error: ValueError) -> str:
    cause = error.__cause__
    mark, problem = getattr(cause, "problem_mark", None), getattr(cause, "problem", None)
    if mark is None or problem is None:
        return "it is no YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


def _sink(name: str, value: object, problems: list[str], folder: Path) -> SinkSettings | None:
    before = len(problems)
    where = f"sinks.{name}"
    try:
        check_name(name)
    except InvalidName as error:
        problems.append(f"{where}: {error.message}")
    given = _without_secrets(where, value, problems)
    read = Fields(given, where, problems)
    kind = read.text("type", None)
    maker = _MAKERS.get(kind)
    if maker is None:
        if kind:
            read.note("type", f"is {kind!r:.100}; there are: {', '.join(_MAKERS)}")
        return None
    common = {
        "name": name,
        "minimum": _word(read, "minimum", SEVERITIES, default="info"),
        "models": read.texts("models"),
    }
    for model in common["models"]:
        try:
            check_name(model)
        except InvalidName as error:
            read.note("models", f"holds what is no model: {error.message}")
    made = maker(read, common, folder)
    read.finish()
    return made if len(problems) == before else None


def _without_secrets(where: str, value: object, problems: list[str]) -> object:
    """Take out what must not be shown, and note it: every problem below quotes what it found."""
    if not isinstance(value, Mapping):
        return value
    given: dict[Any, Any] = dict(value)
    # Whoever has the address of a Slack channel can post there.
    secrets = (*_SECRETS, "url") if given.get("type") == "slack" else _SECRETS
    found = [field for field in secrets if given.pop(field, None) is not None]
    problems += [
        f"{where}.{field} is a secret, which does not belong into a file: put it into an"
        f" environment variable, and name that by {field}_env"
        for field in found
    ]
    for field in [each for each in given if isinstance(each, str) and each.endswith("_env")]:
        named = given[field]
        if not isinstance(named, str) or not _VARIABLE.fullmatch(named):
            problems.append(
                f"{where}.{field} holds no name of an environment variable; expected capital"
                " letters, digits and _, and not the secret itself"
            )
            given[field] = "X"
    return given


def _log(read: Fields, common: dict[str, Any], folder: Path) -> SinkSettings:
    path = read.text("path")
    if not path.isprintable():
        read.note("path", "holds a character that belongs into no path")
        path = ""
    return settings.LogSettings(path=str(folder / path) if path else "", **common)


def _webhook(read: Fields, common: dict[str, Any], folder: Path) -> SinkSettings:
    url, url_env = read.text("url"), read.text("url_env")
    if bool(url) == bool(url_env):
        read.note("url", "or url_env is needed, one of the two")
    if url and (problem := url_problem(url)):
        read.note("url", problem)
    secret = read.text("secret_env")
    return settings.WebhookSettings(url=url, url_env=url_env, secret_env=secret, **common)


def _slack(read: Fields, common: dict[str, Any], folder: Path) -> SinkSettings:
    return settings.SlackSettings(url_env=read.text("url_env", None), **common)


def _pagerduty(read: Fields, common: dict[str, Any], folder: Path) -> SinkSettings:
    url = read.text("url", settings.PAGERDUTY)
    if problem := url_problem(url, secret=True):
        read.note("url", problem)
    key = read.text("routing_key_env", None)
    return settings.PagerDutySettings(routing_key_env=key, url=url, **common)


def _smtp(read: Fields, common: dict[str, Any], folder: Path) -> SinkSettings:
    server = read.text("server", None)
    host, _, port = server.rpartition(":")
    number = int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0
    if server and not (_HOST.fullmatch(host) and 0 < number < 1 << 16):
        read.note("server", "is no host and port; expected smtp.example.org:587")
    host = host.strip("[]")
    security = _word(read, "security", ("starttls", "tls", "none"), default="starttls")
    user, password = read.text("user"), read.text("password_env")
    if bool(user) != bool(password):
        read.note("user", "and password_env belong together")
    if password and security == "none" and host not in _LOOPBACK:
        read.note("security", "is none: the password would be sent for everybody to read")
    recipients = read.texts("recipients")
    if not recipients:
        read.note("recipients", "is missing: [oncall@example.org]")
    sender = read.text("sender", None)
    for field, mailbox in [("sender", sender), *(("recipients", each) for each in recipients)]:
        if mailbox and not _MAILBOX.fullmatch(mailbox):
            read.note(field, f"holds {mailbox!r:.100}; expected an address: oncall@example.org")
    return settings.SmtpSettings(
        server=(host, number),
        sender=sender,
        recipients=recipients,
        security=security,
        user=user,
        password_env=password,
        **common,
    )


def url_problem(url: str, *, secret: bool = False) -> str:
    """Say what is wrong with an address, without showing it; empty if nothing is.

    Args:
        secret: whether a secret goes there, or stands in it: then only by TLS.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address; expected https://…"
    if parts.scheme not in ("https", "http") or not host:
        return "is no address; expected https://…"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "holds a character that belongs into no address"
    if "@" in parts.netloc:
        return "holds a user or password: leave it out, secrets stand in environment variables"
    if secret and parts.scheme == "http" and host not in _LOOPBACK:
        return "begins with http://, by which a secret would be sent for everybody to read"
    return ""


def _word(read: Fields, name: str, words: tuple[str, ...], *, default: str) -> str:
    found = read.text(name, default)
    if found in words:
        return found
    if found:
        read.note(name, f"is {found!r:.100}; expected {', '.join(words[:-1])} or {words[-1]}")
    return default


_MAKERS: Mapping[str, Callable[[Fields, dict[str, Any], Path], SinkSettings]] = {
    "log": _log,
    "webhook": _webhook,
    "slack": _slack,
    "smtp": _smtp,
    "pagerduty": _pagerduty,
}
