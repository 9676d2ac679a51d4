"""An address with a password in it never shows the password."""

import base64

import pytest

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.mlflow.address import Address

PASSWORD = "tiger/and scott"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("https://scott:tiger@mlflow.example.com/base/", "https://mlflow.example.com/base"),
        ("https://[::1]:5000", "https://[::1]:5000"),
        ("https://scott@mlflow.example.com:443", "https://mlflow.example.com:443"),
    ],
)
def test_what_is_shown_has_neither_user_nor_password(text: str, url: str) -> None:
    assert Address.find("", {"MLFLOW_TRACKING_URI": text}).url == url


def test_what_opens_it_is_kept_apart() -> None:
    text = "https://scott:tiger%2Fand%20scott@mlflow.example.com"
    address = Address.find("", {"MLFLOW_TRACKING_URI": text})
    assert address.opens == {
        "MLFLOW_TRACKING_USERNAME": "scott",
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
    }
    assert "tiger" not in repr(address)
    said = f"it said {PASSWORD}, and https://scott:tiger%2Fand%20scott@mlflow.example.com"
    assert "tiger" not in address.scrubbed(said)
    header = base64.b64encode(f"scott:{PASSWORD}".encode()).decode()
    assert address.scrubbed(f"Basic {header}") == "Basic ***"


def test_a_token_of_the_environment_is_hidden_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc-token-xyz")
    address = Address.find("http://127.0.0.1:5000")
    assert address.scrubbed("Bearer abc-token-xyz!") == "Bearer ***!"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "databricks",
        "sqlite:///mlflow.db",
        "http://",
        "http://host:port",
        f"http://scott:{PASSWORD}@[host",
        "http://host/?a=b",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(MirrorRefused) as refused:
        Address.find("", {"MLFLOW_TRACKING_URI": text})
    assert PASSWORD not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
