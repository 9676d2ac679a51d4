"""`make ui`: the Dagster webserver and daemon on this project, until they are told to stop.

Here: one port, one UI per project, and an end that leaves no process behind. The instance
is opened by the neighbour `instance`; what the UI shows comes from `definitions.py`.
"""

import errno
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from registry_assets.errors import RegistryError
from registry_assets.orchestration.instance import DAGSTER_FOLDER, find_project, open_instance
from registry_assets.orchestration.resource import UI_URL
from registry_assets.orchestration.unstable.runs import start_event_log
from registry_assets.registry import Registry

HOST = "127.0.0.1"

# Seconds that services get to end by themselves before they are killed.
_GRACE = 20.0

# Dagster tells everyone who runs `dagster dev` to take `dg dev`, which needs another
# project layout: nothing that a reader of that warning could do here.
_HUSHED = "ignore:Function `dev_command` is superseded:FutureWarning"


class _Signals:
    """Counts the requests to stop: the second one means now."""

    def __init__(self) -> None:
        self.count = 0
        self.stop = threading.Event()
        # Caught here, a signal that a background shell had set to be ignored starts at its
        # default in the child; inherited as ignored, `dagster dev` would copy that to
        # SIGTERM and never end.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._received)

    def _received(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self.stop.set()


def _default_port() -> int:
    # By click's own `envvar`, the error would blame an option that nobody typed.
    named = os.environ.get("PORT") or "3000"
    try:
        port = int(named)
    except ValueError:
        port = 0
    if port not in range(1, 65536):
        raise click.ClickException(f"PORT is {named!r}: expected a number from 1 to 65535")
    return port


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=_default_port,
    show_default="PORT, else 3000",
    help="Port on the loopback address.",
)
def main(port: int) -> None:
    """Serve the Dagster UI with its daemon for this project."""
    try:
        code = serve(find_project(), port=port)
    except RegistryError as error:
        click.echo(f"Error: {error}", err=True)
        code = 1
    sys.exit(code)


def serve(home: Path, *, port: int) -> int:
    """Run `dagster dev` until a signal or its own end; the exit code.

    Raises:
        RegistryError: the project's UI runs already, or the port is not free.
    """
    (home / DAGSTER_FOLDER).mkdir(exist_ok=True)
    with _only_one(home / DAGSTER_FOLDER / "ui.lock", port=port) as lock:
        check_port(port)
        signals = _Signals()
        click.echo("Starting the Dagster UI (10 to 20 seconds) …")
        # Its sensors ask the registry from their first tick on.
        Registry.init(home)
        with open_instance(home) as instance:
            start_event_log(instance)
        process = subprocess.Popen(
            command(port),
            cwd=home,
            env=environment(home, port=port),
            # Its own group: Ctrl-C reaches this process alone, which then ends the others
            # in Dagster's order, and can name the group to kill whatever is left.
            start_new_session=True,
            # The lock lives as long as the daemon, even if this process is killed.
            pass_fds=(lock,),
        )
        try:
            _watch(process, signals, port=port)
        finally:
            _end(process, signals)
    if signals.count:
        click.echo("The Dagster UI has ended.")
        return 0
    click.echo(f"The Dagster UI ended by itself, with exit code {process.returncode}.", err=True)
    return process.returncode or 1


def command(port: int) -> list[str]:
    """The command that serves UI and daemon."""
    workspace = ["--workspace", "workspace.yaml"]
    return [sys.executable, "-m", "dagster", "dev", *workspace, "-h", HOST, "-p", str(port)]


def check_port(port: int) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        RegistryError: names a command that takes another port.
    """
    refusal = _refusal(port)
    if refusal is None:
        return
    taken = refusal.errno == errno.EADDRINUSE
    reason = "is taken by another program" if taken else f"cannot be used: {refusal.strerror}"
    candidates = range(max(port + 1, 3000), 65536)
    other = next((number for number in candidates if _refusal(number) is None), 3000)
    raise RegistryError(
        f"Port {port} on {HOST} {reason}.", hint=f"take another one: make ui PORT={other}"
    )


def _refusal(port: int) -> OSError | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a UI that has just ended linger for a minute, and do no harm.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error
    return None


@contextmanager
def _only_one(path: Path, *, port: int) -> Iterator[int]:
    """Hold the project's UI lock; its file says the port of the holder."""
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise RegistryError(
                f"The UI of this project runs already: http://{HOST}:{handle.read().strip()}",
                hint="open that one, or end it first. Two daemons on one instance can launch"
                " the same run twice.",
            ) from error
        handle.truncate(0)
        handle.write(f"{port}\n")
        handle.flush()
        yield handle.fileno()


def environment(home: Path, *, port: int) -> dict[str, str]:
    """The environment that UI and daemon run in, and with the daemon every run."""
    hushed = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), _HUSHED)))
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DO_NOT_TRACK": "1",
        "PYTHONWARNINGS": hushed,
        # Each version keeps the link to its run, which must not end at another port.
        UI_URL: os.environ.get(UI_URL) or f"http://{HOST}:{port}",
    }


def _watch(process: subprocess.Popen[bytes], signals: _Signals, *, port: int) -> None:
    """Wait for a signal or the end of the process; say once when the UI answers."""
    announced = False
    while process.poll() is None and not signals.stop.wait(0.5):
        if not announced and _answers(port):
            announced = True
            click.secho(f"\n  The Dagster UI: http://{HOST}:{port}   (Ctrl-C ends it)\n", bold=True)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/server_info")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes], signals: _Signals) -> None:
    """End the process in its own order, then everything it started."""
    if process.poll() is None:
        process.terminate()
    deadline = time.monotonic() + _GRACE
    while _group_lives(process) and time.monotonic() < deadline and signals.count < 2:
        time.sleep(0.1)
    if _group_lives(process):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()  # reaps it: an unreaped leader would count as alive
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
