"""alerts.yaml: read strictly, and without a secret in it or in what is said about it."""

from pathlib import Path
from typing import Any

import pytest

from registry_assets.alerting import AlertSettings, find_alerts, open_sink
from registry_assets.alerting.reading import read_alerts, read_alerts_text
from registry_assets.alerting.settings import ALERTS, FILE
from registry_assets.canonical import canonical_json
from registry_assets.errors import AlertsInvalid
from registry_assets_tests.alerting.occasions import an_alert

WHOLE = """
format: registry_assets/alerts/1
sinks:
  file:
    type: log
    path: alerts.jsonl
  hook:
    type: webhook
    url: https://alerts.example.org/in
    secret_env: HOOK_SECRET
    minimum: warning
  chat:
    type: slack
    url_env: SLACK_URL
    models: [flight_delay]
  mail:
    type: smtp
    server: smtp.example.org:587
    sender: registry@example.org
    recipients: [ann@example.org, oncall@example.org]
    user: registry
    password_env: MAIL_PASSWORD
  pager:
    type: pagerduty
    routing_key_env: PAGER_KEY
    minimum: critical
"""
ENVIRONMENT = {
    "HOOK_SECRET": "whsec_" + "QUJD" * 8,
    "SLACK_URL": "https://hooks.example.org/services/T0/B0/xyz",
    "MAIL_PASSWORD": "correct horse",
    "PAGER_KEY": "0" * 32,
}
SECRET = "hunter2"


def read(text: str, folder: Path = Path("/project")) -> AlertSettings:
    return read_alerts_text(text, where="alerts.yaml", folder=folder)


def one(**fields: Any) -> str:
    lines = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    return f"sinks:\n  team:\n{lines}"


def problems(text: str) -> list[str]:
    with pytest.raises(AlertsInvalid) as caught:
        read(text)
    assert "alerts are kept, and nobody is told" in caught.value.hint
    return list(caught.value.problems)


def test_every_kind_of_sink_is_read_and_opened() -> None:
    settings = read(WHOLE)
    assert [(each.name, each.type) for each in settings.sinks] == [
        ("file", "log"),
        ("hook", "webhook"),
        ("chat", "slack"),
        ("mail", "smtp"),
        ("pager", "pagerduty"),
    ]
    assert settings.missing(ENVIRONMENT) == []
    opened = [open_sink(each, environment=ENVIRONMENT) for each in settings.sinks]
    assert [sink.name for sink in opened] == ["file", "hook", "chat", "mail", "pager"]
    shown = (
        repr(opened)
        + repr(settings)
        + canonical_json([each.to_json() for each in settings.sinks]).decode()
    )
    assert [name for name, secret in ENVIRONMENT.items() if secret in shown] == []


def test_a_path_counts_from_the_folder_of_the_file() -> None:
    file = read(WHOLE).sink("file")
    assert file is not None
    assert file.to_json()["path"] == "/project/alerts.jsonl"


