"""Publish one large file, durably, and bring it back into a folder, verified.

Beside MLflow, which neither flushes nor verifies, and beside what one would write by hand:
copy, fsync, sha256.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import EMPTY
from benchmarks.targets import AtMost, TimesFaster

WHATS = {"publish": "publish a file of {}, durable", "read": "bring a file of {} back, verified"}


def cases(scale: Scale) -> list[Case]:
    """Publish, and read back."""
    return [
        Case(
            workload="large_file",
            title=title.format(f"{scale.large_file // 1_000_000} MB"),
            fixture=EMPTY,
            size=0,
            peers={
                "mlflow": ("MLflow, not flushed, unverified", TimesFaster(2)),
                "by_hand": ("copy, fsync, sha256 by hand", AtMost(1.3)),
            },
            samples=scale.processes,
            warm_up=1,
            floor=(
                "SHA-256 alone takes 0.14 s for 200 MB here: what is verified cannot come back in"
                " half the time of a copy that nobody looks at, nor be published so."
            ),
            arguments={"what": what, "size": scale.large_file},
        )
        for what, title in WHATS.items()
    ]


def ours(setting: Setting, what: str, size: int) -> Operation:
    """`put_file`, and `copy_to` of the store."""
    from registry_assets import Registry

    store = Registry.open(setting.folder).backends.store
    folder = _folder(setting, "ours")
    source, targets = _Source(folder, size), _Targets(folder)
    if what == "publish":
        return Operation(
            lambda file: store.put_file(file).digest,
            prepare=source.changed,
            check=lambda digest: require(digest, source.digest()),
        )
    digest = store.put_file(source.changed()).digest
    return _bringing(lambda target: store.copy_to(digest, target), source, targets)


def by_hand(setting: Setting, what: str, size: int) -> Operation:
    """Copy, flush and hash; on the way back, compare."""
    folder = _folder(setting, "by_hand")
    source, targets = _Source(folder, size), _Targets(folder)

    def copy(file: Path, target: Path) -> str:
        shutil.copyfile(file, target)
        with target.open("rb") as copied:
            os.fsync(copied.fileno())
            return f"sha256:{hashlib.file_digest(copied, 'sha256').hexdigest()}"

    if what == "publish":
        return Operation(
            lambda file: copy(file, targets.next()),
            prepare=source.changed,
            check=lambda digest: require(digest, source.digest()),
            close=targets.remove,
        )
    file = source.changed()
    expected = source.digest()
    return _bringing(lambda target: require(copy(file, target), expected), source, targets)


def mlflow(setting: Setting, what: str, size: int) -> Operation:
    """`log_artifact`, and `download_artifacts` into a folder."""
    from benchmarks.peer.client import EXPERIMENT, library, open_mlflow

    client = open_mlflow(setting.folder)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    folder = _folder(setting, "mlflow")
    source, targets = _Source(folder, size), _Targets(folder)

    def publish(file: Path) -> Any:
        run = client.create_run(experiment.experiment_id).info
        client.log_artifact(run.run_id, str(file))
        return run

    def check(run: Any) -> None:
        (stored,) = client.list_artifacts(run.run_id)
        require(stored.file_size, size)

    if what == "publish":
        return Operation(publish, prepare=source.changed, check=check)
    run, name = publish(source.changed()), source.file.name
    download = library("mlflow.artifacts").download_artifacts

    def bring(target: Path) -> None:
        apart = target.with_suffix(".folder")
        apart.mkdir()
        download(run_id=run.run_id, artifact_path=name, dst_path=str(apart))
        (apart / name).rename(target)

    return _bringing(bring, source, targets)


def _bringing(bring: Callable[[Path], object], source: "_Source", targets: "_Targets") -> Operation:
    def run(target: Path) -> Path:
        bring(target)
        return target

    def check(target: Path) -> None:
        require(_digest(target), source.digest())
        target.unlink()

    return Operation(run, prepare=targets.next, check=check, close=targets.remove)


def _folder(setting: Setting, side: str) -> Path:
    """Give a side a folder of its own: two of them work in one process."""
    folder = setting.folder / side
    folder.mkdir(exist_ok=True)
    return folder


class _Source:
    """A file whose first bytes are other ones each time: nothing is stored twice."""

    def __init__(self, folder: Path, size: int) -> None:
        self.file = folder / "source.bin"
        self.file.write_bytes(os.urandom(min(size, 1 << 20)) * (size // (1 << 20) + 1))
        os.truncate(self.file, size)

    def changed(self) -> Path:
        """Give the file with new content, all of it on the disk already."""
        with self.file.open("r+b") as stream:
            stream.write(os.urandom(64))
            stream.flush()
            os.fsync(stream.fileno())
        return self.file

    def digest(self) -> str:
        """Give the digest of the content."""
        return _digest(self.file)


class _Targets:
    """Names for copies in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def next(self) -> Path:
        """Give a name that nothing has."""
        return self._folder / f"copy-{next(self._numbers)}"

    def remove(self) -> None:
        """Remove every copy."""
        for copied in self._folder.glob("copy-*"):
            shutil.rmtree(copied) if copied.is_dir() else copied.unlink()


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
