"""`migrate wandb`: what came, for people and for programs; the server is a double."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.lifecycle.migrating.there import pickled
from registry_assets_tests.servers.wandb import TEAM, WandbDouble
from registry_assets_tests.servers.wandb_team import link


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A registry of nothing."""
    registry = Registry.init(tmp_path / "project")
    yield registry.home.folder
    registry.backends.catalog.driver.pool.close()


def test_a_report_for_people_and_one_for_programs(
    command: Command, wandb: WandbDouble, folder: Path
) -> None:
    collection = f"churn-{secrets.token_hex(6)}"
    link(wandb, collection, [{"files": pickled(1), "aliases": ["champion"]}])
    asked = ("migrate", "wandb", collection, "--as", "churn", "--base-url", wandb.url)
    done = command(*asked, "--entity", TEAM, "--yes", folder=folder)
    assert done.code == 0, done.err
    said = flat(done.out)
    assert f"{collection} at {wandb.url} has 1 version; here it is churn." in said
    assert "1 imported 3 files copied and digested" in said
    assert "Note: 1 version with pickles, marked `unsafe: pickle`: kept, and never loaded." in said
    assert "Alias champion is at v0 there; noted." in said
    shown = command("show", "churn:1", folder=folder)
    assert f"Weights & Biases {collection}/v0" in flat(shown.out)
    again = command(*asked, "--yes", "--json", folder=folder)
    assert (again.document["changed"], again.document["counts"]["known"]) == (False, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("Churn Model",), 2, "say what it is to be called here: --as churn_model"),
        (("churn",), 3, "nobody says where Weights & Biases is"),
        (("churn", "--base-url", "http://scott:tiger@127.0.0.1:9"), 3, "has a user or a password"),
        (("churn", "--base-url", "http://127.0.0.1:9", "--yes"), 3, "connection refused"),
    ],
)
def test_what_cannot_be_done_is_named(
    command: Command,
    wandb: WandbDouble,
    folder: Path,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    ran = command("migrate", "wandb", *arguments, folder=folder)
    assert (ran.code, said in flat(ran.err)) == (code, True), ran.err
    assert "tiger" not in ran.out + ran.err
