"""What a server says that is not to be believed, or not as it should be, to the real client."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable
from registry_assets.mirroring.wandb import calling
from registry_assets.mirroring.wandb.address import Address, Place
from registry_assets.mirroring.wandb.client import WeightsAndBiasesClient
from registry_assets_tests.servers import receiver
from registry_assets_tests.servers.receiver import Handler
from registry_assets_tests.servers.wandb import KEY, TEAM, WandbDouble
from registry_assets_tests.servers.wandb_team import link
from registry_assets_tests.sometimes import some

PLACE = Place(TEAM, "", "model", "delay", "runs")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)


def client(url: str, place: Place = PLACE) -> WeightsAndBiasesClient:
    return WeightsAndBiasesClient(Address(url), place, brief=True)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (receiver.status(401, b"no"), MirrorRefused, "does not let us"),
        (receiver.status(403, b"<html>no</html>"), MirrorRefused, "refused with 403"),
        (receiver.status(404), MirrorRefused, "refused with 404"),
        (receiver.status(503), MirrorUnreachable, "503"),
        (receiver.status(200, b"{}"), MirrorError, "."),
        (receiver.status(200, b'{"data": null}'), MirrorError, "."),
        (receiver.hanging_up, MirrorUnreachable, "."),
        (receiver.babbling, MirrorUnreachable, "."),
    ],
    ids=["401", "403", "404", "503", "empty", "null", "hangs up", "babbles"],
)
def test_each_answer_is_one_of_our_errors_and_never_a_collection_that_is_empty(
    answer: Callable[[Handler], None], error: type[MirrorError], said: str
) -> None:
    with receiver.receiving() as server:
        server.answers += [answer] * 100
        with pytest.raises(error, match=said) as refused:
            client(server.url).observe(["production"], [])
        assert server.url in refused.value.message
        assert refused.value.hint


def test_a_redirection_takes_no_key_elsewhere() -> None:
    with receiver.receiving() as elsewhere, receiver.receiving() as server:
        server.answers += [receiver.status(307, Location=f"{elsewhere.url}/stolen")] * 100
        with pytest.raises(MirrorError):
            client(server.url.replace("127.0.0.1", "localhost")).observe(["production"], [])
        shown = [each.headers.get("authorization", "") for each in elsewhere.requests]
        assert not any(shown), shown


def test_a_server_that_says_nothing_is_given_up_and_the_client_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calling, "_BRIEF_WITHIN", 12.0)
    with receiver.receiving() as server:
        server.answers += [receiver.silent(60)] * 100
        with pytest.raises(MirrorUnreachable):
            client(server.url).observe(["production"], [])


@pytest.mark.parametrize(
    "path", some(["../out", "/etc/passwd", "a/../../out"], always=["a/../../out"])
)
def test_a_path_that_leads_out_of_the_folder_is_refused(
    wandb: WandbDouble, tmp_path: Path, path: str
) -> None:
    collection = f"delay-{secrets.token_hex(6)}"
    link(wandb, collection, [{"files": {"model.skops": b"PK"}}])
    named = wandb.version(collection, "v0")["id"]
    artifact = next(each for each in wandb.state["artifacts"] if each["id"] == named)
    manifest = wandb.data / "blobs" / artifact["manifest"]
    said = json.loads(manifest.read_text())
    said["contents"] = {path: said["contents"]["model.skops"]}
    manifest.write_text(json.dumps(said))
    (tmp_path / "in").mkdir()
    place = Place(TEAM, "", "model", collection, "runs")
    with pytest.raises(MirrorRefused):
        client(wandb.url, place).fetch("v0", tmp_path / "in")
    assert [found.name for found in tmp_path.rglob("*")] == ["in"]
