"""The registry on PostgreSQL and S3, under webserver, daemon and code server of their own.

Models retrain at once through queued runs, each a process; one is killed in the middle
of its training, and one waits for what a person signs elsewhere. What stands in the end is looked
at from other processes.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from registry_assets.governance.decide import Held
from registry_assets.governance.document import Activation, PointerRules, PolicyDocument, Tier
from registry_assets.home import TRUSTED_KEYS
from registry_assets.lifecycle.activating import NAMESPACE as POLICY
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.orchestration.keys import Names
from registry_assets.registry import Registry
from registry_assets.signing.allowed_signers import write_allowed_signers
from registry_assets.signing.dsse import Envelope, pae
from registry_assets.signing.statement import MEDIA_TYPE
from registry_assets_tests.deploy.project import APPROVED, HELD, MODELS, MONTHS, make_project
from registry_assets_tests.deploy.running import COMMIT, LOGS, Distributed, distributed
from registry_assets_tests.governance.people import Signatory, signatory
from registry_assets_tests.servers.postgresql import PostgresServer
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS

STORE = f"s3://{BUCKET}/production"
REGISTRY = ("-c", "from registry_assets.cli import main; main()")  # in another process
KILLED = "tardy"
APPROVAL = {"approval_missing"}
STAGES = """
import json, sys
from registry_assets.orchestration.keys import Names
from registry_assets.registry import Registry
registry = Registry.open()
found = {model: registry.versions(model) for model in sys.argv[1:]}
print(json.dumps({m: [(v.version.number, v.stage) for v in each] for m, each in found.items()}))
"""
LOAD = """
import sys
import registry_assets
for name in sys.argv[1:]:
    model = registry_assets.load(f"{name}@production")
    print(model.name, model.version, model.metadata["code_commit"])
