"""Projects that were made once, copied for each test that changes them.

Not a test.
"""

import shutil
from pathlib import Path


def copied(project: Path, folder: Path) -> Path:
    """Copy a folder with what is in it; give the new one.

    Without the memory that SQLite's connections share: who opens the copy makes it anew, and a
    connection that is collected in the middle takes it away.
    """
    return Path(shutil.copytree(project, folder, ignore=shutil.ignore_patterns("*-shm")))
