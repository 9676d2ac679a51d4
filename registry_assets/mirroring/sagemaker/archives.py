"""Archives that somebody else packed, unpacked with care: files of plain names, and no more.

Nothing is run, no link is followed or made, and an archive that would become larger than is
allowed is refused before it fills the disk.
"""

import tarfile
import zlib
from pathlib import Path, PurePosixPath

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.sagemaker.calling import Calls
from registry_assets.mirroring.sagemaker.objects import fetch_object, place_of
from registry_assets.mirroring.sagemaker.packages import Package

LARGEST_ARCHIVE = 5 << 30
MOST_BYTES = 20 << 30
MOST_FILES = 10_000
_CHUNK = 1 << 20


def fetch_archive(calls: Calls, package: Package, folder: Path) -> tuple[str, ...]:
    """Write what is in the archive of a package into an empty folder; give the paths, sorted.

    Raises:
        MirrorRefused: it has none in a bucket, or it cannot be unpacked safely.
    """
    place = place_of(package.archive)
    where = f"version {package.number} ({package.arn})"
    if place is None:
        raise MirrorRefused(
            f"{where} says that its archive is at {package.archive[:200] or 'no address'}, which is"
            " no object in a bucket",
            hint="nothing was read",
        )
    packed = folder / ".archive"
    try:
        problem = fetch_object(calls, place, packed, largest=LARGEST_ARCHIVE)
        if problem:
            raise MirrorRefused(
                f"{package.archive}, the archive of {where}, cannot be read: {problem}",
                hint="it was deleted or replaced there; nothing was kept",
            )
        return tuple(sorted(unpack(packed, folder, called=package.archive)))
    finally:
        packed.unlink(missing_ok=True)


def unpack(packed: Path, folder: Path, *, called: str) -> list[str]:
    """Write the regular files of an archive below a folder; give their paths.

    Args:
        called: names the archive, for the error.

    Raises:
        MirrorRefused: it is no such archive, has a path that leads elsewhere, or too much in it.
    """
    paths: list[str] = []
    total = 0
    try:
        with tarfile.open(packed, "r:gz") as archive:
            for entry in archive:
                if entry.isdir():
                    continue
                path = entry.name.removeprefix("./")
                pure = PurePosixPath(path)
                plain = path == str(pure) and not pure.is_absolute() and ".." not in pure.parts
                if not entry.isreg() or not plain or not path.isprintable() or "\\" in path:
                    raise _refused(called, f"{entry.name!r:.200} is no plain path of a file")
                total += entry.size
                if total > MOST_BYTES or len(paths) >= MOST_FILES:
                    raise _refused(called, "it has too many files, or too large ones")
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                source = archive.extractfile(entry)
                assert source is not None
                with source, target.open("xb") as file:
                    while chunk := source.read(_CHUNK):
                        file.write(chunk)
                paths.append(path)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise _refused(called, f"it cannot be unpacked ({type(error).__name__})") from error
    return paths


def _refused(called: str, why: str) -> MirrorRefused:
    return MirrorRefused(f"{called}: {why}", hint="find out who wrote it; nothing was registered")
