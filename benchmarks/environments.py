"""The two environments that are compared: this one, and MLflow's, made here and thrown away."""

import compileall
import hashlib
import os
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.cases import OURS

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "mlflow-requirements.txt"
MLFLOW = HERE / ".mlflow-env"
PYTHON = Path(sys.executable)

# A benchmark tells nobody that it ran, and MLflow waits for no network.
QUIET = {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "REGISTRY_CODE_COMMIT": "0" * 40,
}


def python_of(environment: str) -> Path:
    """Give the interpreter of an environment: `ours` or `mlflow`."""
    return PYTHON if environment == OURS else MLFLOW / "bin" / "python"


def variables(folder: Path) -> Mapping[str, str]:
    """Give the variables that both environments run under, in a run's folder."""
    # What a deployment has seen of pointers is kept, as it is in earnest; not in the person's own.
    return {**QUIET, "REGISTRY_STATE": str(folder / "state")}


def make_environments() -> None:
    """Make MLflow's environment unless it is there, and byte-compile ours."""
    # Compiled once and for all, as an installation is: importing must not pay for it.
    for package in ("registry_assets", "benchmarks"):
        compileall.compile_dir(HERE.parent / package, quiet=1, rx=None, workers=1, maxlevels=4)
    stamp = MLFLOW / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"making {MLFLOW.name} (about 800 MB, once)", file=sys.stderr, flush=True)
    uv = PYTHON.with_name("uv")
    environment = dict(os.environ)
    if ssl.get_default_verify_paths().cafile:
        # Where a proxy signs the traffic, only the system knows its certificate.
        environment.setdefault("UV_SYSTEM_CERTS", "true")
    make: list[str | Path] = [
        uv,
        "venv",
        "--quiet",
        "--clear",
        "--no-project",
        "--python",
        PYTHON,
        MLFLOW,
    ]
    fill: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--compile-bytecode",
        "-r",
        REQUIREMENTS,
    ]
    for command in (make, [*fill, "--python", python_of("mlflow")]):
        subprocess.run(command, check=True, env=environment)
    stamp.write_text(wanted)
