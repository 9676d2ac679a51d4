"""Projects that were made once, copied for each test that changes them.

Not a test.
"""

import shutil
from pathlib import Path

from registry_assets.packaging.collector import collector_paused


def copied(project: Path, folder: Path) -> Path:
    """Copy a folder with what is in it; give the new one.

    Without the memory that SQLite's connections share: who opens the copy makes it anew. And with
    no connection collected in the middle: of a registry's last one SQLite takes the log away, a
    file that was listed and is not there.
    """
    with collector_paused():
        return Path(shutil.copytree(project, folder, ignore=shutil.ignore_patterns("*-shm")))