"""


# Twenty processes that each load Dagster: alone it would be a tenth of a test run. And a machine
# that does other work takes ten minutes for the two that it needs.
@pytest.mark.thorough
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("models", [(APPROVED, KILLED), MODELS], ids=len)
def test_models_retrain_at_once_and_one_worker_is_killed(
    models: tuple[str, ...],
    tmp_path: Path,
    postgresql: PostgresServer,
    s3_server: SeaweedFS,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, held = tmp_path / "home", tmp_path / "held"
    home.mkdir()
    catalog = {"REGISTRY_CATALOG": postgresql.database()}
    store = {"REGISTRY_STORE": STORE, **s3_server.environment}
    owner, bob = (signatory(tmp_path / "keys", name) for name in ("owner", "bob"))
    (tmp_path / "owner.pub").write_text(owner.line)
    with distributed(
        home,
        module="ontime.definitions",
        code=make_project(tmp_path / "code", models=models),
        dagster_database=postgresql.database(),
        settings={**catalog, **store, HELD: str(held)},
        server=s3_server,
    ) as running:
        whose = ("--owner-key", str(tmp_path / "owner.pub"))
        running.command(*REGISTRY, "init", ".", *whose, **catalog, **store)
        for name, value in {**catalog, **store}.items():
            monkeypatch.setenv(name, value)
        registry = Registry.open(home)
        _govern(registry, owner, bob)
        _data_arrives(running)
        for model in models:
            running.retrain(model, reason="first", params={"held": model == KILLED})
        running.wait("all were being trained", lambda: _training(running, models) and held.exists())
        os.kill(int(held.read_text()), signal.SIGKILL)
        running.wait("one waited for an approval", lambda: _waits_for(registry) == APPROVAL)
        _approve(running, registry, bob)

        def promoted() -> bool:
            runs = running.runs()
            done = [run.job for run in runs if run.status == "SUCCESS"]
            idle = all(run.ended for run in runs)
            return idle and all(f"{model}__promote" in done for model in models)

        running.wait("every model was promoted", promoted)
        runs = [run for run in running.runs() if run.ended]
        processes = {running.process_of(run.id) for run in runs}

    # The killed run failed, was tried again, and nothing else had to be.
    assert [run.job for run in runs if run.status != "SUCCESS"] == [f"{KILLED}__train"]
    trained = Counter(run.job for run in runs if run.status == "SUCCESS")
    assert {trained[f"{model}__train"] for model in models} == {1}
    assert len(processes) == len(runs)  # each was a process of its own
    verified = running.command(*REGISTRY, "verify", "--deep", "--json", **catalog, **store)
    assert json.loads(verified)["clean"]
    stages = json.loads(running.command("-c", STAGES, *models, **catalog, **store))
    assert stages == {model: [[1, "production"]] for model in models}
    (approval,) = registry.newest_promotion(APPROVED).evidence["approvals"]
    assert (approval["person"], approval["signed"]) == ("bob", True)
    # A deployment knows the store, whose keys it trusts, and nothing else.
    trusted = tmp_path / "trusted"
    trusted.write_text(write_allowed_signers(registry.signers()))
    loaded = running.command("-c", LOAD, *models, **store, **{TRUSTED_KEYS: str(trusted)})
    assert loaded.splitlines() == [f"{model} 1 {COMMIT}" for model in models]
    printed = _printed(s3_server)
    assert all(f"flights of {month}" in printed for month in MONTHS)


def _govern(registry: Registry, owner: Signatory, bob: Signatory) -> None:
    """Bring a policy into force by which bob approves what is of high risk."""
    # An image has no git: who wrote the code is not known there.
    rules = PointerRules(approvals=1, roles=("risk",), unknown_author="nobody")
    document = PolicyDocument(
        people=(bob.person("risk"),),
        activation=Activation(roles=("risk",)),
        tiers={"low": Tier(), "high": Tier(pointers={"production": rules})},
    )
    statement = registry.activation_statement(document)
    signature = owner.signer.sign(pae(MEDIA_TYPE, statement), namespace=POLICY)
    signed = Envelope.of(statement, signature).to_bytes()
    registry.activate_policy(document, signed, run=RunInfo.by_hand(), reason="we begin")


def _waits_for(registry: Registry) -> set[str]:
    """What holds the version that has to be approved, once it is evaluated."""
    if not registry.is_registered(APPROVED) or not registry.evaluations(APPROVED):
        return set()
    decision = registry.decision(APPROVED, 1)
    assert decision is not None
    assert isinstance(decision.answer, Held)
    return {reason.code for reason in decision.answer.reasons}


def _approve(running: Distributed, registry: Registry, bob: Signatory) -> None:
    """Let bob sign on a machine of his own, and somebody launch the job with that."""
    said = registry.prepare_approval(APPROVED, 1, person="bob", reason="fair, and calibrated")
    config = {"envelope": bob.sign(said.statement).decode()}
    job = Names(APPROVED).job("approve")
    op = Names(APPROVED).decision_op("approve")
    running.launch(job, config={"ops": {op: {"config": config}}})


def _data_arrives(running: Distributed) -> None:
    planes = running.materialize("planes")
    running.wait("planes had arrived", lambda: running.status(planes) == "SUCCESS")
    running.backfill(["flights", "ontime_features"], partitions=MONTHS)

    def arrived() -> bool:
        months = [run.status for run in running.runs() if "dagster/partition" in run.tags]
        assert "FAILURE" not in months
        return months == ["SUCCESS"] * len(MONTHS)

    running.wait("the months had arrived", arrived)


def _training(running: Distributed, models: tuple[str, ...]) -> bool:
    """Whether each model's training has begun: it is a process by then."""
    begun = {run.job for run in running.runs() if run.status in ("STARTED", "SUCCESS")}
    return all(f"{model}__train" in begun for model in models)


def _printed(server: SeaweedFS) -> str:
    """What steps printed, as Dagster kept it in the bucket of its logs."""
    client = server.client()
    listed = client.list_objects_v2(Bucket=LOGS, Prefix="compute_logs/")["Contents"]
    names = [entry["Key"] for entry in listed if entry["Key"].endswith(".out")]
    read = [client.get_object(Bucket=LOGS, Key=name)["Body"].read() for name in names]
    return b"".join(read).decode()