def test_who_is_told_depends_on_severity_model_and_declaration() -> None:
    settings = read(WHOLE)
    told = settings.told
    assert told(an_alert(), minimum="warning") == ("file", "hook", "chat", "mail")
    assert told(an_alert(severity="critical"), minimum="warning")[-1] == "pager"
    assert told(an_alert(model="loan"), minimum="warning") == ("file", "hook", "mail")
    assert told(an_alert(severity="info"), minimum="info") == ("file", "chat", "mail")
    assert told(an_alert(severity="info"), minimum="warning") == ()
    assert told(an_alert(), minimum="warning", names=("mail", "pager")) == ("mail",)
    assert settings.unknown(("mail", "male")) == ("male",)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "slak"}, "sinks.team.type is 'slak'; there are: log, webhook, slack"),
        ({}, "sinks.team.type is missing"),
        ({"type": "log", "pth": "x"}, "sinks.team.pth is not known: did you mean path?"),
        ({"type": "log", "minimum": "bad"}, "sinks.team.minimum is 'bad'; expected info, warning"),
        ({"type": "log", "models": "[Flight-Delay]"}, "'Flight-Delay' is no name"),
        ({"type": "log", "models": "flights"}, "expected a list: [flights]"),
        ({"type": "log", "path": '"a\\0b"'}, "sinks.team.path holds a character that belongs"),
        ({"type": "webhook"}, "sinks.team.url or url_env is needed, one of the two"),
        ({"type": "webhook", "url": "https://a.example", "url_env": "A"}, "one of the two"),
        ({"type": "webhook", "url": "ftp://a.example"}, "url is no address; expected https://"),
        ({"type": "webhook", "url": "file:///etc/passwd"}, "url is no address; expected https://"),
        ({"type": "webhook", "url": "'https://a.example/\\r\\nX: y'"}, "belongs into no address"),
        ({"type": "webhook", "url": "https://a.example:99999"}, "url is no address"),
        ({"type": "slack"}, "sinks.team.url_env is missing"),
        ({"type": "pagerduty", "routing_key_env": "KEY", "url": "http://a.example"}, "http://, by"),
        ({"type": "smtp"}, "sinks.team.server is missing"),
        ({"type": "smtp", "server": "smtp.example.org"}, "expected smtp.example.org:587"),
        ({"type": "smtp", "server": "smtp.example.org:0"}, "expected smtp.example.org:587"),
        ({"type": "smtp", "sender": "Ann <ann@example.org>"}, "expected an address"),
        ({"type": "smtp", "recipients": "[\"a@b.c\\nBcc: d@e.f\"]"}, "expected an address"),
        ({"type": "smtp", "recipients": "[]"}, "sinks.team.recipients is missing"),
        ({"type": "smtp", "user": "ann"}, "sinks.team.user and password_env belong together"),
        ({"type": "smtp", "security": "ssl"}, "expected starttls, tls or none"),
    ],
    ids=str,
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(
    fields: dict[str, str], expected: str
) -> None:
    assert expected in "\n".join(problems(one(**fields) if fields else "sinks:\n  team: {}"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sink:\n  a: {type: log}", "sink is not known: did you mean sinks?"),
        ("sinks:\n  a: {type: log}\n  a: {type: log}", "line 3, column 3: 'a' stands twice"),
        ("sinks:\n  a: {type: log, type: log}", "'type' stands twice"),
        ("sinks:\n  Team: {type: log}", "sinks.Team: 'Team' is no name"),
        ("sinks:\n  a: log", "sinks.a is 'log'; expected names with values"),
        ("sinks: [log]", "sinks is ['log']; expected names with values"),
        ("- a", "it holds no names with values"),
        ("sinks: {a: &x {type: log}, b: *x}", "an alias is refused"),
        ("sinks: !!python/object:os.system {}", "the tag"),
        ("\tsinks: {}", "line 1"),
        ("format: registry_assets/alerts/2", "this release reads registry_assets/alerts/1"),
    ],
)
def test_a_file_that_could_be_read_in_two_ways_is_refused(text: str, expected: str) -> None:
    assert expected in "\n".join(problems(text))


def test_all_mistakes_are_named_at_once() -> None:
    found = problems("sinks:\n  a: {type: logg}\n  b: {type: slack}\n  c: {type: smtp}")
    assert len(found) >= 4


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "webhook", "url": "https://a.example", "secret": SECRET},
        {"type": "webhook", "url": f"https://ann:{SECRET}@a.example"},
        {"type": "webhook", "url": "https://a.example", "secret_env": SECRET},
        {"type": "webhook", "url_env": f"https://a.example/{SECRET}"},
        {"type": "webhook", "url_env": f"[https://a.example/{SECRET}]"},
        {"type": "slack", "url": f"https://hooks.example.org/{SECRET}"},
        {"type": "smtp", "server": "a.example:587", "password": SECRET},
        {"type": "pagerduty", "routing_key": SECRET},
        {"type": "pagerduty", "routing_key_env": SECRET},
        {"type": "log", "path": f"'{SECRET}"},
    ],
    ids=str,
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(fields: dict[str, str]) -> None:
    with pytest.raises(AlertsInvalid) as caught:
        read(one(**fields))
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.problems)
    assert caught.value.__cause__ is None


