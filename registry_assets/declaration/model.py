"""`RegisteredModel`: what a team declares once, checked in full where it is written."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration.checks import finite, names, one_of, require
from registry_assets.declaration.evaluation import Evaluation
from registry_assets.declaration.gates import (
    AssetCheck,
    Gate,
    NotWorseThanProduction,
    check_gates,
    gate_digest,
    gate_rule,
)
from registry_assets.declaration.holdout import ByKey, Holdout, LatestPartitions
from registry_assets.declaration.metrics import TASKS, Task
from registry_assets.declaration.mirrors import Mirror, check_mirrors
from registry_assets.declaration.monitoring import Monitoring
from registry_assets.declaration.pointers import PRODUCTION, check_pointers
from registry_assets.declaration.promotion import LONGEST_TAG, Promotion
from registry_assets.declaration.retraining import Schedule, Trigger, check_triggers
from registry_assets.errors import DeclarationError, RegistryError
from registry_assets.references import check_name, check_text

REQUIRED_TAGS = ("use_case", "team", "regulatory_class", "deployment_target")
# Dagster's own rule, which would fail later and name an asset instead of the declaration.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
APPROVED = "approved"
RESERVED_CHECKS = ("metadata_complete", "loads_and_reproduces", APPROVED)
"""Names of the checks that every model has, or that say where its approvals stand."""


@runtime_checkable
class FeatureSource(Protocol):
    """What a declaration needs of a features asset; `features_asset` makes one."""

    @property
    def key(self) -> str:
        """The asset's key, parts joined by a slash."""

    @property
    def make_features(self) -> Callable[..., Any]:
        """The row-wise function that is packaged with every version."""

    @property
    def keep(self) -> tuple[str, ...]:
        """Columns carried beside the features: target, keys, sensitive attributes."""

    @property
    def partitioned(self) -> bool:
        """Whether the asset has partitions."""

    def ended_partition(self, now: datetime, *, days: float) -> str:
        """Give the newest partition whose period ended so many days ago, or longer.

        "" if none did, or the partitions are of no times.
        """


@dataclass(frozen=True, init=False, eq=False)
class Params(Mapping[str, Json]):
    """Training parameters by name; any JSON value."""

    values_by_name: Mapping[str, Json]

    def __init__(self, **values: Json) -> None:
        try:
            canonical_json(dict(values))
        except RegistryError as error:
            raise DeclarationError(
                f"Params({', '.join(values)}): {error.message}",
                hint="parameters are JSON: numbers, text, booleans, lists and dicts of these",
            ) from error
        object.__setattr__(self, "values_by_name", dict(values))

    def __getitem__(self, name: str) -> Json:
        return self.values_by_name[name]

    def __iter__(self) -> Any:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


