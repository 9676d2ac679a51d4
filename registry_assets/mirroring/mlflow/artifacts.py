"""Files at MLflow: written, listed, read back, and fetched.

Where they are, and what they are called, is said by the server, so it is not believed: nothing
is read or written on this machine outside of the folder that is meant, nor at another host.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.files import hashed
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.buckets import SCHEMES, BucketRepository
from registry_assets.mirroring.protocol import ForeignFile

MOST_FILES = 10_000
MOST_BYTES = 20 * 1024**3


class Artifacts:
    """The files below one address of artifacts.

    Args:
        uri: where they are, as the server says.
        direct: whether they may be in a bucket that this process reaches by itself.

    Raises:
        MirrorRefused: they are on this machine, at another host, or in a bucket unasked.
    """

    def __init__(self, address: Address, uri: str, *, direct: bool) -> None:
        _refuse_elsewhere(address, uri, direct=direct)
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        self._uri = uri
        self._repository: Any = get_artifact_repository(
            uri, tracking_uri=address.url, registry_uri=address.url
        )
        if urlsplit(uri).scheme in SCHEMES:
            self._repository = BucketRepository(uri, self._repository)

    def sizes(self) -> dict[str, ForeignFile]:
        """List the files with their sizes, without reading them."""
        return {path: ForeignFile(size) for path, size in self._listed("")}

    def hashes(self) -> dict[str, ForeignFile]:
        """Read every file, and give its digest; none is kept."""
        found = {}
        with tempfile.TemporaryDirectory(prefix="registry-mirror-") as folder:
            for path in self.fetch(Path(folder)):
                file = Path(folder) / path
                found[path] = hashed(file)
                file.unlink()
        return found

    def fetch(self, folder: Path) -> Iterator[str]:
        """Write every file into a folder, one after the other; give the path of each.

        Raises:
            MirrorRefused: they are too many or too large.
        """
        total = 0
        for count, (path, size) in enumerate(self._listed("")):
            total += size or 0
            _refuse_large(total, count, self._uri)
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            # To a folder of its own: what it is called there is the repository's to say.
            with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as beside:
                written = Path(self._repository.download_artifacts(path, dst_path=beside))
                inside = written.resolve().is_relative_to(Path(beside).resolve())
                if not inside or written.is_symlink() or not written.is_file():
                    raise _untrusted(self._uri, path)
                if size is None:
                    total += written.stat().st_size
                    _refuse_large(total, count, self._uri)
                written.replace(target)
            yield path

    def write(self, folder: Path) -> None:
        """Write every file of a folder, in the place of what has the same path."""
        self._repository.log_artifacts(str(folder))

    def write_file(self, file: Path) -> None:
        """Write one file at the top."""
        self._repository.log_artifact(str(file))

    def delete(self, path: str) -> None:
        """Remove a file that is not to be there."""
        self._repository.delete_artifacts(path)

    def _listed(self, below: str, depth: int = 0) -> Iterator[tuple[str, int | None]]:
        """List files, deepest last; a path that would lead out of a folder is refused."""
        if depth > 20:
            raise _untrusted(self._uri, below)
        for info in self._repository.list_artifacts(below or None):
            path = str(info.path)
            pure = PurePosixPath(path)
            safe = path == str(pure) and not pure.is_absolute() and ".." not in pure.parts
            if not safe or "\\" in path or "\0" in path or str(pure.parent) != (below or "."):
                raise _untrusted(self._uri, path)
            if info.is_dir:
                yield from self._listed(path, depth + 1)
                continue
            yield path, None if info.file_size is None else int(info.file_size)


def _refuse_elsewhere(address: Address, uri: str, *, direct: bool) -> None:
    parts, own = urlsplit(uri), urlsplit(address.url)
    if parts.scheme == "mlflow-artifacts":
        if not parts.netloc or parts.netloc == own.netloc:
            return
    elif parts.scheme in ("http", "https"):
        if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
            return
    elif parts.scheme in SCHEMES and direct:
        return
    elif parts.scheme in SCHEMES:
        raise MirrorRefused(
            f"the server keeps artifacts in {parts.scheme}://{parts.hostname}, which this process"
            " would write to by itself",
            hint="start the server with --serve-artifacts, or declare"
            " MLflow(direct_artifacts=True) and give this process the right to write there",
        )
    where = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "a folder of some machine"
    raise MirrorRefused(
        f"the server {address.url} says that its artifacts are at {where}: neither it nor a bucket",
        hint="start the server with --serve-artifacts; nothing was read or written there",
    )


def _refuse_large(total: int, count: int, uri: str) -> None:
    if total > MOST_BYTES or count >= MOST_FILES:
        raise MirrorRefused(
            f"the files at {uri} are more than {MOST_FILES:,}, or larger than"
            f" {MOST_BYTES // 1024**3} GiB together",
            hint="nothing of them was kept",
        )


def _untrusted(uri: str, path: str) -> MirrorRefused:
    return MirrorRefused(
        f"{uri} lists a file {path!r:.200}, which is no path below it",
        hint="nothing of it was read; find out who wrote there",
    )