def test_what_to_do_with_a_secret_is_said() -> None:
    (said,) = problems(one(type="slack", url="https://hooks.example.org/x", url_env="SLACK_URL"))
    assert said.endswith("put it into an environment variable, and name that by url_env")


def test_a_password_is_not_sent_in_the_clear() -> None:
    fields = {
        "type": "smtp",
        "sender": "a@b.c",
        "recipients": "[a@b.c]",
        "user": "ann",
        "password_env": "MAIL_PASSWORD",
        "security": "none",
    }
    (said,) = problems(one(server="smtp.example.org:25", **fields))
    assert said.startswith("sinks.team.security is none")
    assert read(one(server="127.0.0.1:25", **fields)).sink("team") is not None


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set_is_named(value: str | None) -> None:
    environment = {name: secret for name, secret in ENVIRONMENT.items() if name != "PAGER_KEY"}
    if value is not None:
        environment["PAGER_KEY"] = value
    settings = read(WHOLE)
    said = "sinks.pager.routing_key_env names PAGER_KEY, which is not set"
    assert settings.missing(environment) == [said]
    pager = settings.sink("pager")
    assert pager is not None
    with pytest.raises(AlertsInvalid, match="PAGER_KEY, which is not set"):
        open_sink(pager, environment=environment)


@pytest.mark.parametrize(
    ("sink", "variable", "value", "expected"),
    [
        ("hook", "HOOK_SECRET", SECRET, "expected whsec_ and 24 random bytes or more, in base64"),
        ("hook", "HOOK_SECRET", "whsec_hunter2", "expected whsec_"),
        ("hook", "HOOK_SECRET", "whsec_hunter2!", "expected whsec_"),
        ("chat", "SLACK_URL", SECRET, "SLACK_URL is no address"),
        ("chat", "SLACK_URL", f"http://a.example/{SECRET}", "SLACK_URL begins with http://"),
        ("pager", "PAGER_KEY", f"{SECRET}\r\nX: y", "belongs into no routing_key"),
        ("pager", "PAGER_KEY", f"{SECRET}é", "belongs into no routing_key"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_by_its_variable_alone(
    sink: str, variable: str, value: str, expected: str
) -> None:
    settings = read(WHOLE).sink(sink)
    assert settings is not None
    with pytest.raises(AlertsInvalid) as caught:
        open_sink(settings, environment={**ENVIRONMENT, variable: value})
    assert expected in str(caught.value)
    assert variable in str(caught.value)
    assert SECRET not in str(caught.value)


def test_the_file_is_the_projects_or_the_one_that_the_setting_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ALERTS, raising=False)
    assert find_alerts(tmp_path) == AlertSettings()
    (tmp_path / FILE).write_text("sinks: {here: {type: log}}")
    assert [each.name for each in find_alerts(tmp_path).sinks] == ["here"]
    other = tmp_path / "other.yaml"
    other.write_text("sinks: {there: {type: log}}")
    monkeypatch.setenv(ALERTS, str(other))
    assert [each.name for each in find_alerts(tmp_path).sinks] == ["there"]
    assert find_alerts(tmp_path).where == str(other)


def test_a_file_that_the_setting_names_and_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALERTS, str(tmp_path / "none.yaml"))
    with pytest.raises(AlertsInvalid, match="No such file") as caught:
        find_alerts(tmp_path)
    assert "correct REGISTRY_ALERTS" in caught.value.hint


def test_a_link_that_leads_nowhere_is_no_absent_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ALERTS, raising=False)
    (tmp_path / FILE).symlink_to(tmp_path / "mounted" / FILE)
    with pytest.raises(AlertsInvalid, match="No such file"):
        find_alerts(tmp_path)


def test_a_form_that_is_no_text_is_one_mistake() -> None:
    assert problems("format: 2\nsinks: {}") == ["format is 2; expected a text: put it in quotes"]


def test_an_empty_file_names_no_sink(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("# nobody yet\n")
    assert read_alerts(tmp_path / FILE).sinks == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"\xff\xfe", "it is no UTF-8"), (b"#" * (1 << 20 | 1), "larger than a megabyte")],
)
def test_what_is_no_text_or_endless_is_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(AlertsInvalid, match=expected):
        read_alerts(tmp_path / FILE)
