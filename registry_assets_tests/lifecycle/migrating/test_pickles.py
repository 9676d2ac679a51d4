"""Pickles are told by names and first bytes; what is none is not called one."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from registry_assets.lifecycle.migrating.pickles import find_pickles, is_pickle


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        for name in names:
            zipped.writestr(name, b"x")
    return data.getvalue()


def made_by(program: str, file: Path) -> bytes:
    subprocess.run([sys.executable, "-c", program, str(file)], check=True)
    return file.read_bytes()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_one_whatever_it_is_called(tmp_path: Path, protocol: int) -> None:
    program = (
        "import pickle, sys;"
        f"open(sys.argv[1], 'wb').write(pickle.dumps({{1: [2]}}, protocol={protocol}))"
    )
    made_by(program, tmp_path / "weights.bin")
    assert is_pickle("weights.bin", tmp_path / "weights.bin")


@pytest.mark.parametrize("name", ["model.pkl", "a/model.PKL", "model.joblib", "net.pt", "net.pth"])
def test_a_name_of_one_is_enough(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"compressed, or of a protocol of long ago")
    assert is_pickle(name, tmp_path / "file")


def test_an_archive_with_one_in_it_and_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(archive("net/version", "net/data.pkl"))
    (tmp_path / "skops").write_bytes(archive("schema.json", "1.npy"))
    (tmp_path / "broken").write_bytes(archive("schema.json")[:-8])
    files = [(path.name, path) for path in tmp_path.iterdir()]
    assert find_pickles(files) == ("broken", "net")


def test_an_array_of_objects_is_one_and_of_numbers_is_none(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    np.save(tmp_path / "numbers.npy", np.array([1.0]))
    files = [(path.name, path) for path in tmp_path.iterdir()]
    assert find_pickles(files) == ("objects.npy",)


@pytest.mark.parametrize("data", [b"", b"flavors:\n", b"{}", b"\x80", b"\x89PNG\r\n", b"\x80\x09"])
def test_anything_else_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    assert not is_pickle("MLmodel", tmp_path / "file")
