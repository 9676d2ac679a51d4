"""One line of JSON an occasion: into a file, or to standard error."""

import fcntl
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from registry_assets.alerting.rendering.cloud_events import cloud_event
from registry_assets.alerting.values import Occasion
from registry_assets.canonical import canonical_json
from registry_assets.errors import DeliveryFailed


@dataclass(frozen=True, slots=True)
class LogSink:
    """Appends CloudEvents, each as one line.

    Args:
        path: of the file; empty for standard error.
    """

    name: str
    path: str = ""

    def send(self, occasion: Occasion) -> None:
        """Write one line, and have the disk keep it.

        Raises:
            DeliveryFailed: it cannot be written.
        """
        line = canonical_json(cloud_event(occasion)) + b"\n"
        try:
            if not self.path:
                sys.stderr.write(line.decode())
                sys.stderr.flush()
                return
            append_line(Path(self.path), line)
        except OSError as error:
            raise DeliveryFailed(
                f"{self.name} cannot be written: {error.strerror}",
                hint=f"make {self.path or 'standard error'} writable for who delivers alerts",
            ) from error


def append_line(path: Path, line: bytes) -> None:
    """Append a line in one piece, and have the disk keep it.

    Raises:
        OSError: it cannot be, or not all of it.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    # Nobody else's: what is in it tells of people's data.
    descriptor = os.open(path, flags, 0o600)
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if is_file:
            # One after the other: the half that another one has written by now is no line cut off.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # What a full disk or a power cut left of a line ends here, and takes none with it.
        begun = is_file and _ends_within_a_line(path)
        whole = b"\n" + line if begun else line
        # In one piece: what else appends to this file may not know of the lock.
        if os.write(descriptor, whole) != len(whole):
            raise OSError(None, "only a part was written")
        # Of a pipe or a terminal nothing can be kept.
        if is_file:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_within_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read(1) not in (b"", b"\n")
