"""`migrate mlflow`: what came and what did not, for people and programs; what is shown of it."""

import io
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.lifecycle.migrating.there import There
from registry_assets_tests.servers.mlflow import MLflowServer


@pytest.fixture(scope="module")
def churned(mlflow: MLflowServer, tmp_path_factory: pytest.TempPathFactory) -> There:
    """Three versions there: the last has no file any more."""
    there = There(mlflow, f"Churn {secrets.token_hex(6)}", tmp_path_factory.mktemp("aside"))
    there.register()
    for seed in (1, 2, 3):
        there.version(seed)
    for file in there.artifact("3").rglob("*"):
        file.unlink()
    there.client.set_registered_model_alias(there.name, "champion", "2")
    return there


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A registry of nothing."""
    registry = Registry.init(tmp_path / "project")
    yield registry.home.folder
    registry.backends.catalog.driver.pool.close()


@pytest.fixture
def migrate(command: Command, churned: There, folder: Path) -> Command:
    """Migrate from that server."""

    def ran(*more: str) -> object:
        asked = ("migrate", "mlflow", churned.name, "--tracking-uri", churned.server.url)
        return command(*asked, "--as", "churn", *more, folder=folder)

    return ran  # type: ignore[return-value]


def test_a_report_for_people(migrate: Command, churned: There, folder: Path) -> None:
    done = migrate("--yes")
    assert done.code == 0
    said = flat(done.out)
    assert f"{churned.name} at {churned.server.url} has 3 versions; here it is churn." in said
    assert "3 imported" in said
    assert "6 files copied and digested" in said
    assert "2 versions with pickles, marked `unsafe: pickle`: kept, and never loaded." in said
    assert "churn:3 (there 3): its files did not come: there is no file at" in said
    assert "Alias champion is at 2 there; noted." in said
    assert done.err.splitlines() == [
        "importing: 0 of 3 versions",
        "importing: 3 of 3 versions",
    ]
    again = flat(migrate("--yes").out)
    assert "2 here already 1 here already, and their files did not come this time" in again


def test_one_document_for_programs(migrate: Command, churned: There) -> None:
    done = migrate("--yes", "--json")
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert document["counts"]["imported"] == 3
    assert (document["model"], document["foreign_name"]) == ("churn", churned.name)
    found = [(each["version"], each["unsafe"], each["files"]) for each in document["versions"]]
    assert found == [(1, ["model.pkl"], 3), (2, ["model.pkl"], 3), (3, [], 0)]
    assert document["versions"][2]["not_carried"][0].startswith("its files did not come")
    assert document["aliases"][0]["alias"] == "champion"
    again = migrate("--yes", "--json").document
    assert not again["changed"]


def test_it_is_listed_shown_and_explained(
    migrate: Command, command: Command, churned: There, folder: Path
) -> None:
    migrate("--yes", "--json")
    listed = command("versions", "churn", folder=folder, width=200)
    assert f"MLflow {churned.name}/2" in listed.out
    assert "unsafe: pickle" in listed.out
    assert "not here" in listed.out
    document = command("versions", "churn", "--json", folder=folder).document
    assert [each["version"] for each in document["imported"]] == [1, 2, 3]
    assert (document["versions"], document["total"]) == ([], 3)
    page = command("versions", "churn", "--limit", "2", folder=folder, width=200).out
    assert f"{churned.name}/1" not in page
    assert "1 older: registry versions churn --before 2" in page
    shown = command("show", "churn:2", folder=folder, width=200).out
    for wanted in (f"MLflow {churned.name}/2 at", "auc", "depth", "model.pkl", "made with 2"):
        assert wanted in shown
    document = command("show", "churn:2", "--json", folder=folder).document
    assert document["promotable"] is False
    assert {each["path"] for each in document["files"]} == {
        "MLmodel",
        "model.pkl",
        "requirements.txt",
    }
    explained = command("explain", "churn:2", folder=folder)
    assert explained.code == 0
    assert "cannot be promoted" in explained.out
    assert "registry register" in explained.out
    said = command("explain", "churn:2", "--json", folder=folder).document
    assert said["decision"] == "held"
    files = command("show", "churn:2", folder=folder, width=80).out
    assert "  3 files, kept and never opened\n" in files
    model = command("show", "churn", folder=folder).out
    assert "3 imported" in model
    assert "owners none" in flat(model)
    assert "Gates" not in model
    assert "3 imported" in command("models", folder=folder).out


def test_a_search_says_what_it_does_not_find(
    migrate: Command, command: Command, folder: Path
) -> None:
    migrate("--yes", "--json")
    note = "3 imported versions of churn: not searched; `registry versions churn` lists them"
    for about in ("", "model = 'churn'", "model in ('churn', 'x') and version > 1"):
        found = command("search", about, "--json", folder=folder).document
        assert (found["versions"], found["notes"]) == ([], [note]), about
    assert f"Note: {note}" in flat(command("search", folder=folder).out)
    for about in ("model = 'other'", "model like 'd%'"):
        assert note not in command("search", about, folder=folder, width=200).out
    assert command("search", "--models", "--json", folder=folder).document["notes"] == []


@pytest.mark.parametrize(
    "asked",
    [
        ("promote", "churn:1", "--reason", "r", "--yes"),
        ("pull", "churn:1", "out"),
        ("convert", "churn:1", "--to", "mlflow", "--out", "out"),
        ("reject", "churn:1", "--reason", "r", "--yes"),
        ("card", "churn:1"),
        ("lineage", "churn:1"),
        ("report", "churn:1"),
        ("tag", "churn:1", "a=b"),
        ("describe", "churn:1", "text"),
    ],
)
def test_every_other_command_says_what_it_is_and_what_to_do(
    migrate: Command, command: Command, folder: Path, asked: tuple[str, ...]
) -> None:
    migrate("--yes", "--json")
    done = command(*asked, folder=folder)
    assert done.code == 1, done
    assert "was imported from MLflow" in done.err
    assert "registry register DIR" in done.err


def test_what_was_typed_is_corrected(
    command: Command,
    migrate: Command,
    churned: There,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = ("--tracking-uri", churned.server.url)
    unnamed = command("migrate", "mlflow", churned.name, *url, "--yes", folder=folder)
    assert (unnamed.code, "--as churn_" in unnamed.err) == (2, True)
    nobody = command("migrate", "mlflow", "nobody", *url, "--yes", folder=folder)
    assert (nobody.code, "no registered model" in nobody.err) == (2, True)
    nowhere = command("migrate", "mlflow", "churn", "--yes", folder=folder)
    assert "MLFLOW_TRACKING_URI" in nowhere.err
    down = command(
        *("migrate", "mlflow", "churn", "--tracking-uri", "http://127.0.0.1:9", "--yes"),
        folder=folder,
    )
    assert (down.code, "does not answer" in down.err) == (3, True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    asked = migrate()
    assert (asked.code, "add --yes" in asked.err) == (2, True)
    for slip in ("", "churn/3"):
        unnamed = command("migrate", "mlflow", slip, *url, "--as", "x", "--yes", folder=folder)
        assert (unnamed.code, "is no name of a model in MLflow" in unnamed.err) == (2, True)
    store = ("--tracking-uri", "sqlite:///mlflow.db")
    unserved = command("migrate", "mlflow", "churn", *store, "--yes", folder=folder)
    assert (unserved.code, "mlflow server --backend-store-uri" in unserved.err) == (2, True)
    for place in ("ftp://files", "mlruns", ""):
        unread = migrate("--also-from", place, "--yes")
        assert (unread.code, "expected a bucket" in unread.err) == (2, True)
    assert command("models", "--json", folder=folder).document["models"] == []


def test_whoever_puts_two_models_into_one_is_told(
    command: Command,
    migrate: Command,
    churned: There,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be meant so, or be a slip that nobody can take back."""
    other = There(churned.server, f"Other {secrets.token_hex(6)}", tmp_path)
    other.register()
    other.version(1)
    migrate("--yes")
    assert "Note" not in flat(migrate("--yes").out).partition("never loaded.")[2]
    url = ("--tracking-uri", churned.server.url, "--as", "churn")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    asked = command("migrate", "mlflow", other.name, *url, folder=folder)
    note = f"Note: churn has the history of {churned.name} already"
    assert (asked.code, note in asked.err) == (1, True)
    assert len(command("versions", "churn", "--json", folder=folder).document["imported"]) == 3
    assert note in command("migrate", "mlflow", other.name, *url, "--yes", folder=folder).out
