"""A version written as one of the other forms: a whole folder, or nothing.

What is written is tried before the folder gets its name: an MLflow model is loaded by MLflow and
an ONNX graph run by onnxruntime, and both are compared with the version row by row. An OCI image
layout holds the version's own files, and is read back byte by byte.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from registry_assets.canonical import sha256_digest
from registry_assets.converting.comparing import PREDICTION, Compared, compare
from registry_assets.converting.contents import VersionContents
from registry_assets.converting.libraries import library
from registry_assets.converting.pyfunc import METHOD, METHODS
from registry_assets.deployment.pulling import unwritable
from registry_assets.deployment.staging import is_taken, refuse_inside, staging, sync_folder
from registry_assets.deployment.versions import ResolvedVersion
from registry_assets.errors import FolderTaken
from registry_assets.faults import reached
from registry_assets.manifest import FileEntry
from registry_assets.packaging.loaded import load_package
from registry_assets.packaging.package import SAMPLE_FEATURES
from registry_assets.packaging.predictions import predictions

Target = Literal["mlflow", "onnx", "hf", "oci"]
TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True, slots=True)
class Converted:
    """A version that was written as something else.

    Args:
        compared: with the version; None where the files are the version's own.
    """

    version: ResolvedVersion
    to: Target
    folder: Path
    files: tuple[FileEntry, ...]
    compared: Compared | None


def convert(contents: VersionContents, *, to: Target, folder: Path, card: str = "") -> Converted:
    """Write a version as something else into a new folder.

    Args:
        card: the version's model card, for `hf`.

    Raises:
        ConversionRefused: it cannot be, or would say something else; says why.
        FolderTaken: the folder exists and is not empty, or a registry keeps its own files there.
        RegistryError: it cannot be written.
    """
    refuse_inside(folder)
    _refuse_taken(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with staging(folder, doing="converting") as staged:
            compared = _write(contents, to, staged, card)
            files = tuple(_entries(staged))
            _sync(staged)
            reached("convert.staged")
            _refuse_taken(folder)
            staged.replace(folder)
            sync_folder(folder.parent)
    except OSError as error:
        raise unwritable(folder, error) from error
    return Converted(contents.version, to, folder, files, compared)


def check_mlflow_model(contents: VersionContents, folder: Path) -> Compared:
    """Let MLflow load a folder that `write_mlflow_model` wrote, and predict the version's sample.

    It must say exactly what the version says here. The version's own code runs in this process.

    Raises:
        ConversionRefused: rows differ.
    """
    import pandas as pd

    pyfunc = library("mlflow.pyfunc", wanted="An MLflow model")
    package, model = contents.package, load_package(contents.files)
    inputs = package.sample_inputs()
    expected = predictions(
        model.estimator, package.frame(SAMPLE_FEATURES), output=model.signature.output
    )
    with _import_path_kept():
        loaded = pyfunc.load_model(str(folder))
    rows = inputs[model.signature.rows_input]
    columns = {PREDICTION: loaded.predict(rows)}
    if model.classes:
        found = loaded.predict(rows, params={METHOD: METHODS[1]})
        columns |= {f"proba_{i}": found[:, i] for i in range(found.shape[1])}
    return compare(expected, pd.DataFrame(columns), tolerance=0.0)


def _write(contents: VersionContents, to: Target, folder: Path, card: str) -> Compared | None:
    if to == "mlflow":
        from registry_assets.converting.mlflow import write_mlflow_model

        write_mlflow_model(contents, folder)
        return check_mlflow_model(contents, folder)
    if to == "onnx":
        from registry_assets.converting.onnx import write_onnx

        return write_onnx(contents, folder)
    if to == "oci":
        from registry_assets.converting.oci import write_oci_layout
        from registry_assets.converting.oci_reading import read_oci_layout

        write_oci_layout(contents, folder)
        read_oci_layout(folder, digest=contents.version.digest)
        return None
    from registry_assets.converting.huggingface import write_huggingface

    write_huggingface(contents, folder, card=card)
    return None


def _refuse_taken(folder: Path) -> None:
    if is_taken(folder):
        raise FolderTaken(
            f"{folder} exists and is not an empty folder", hint="name a folder that is new"
        )


def _entries(folder: Path) -> Iterator[FileEntry]:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = file.read_bytes()
        yield FileEntry(file.relative_to(folder).as_posix(), sha256_digest(data), len(data))


def _sync(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())


@contextmanager
def _import_path_kept() -> Iterator[None]:
    """Take back what MLflow adds to the import path: a folder that is about to get another name."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
