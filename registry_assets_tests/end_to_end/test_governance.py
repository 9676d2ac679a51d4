"""The governance demo tells its story once; then its people go on over a real `dagster dev`."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.catalog.approvals import ApprovalRecord
from registry_assets.governance.approvals import ApprovalStatement
from registry_assets.governance.separation import Trainers
from registry_assets.governance.values import Held, Standing
from registry_assets.models.governance import repository
from registry_assets.models.governance.cast import PEOPLE, RAUL, RITA, TARA, Person
from registry_assets.models.governance.location import NAMES
from registry_assets.models.governance.story import DECLARATION_FILE, LOOKS, THRESHOLDS
from registry_assets.registry import Registry
from registry_assets_tests.copies import copied
from registry_assets_tests.orchestration.dagster_dev import DagsterDev, dagster_dev

# Every step of it has tests of its own in every run; the story is `make governance`.
pytestmark = pytest.mark.thorough
MODEL = "loan_approval"
COMMAND = [sys.executable, "-m", "registry_assets.models.governance"]
REGISTRY = Path(sys.executable).with_name("registry")
WAITS_FOR_TWO = (
    f"{MODEL}:5 waits for 2 approvals by persons of role risk (risk: high); rita and raul can sign"
)
_LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
  }
}
"""
_APPROVED = """
{
  assetCheckExecutions(
    assetKey: {path: ["loan_approval", "evaluation"]}, checkName: "approved", limit: 20
  ) { evaluation { success description } }
}
"""
_STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def environment(**extra: str) -> dict[str, str]:
    """This environment without what would point at another registry."""
    hidden = ("REGISTRY_", "DAGSTER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return {**kept, **extra}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the whole story, and what was told of it."""
    here = tmp_path_factory.mktemp("elsewhere")
    folder = tmp_path_factory.mktemp("governance") / "folder"
    done = subprocess.run(
        [*COMMAND, "--folder", str(folder)],
        cwd=here,
        # Whose registry that is, is nothing to the story.
        env=environment(COLUMNS="200", REGISTRY_HOME=str(here)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(here.iterdir()) == []
    return folder, done.stdout


@pytest.fixture
def registry(lived: tuple[Path, str]) -> Registry:
    return Registry.open(lived[0])


def standing(registry: Registry, version: int) -> Standing:
    """All that is known about a version before production."""
    decision = registry.decision(MODEL, version)
    assert decision is not None
    return decision.standing


def signed(registry: Registry, version: int) -> list[ApprovalRecord]:
    """What people signed about a version, in its order."""
    found = [each.record for each in standing(registry, version).approvals]
    assert all(record.signed for record in found)
    return found


def said_of(registry: Registry, version: int) -> list[tuple[str, str]]:
    """Who decided what about a version, by what they signed."""
    return [(record.person, record.decision) for record in signed(registry, version)]


def test_a_version_that_passes_every_gate_is_rejected_by_a_reviewer(registry: Registry) -> None:
    first, *_ = registry.evaluations(MODEL)
    assert first.version == 1
    assert first.metrics["roc_auc"]["value"] > 0.9
    evaluated, *_ = [e for e in registry.log(MODEL) if e.kind == "version_evaluated"]
    assert evaluated.sentence.endswith("every gate passed or had nothing to compare with")
    (rejected,) = [e for e in registry.log(MODEL) if e.kind == "version_rejected"]
    assert rejected.body["actor"] == "rita"
    assert "typur and gdlin" in rejected.body["reason"]
    assert registry.version(f"{MODEL}:1").stage == "rejected"
    assert said_of(registry, 1) == [("rita", "reject")]


def test_production_takes_two_signatures_and_none_by_who_trained_it(
    lived: tuple[Path, str], registry: Registry
) -> None:
    first, *_ = registry.promotions(MODEL)
    assert first.version == 2
    assert {each["person"] for each in first.evidence["approvals"]} == {"rita", "raul"}
    assert first.actor == "sensor:loan_approval__promotion"
    trainers = standing(registry, 2).trainers
    did = "asked for it and wrote 2 commits of its code as tara@example.com"
    assert trainers == Trainers({"tara": did}, unknown=())
    assert f"tara {did}, and nobody approves their own version" in lived[1]
    signers = {who for number in (1, 2, 3, 4) for who, _ in said_of(registry, number)}
    assert signers == {"rita", "raul"}


def test_her_commits_are_signed_with_the_key_that_the_policy_lists(registry: Registry) -> None:
    (author,) = registry.resolve(f"{MODEL}:2").metadata["code_authors"]["production"]["authors"]
    active = registry.policy()
    assert active is not None
    assert author["email"] == "tara@example.com"
    assert [active.signer(key) for key in author["signed_by"]] == [active.document.person("tara")]


def test_an_approval_is_stale_once_the_version_is_evaluated_again(registry: Registry) -> None:
    every = signed(registry, 3)
    assert [record.person for record in every] == ["rita", "raul", "rita", "raul"]
    bound = [ApprovalStatement.from_bytes(r.statement.encode()).bound.evaluation for r in every]
    earlier, later = bound[0], bound[2]
    assert bound == [earlier, earlier, later, later]
    assert earlier != later
    _, promotion, *_ = registry.promotions(MODEL)
    assert promotion.version == 3
    assert promotion.evidence["evaluation"] == later
    counted = {each["digest"] for each in promotion.evidence["approvals"]}
    assert counted == {record.digest for record in every[2:]}


def test_a_rollback_is_one_persons_and_a_hundred_looks_move_nothing(
    lived: tuple[Path, str], registry: Registry
) -> None:
    moves = registry.promotions(MODEL)
    assert [move.version for move in moves] == [2, 3, 2]
    assert moves[-1].actor == "raul"
    kinds = [event.kind for event in registry.log(MODEL)]
    back = kinds.index("pointer_rolled_back")
    assert kinds[back + 1 :].count("pointer_moved") == 0
    assert f"looks {LOOKS} times, and launches 0 runs" in lived[1]
    (hold,) = registry.holds(MODEL)
    assert (hold.number, hold.in_force) == (3, False)
    assert said_of(registry, 2)[-2:] == [("raul", "rollback"), ("rita", "review")]


def test_a_lowered_threshold_holds_a_version_that_passes_its_own_gates(registry: Registry) -> None:
    summary = registry.version(f"{MODEL}:4")
    assert summary.stage == "staging"
    assert isinstance(summary.decision.answer, Held)
    reasons = summary.decision.answer.reasons
    assert [reason.code for reason in reasons] == [
        *("gate_differs", "gate_differs"),
        "approval_missing",
    ]
    assert "threshold is 0.6, and the policy in force pins 0.74" in reasons[0].sentence


def test_nobody_lets_themselves_into_the_policy(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    active = Registry.open(folder).policy()
    assert active is not None
    tara = active.document.person("tara")
    assert tara is not None
    assert tara.roles == ("risk",)
    assert "governor" in (folder / "policy.yaml").read_text().partition("name: tara")[2]
    events = [e.kind for e in Registry.open(folder).log("-registry")]
    assert events.count("policy_activated") == 1


def test_a_deployment_proves_by_public_keys_what_it_pulled(lived: tuple[Path, str]) -> None:
    folder, told = lived
    assert (folder / "deployed" / "model" / "attestation").is_dir()
    assert "deployed/model is what was promoted, by the keys in deployed/trusted_keys" in told


def test_everything_verifies_and_no_private_key_is_committed(lived: tuple[Path, str]) -> None:
    folder, _ = lived
    assert Registry.open(folder).verify(deep=True).clean
    listed = subprocess.run(
        ["git", "ls-files"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    tops = {line.partition("/")[0] for line in listed.splitlines()}
    assert tops == {".gitignore", "dagster.yaml", "lending", "policy.yaml", "workspace.yaml"}
    for person in PEOPLE:
        mode = stat.S_IMODE((folder / person.key).stat().st_mode)
        assert (person.name, oct(mode)) == (person.name, "0o600")


def test_a_folder_that_holds_something_is_refused(lived: tuple[Path, str]) -> None:
    done = subprocess.run(
        [*COMMAND, "--folder", str(lived[0])],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "is not empty" in done.stderr


def launch(server: DagsterDev, person: Person, name: str, op: str, **config: object) -> str:
    """Launch a job as the UI does, and wait for its end; give how it ended."""
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "lending"}
    params = {
        "selector": {**selector, "pipelineName": name},
        "runConfigData": {"ops": {op: {"config": config}}},
        "executionMetadata": {"tags": [{"key": "dagster/user", "value": person.name}]},
    }
    answer = server.graphql(_LAUNCH, params=params)["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    run = answer["run"]["runId"]

    def ended() -> str | None:
        status = str(server.graphql(_STATUS, id=run)["runOrError"]["status"])
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    return server.wait(f"{name} had ended", ended, seconds=240)


def approved(server: DagsterDev) -> list[tuple[bool, str]]:
    """The results of the check `approved`, newest first: whether it passed, and what it says."""
    found = server.graphql(_APPROVED)["assetCheckExecutions"]
    return [
        (each["evaluation"]["success"], each["evaluation"]["description"])
        for each in found
        if each["evaluation"]
    ]


def envelope(folder: Path, person: Person, version: int) -> str:
    """What somebody signs about a version on their own machine, recorded nowhere."""
    typed = ("approve", f"{MODEL}:{version}", "--key", person.key, "--reason", "I have read it")
    return subprocess.run(
        [str(REGISTRY), *typed, "--print", "--yes"],
        cwd=folder,
        env=environment(LOGNAME=person.name),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_signatures_made_elsewhere_promote_a_version_in_dagster_dev(
    lived: tuple[Path, str], tmp_path: Path
) -> None:
    folder = copied(lived[0], tmp_path / "folder")
    for asked, lowered in THRESHOLDS:
        repository.replace(folder, DECLARATION_FILE, lowered, asked)
    repository.commit(folder, TARA, "As the policy asks")
    registry = Registry.open(folder)
    settings = {"REGISTRY_HOME": str(folder)}
    with dagster_dev(folder / "workspace.yaml", home=folder, environment=settings) as server:
        params = {"min_samples_leaf": 8}
        job, op = NAMES.retrain_job, NAMES.reserve_op
        assert launch(server, TARA, job, op, reason="in between", params=params) == "SUCCESS"

        def evaluated() -> bool:
            return (False, WAITS_FOR_TWO) in approved(server)

        server.wait("version 5 was evaluated", evaluated, seconds=240)
        assert registry.version_numbered(MODEL, 5).stage == "staging"
        job, op = NAMES.job("approve"), NAMES.decision_op("approve")
        for person, ends in ((TARA, "FAILURE"), (RITA, "SUCCESS"), (RAUL, "SUCCESS")):
            assert registry.pointer(MODEL).version == 2
            made = envelope(folder, person, 5)
            assert launch(server, person, job, op, envelope=made) == ends
        assert any(passed and "rita and raul" in said for passed, said in approved(server))
        server.wait("version 5 was promoted", lambda: registry.pointer(MODEL).version == 5)
    assert said_of(registry, 5) == [("rita", "approve"), ("raul", "approve")]
    newest = registry.newest_promotion(MODEL)
    assert newest.actor == f"sensor:{NAMES.promotion_sensor}"
    assert [each["person"] for each in newest.evidence["approvals"]] == ["rita", "raul"]
    assert registry.verify(deep=True).clean
