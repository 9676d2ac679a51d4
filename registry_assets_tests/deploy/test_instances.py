"""The files of `deploy/` that a cloud reads, as far as they can be held to account without one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster_aws.ecs import EcsRunLauncher
from dagster_k8s import K8sRunLauncher
from dagster_k8s.job import construct_dagster_k8s_job

from registry_assets.orchestration.keys import DECISIONS
from registry_assets_tests.deploy.running import DEPLOY, REPOSITORY, postgres_settings
from registry_assets_tests.servers.postgresql import PostgresServer
from registry_assets_tests.servers.seaweedfs import SeaweedFS

INSTANCES = ("local", "ecs", "kubernetes")
LAUNCHERS: dict[str, Any] = {"ecs": EcsRunLauncher, "kubernetes": K8sRunLauncher}
SETTINGS = dict(
    line.split("=", 1)
    for line in (DEPLOY / "settings.env").read_text().splitlines()
    if not line.startswith("#")
)


def _instance(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / name / "dagster.yaml").read_text())
    return read


def _manifests() -> dict[tuple[str, str], dict[str, Any]]:
    text = (DEPLOY / "kubernetes" / "manifests.yaml").read_text()
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}


def _container(deployment: str) -> dict[str, Any]:
    (container,) = _manifests()["Deployment", deployment]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = container
    return found


def _promoter_tags() -> dict[str, Any]:
    environment = {each["name"]: each["value"] for each in _container("code-location")["env"]}
    tags: dict[str, Any] = json.loads(environment["REGISTRY_PROMOTER_TAGS"])
    return tags


@pytest.mark.parametrize("name", INSTANCES)
def test_dagster_opens_the_instance_on_a_real_database(
    name: str,
    tmp_path: Path,
    postgresql: PostgresServer,
    s3_server: SeaweedFS,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = postgresql.database()
    given = {**SETTINGS, **postgres_settings(url), **s3_server.environment}
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    (tmp_path / "dagster.yaml").write_text((DEPLOY / name / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        assert type(instance.compute_log_manager).__name__ == "S3ComputeLogManager"
        assert instance.get_runs() == []
    assert postgresql.execute("SELECT count(*) FROM runs", database=url) == [(0,)]


@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_launcher_takes_its_configuration(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in SETTINGS.items():
        monkeypatch.setenv(key, value)

    @dg.op(config_schema=LAUNCHERS[name].config_type())
    def launcher(context: dg.OpExecutionContext) -> None: ...

    @dg.job
    def launching() -> None:
        launcher()

    def check(config: Mapping[str, Any]) -> None:
        dg.validate_run_config(launching, {"ops": {"launcher": {"config": config}}})

    config = _instance(name)["run_launcher"]["config"]
    check(config)
    with pytest.raises(dg.DagsterInvalidConfigError):
        check({**config, "lanuch": True})


def test_the_instances_differ_in_how_runs_are_launched_and_how_many() -> None:
    described = [_instance(name) for name in INSTANCES]
    for instance in described:
        del instance["run_launcher"]
        del instance["concurrency"]["runs"]["max_concurrent_runs"]
    assert described[0] == described[1] == described[2]
    ours = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text())
    for same in ("run_monitoring", "run_retries", "telemetry", "retention"):
        assert described[0][same] == ours[same]


def test_everything_that_a_place_decides_comes_from_the_environment() -> None:
    read = set()
    for name in ("local/dagster.yaml", "ecs/dagster.yaml", "kubernetes/dagster.yaml"):
        read |= set(re.findall(r"\{env: (\w+)\}", (DEPLOY / name).read_text()))
    read |= set(re.findall(r"\{env: (\w+)\}", (DEPLOY / "workspace.yaml").read_text()))
    secret = {"DAGSTER_POSTGRES_USER", "DAGSTER_POSTGRES_PASSWORD"}
    assert read - secret <= SETTINGS.keys()
    assert not secret & SETTINGS.keys()


def test_no_file_holds_a_secret() -> None:
    assert not [each for each in _manifests().values() if each["kind"] == "Secret"]
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            said = re.findall(r"(?i)(?:password|secret_access_key)\s*[:=]\s*\S+", path.read_text())
            assert [each for each in said if "{env:" not in each] == []


def test_on_kubernetes_only_a_promotion_runs_as_the_promoter(tmp_path: Path) -> None:
    """What the launcher would send to a cluster, made by its own code."""
    cluster = tmp_path / "kubeconfig"
    cluster.write_text(json.dumps(_NO_CLUSTER))
    configured = _instance("kubernetes")["run_launcher"]["config"]
    here = {"load_incluster_config": False, "kubeconfig_file": str(cluster)}
    launcher = LAUNCHERS["kubernetes"].from_config_value(
        None, {**configured, "job_namespace": "registry", **here}
    )
    accounts, mounted = {}, {}
    for job, tags in {"train": {}, "promote": _promoter_tags()}.items():
        # A job's tags are texts by the time that it is launched.
        texts = {key: json.dumps(value) for key, value in tags.items()}
        run = dg.DagsterRun(job_name=job, run_id="0" * 32, tags=texts)
        context = launcher.get_container_context_for_run(run)
        made = construct_dagster_k8s_job(
            context.get_k8s_job_config("image", launcher),
            ["dagster", "api", "execute_run"],
            job,
            user_defined_k8s_config=context.run_k8s_config,
        ).to_dict()["spec"]["template"]["spec"]
        sources = made["containers"][0]["env_from"]
        secrets = [each["secret_ref"]["name"] for each in sources if each["secret_ref"]]
        accounts[job] = (made["service_account_name"], secrets)
        volumes = {v["name"]: v["secret"] for v in made["volumes"] or () if v["secret"]}
        places = {m["name"]: m["mount_path"] for m in made["containers"][0]["volume_mounts"]}
        mounted[job] = {places[name]: secret["secret_name"] for name, secret in volumes.items()}
    assert accounts["train"] == ("registry-trainer", ["dagster-storage", "registry-trainer"])
    # The key that signs is where the settings say, in the pods of promotions alone.
    place = Path(SETTINGS["REGISTRY_SIGNING_KEY"]).parent
    assert mounted == {"train": {}, "promote": {str(place): "registry-signing-key"}}
    # Of several secrets with one key, the last is the one that counts.
    account, secrets = accounts["promote"]
    assert (account, secrets[-1]) == ("registry-promoter", "registry-promoter")


def test_the_code_location_gives_the_tags_to_what_people_and_gates_decide_alone() -> None:
    environment = {**os.environ, "REGISTRY_PROMOTER_TAGS": json.dumps(_promoter_tags())}
    done = subprocess.run(
        [sys.executable, "-c", _TAGGED], env=environment, capture_output=True, text=True, check=True
    )
    tagged = {job: json.loads(tags) for job, tags in json.loads(done.stdout).items() if tags}
    models, jobs = ("flight_delay", "loan_approval"), ("promote", *DECISIONS)
    assert tagged.keys() == {f"{model}__{job}" for model in models for job in jobs}
    assert all(tags == _promoter_tags()["dagster-k8s/config"] for tags in tagged.values())


_TAGGED = """
import json
from registry_assets.definitions import defs

jobs = defs.resolve_all_job_defs()
print(json.dumps({job.name: job.tags.get("dagster-k8s/config") for job in jobs}))
"""
_NO_CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "nobody", "user": {}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "nobody"}}],
    "current-context": "none",
}
