"""Makes `.venv` from requirements.lock, with nothing but the standard library.

Here: the one way from a bare clone to an environment in which everything runs. Finding
the interpreter that runs this file is `find_python`'s part; when to run it, the Makefile's.
"""

import fcntl
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".ready"
DEBIAN_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
INPUTS = (LOCK, ROOT / "pyproject.toml")


def main() -> int:
    """Bring `.venv` up to the lock; return the exit code."""
    # Two `make` at once on a fresh clone: the second waits, then finds the work done.
    with Path(__file__).open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another make is making the environment; waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        if ready():
            return 0
        started = time.monotonic()
        try:
            make()
        except subprocess.CalledProcessError as failed:
            say(f"\nThe environment is not ready: this failed with exit code {failed.returncode}:")
            say(f"    {' '.join(map(str, failed.cmd))}")
            say("The reason stands above. Repeat once it is mended: what is installed is kept.")
            say("Behind a mirror of the package index: set PIP_INDEX_URL and UV_DEFAULT_INDEX.")
            return 1
        STAMP.touch()
        say(f"The environment is ready ({time.monotonic() - started:.0f} s).")
    return 0


def make() -> None:
    """Create the environment, then install uv, the locked packages and the project."""
    pinned = len(re.findall(r"^\S+==", LOCK.read_text(), flags=re.MULTILINE))
    STAMP.unlink(missing_ok=True)
    if not usable():
        say(f"Making .venv with Python {sys.version.split()[0]} …")
        if VENV.exists():
            shutil.rmtree(VENV)
        run([sys.executable, "-m", "venv", VENV])
    install_uv()
    say(f"Installing the {pinned} packages of requirements.lock (once: a minute, 1.6 GB) …")
    # Not `uv pip sync`: it would take away pip, which has to install the next uv.
    # Byte-compiling now halves the time that every fresh process takes to import them.
    run([UV, "pip", "install", "--require-hashes", "--compile-bytecode", "-r", LOCK, *quiet()])
    run([UV, "pip", "install", "--no-deps", "--no-build-isolation", "-e", ROOT, *quiet()])


def install_uv() -> None:
    """Install uv itself, in the pinned version and checked by its hashes, with pip."""
    pinned = re.search(r"^uv==(\S+)(?: \\\n +--hash=\S+)+", LOCK.read_text(), flags=re.MULTILINE)
    if pinned is None:
        sys.exit("requirements.lock does not pin uv. Hint: restore it from git.")
    if version_of(UV) == pinned[1]:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirement:
        requirement.write(pinned[0] + "\n")
        requirement.flush()
        pip = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install")
        run([PYTHON, *pip, "--no-deps", "--require-hashes", "-r", requirement.name])


def usable() -> bool:
    """Whether `.venv` holds a running Python of the wanted versions, with pip."""
    check = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))"
    # A moved folder keeps a working python but scripts that point to the old place.
    moved = str(VENV) not in read(VENV / "bin" / "activate")
    return not moved and PYTHON.exists() and succeeds([PYTHON, "-I", "-c", check])


def ready() -> bool:
    """Whether the stamp is newer than everything that the environment is made from."""
    if not (STAMP.exists() and usable()):
        return False
    return all(path.stat().st_mtime <= STAMP.stat().st_mtime for path in INPUTS)


def version_of(uv: Path) -> str:
    """The version that this uv reports, or nothing."""
    if not uv.exists():
        return ""
    answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    return words[1] if answer.returncode == 0 and len(words) > 1 else ""


def read(path: Path) -> str:
    """The file's text, or nothing where there is no such file."""
    return path.read_text() if path.exists() else ""


def quiet() -> list[str]:
    """No list of 150 installed packages, unless V=1 asks for it."""
    return [] if os.environ.get("V") else ["--quiet"]


def succeeds(command: Sequence[str | Path]) -> bool:
    """Whether the command runs and exits 0."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(command: Sequence[str | Path]) -> None:
    """Run a step for this environment; its failure ends the whole."""
    # VIRTUAL_ENV of another, activated environment would send uv there.
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    if system_certificates():
        # Where a proxy signs the traffic, only the system knows its certificate. Without
        # any in the system, uv's own list is all there is.
        environment.setdefault("UV_SYSTEM_CERTS", "true")
    environment.pop("PYTHONHOME", None)
    environment.pop("PYTHONPATH", None)
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def system_certificates() -> bool:
    """Whether this system has certificates of its own to trust."""
    bundle = ssl.get_default_verify_paths().cafile
    return bool(bundle and Path(bundle).exists()) or DEBIAN_BUNDLE.exists()


def say(text: str) -> None:
    """Progress, on standard error: standard output belongs to the command that is run."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("\nInterrupted; repeat the command to continue.")
        sys.exit(130)
