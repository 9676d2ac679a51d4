"""The double of AWS, and the container's side of SageMaker, as programs."""

import importlib.util
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_assets.errors import RegistryError
from registry_assets.models.running import free_port, running

DATA = "moto"
"""The folder of the double's log; git ignores it. What it knows is in its memory alone."""
REGION = "eu-west-1"
NEEDED = {"moto": "moto[server]>=5.1", "boto3": "boto3>=1.38"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDOUBLEDOUBLEDOUBL", "AWS_SECRET_ACCESS_KEY": "of-a-double"}
"""What opens the double, which is open to everybody."""

# What SageMaker's container does with an inference script, and with a request.
_CONTAINER = """
import sys
from pathlib import Path
# What is installed here is in no container: the wheel in the archive has to do.
sys.path[:] = [path for path in sys.path if not (Path(path) / "registry_assets").is_dir()]
sys.path.insert(0, sys.argv[1] + "/code")
import inference
model = inference.model_fn(sys.argv[1])
rows = inference.input_fn(sys.stdin.read(), "application/json")
print(inference.output_fn(inference.predict_fn(rows, model), "application/json"))
"""


def require_installed() -> None:
    """Make sure that what the story needs is here.

    Raises:
        RegistryError: something is not; says how to get it.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        wanted = " ".join(f"'{NEEDED[name]}'" for name in missing)
        raise RegistryError(
            f"the story needs {' and '.join(missing)}, which {sys.prefix} has not: moto is the"
            " double of AWS that it takes place at",
            hint=f"pip install {wanted}",
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A running double.

    Args:
        command: as somebody would type it.
    """

    port: int
    command: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The usual AWS variables that lead to it."""
        return {
            **KEYS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }


@contextmanager
def double(folder: Path) -> Iterator[Server]:
    """Run a double until the block ends."""
    port = free_port()
    (folder / DATA).mkdir(exist_ok=True)
    arguments = ["-H", "127.0.0.1", "-p", str(port)]
    server = Server(port, shlex.join(["moto_server", *arguments]))
    with running(
        "moto.server",
        arguments,
        folder,
        log=folder / DATA / "log",
        settings={name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        ready=f"{server.url}/moto-api/",
        hint="see that the port is free",
    ):
        yield server


def answers(model: Path, environment: Mapping[str, str], document: Mapping[str, Any]) -> Any:
    """Let the inference script of an unpacked archive answer a request, in a process of its own.

    Args:
        environment: what the model package sets.

    Raises:
        RegistryError: it does not; says what it wrote.
    """
    done = subprocess.run(
        [sys.executable, "-c", _CONTAINER, str(model)],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=model,
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RegistryError(
            f"the inference script fails:\n{done.stdout}{done.stderr}"[-3000:],
            hint="this is a fault of the registry: report it with what stands above",
        )
    return json.loads(done.stdout)["predictions"]
