"""The machine that a run was made on, without its name or any path of it."""

import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.environments import python_of

SHARED = ("numpy", "pandas", "scikit-learn", "skops", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures depend on."""

    date: str
    cpu: str
    cores: int
    memory_gib: int
    system: str
    filesystem: str
    fsync_ms: float
    python: str
    ours: dict[str, str]
    mlflow: dict[str, str]

    def to_json(self) -> dict[str, object]:
        """Give it as JSON."""
        return asdict(self)


def describe(
    folder: Path, *, with_peer: bool = True, also: Mapping[str, str] | None = None
) -> Machine:
    """Describe this machine, and the file system that a folder is on.

    Args:
        with_peer: whether MLflow was measured, and its environment is there.
        also: what else ours ran on, by name its version.
    """
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        filesystem=_filesystem(folder),
        fsync_ms=_fsync(folder),
        python=platform.python_version(),
        ours={**_versions(SHARED), **_catalog_settings(folder), **(also or {})},
        mlflow=_mlflow_versions() if with_peer else {},
    )


def _versions(names: tuple[str, ...]) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in names}


def _catalog_settings(folder: Path) -> dict[str, str]:
    """What our catalog says of itself: the SQLite it runs on, and how durable it writes."""
    from registry_assets.catalog.engine import Catalog

    synchronous = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
    with Catalog.create(folder / "settings.sqlite").read() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        flushed = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
    return {"SQLite": f"{version} ({str(journal).upper()}, {synchronous[flushed]})"}


def _mlflow_versions() -> dict[str, str]:
    program = (
        "import importlib.metadata as m, sqlite3\n"
        f"for name in {('mlflow', *SHARED)}: print(name, m.version(name))\n"
        "print('SQLite', sqlite3.sqlite_version)"
    )
    answer = subprocess.run(
        [python_of("mlflow"), "-c", program], check=True, capture_output=True, text=True
    )
    return dict(line.split(" ", 1) for line in answer.stdout.splitlines())


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _filesystem(folder: Path) -> str:
    """The type of the file system: the longest mount point that the folder lies under."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    over = [(point, kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(over, key=lambda each: len(each[0]))[1] if over else "unknown"


def _fsync(folder: Path) -> float:
    """The median milliseconds of writing 4 KiB and flushing them: what durability costs here."""
    import statistics
    import time

    samples = []
    place = folder / "fsync"
    for _ in range(30):
        started = time.perf_counter()
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(handle, b"x" * 4096)
        os.fsync(handle)
        os.close(handle)
        samples.append((time.perf_counter() - started) * 1000)
    place.unlink()
    return round(statistics.median(samples), 2)
