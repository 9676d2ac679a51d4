"""The double of their server, and what people do there with the real client, as programs."""

import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry_assets.errors import RegistryError
from registry_assets.models.running import free_port, running

DATA = "wandb-double"
"""The folder of all that the double keeps; git ignores it."""
DOUBLE = "registry_assets_tests.servers.wandb_double"
KEY = "local-" + "0" * 40
"""What opens the double, and nothing else; their client wants forty characters."""
NEEDED = {"wandb": "pip install 'wandb>=0.31,<1'", "registry_assets_tests": "take the repository"}
"""What the story needs, and how one gets it."""
_PEOPLE = "registry_assets.models.wandb.people"


def require_installed() -> None:
    """Make sure that what the story needs is here.

    Raises:
        RegistryError: something is not; says how to get it.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise RegistryError(
            f"the story needs {' and '.join(missing)}, which {sys.prefix} has not: their own"
            " client, and the double of their server, which is kept with the tests",
            hint="; ".join(NEEDED[name] for name in missing),
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A running double.

    Args:
        command: as somebody would type it in the folder.
    """

    folder: Path
    port: int
    command: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which their client and ours find it, and open it."""
        loopback = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": KEY, **loopback}

    def let(self, what: str, *arguments: str) -> str:
        """Let somebody do something there with the real client: see `people`."""
        home = self.folder / DATA / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", _PEOPLE, what, *arguments],
            cwd=self.folder,
            env={**_passed(), **self.settings, "HOME": str(home), "WANDB_DIR": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RegistryError(
                f"their client fails at `{what}`:\n{done.stdout}{done.stderr}",
                hint="the double may not know what it asked for",
            )
        return done.stdout


@contextmanager
def double(folder: Path) -> Iterator[Server]:
    """Run a double that keeps its state in a folder."""
    port = free_port()
    (folder / DATA).mkdir(exist_ok=True)
    arguments = [DATA, "--port", str(port)]
    server = Server(folder, port, shlex.join(["python", "-m", DOUBLE, *arguments]))
    with running(
        DOUBLE,
        arguments,
        folder,
        log=folder / DATA / "log",
        settings={**_passed(), **server.settings},
        ready=f"{server.url}/healthz",
        hint="see that the port is free",
    ):
        yield server


def _passed() -> Mapping[str, str]:
    """Give what Python needs to find the same modules."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
