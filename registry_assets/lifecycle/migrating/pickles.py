"""Which files are pickles, or hold one: told by their names and first bytes, and never opened.

A file that no rule here knows may still run code where somebody loads it; so nothing that came
from elsewhere is loaded, whatever is said of it here.
"""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

ENDINGS = (
    ".pkl",
    ".pickle",
    ".joblib",
    ".dill",
    ".cloudpickle",
    ".pt",
    ".pth",
    ".bin.index.pkl",
    ".sav",
)
_FRAME = re.compile(rb"\x80[\x02-\x05]")
"""How a pickle of protocol 2 to 5 begins; older ones are of no tool that MLflow knows."""
_OBJECTS = re.compile(rb"\x93NUMPY.{1,300}'descr': '\|O'", re.DOTALL)
_MOST_MEMBERS = 100_000


def find_pickles(files: Iterable[tuple[str, Path]]) -> tuple[str, ...]:
    """Give the paths of those that are pickles or hold one.

    Args:
        files: the path of each, and where it is on this machine.
    """
    return tuple(sorted(path for path, file in files if is_pickle(path, file)))


def is_pickle(path: str, file: Path) -> bool:
    """Tell whether a file is a pickle, or an archive with one in it."""
    if path.lower().endswith(ENDINGS):
        return True
    with file.open("rb") as opened:
        start = opened.read(512)
    if _FRAME.match(start) or _OBJECTS.match(start):
        return True
    return start.startswith(b"PK\x03\x04") and _names_pickle(file)


def _names_pickle(file: Path) -> bool:
    """Tell whether an archive lists a pickle; nothing is taken out of it."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        # Broken, or made to be: what it holds is not known.
        return True
    return len(names) > _MOST_MEMBERS or any(name.lower().endswith(ENDINGS) for name in names)
