"""Fixtures of every test: nothing of the developer's own environment reaches them."""

import secrets
import signal
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from registry_assets_tests.servers.mlflow import MLflowServer, mlflow_server
from registry_assets_tests.servers.postgresql import PostgresServer, in_memory, running_postgresql
from registry_assets_tests.servers.sagemaker import COMPLETED, SageMakerDouble, sagemaker_double
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS, seaweedfs
from registry_assets_tests.servers.wandb import KEY as WANDB_KEY
from registry_assets_tests.servers.wandb import WandbDouble, wandb_double

OURS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DAGSTER_HOME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "REGISTRY_ALERTS",
    "REGISTRY_CATALOG",
    "REGISTRY_CODE_AUTHORS",
    "REGISTRY_CODE_COMMIT",
    "REGISTRY_FAULT",
    "REGISTRY_HOME",
    "REGISTRY_SIGNING_KEY",
    "REGISTRY_STATE",
    "REGISTRY_STORE",
    "REGISTRY_TRUSTED_KEYS",
    "WANDB_API_KEY",
    "WANDB_BASE_URL",
)

# A shell that starts tests in the background leaves Ctrl-C ignored, also in whatever they start:
# a test of it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, not whether it is right.
hypothesis.settings.register_profile("any_machine", deadline=None)
hypothesis.settings.load_profile("any_machine")


@pytest.fixture(autouse=True)
def _no_registry_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    # One test must not remember the pointers that another saw in a copy of its registry.
    state = tmp_path_factory.getbasetemp() / "state" / secrets.token_hex(8)
    monkeypatch.setenv("REGISTRY_STATE", str(state))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server, of this worker's own unless TEST_POSTGRES_URL names one."""
    # It forces every commit out, as in production. In memory that takes no time, and nothing here
    # can cut the power of the disk.
    with running_postgresql(in_memory()) as server:
        yield server


@pytest.fixture(scope="session")
def _migrated(postgresql: PostgresServer) -> str:
    from registry_assets.catalog.engine import Catalog

    url = postgresql.database()
    Catalog.create(url)
    return url


@pytest.fixture
def postgresql_catalog(postgresql: PostgresServer, _migrated: str) -> Iterator[str]:
    """The URL of a new and empty catalog in PostgreSQL: what REGISTRY_CATALOG may name."""
    url = postgresql.database(template=_migrated)
    yield url
    postgresql.drop(url)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[SeaweedFS]:
    """A real S3-speaking server, started by the first test of a worker that asks for it."""
    with seaweedfs() as server:
        yield server


@pytest.fixture(scope="session")
def s3_client(s3_server: SeaweedFS) -> Any:
    """A boto3 client of that server: making one takes as long as many requests."""
    return s3_server.client()


@pytest.fixture
def s3_location(s3_server: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of this test's own, which the usual AWS variables lead to."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{secrets.token_hex(8)}"


@pytest.fixture(scope="session")
def mlflow() -> Iterator[MLflowServer]:
    """A real MLflow server, started by the first test of a worker that asks for it.

    Each test takes names of its own in it.
    """
    with mlflow_server() as server:
        yield server


@pytest.fixture(scope="session")
def _wandb() -> Iterator[WandbDouble]:
    with wandb_double() as double:
        yield double


@pytest.fixture
def wandb(_wandb: WandbDouble, monkeypatch: pytest.MonkeyPatch) -> WandbDouble:
    """A double of Weights & Biases, and the key that opens it. It is no server of theirs.

    Each test takes collections of its own in it.
    """
    monkeypatch.setenv("WANDB_API_KEY", WANDB_KEY)
    return _wandb


@pytest.fixture(scope="session")
def sagemaker_moto() -> Iterator[SageMakerDouble]:
    """moto's server as it is: a double of SageMaker and S3; each test takes names of its own."""
    with sagemaker_double() as server:
        yield server


@pytest.fixture(scope="session")
def sagemaker_completed() -> Iterator[SageMakerDouble]:
    """The same, with what moto lacks."""
    with sagemaker_double(module=COMPLETED) as server:
        yield server
