"""A registry's folder and git; how it is found is in `lifecycle/test_opening.py`."""

import subprocess
from pathlib import Path

import pytest

from registry_assets.errors import NoRegistry, StoreUnwritable
from registry_assets.home import Home, find_home, find_store
from registry_assets.registry import Registry


def test_git_does_not_see_a_registry(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    Registry.init(tmp_path)
    seen = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == ""


def test_what_somebody_wrote_to_be_ignored_stays(tmp_path: Path) -> None:
    Registry.init(tmp_path)
    ignore = tmp_path / ".registry" / ".gitignore"
    ignore.write_text("*\n!kept\n")
    Registry.init(tmp_path)
    assert ignore.read_text() == "*\n!kept\n"


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".registry").write_text("a file")
    with pytest.raises(StoreUnwritable, match="cannot be written") as caught:
        Home(tmp_path).make()
    assert caught.value.hint


def test_catalog_store_and_key_lie_in_the_folder_unless_the_settings_say_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    assert home.catalog == tmp_path / ".registry" / "catalog.sqlite"
    assert home.store == tmp_path / ".registry" / "store"
    assert home.signing_key == tmp_path / ".registry" / "keys" / "attestation"
    monkeypatch.setenv("REGISTRY_SIGNING_KEY", "/run/secrets/attestation")
    assert str(home.signing_key) == "/run/secrets/attestation"
    monkeypatch.setenv("REGISTRY_CATALOG", "postgresql://registry@db/models")
    monkeypatch.setenv("REGISTRY_STORE", "s3://models/registry")
    assert str(home.catalog) == "postgresql://registry@db/models"
    assert str(home.store) == "s3://models/registry"


def test_a_setting_that_is_a_path_counts_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGISTRY_STORE", "elsewhere/store")
    assert Home(tmp_path / "project").store == tmp_path / "elsewhere" / "store"


def test_a_deployment_needs_no_folder_where_both_settings_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGISTRY_STORE", "s3://models/registry")
    assert find_store() == "s3://models/registry"
    with pytest.raises(NoRegistry, match=r"looked for a \.registry folder"):
        find_home()
    monkeypatch.setenv("REGISTRY_CATALOG", "postgresql://db/models")
    assert find_home() == Home(tmp_path)
    assert list(tmp_path.iterdir()) == []
