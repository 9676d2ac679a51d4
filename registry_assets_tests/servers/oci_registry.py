"""A real registry of container images, Debian's `docker-registry`, and skopeo to speak to it.

It listens on loopback only, keeps everything in a temporary folder, and asks nobody who they are.
A helper for tests, not a test.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_WAIT = 20.0


def skopeo(*arguments: str, folder: Path) -> bytes:
    """Run skopeo, which finds no settings of this machine; give what it printed."""
    program = _program("skopeo")
    policy = folder / "policy.json"
    # Whose signatures it would ask for; ours are of another kind.
    policy.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
    done = subprocess.run(
        [program, "--policy", str(policy), "--tmpdir", str(folder), *arguments],
        env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def skopeo_json(*arguments: str, folder: Path) -> Any:
    """Run skopeo, and read the JSON that it printed."""
    return json.loads(skopeo(*arguments, folder=folder))


@contextmanager
def oci_registry(folder: Path) -> Iterator[str]:
    """Give `127.0.0.1:port` of a registry that is new and empty."""
    program = _program("docker-registry")
    port = _free_port()
    config = folder / "registry.yml"
    config.write_text(_CONFIG.format(folder=folder / "images", port=port))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "registry.log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_WAIT)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and CI runs every test: apt-get install {name}")
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    return found


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _WAIT
    while time.monotonic() < until and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"docker-registry did not start: {log.read_text()[-2000:]}")
