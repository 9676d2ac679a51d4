"""A double of Weights & Biases, run as a program of its own; see `wandb_double`. Not a test.

What somebody does there by hand is asked for over HTTP, as their page in a browser would.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_assets_tests.servers.loopback import answers, lasting_port
from registry_assets_tests.servers.wandb_double.state import ORG, ORG_ENTITY, REGISTRY, TEAM

KEY = "local-" + "5f2c9e" * 7
"""What opens it; the client wants forty characters."""
_STARTS_WITHIN = 60


class WandbDouble:
    """The double, that can be killed and started again over the same data.

    Args:
        folder: where all is that it keeps.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = lasting_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> dict[str, Any]:
        """All that it keeps."""
        found: dict[str, Any] = json.loads((self.data / "state.json").read_text())
        return found

    def start(self) -> None:
        """Start it, and wait until it answers; again on the same port after it was killed."""
        assert self._process is None, "it runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "registry_assets_tests.servers.wandb_double"),
                    *(str(self.data), "--port", str(self.port)),
                ],
                env={**os.environ, "WANDB_API_KEY": KEY},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _STARTS_WITHIN
        while not answers(f"{self.url}/healthz"):
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.kill()
                raise AssertionError(f"the double does not start:\n{self.log()[-4000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(errors="replace")

    def ask(self, operation: str, **variables: Any) -> Any:
        """Ask it something, as its own page in a browser would."""
        question = {"operationName": operation, "query": operation, "variables": variables}
        request = urllib.request.Request(
            f"{self.url}/graphql",
            data=json.dumps(question).encode(),
            headers={"Authorization": f"Basic {b64encode(f'api:{KEY}'.encode()).decode()}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def versions(self, collection: str, registry: str = "model") -> list[dict[str, Any]]:
        """What is in a collection of a registry, newest first: GraphQL's own words."""
        found = self.ask(
            "ProjectArtifacts",
            entity=ORG_ENTITY,
            project=f"wandb-registry-{registry}",
            type="model",
            collection=collection,
            perPage=1000,
        )
        held = found["project"]["artifactType"]["artifactCollection"]
        if held is None:
            return []
        return [{**edge["node"], "number": edge["version"]} for edge in held["artifacts"]["edges"]]

    def aliases(self, collection: str) -> dict[str, str]:
        """Where each alias of a collection is, but for `latest`, which is theirs."""
        found = {}
        for each in self.versions(collection):
            for alias in each["aliases"]:
                # An artifact that is linked to another one, too, says the aliases of both.
                of = alias["artifactCollection"]
                if (of["project"]["name"], of["name"]) == (f"{REGISTRY}model", collection):
                    found[alias["alias"]] = each["number"]
        found.pop("latest", None)
        return found

    def set_alias(self, collection: str, number: str, alias: str) -> None:
        """Let an alias be at a version."""
        self._alias("AddAliases", collection, number, alias)

    def remove_alias(self, collection: str, number: str, alias: str) -> None:
        """Take an alias from a version."""
        self._alias("DeleteAliases", collection, number, alias)

    def version(self, collection: str, number: str) -> dict[str, Any]:
        """One version of a collection."""
        return next(v for v in self.versions(collection) if v["number"] == number)

    def file(self, collection: str, number: str, path: str) -> Path:
        """Where the bytes of a version's file are."""
        named = self.version(collection, number)["id"]
        artifact = next(each for each in self.state["artifacts"] if each["id"] == named)
        held = next(file for file in artifact["files"] if file["name"] == path)
        return self.data / "blobs" / str(held["key"])

    def runs(self, project: str) -> list[dict[str, Any]]:
        """The runs of a project that are not deleted."""
        return [r for r in self.state["runs"] if r["project"] == project and not r["gone"]]

    def _alias(self, operation: str, collection: str, number: str, alias: str) -> None:
        where = {
            "entityName": ORG_ENTITY,
            "projectName": "wandb-registry-model",
            "artifactCollectionName": collection,
            "alias": alias,
        }
        named = self.version(collection, number)["id"]
        self.ask(operation, input={"artifactID": named, "aliases": [where]})


@contextmanager
def wandb_double() -> Iterator[WandbDouble]:
    """A running double; nothing of it is left after the block."""
    folder = Path(tempfile.mkdtemp(prefix="wandb-double-"))
    double = WandbDouble(folder)
    try:
        double.start()
        yield double
    finally:
        double.kill()
        shutil.rmtree(folder)


__all__ = ["KEY", "ORG", "ORG_ENTITY", "TEAM", "WandbDouble", "wandb_double"]