@dataclass(frozen=True, kw_only=True, eq=False)
class RegisteredModel:
    """The declaration of one registered model; everything else is derived from it.

    Args:
        name: `[a-z][a-z0-9_]*`, taken for ever once a version is reserved under it.
        description: what the model is for, in the owner's words.
        features: the features asset that trains and evaluates it.
        target: the column to predict, among the columns kept beside the features.
        task: `binary`, `multiclass` or `regression`.
        train: `train(features, target, params)`, giving a fitted estimator.
        params: what `train` receives; a retraining may override single values.
        positive: of a binary task, the value of the target that probabilities are of. True
            stands for a target of booleans, or of 0 and 1, which `train` receives as booleans;
            anything else for one of two values, which it receives as they are.
        holdout: which rows judge a version.
        evaluation: what is measured on them.
        gates: what must hold before a version may take a pointer.
        promotion: who else must agree.
        pointers: where versions are deployed to, `production` among them; each is promoted to by
            itself, in this order.
        monitoring: how what is deployed is watched; None watches nothing.
        mirrors: registries that its versions and pointers are published to, such as `MLflow(…)`.
        retrain: what starts a retraining by itself, if anything does: a schedule, new data,
            drift, decay, or several of them.
        owners: e-mail addresses, or `team:name`.
        tags: free pairs; use_case, team, regulatory_class and deployment_target are required.
        train_timeout: seconds after which a training is stopped and failed.
        properties: anything else worth keeping with each version, as JSON.
        limits: what it is meant for and what not, in the owner's words, for its card.
        license: of the model, as an SPDX name such as `Apache-2.0`.

    Raises:
        DeclarationError: the declaration contradicts itself; says what would be right.
    """

    name: str
    description: str
    features: FeatureSource
    target: str
    task: Task
    train: Callable[..., Any]
    holdout: Holdout
    evaluation: Evaluation
    gates: tuple[Gate, ...]
    owners: tuple[str, ...]
    tags: Mapping[str, str]
    params: Params = field(default_factory=Params)
    positive: bool | int | str = True
    promotion: Promotion = field(default_factory=Promotion)
    pointers: tuple[str, ...] = (PRODUCTION,)
    monitoring: Monitoring | None = None
    mirrors: tuple[Mirror, ...] = ()
    retrain: Trigger | tuple[Trigger, ...] | None = None
    train_timeout: float = 3600.0
    properties: Mapping[str, Json] = field(default_factory=dict)
    limits: str = ""
    license: str = ""

    def __post_init__(self) -> None:
        try:
            self._check_kinds()
            object.__setattr__(self, "owners", names(self.owners, "owners"))
            object.__setattr__(self, "pointers", names(self.pointers, "pointers"))
            object.__setattr__(self, "gates", tuple(self.gates))
            object.__setattr__(self, "retrain", check_triggers(self.retrain))
            self._check()
        except RegistryError as error:
            message = f"RegisteredModel {self.name!r}: {error.message}"
            raise DeclarationError(message, hint=error.hint) from error

    def _check_kinds(self) -> None:
        for name, kind, right in (
            ("params", Params, "params=Params(max_iter=200)"),
            ("evaluation", Evaluation, 'evaluation=Evaluation(metrics=["roc_auc"])'),
            ("gates", Iterable, 'gates=[AtLeast("roc_auc", 0.65)]'),
            ("promotion", Promotion, 'promotion=Promotion(risk="low")'),
            ("monitoring", Monitoring | None, "monitoring=Monitoring()"),
            ("tags", Mapping, "tags={'team': '…'}"),
            ("properties", Mapping, "properties={'ticket': '…'}"),
        ):
            found = getattr(self, name)
            require(isinstance(found, kind), f"{name} is a {type(found).__name__}", right)

    def _check(self) -> None:
        check_name(self.name, what="model name")
        check_text(self.description, what="description", limit=10_000)
        require(
            bool(self.description.strip()), "the description is empty", "say what the model is for"
        )
        check_text(self.limits, what="limits", limit=10_000)
        check_text(self.license, what="license", limit=LONGEST_TAG)
        one_of(self.task, TASKS, "task")
        require(
            isinstance(self.positive, bool | int | str) and self.positive not in (False, ""),
            f"positive is {self.positive!r}",
            'give the value of the target that is to be told, such as positive="approved"',
        )
        require(
            self.positive is True or self.task == "binary",
            f"positive is {self.positive!r}, and a {self.task} task has no positive class",
            "leave it out",
        )
        require(
            callable(self.train), "train is not a function", "give train(features, target, params)"
        )
        self._check_data()
        self.evaluation.check_task(self.task)
        check_gates(self.gates, self.evaluation)
        for gate in self.gates:
            check_name(gate.name, what="gate name")
            require(gate.name not in RESERVED_CHECKS, f"{gate.name} is taken", "rename the gate")
        check_pointers(self.name, self.pointers)
        mirrors = check_mirrors(self.name, self.mirrors, self.pointers)
        object.__setattr__(self, "mirrors", mirrors)
        self._check_monitoring()
        self._check_people()
        timeout = finite(self.train_timeout, "train_timeout")
        require(timeout > 0, f"train_timeout is {timeout:g} s", "give seconds, above 0")
        canonical_json(dict(self.properties))

    def _check_data(self) -> None:
        require(
            isinstance(self.features, FeatureSource),
            f"features is a {type(self.features).__name__}",
            "give what features_asset(...) returned",
        )
        one_of(self.target, self.features.keep, f"{self.features.key} keeps no target column:")
        match self.holdout:
            case LatestPartitions():
                require(
                    self.features.partitioned,
                    f"LatestPartitions, but {self.features.key} has no partitions",
                    "hold out rows with ByKey(columns=[…], share=0.3), or partition the features",
                )
            case ByKey(columns=columns):
                for column in columns:
                    one_of(column, self.features.keep, f"{self.features.key} keeps no key column:")
            case _:
                raise DeclarationError(
                    f"holdout is a {type(self.holdout).__name__}",
                    hint="give LatestPartitions(…) or ByKey(…)",
                )

        require(
            self.evaluation.backtest is None or self.features.partitioned,
            f"Evaluation(backtest=…), but {self.features.key} has no partitions to walk over",
            "leave it out, or partition the features",
        )

    def _check_monitoring(self) -> None:
        watched = [each for each in self.triggers if not isinstance(each, Schedule)]
        if self.monitoring is None:
            reads = [type(each).__name__ for each in watched if each.reads_monitoring]
            require(
                not reads,
                f"retrain={', '.join(reads)}, and nothing is monitored",
                "add monitoring=Monitoring(), or retrain by Schedule(…) or OnNewData()",
            )
            return
        self.monitoring.check(
            keep=self.features.keep,
            pointers=self.pointers,
            metrics=self.evaluation.measures,
            target=self.target,
        )

    def _check_people(self) -> None:
        require(bool(self.owners), "nobody owns it", "owners=['team:risk'] or an e-mail address")
        for owner in self.owners:
            require(
                (owner.startswith("team:") and len(owner) > 5) or _EMAIL.fullmatch(owner),
                f"owner {owner!r} is neither an e-mail address nor 'team:name'",
                "owners=['team:risk'] or ['someone@example.com']",
            )
        for tag in REQUIRED_TAGS:
            require(
                bool(str(self.tags.get(tag, "")).strip()),
                f"tag {tag!r} is missing",
                f"tags={{{tag!r}: '…'}}; required are {', '.join(REQUIRED_TAGS)}",
            )
        for key, value in self.tags.items():
            check_name(key, what="tag")
            check_text(value, what=f"tag {key}", limit=1000)
        for key, allowed in self.promotion.tags.items():
            found = self.tags.get(key, "")
            choice = allowed[0] if allowed else "…"
            require(
                bool(found.strip()),
                f"tag {key!r} is missing, and Promotion(tags=…) demands it",
                f"tags={{{key!r}: {choice!r}}}",
            )
            require(
                not allowed or found in allowed,
                f"tag {key!r} is {found!r}, which Promotion(tags=…) does not allow",
                f"expected one of: {', '.join(allowed)}",
            )

    def suite(self) -> dict[str, Json]:
        """Give target, evaluation plan and gates as JSON: what a verdict was reached under."""
        return {
            "target": self.target,
            "task": self.task,
            "positive": self.positive,
            "evaluation": self.evaluation.definition(),
            "gates": [
                {
                    "name": gate.name,
                    "sentence": gate.sentence,
                    "relative": gate.relative,
                    "digest": gate_digest(gate),
                    "definition": gate_rule(gate),
                }
                for gate in self.gates
            ],
        }

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """All that starts a retraining by itself."""
        assert isinstance(self.retrain, tuple)
        return self.retrain

    @property
    def margins(self) -> dict[str, float]:
        """How much worse than production each metric may be, as the gates say."""
        gates = (gate for gate in self.gates if isinstance(gate, NotWorseThanProduction))
        return {gate.metric: gate.margin for gate in gates}

    @property
    def own_checks(self) -> tuple[AssetCheck, ...]:
        """The gates that asset checks of the user's own judge."""
        return tuple(gate for gate in self.gates if isinstance(gate, AssetCheck))

    @property
    def suite_digest(self) -> str:
        """The digest of all of it."""
        return sha256_digest(canonical_json(self.suite()))
