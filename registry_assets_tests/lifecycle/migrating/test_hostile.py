"""A server that wants more than to be read: paths, links, other places, files without an end."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.listing import Listing
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.calling import Calls
from registry_assets.mirroring.mlflow.reading_files import (
    fetch_file,
    list_files,
    place_of,
)
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There
from registry_assets_tests.servers import receiver
from registry_assets_tests.servers.receiver import Handler

SERVER = Address("http://127.0.0.1:5000")
SERVED = "mlflow-artifacts:/1/artifacts"


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Handler], None]) -> None:
    monkeypatch.setattr(Handler, "do_GET", answer)


def listing(*files: dict[str, Any]) -> Callable[[Handler], None]:
    return receiver.status(200, json.dumps({"files": list(files)}).encode())


def listed(url: str) -> Listing:
    address = Address(url)
    with Calls(address, brief=True).to("its files cannot be read"):
        return list_files(place_of(address, SERVED))


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc",
        "/etc",
        "./etc",
        "",
        "s3://bucket/model",
        "mlflow-artifacts://evil.example.com/1/artifacts",
        "mlflow-artifacts:/1/../../artifacts",
        "mlflow-artifacts:/1/%2e%2e/%2e%2e/artifacts",
        "http://evil.example.com/api/2.0/mlflow-artifacts/artifacts/1",
        "http://127.0.0.1:5000/elsewhere",
        "https://127.0.0.1:5000/api/2.0/mlflow-artifacts/artifacts/1",
        "https://user:pw@evil.example.com/artifacts?sig=abc",
        "runs:/abc/model",
        "dbfs:/model",
    ],
)
def test_files_elsewhere_are_not_read_unless_somebody_says_so(uri: str) -> None:
    with pytest.raises(MirrorRefused, match="does not serve itself") as refused:
        place_of(SERVER, uri)
    assert "--also-from" in refused.value.hint
    assert "user:pw" not in str(refused.value)
    assert "sig=abc" not in str(refused.value)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("file:///srv/mlruns/1", "file:///srv/mlrun"),
        ("file:///srv/mlruns/../secrets", "file:///srv/mlruns"),
        ("file:///srv/mlruns/%2e%2e/secrets", "file:///srv/mlruns"),
        ("file://host/srv/mlruns/1", "file:///srv/mlruns"),
        ("s3://other/mlruns/1", "s3://bucket/mlruns"),
        ("s3://bucket/mlruns-2/1", "s3://bucket/mlruns"),
        ("http://elsewhere.example.com/a", "http://elsewhere.example.com"),
    ],
)
def test_what_is_allowed_is_that_folder_and_no_other(uri: str, allowed: str) -> None:
    with pytest.raises(MirrorRefused):
        place_of(SERVER, uri, allowed=[allowed])


@pytest.mark.parametrize(
    "path",
    [
        *("../out", "/etc/passwd", "a/../../out", "..%2Fout", "a\\..\\out", "a//b", "./a", "a/b"),
        *("", ".", "..", "\udcff", "x" * 300),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    answering(monkeypatch, listing({"path": path, "is_dir": False, "file_size": 3}))
    with receiver.receiving() as server:
        found = listed(server.url)
    assert found.refused
    assert found.sizes == {}


def test_a_path_that_stands_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = {"path": "a", "is_dir": False, "file_size": 3}
    answering(monkeypatch, listing(twice, twice))
    with receiver.receiving() as server:
        assert "no path in it" in listed(server.url).refused


def test_folders_and_files_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, listing({"path": "deeper", "is_dir": True}))
    with receiver.receiving() as server:
        assert "folders in each other" in listed(server.url).refused
    many = [{"path": f"f{n}", "is_dir": False, "file_size": 1} for n in range(10_001)]
    answering(monkeypatch, listing(*many))
    with receiver.receiving() as server:
        assert "more than 10,000 files" in listed(server.url).refused


@pytest.mark.parametrize(("size", "said"), [(3, "more bytes than"), (100, "has 5 bytes")])
def test_a_file_of_another_size_than_is_said_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, said: str
) -> None:
    answering(monkeypatch, receiver.status(200, b"12345"))
    with receiver.receiving() as server:
        address = Address(server.url)
        with Calls(address, brief=True).to("its files cannot be read"):
            problem = fetch_file(place_of(address, SERVED), "model.skops", size, tmp_path)
    assert said in problem


def test_links_in_a_folder_that_is_allowed_lead_nowhere(tmp_path: Path) -> None:
    allowed = tmp_path / "mlruns"
    (allowed / "1").mkdir(parents=True)
    (tmp_path / "secret").write_text("s")
    (allowed / "1" / "MLmodel").symlink_to(tmp_path / "secret")
    place = place_of(SERVER, f"file://{allowed}/1", allowed=[f"file://{allowed}"])
    assert "is a link" in list_files(place).refused
    assert "leads out" in fetch_file(place, "MLmodel", 1, tmp_path / "in")
    (allowed / "2").symlink_to(tmp_path)
    place = place_of(SERVER, f"{allowed}/2", allowed=[str(allowed)])
    assert "leads out of what was allowed" in list_files(place).refused
    (allowed / "1" / "MLmodel").unlink()
    os.mkfifo(allowed / "1" / "pipe")
    place = place_of(SERVER, f"file://{allowed}/1", allowed=[f"file://{allowed}"])
    assert "or no file" in list_files(place).refused


def test_a_folder_of_this_machine_comes_once_it_is_allowed(
    there: There, registry: Registry, tmp_path: Path
) -> None:
    number = there.version(1)
    place = there.artifact(number)
    there.move_files(number, f"file://{place}")
    (came,) = there.migrate(registry).versions
    assert "does not serve itself" in came.lost[0]
    assert came.record.files == "absent"
    elsewhere = f"file://{tmp_path}"
    assert there.migrate(registry, allowed=[elsewhere]).count("absent") == 1
    (came,) = there.migrate(registry, allowed=[f"file://{place.parent}"]).versions
    assert (came.outcome, came.files) == ("completed", 3)
    assert registry.verify().problems == ()


def version(number: str) -> dict[str, Any]:
    return {"name": "churn", "version": number, "creation_timestamp": 1, "source": "/etc"}


def serving(monkeypatch: pytest.MonkeyPatch, *pages: list[dict[str, Any]]) -> None:
    """Let a receiver be a server with one model, whose versions come in these pages."""

    def answer(handler: Handler) -> None:
        said: dict[str, Any] = {"registered_model": {"name": "churn"}}
        if "model-versions/search" in handler.path:
            token = handler.path.partition("page_token=")[2].partition("&")[0]
            page = int(token or 0)
            said = {"model_versions": pages[page]}
            if page + 1 < len(pages):
                said["next_page_token"] = str(page + 1)
        elif "get-download-uri" in handler.path:
            said = {"artifact_uri": "/etc"}
        receiver.status(200, json.dumps(said).encode())(handler)

    answering(monkeypatch, answer)


def test_a_version_on_two_pages_comes_once(
    monkeypatch: pytest.MonkeyPatch, registry: Registry
) -> None:
    serving(monkeypatch, [version("2"), version("1")], [version("1")])
    with receiver.receiving() as server:
        done = registry.migrate_mlflow("churn", tracking_uri=server.url)
    assert [each.record.number for each in done.versions] == [1, 2]
    assert registry.count_versions("churn") == 2
    assert all(each.record.files == "absent" for each in done.versions)


@pytest.mark.parametrize("number", ["", "1.5", "-1", "٣", "1 OR 1=1"])
def test_a_version_without_a_number_is_refused(
    monkeypatch: pytest.MonkeyPatch, registry: Registry, number: str
) -> None:
    serving(monkeypatch, [version(number)])
    with receiver.receiving() as server, pytest.raises(MirrorRefused, match="no number"):
        registry.migrate_mlflow("churn", tracking_uri=server.url)
    assert registry.models() == ()
