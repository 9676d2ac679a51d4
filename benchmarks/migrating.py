"""`python -m benchmarks.migrating`: a model with a thousand versions, out of a real MLflow server.

No peer does this, so there is no target but that a thousand come in minutes. The server has one
process and shares this machine; its versions are made beforehand, by its own client.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.run import workspace
from registry_assets.registry import Registry
from registry_assets_tests.servers.mlflow import MLflowServer, mlflow_server

VERSIONS = 1_000
ESTIMATOR_BYTES = 200_000
MOST_SECONDS = 600
NAME = "churn"
# As MLflow's flavours write them, and the same of every version.
_SAME = {
    "requirements.txt": b"scikit-learn==1.9.1\n",
    "conda.yaml": b"name: mlflow-env\n" * 9,
    "python_env.yaml": b"python: 3.11.7\n" * 5,
    "input_example.json": b'{"columns":["a"]}' * 20,
}


def main(arguments: list[str]) -> int:
    """Migrate twice; 1 where it took longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.migrating", description=__doc__)
    parser.add_argument("--versions", type=int, default=VERSIONS, metavar="COUNT")
    count = parser.parse_args(arguments).versions
    with workspace() as folder, mlflow_server() as server:
        _fill(server, count)
        registry = Registry.init(folder / "project")
        print(f"load average before: {os.getloadavg()[0]:.1f}")
        first, done = _timed(registry, server)
        assert done.count("imported") == count
        again, repeated = _timed(registry, server)
        assert not repeated.changed
        begun = time.perf_counter()
        assert registry.verify(deep=True).clean
        verified = time.perf_counter() - begun
        size = sum(each.size for each in done.versions)
        files = sum(each.files for each in done.versions)
    print(f"{count:,} versions, {files:,} files, {size / 1e6:,.0f} MB: {first:.1f} s")
    print(f"once more: {again:.2f} s; every byte verified: {verified:.1f} s")
    return 1 if first * VERSIONS > MOST_SECONDS * count else 0


def _timed(registry: Registry, server: MLflowServer) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = registry.migrate_mlflow(NAME, tracking_uri=server.url)
    return time.perf_counter() - begun, done


def _fill(server: MLflowServer, count: int) -> None:
    from mlflow.entities import Metric, Param

    client = server.client()
    client.create_registered_model(NAME)
    experiment = client.create_experiment(NAME)

    def run(seed: int) -> Any:
        made = client.create_run(experiment).info
        metrics = [Metric(f"metric_{n}", seed / count, 0, 0) for n in range(5)]
        params = [Param(f"param_{n}", str(seed)) for n in range(10)]
        client.log_batch(made.run_id, metrics=metrics, params=params)
        place = _place(server, made.artifact_uri)
        own = {
            "MLmodel": f"seed: {seed}\n".encode() * 30,
            "model.pkl": b"\x80\x04" + os.urandom(ESTIMATOR_BYTES),
        }
        for name, data in {**_SAME, **own}.items():
            (place / name).write_bytes(data)
        return made

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(run, range(count)))
    for made in runs:
        source = f"{made.artifact_uri}/model"
        client.create_model_version(NAME, source, made.run_id, await_creation_for=None)


def _place(server: MLflowServer, uri: str) -> Path:
    """Give the folder of a run's model: its files are put there by hand, which is no matter."""
    place = server.artifacts / uri.removeprefix("mlflow-artifacts:/") / "model"
    place.mkdir(parents=True)
    return place


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
