"""Diagnose: is everything in place that the registry rests on, and what would mend what is not?

For when something does not work, so nothing here may need that it does: each part is looked
at by itself, and what cannot be looked at is a finding.
"""

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeVar

import sqlalchemy as sa

from registry_assets.alerting import find_alerts
from registry_assets.canonical import Json
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.settings import read_settings
from registry_assets.catalog.tables import events, heads
from registry_assets.clock import parse_timestamp, system_clock, timestamp
from registry_assets.errors import RegistryError
from registry_assets.home import CATALOG, HOME, MARKER, STORE, Home, is_url
from registry_assets.lifecycle.monitoring.examining import examine_alerts
from registry_assets.lifecycle.reindexing import is_indexed
from registry_assets.store import Probe, Store, open_store

Health = Literal["good", "note", "wrong"]

_CHAINS = 1000
_SCARCE = 10 * 2**30
_TOO_SCARCE = 2**30
_CLOCKS_DIFFER = timedelta(seconds=30)
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "ceph")
_Opened = TypeVar("_Opened")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at.

    Args:
        health: `wrong` where the registry cannot work or keep its promises; `note` where a
            person should know.
        mend: what to do; empty where all is good.
    """

    part: str
    subject: str
    health: Health
    found: str
    mend: str = ""

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        names = ("part", "subject", "health", "found", "mend")
        return {name: getattr(self, name) for name in names}


def diagnose(home: Home) -> tuple[Diagnosis, ...]:
    """Look at everything that a registry rests on; nothing is created or changed.

    The store's self-test writes below its `tmp/` alone, and takes it away again.
    """
    found = list(_machine(home))
    catalog, said = _opened(lambda: Catalog.open(home.catalog), "catalog")
    found += said
    if catalog is not None:
        found += _tried(lambda: list(_catalog(catalog, home)), "catalog")
        found += _tried(lambda: list(_alerts(catalog, home)), "alerts")
    store, said = _opened(lambda: open_store(home.store), "store")
    found += said
    if store is not None:
        found += _tried(lambda: list(_store(store, home)), "store")
    if catalog is not None and store is not None:
        found += _tried(lambda: list(_together(catalog, store)), "catalog and store")
    return tuple(found)


def _machine(home: Home) -> Iterator[Diagnosis]:
    names = ("registry_assets", "sqlalchemy", "scikit-learn", "skops")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    python = f"Python {platform.python_version()}"
    yield Diagnosis("machine", "software", "good", f"{python}, {versions}")
    named = [name for name in (HOME, CATALOG, STORE) if os.environ.get(name)]
    told = f"as {', '.join(named)} say" if named else f"by its folder {MARKER}"
    yield Diagnosis("machine", "settings", "good", f"{home.folder}, {told}")


def _opened(open_it: Callable[[], _Opened], part: str) -> tuple[_Opened | None, list[Diagnosis]]:
    try:
        return open_it(), []
    except (RegistryError, OSError) as error:
        return None, [_broken(part, "opens", error)]


def _tried(look: Callable[[], list[Diagnosis]], part: str) -> list[Diagnosis]:
    try:
        return look()
    except (RegistryError, OSError) as error:
        return [_broken(part, "answers", error)]


def _broken(part: str, subject: str, error: RegistryError | OSError) -> Diagnosis:
    if isinstance(error, RegistryError):
        return Diagnosis(part, subject, "wrong", error.message, error.hint or "see the message")
    said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return Diagnosis(part, subject, "wrong", said, "check that path, and who may use it")


def _catalog(catalog: Catalog, home: Home) -> Iterator[Diagnosis]:
    yield Diagnosis("catalog", "location", "good", catalog.location)
    yield Diagnosis("catalog", "schema", "good", f"{catalog.revision()}, of this release")
    if not is_url(home.catalog):
        yield from _place("catalog", Path(home.catalog))
    with catalog.read() as connection:
        for setting in read_settings(connection):
            health: Health = "wrong" if setting.mend else "good"
            if setting.name == "privileges" and setting.mend:
                health = "note"  # a reader's role is no mistake
            yield Diagnosis("catalog", setting.name, health, setting.value, setting.mend)
        indexed = is_indexed(connection)
        yield Diagnosis(
            "catalog",
            "index",
            "good" if indexed else "wrong",
            "of this release" if indexed else "of another release, or never finished",
            "" if indexed else "run `registry rebuild`: it is made anew from rows and manifests",
        )
        yield _clock(connection)


def _alerts(catalog: Catalog, home: Home) -> Iterator[Diagnosis]:
    settings = find_alerts(home.folder)
    with catalog.read() as connection:
        found = list(examine_alerts(connection, settings, now=timestamp(system_clock())))
    for subject, said, mend in found:
        # None keeps the registry from working: it is people who are not told.
        yield Diagnosis("alerts", subject, "note" if mend else "good", said, mend)


def _clock(connection: sa.Connection) -> Diagnosis:
    """Hold this machine's clock against what others have recorded, and the database's own."""
    now = system_clock()
    is_head = sa.and_(heads.c.chain == events.c.chain, heads.c.sequence == events.c.sequence)
    query = sa.select(events.c.body).join(heads, is_head).limit(_CHAINS)
    newest = connection.execute(query).scalars()
    recorded = [str(json.loads(body).get("recorded_at", "")) for body in newest]
    ahead = max((parse_timestamp(text) - now for text in recorded if text), default=timedelta(0))
    if connection.dialect.name == "postgresql":
        theirs = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        ahead = max(ahead, abs(theirs - now))
    if ahead > _CLOCKS_DIFFER:
        return Diagnosis(
            "catalog",
            "clock",
            "wrong",
            f"{now:%Y-%m-%d %H:%M:%S} UTC; others are {ahead.total_seconds():.0f} s away",
            "set this machine's clock (NTP): times in the ledger are taken from it",
        )
    return Diagnosis("catalog", "clock", "good", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _store(store: Store, home: Home) -> Iterator[Diagnosis]:
    yield Diagnosis("store", "location", "good", store.location)
    if not is_url(home.store):
        yield from _place("store", Path(home.store))
    for probe in store.self_test():
        health, mend = _judge(probe)
        yield Diagnosis("store", probe.name, health, probe.sentence, mend)


def _judge(probe: Probe) -> tuple[Health, str]:
    if probe.passed:
        return "good", ""
    if probe.barred:
        return "note", "it could not be tried: repeat as an account that may write there"
    return "wrong", "do not use this store: it cannot keep what is promised"


def _place(part: str, path: Path) -> Iterator[Diagnosis]:
    """Look at the file system of a path: its kind, its space, and who may write there."""
    folder = path if path.is_dir() else path.parent
    writable = os.access(folder, os.W_OK | os.X_OK) and (path.is_dir() or os.access(path, os.W_OK))
    yield Diagnosis(
        part,
        "permissions",
        "good" if writable else "note",
        "may be read and written" if writable else "may only be read by this user",
        "" if writable else f"to change anything, make {path} writable for this user",
    )
    kind = _file_system(folder)
    remote = kind in _NETWORK
    yield Diagnosis(
        part,
        "file system",
        "wrong" if remote and part == "catalog" else "note" if remote else "good",
        kind,
        "SQLite's locks are not reliable there: use a local disk, or PostgreSQL" if remote else "",
    )
    free = shutil.disk_usage(folder).free
    health: Health = "wrong" if free < _TOO_SCARCE else "note" if free < _SCARCE else "good"
    mend = "" if health == "good" else "free space on that disk, or move the project"
    yield Diagnosis(part, "free space", health, f"{free / 2**30:.1f} GiB", mend)


def _file_system(folder: Path) -> str:
    """Give the kind of the file system that a folder is on, as the kernel names it."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    resolved, best, kind = str(folder.resolve()), "", "unknown"
    for line in mounts:
        left, _, right = line.partition(" - ")
        at = left.split(" ")[4].replace("\\040", " ")
        inside = at == "/" or resolved == at or resolved.startswith(f"{at}/")
        if inside and len(at) >= len(best):
            best, kind = at, right.split(" ")[0]
    return kind


def _together(catalog: Catalog, store: Store) -> Iterator[Diagnosis]:
    with catalog.read() as connection:
        ours = read_identity(connection)
    theirs = store.identity()
    same = ours == theirs
    mend = (
        "one of REGISTRY_CATALOG and REGISTRY_STORE leads to another registry's: correct it"
        if theirs
        else "run `registry init`: it writes down whose bytes these are"
    )
    yield Diagnosis(
        "catalog and store",
        "belong together",
        "good" if same else "wrong" if theirs else "note",
        f"registry {ours}"
        if same
        else f"the catalog is of {ours}, the store of {theirs or 'nobody yet'}",
        "" if same else mend,
    )
