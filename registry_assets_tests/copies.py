"""Projects that were made once, copied for each test that changes them.

Not a test.
"""

import gc
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def copied(project: Path, folder: Path) -> Path:
    """Copy a folder with what is in it; give the new one.

    Without the memory that SQLite's connections share: who opens the copy makes it anew.
    """
    with _nothing_collected():
        return Path(shutil.copytree(project, folder, ignore=shutil.ignore_patterns("*-shm")))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep what nobody holds any more: of a registry's last connection, SQLite takes the log away.

    In the middle of a copy that is a file which was listed and is not there.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
