"""Files of data packages: read in place, without an import, and only the expected ones."""

import hashlib
import sys
from pathlib import Path

import pytest

from registry_assets.errors import DataUnusable
from registry_assets.models.sources import read_shipped_file

CONTENT = b"a,b\n1,2\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "numbers_shipped_for_a_test"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('does not import here')")
    (folder / "data" / "table.csv").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_package_that_does_not_import_is_read(package: Path) -> None:
    assert read_shipped_file(package.name, "data/table.csv", sha256=SHA256) == CONTENT
    assert package.name not in sys.modules


def test_other_content_is_refused_with_both_digests(package: Path) -> None:
    other = CONTENT + b"3,4\n"
    (package / "data" / "table.csv").write_bytes(other)
    with pytest.raises(DataUnusable, match=SHA256) as raised:
        read_shipped_file(package.name, "data/table.csv", sha256=SHA256)
    assert hashlib.sha256(other).hexdigest() in raised.value.message


def test_a_missing_file_is_named(package: Path) -> None:
    with pytest.raises(DataUnusable, match=r"data/none\.csv cannot be read: No such file"):
        read_shipped_file(package.name, "data/none.csv", sha256=SHA256)


def test_a_missing_package_says_how_to_install_it() -> None:
    with pytest.raises(DataUnusable, match="no_such_data_package is not installed") as raised:
        read_shipped_file("no_such_data_package", "data/table.csv", sha256=SHA256)
    assert "registry_assets[examples]" in raised.value.hint
