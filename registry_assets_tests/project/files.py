"""The files of this project, for the tests beside this module."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "registry_assets"

# What a copy without .git must not count as part of the project.
_UNTRACKED = {".git", ".venv", ".dagster", ".registry", "__pycache__", "build", "dist"}


def modules() -> list[Path]:
    """Every Python file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def tracked() -> list[Path]:
    """Every file that git tracks or would add; without a repository, every file."""
    if (ROOT / ".git").exists():
        # The owner of a checkout may be another user than the one who tests it.
        trust = ["-c", f"safe.directory={ROOT}"]
        listing = subprocess.run(
            ["git", *trust, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        names = [os.fsdecode(name) for name in listing.stdout.split(b"\0") if name]
        return [ROOT / name for name in names if (ROOT / name).is_file()]
    return list(_walk(ROOT))


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name in _UNTRACKED or entry.name.endswith("_cache"):
            continue
        if entry.is_dir():
            yield from _walk(entry)
        else:
            yield entry
