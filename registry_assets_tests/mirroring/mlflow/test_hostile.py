"""What a server says that is not to be believed, or not as it should be, over real HTTP."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.artifacts import Artifacts
from registry_assets.mirroring.mlflow.calling import Calls
from registry_assets.mirroring.mlflow.client import MLflowClient
from registry_assets.mirroring.mlflow.reading import Reader
from registry_assets_tests.servers import receiver
from registry_assets_tests.servers.receiver import Handler, Receiver


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Handler], None]) -> None:
    """Let a receiver answer every question in one way."""
    monkeypatch.setattr(Handler, "do_GET", answer)


def client(server: Receiver) -> MLflowClient:
    return MLflowClient(Address(server.url), "delay", brief=True)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, MirrorRefused, "does not let us"),
        (403, MirrorRefused, "does not let us"),
        (404, MirrorRefused, "refused with 404"),
        (500, MirrorUnreachable, "500"),
        (503, MirrorUnreachable, "503"),
    ],
)
def test_each_refusal_has_its_own_words(
    monkeypatch: pytest.MonkeyPatch, status: int, error: type[MirrorError], said: str
) -> None:
    answering(monkeypatch, receiver.status(status, b"<html>no</html>"))
    with receiver.receiving() as server, pytest.raises(error, match=said) as refused:
        client(server).observe(["production"], [])
    assert server.url in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("answer", [receiver.hanging_up, receiver.babbling])
def test_a_wire_that_breaks_is_a_server_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Handler], None]
) -> None:
    answering(monkeypatch, answer)
    with receiver.receiving() as server, pytest.raises(MirrorUnreachable):
        client(server).observe(["production"], [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (receiver.status(200, b"<html>log in</html>"), "not as an MLflow server does: '<html>log"),
        (receiver.status(200, b"[1]", Content_Type="application/json"), "not as an MLflow server"),
        (receiver.status(200, b"{}", Content_Type="application/json"), "asked for .* gives ''"),
        (receiver.status(500, b"boom"), "failed with 500, whenever it was asked\n"),
        (receiver.status(302), "to another address \\(302\\), which is not followed"),
        (receiver.hanging_up, "does not answer: Remote end closed connection without response\n"),
    ],
)
def test_what_answers_is_said_without_the_words_of_a_library(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Handler], None], said: str
) -> None:
    answering(monkeypatch, answer)
    with receiver.receiving() as server, pytest.raises(MirrorError, match=said) as refused:
        client(server).observe(["production"], [])
    assert "HTTPConnectionPool" not in refused.value.message


def test_a_call_that_is_tried_again_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answering(monkeypatch, receiver.hanging_up)
    with receiver.receiving() as server, pytest.raises(MirrorUnreachable):
        client(server).observe(["production"], [])
    assert caplog.messages == []
    # Other people's calls are told as they were before.
    logging.getLogger("urllib3.connectionpool").warning("Retrying (%s)", "theirs")
    assert caplog.messages == ["Retrying (theirs)"]


def test_what_did_not_open_it_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc-token-xyz")
    answering(monkeypatch, receiver.status(401, b"no: abc-token-xyz"))
    with receiver.receiving() as server, pytest.raises(MirrorRefused) as refused:
        client(server).observe(["production"], [])
    assert refused.value.hint.startswith("MLFLOW_TRACKING_TOKEN did not open it: set")
    assert "abc-token" not in str(refused.value)


def test_a_redirection_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver.receiving() as elsewhere:
        asked: list[str] = []

        def answer(handler: Handler) -> None:
            if handler.receiver is elsewhere:
                asked.append(handler.path)
            handler.answer(302, Location=f"{elsewhere.url}/stolen")

        answering(monkeypatch, answer)
        with receiver.receiving() as server, pytest.raises(MirrorError):
            client(server).observe(["production"], [])
    assert asked == []


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    answering(monkeypatch, receiver.silent(5))
    with receiver.receiving() as server, pytest.raises(MirrorUnreachable, match="timed out"):
        client(server).observe(["production"], [])


def test_who_waits_for_the_first_answer_of_all_is_told_after_two_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    asked: list[str] = []

    def answer(handler: Handler) -> None:
        asked.append(handler.path)
        receiver.silent(3)(handler)

    answering(monkeypatch, answer)
    with receiver.receiving() as server, pytest.raises(MirrorUnreachable, match="timed out"):
        Reader(Address(server.url)).model("delay")
    assert len(asked) == 2


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc",
        "/etc",
        "./etc",
        "mlflow-artifacts://evil.example.com/1/artifacts",
        "http://evil.example.com/artifacts",
        "https://user:pw@evil.example.com/artifacts",
        "ftp://evil.example.com/artifacts",
        "runs:/abc/model",
        "dbfs:/model",
        "",
    ],
)
def test_artifacts_elsewhere_are_not_touched(uri: str) -> None:
    with pytest.raises(MirrorRefused) as refused:
        Artifacts(Address("http://127.0.0.1:5000"), uri, direct=True)
    assert "user:pw" not in str(refused.value)


def test_a_bucket_is_written_to_only_where_that_is_declared() -> None:
    with pytest.raises(MirrorRefused, match="direct_artifacts=True"):
        Artifacts(Address("http://127.0.0.1:5000"), "s3://models/1", direct=False)


def listing(*files: dict[str, Any]) -> bytes:
    return json.dumps({"files": list(files)}).encode()


@pytest.mark.parametrize(
    "path", ["../out", "/etc/passwd", "a/../../out", "..%2Fout", "a\\..\\out", "a//b", "./a"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    answer = receiver.status(200, listing({"path": path, "is_dir": False, "file_size": 3}))
    answering(monkeypatch, answer)
    (tmp_path / "in").mkdir()
    with receiver.receiving() as server:
        address = Address(server.url)
        artifacts = Artifacts(address, "mlflow-artifacts:/1/artifacts", direct=False)
        with (
            pytest.raises(MirrorRefused),
            Calls(address, brief=True).to("its files cannot be read"),
        ):
            list(artifacts.fetch(tmp_path / "in"))
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


def test_folders_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, receiver.status(200, listing({"path": "deeper", "is_dir": True})))
    with receiver.receiving() as server:
        address = Address(server.url)
        artifacts = Artifacts(address, "mlflow-artifacts:/1/artifacts", direct=False)
        with pytest.raises(MirrorRefused), Calls(address, brief=True).to("no"):
            artifacts.sizes()


def test_files_that_are_too_large_are_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    huge = {"path": "model.skops", "is_dir": False, "file_size": 10**15}
    answering(monkeypatch, receiver.status(200, listing(huge)))
    with receiver.receiving() as server:
        address = Address(server.url)
        artifacts = Artifacts(address, "mlflow-artifacts:/1/artifacts", direct=False)
        with pytest.raises(MirrorRefused, match="GiB"), Calls(address, brief=True).to("no"):
            list(artifacts.fetch(tmp_path))
    assert list(tmp_path.iterdir()) == []
