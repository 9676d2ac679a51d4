"""A team of its own at Weights & Biases: its real client logs and links versions. Not a test.

    python -m registry_assets_tests.servers.wandb_team < what.json

Run as a program, because the client keeps one state for all that is done in a process.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from registry_assets_tests.servers.wandb import KEY, TEAM, WandbDouble

Files = Mapping[str, bytes]


def link(
    double: WandbDouble, collection: str, versions: Sequence[Mapping[str, Any]], **where: str
) -> None:
    """Let a team log versions and link them to a collection.

    Args:
        versions: each with `files`, and what else is said: `metadata`, `aliases`, `config`,
            `summary`, `description`, `tags`, and `references` to files elsewhere.
        where: `project` and `name` that they are logged to, if not those of the collection.
    """
    said = [
        {
            **version,
            "files": {
                path: base64.b64encode(data).decode() for path, data in version["files"].items()
            },
        }
        for version in versions
    ]
    asked = {"collection": collection, "project": "theirs", "name": f"m-{collection}", **where}
    with tempfile.TemporaryDirectory(prefix="wandb-team-") as home:
        environment = {
            **{n: v for n, v in os.environ.items() if not n.startswith("WANDB_")},
            "HOME": home,
            "TMPDIR": home,
            "WANDB_DIR": home,
            "WANDB_BASE_URL": double.url,
            "WANDB_API_KEY": KEY,
            "WANDB_ERROR_REPORTING": "false",
        }
        done = subprocess.run(
            [sys.executable, "-m", "registry_assets_tests.servers.wandb_team"],
            input=json.dumps({**asked, "versions": said}),
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Log and link what is said on the standard input."""
    import wandb

    asked = json.load(sys.stdin)
    settings = wandb.Settings(
        console="off",
        silent=True,
        disable_git=True,
        disable_code=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )
    for number, said in enumerate(asked["versions"]):
        with wandb.init(
            entity=TEAM,
            project=asked["project"],
            name=f"run {number}",
            config=said.get("config", {}),
            notes=said.get("notes"),
            settings=settings,
        ) as run:
            run.summary.update(said.get("summary", {}))
            artifact = wandb.Artifact(
                asked["name"],
                type="model",
                description=said.get("description"),
                metadata=said.get("metadata"),
            )
            _add(artifact, said)
            logged = run.log_artifact(artifact, tags=said.get("tags")).wait()
            path = f"wandb-registry-model/{asked['collection']}"
            run.link_artifact(logged, path, aliases=said.get("aliases", []))
    wandb.teardown()


def _add(artifact: Any, said: Mapping[str, Any]) -> None:
    for path, text in said["files"].items():
        with artifact.new_file(path, mode="wb") as file:
            file.write(base64.b64decode(text))
    for path, uri in said.get("references", {}).items():
        if uri.startswith("file://"):
            Path(uri.removeprefix("file://")).resolve(strict=True)
        artifact.add_reference(uri, name=path, checksum=not uri.startswith("s3://"))


if __name__ == "__main__":
    main()
