"""What was last seen of each pointer here, so that an older pointer file is refused.

Whoever can write to a store could put an old pointer file back, and every deployment would
go back with it; so would a store restored from a backup. The last generation is therefore
kept on this machine, outside the store: in REGISTRY_STATE, else in
`$XDG_STATE_HOME/registry_assets`, else in `~/.local/state/registry_assets`; a file for each
store, model and pointer. Where an older registry was put back on purpose, a person removes
that file, which the error names.

Where the folder cannot be written, as in a read-only container, this process still
remembers, and says once that nothing outlives it.
"""

import fcntl
import hashlib
import json
import os
import secrets
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_assets.canonical import canonical_json
from registry_assets.deployment.pointer_file import PointerFile
from registry_assets.errors import (
    InvalidReference,
    PointerMovedBack,
    PointerRewritten,
    StateFileInvalid,
)
from registry_assets.faults import reached
from registry_assets.references import check_digest

STATE = "REGISTRY_STATE"
FORMAT = "registry_assets/seen/1"


class StateNotKept(UserWarning):
    """What was seen of a pointer is remembered by this process alone."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """A generation, the digest it had, and whether a file on this machine says so."""

    generation: int
    digest: str
    kept: bool


_remembered: dict[tuple[str, str, str], _Sight] = {}
_told: set[Path | None] = set()
_lock = threading.Lock()


class SeenPointers:
    """What was seen of the pointers of one store.

    Args:
        location: the store's path or URL: the same store under another path or URL is
            another one here.
        folder: where it is kept; by default as the module says.
    """

    def __init__(self, location: Path | str, *, folder: Path | None = None) -> None:
        self.location = str(location)
        self.folder = folder or state_folder()

    def accept(self, file: PointerFile) -> None:
        """Remember a pointer file as seen, unless an older one than before.

        Raises:
            PointerMovedBack: a later generation was seen here.
            PointerRewritten: this generation was seen here with another digest.
            StateFileInvalid: the note of what was seen is damaged.
        """
        key = (self.location, file.model, file.pointer)
        with _lock:
            last = self._last(file)
            self._refuse_older(file, last)
            if last is None or last.generation < file.generation:
                kept = self._keep(file)
                _remembered[key] = _Sight(file.generation, file.digest, kept)
            else:
                _remembered.setdefault(key, last)

    def path(self, file: PointerFile) -> Path | None:
        """Give the state file of a pointer; None where there is no folder for it."""
        if self.folder is None:
            return None
        # The location may hold any sign and be of any length; its digest is a file's name.
        store = hashlib.sha256(self.location.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self.folder / store / f"{file.model}@{file.pointer}.json"

    def _last(self, file: PointerFile) -> _Sight | None:
        """What was seen last, by this machine where it keeps that, else by this process."""
        mine = _remembered.get((self.location, file.model, file.pointer))
        path = self.path(file)
        try:
            there = None if path is None else self._read(path, file)
        except OSError as error:
            self._tell(error)
            return mine
        # Gone, though it was written: a person removed it, and means what the error said.
        if there is None and mine is not None and mine.kept:
            return None
        return max((s for s in (mine, there) if s), key=lambda s: s.generation, default=None)

    def _keep(self, file: PointerFile) -> bool:
        """Write the state file, and say whether that could be done."""
        path = self.path(file)
        if path is None:
            self._tell(None)
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(path.parent / ".lock"):
                # Another process may have seen a later one meanwhile.
                last = self._read(path, file)
                self._refuse_older(file, last)
                if last is None or last.generation < file.generation:
                    _replace(path, self._document(file))
        except OSError as error:
            self._tell(error)
            return False
        return True

    def _read(self, path: Path, file: PointerFile) -> _Sight | None:
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            found: Any = json.loads(data)
            generation, digest = found["generation"], check_digest(found["digest"])
            if type(generation) is not int or generation < 1:
                raise ValueError("its generation is no whole number from 1 on")
            named = [found[name] for name in ("format", "store", "model", "pointer")]
            if named != [FORMAT, self.location, file.model, file.pointer]:
                raise ValueError("it is of another pointer, store or format")
        except (ValueError, KeyError, TypeError, RecursionError, InvalidReference) as error:
            raise StateFileInvalid(
                f"{path}, which says what was last seen of {file.model}@{file.pointer},"
                f" is damaged: {type(error).__name__}: {error}",
                hint=f"Make sure that the store is the right one and up to date: it says"
                f" generation {file.generation}. Then remove that file.",
            ) from error
        return _Sight(generation, digest, kept=True)

    def _document(self, file: PointerFile) -> bytes:
        return canonical_json(
            {
                "format": FORMAT,
                "store": self.location,
                "model": file.model,
                "pointer": file.pointer,
                "generation": file.generation,
                "digest": file.digest,
            }
        )

    def _refuse_older(self, file: PointerFile, last: _Sight | None) -> None:
        if last is None or last.generation < file.generation:
            return
        name = f"{file.model}@{file.pointer}"
        path = self.path(file)
        way_out = f"remove {path}" if last.kept and path else "start this process anew"
        if last.generation > file.generation:
            raise PointerMovedBack(
                f"the store says that {name} has moved {file.generation} times (version"
                f" {file.version}); generation {last.generation} was seen here before: the"
                f" store is older than it was, or somebody moved the pointer back by hand",
                seen=last.generation,
                found=file.generation,
                hint="A rollback is a new generation and would pass. If an older registry was"
                f" put back on purpose, {way_out}.",
            )
        if last.digest != file.digest:
            raise PointerRewritten(
                f"generation {file.generation} of {name} is {file.digest} in the store, and was"
                f" {last.digest} when it was seen here before: somebody rewrote the pointer file",
                seen=last.digest,
                found=file.digest,
                hint="`registry verify` says which of the two the catalog knows. If it is the one"
                f" in the store, {way_out}.",
            )

    def _tell(self, error: OSError | None) -> None:
        if self.folder in _told:
            return
        _told.add(self.folder)
        why = "this user has no home folder"
        if error is not None:
            why = f"{self.folder} cannot be used: {error.strerror or error}"
        warnings.warn(
            f"what is seen of pointers is remembered by this process alone, because {why};"
            f" after a restart an older pointer file would not be noticed. {STATE} can name a"
            " folder that lasts",
            StateNotKept,
            stacklevel=2,
        )


def state_folder() -> Path | None:
    """Give the folder of what was seen; None where this user has no home."""
    named = os.environ.get(STATE, "").strip()
    if named:
        return Path(named).absolute()
    common = Path(os.environ.get("XDG_STATE_HOME", ""))
    # A relative one is to be ignored, says the XDG specification.
    if common.is_absolute():
        return common / "registry_assets"
    try:
        return Path.home() / ".local" / "state" / "registry_assets"
    except RuntimeError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, data: bytes) -> None:
    """Write a file as a whole, flushed: a half-written one would stop the next start."""
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        reached("seen.written")
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
