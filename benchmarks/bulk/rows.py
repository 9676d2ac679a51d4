"""The rows, events and manifests of one version's life, as the product writes them.

Each function gives what the product would put into one of them; its parameters are what
differs from version to version.
"""

from dataclasses import dataclass
from typing import Any

from benchmarks.bulk.forms import Form, RowForm
from benchmarks.subject.declaration import PARAMS
from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import tables
from registry_assets.catalog.models import PRODUCTION
from registry_assets.declaration import RegisteredModel
from registry_assets.evaluation.results import Estimate
from registry_assets.governance.metadata import VersionMetadata
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.manifest import FileEntry, Manifest, Parent
from registry_assets.recipe import Recipe, SnapshotRef

ACTOR = "dagster/late__train"
RUN = "7f0c2a34-1111-4222-8333-444455556666"
HOLDOUT_ROWS = 28_000
THRESHOLD = 0.6
CODE_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class Made:
    """What all versions of a bulk-loaded registry are made of."""

    model: RegisteredModel
    policy_digest: str
    code: str
    train: tuple[SnapshotRef, ...]
    holdout: tuple[SnapshotRef, ...]
    package: tuple[FileEntry, ...]
    report: tuple[FileEntry, ...]

    def recipe(self, model: str, number: int) -> Recipe:
        """Give the recipe of one version; its seed makes it another one."""
        params = {**PARAMS, "random_state": number}
        distributions = {"pandas": "3.0.6", "scikit-learn": "1.9.1"}
        split = self.model.holdout.definition()
        return Recipe(
            model, "late", self.train, self.holdout, split, self.code, params, distributions
        )

    def tags(self, model: str, number: int, team: str, region: str) -> dict[str, str]:
        """Give the tags of one version; no other version has its ticket."""
        ticket = f"{model}-{number}"
        return {**self.model.tags, "team": team, "region": region, "ticket": ticket}

    def metadata(
        self, model: str, number: int, team: str, region: str, committed_at: str
    ) -> dict[str, Json]:
        """Give the metadata of one version."""
        return VersionMetadata(
            dataset={str(ref): ref.digest for ref in self.train},
            params={**PARAMS, "random_state": number},
            evaluation_plan=self.model.evaluation.definition(),
            owners=self.model.owners,
            description=self.model.description,
            tags=self.tags(model, number, team, region),
            code_commit=CODE_COMMIT,
            code_dirty=False,
            code_repository=None,
            run_id=RUN,
            started_at=committed_at,
            finished_at=committed_at,
            duration_seconds=1.5,
            framework="scikit-learn",
            framework_version="1.9.1",
        ).to_json()


class Manifests:
    """The manifests of a version and of its evaluation."""

    def __init__(self, made: Made) -> None:
        def recipe(model: str, number: int) -> dict[str, Json]:
            return made.recipe(model, number).to_json()

        def version(
            model: str,
            number: int,
            recipe_digest: str,
            team: str,
            region: str,
            committed_at: str,
        ) -> bytes:
            facts: dict[str, Json] = {
                "model": model,
                "version": number,
                "recipe": made.recipe(model, number).to_json(),
                "recipe_digest": recipe_digest,
                "metadata": made.metadata(model, number, team, region, committed_at),
                "load_check": {"python": "3.11", "seconds": 2.5, "rows": 20, "max_difference": 0.0},
            }
            parents = tuple(Parent("train", ref.digest) for ref in made.train)
            return Manifest("model", made.package, parents, facts).to_bytes()

        def evaluation(model: str, number: int, digest: str) -> bytes:
            facts: dict[str, Json] = {
                "model": model,
                "version": number,
                "suite": made.model.suite(),
                "suite_digest": made.model.suite_digest,
                "pointer": PRODUCTION,
                "generation": 0,
            }
            parents = [Parent("version", digest)]
            parents += [Parent("holdout", ref.digest) for ref in made.holdout]
            return Manifest("evaluation", made.report, tuple(parents), facts).to_bytes()

        self.recipe = Form(recipe)
        self.version = Form(version)
        self.evaluation = Form(evaluation)


class Rows:
    """The rows of the vouched tables."""

    def __init__(self, made: Made) -> None:
        def reserved(model: str, number: int, recipe_digest: str, reserved_at: str) -> Any:
            return {
                "model": model,
                "number": number,
                "state": "reserved",
                "recipe": canonical_json(made.recipe(model, number).to_json()).decode(),
                "recipe_digest": recipe_digest,
                "request": f"bulk {number}",
                "trigger": "schedule",
                "actor": ACTOR,
                "reason": "",
                "reserved_at": reserved_at,
            }

        def committed(
            model: str,
            number: int,
            recipe_digest: str,
            reserved_at: str,
            digest: str,
            team: str,
            region: str,
            committed_at: str,
        ) -> Any:
            facts = made.metadata(model, number, team, region, committed_at)
            return {
                **reserved(model, number, recipe_digest, reserved_at),
                "state": "committed",
                "digest": digest,
                "metadata": canonical_json(facts).decode(),
                "run_id": RUN,
                "finished_at": committed_at,
            }

        def evaluation(
            evaluation_id: int,
            model: str,
            number: int,
            evaluation_digest: str,
            evaluated_at: str,
            auc: float,
            low: float,
            high: float,
            loss: float,
        ) -> Any:
            metrics = {
                "roc_auc": Estimate(auc, low, high, HOLDOUT_ROWS).to_json(),
                "log_loss": Estimate(loss, loss, loss, HOLDOUT_ROWS).to_json(),
            }
            return {
                "id": evaluation_id,
                "model": model,
                "version": number,
                "digest": evaluation_digest,
                "suite_digest": made.model.suite_digest,
                "metrics": canonical_json(dict(metrics)).decode(),
                "run_id": RUN,
                "created_at": evaluated_at,
            }

        suite: Any = made.model.suite()
        (gate,) = suite["gates"]

        def judged(
            gate_id: int,
            evaluation_id: int,
            model: str,
            number: int,
            digest: str,
            auc: float,
            low: float,
            high: float,
        ) -> Any:
            return {
                "id": gate_id,
                "model": model,
                "version": number,
                "version_digest": digest,
                "evaluation_id": evaluation_id,
                "gate": gate["name"],
                "gate_digest": gate["digest"],
                "outcome": "passed",
                "why": "it was measured",
                "value": auc,
                "low": low,
                "high": high,
                "threshold": THRESHOLD,
                "rows": HOLDOUT_ROWS,
            }

        def metadata_checked(metadata_check_id: int, model: str, number: int, digest: str) -> Any:
            return _checked("metadata_complete", metadata_check_id, model, number, digest)

        def load_checked(load_check_id: int, model: str, number: int, digest: str) -> Any:
            return _checked("loads_and_reproduces", load_check_id, model, number, digest)

        self.reserved = RowForm(tables.versions, reserved)
        self.committed = RowForm(tables.versions, committed)
        self.evaluation = RowForm(tables.evaluations, evaluation)
        self.judged = RowForm(tables.verdicts, judged)
        self.metadata_checked = RowForm(tables.verdicts, metadata_checked)
        self.load_checked = RowForm(tables.verdicts, load_checked)


def _checked(name: str, key: int, model: str, number: int, digest: str) -> dict[str, Any]:
    return {
        "id": key,
        "model": model,
        "version": number,
        "version_digest": digest,
        "gate": name,
        "gate_digest": commit_check_digest(name),
        "outcome": "passed",
        "why": COMMIT_CHECKS[name],
    }
