"""Makes `.torch-env`: PyTorch, beside everything that `.venv` has.

Run by `.venv`'s Python. Its own packages are PyTorch's alone, pinned and hashed; the others it
finds in `.venv`, so that a test there sees the same as everywhere else.
"""

import hashlib
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".torch-env"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "requirements.sha256"
LISTS = ROOT / "registry_assets_tests" / "packaging" / "torch"
REQUIREMENTS, CPU, CUDA = (LISTS / f"requirements{kind}.txt" for kind in ("", "-cpu", "-cuda"))


def main() -> int:
    """Make it, unless it is there; return the exit code."""
    lists = b"".join(each.read_bytes() for each in (REQUIREMENTS, CPU, CUDA))
    wanted = hashlib.sha256(lists).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    started = time.monotonic()
    print(f"Making {ENVIRONMENT.name} with PyTorch, once …", file=sys.stderr, flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        subprocess.run([*pip(), REQUIREMENTS], check=True)
        # A twentieth of the usual build, where pip is told of a place that offers it.
        if subprocess.run([*pip(), CPU], check=False, stderr=subprocess.DEVNULL).returncode:
            subprocess.run([*pip(), CUDA], check=True)
    except subprocess.CalledProcessError as failed:
        print(f"This failed: {' '.join(map(str, failed.cmd))}", file=sys.stderr)
        return 1
    # Last: pip would take what `.venv` has for its own, and install nothing beside it.
    (site_packages(ENVIRONMENT) / "beside.pth").write_text(
        f"{site_packages(Path(sys.prefix))}\n{ROOT}\n"
    )
    STAMP.write_text(wanted)
    print(f"{ENVIRONMENT.name} is ready ({time.monotonic() - started:.0f} s).", file=sys.stderr)
    return 0


def pip() -> list[str | Path]:
    """Give the command that installs exactly what a list, its last argument, pins."""
    options = ["--quiet", "--require-hashes", "--no-deps", "--requirement"]
    return [PYTHON, "-m", "pip", "install", *options]


def site_packages(environment: Path) -> Path:
    """Give the folder of an environment's packages."""
    return next((environment / "lib").glob("python3.*")) / "site-packages"


if __name__ == "__main__":
    sys.exit(main())
