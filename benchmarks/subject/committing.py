"""Packages that are built and checked, one after the other, to be committed."""

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.subject.declaration import PARAMS, declared
from benchmarks.subject.features import make_features
from benchmarks.subject.rows import flights, planes
from benchmarks.subject.trained import MODEL, RUN, reserve
from benchmarks.subject.training import train
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.metadata import VersionMetadata
from registry_assets.lifecycle.committing import CheckedPackage, commit_checked
from registry_assets.packaging.build import build_package
from registry_assets.packaging.closure import code_closure
from registry_assets.packaging.given import given_object
from registry_assets.packaging.load_check import LoadCheck
from registry_assets.packaging.package import Package
from registry_assets.registry import Registry

SAMPLE = 20
FRAMEWORK = "scikit-learn"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reserved version with its checked package: what remains is to commit it."""

    version: VersionRecord
    checked: CheckedPackage


class Committer:
    """Makes packages of one model, each of an estimator file and a sample of its own."""

    def __init__(self, folder: Path, *, first: int = 1) -> None:
        self.registry = Registry.open(folder)
        self._attempts = count(first)
        self._closure = code_closure(make_features, train)
        self._rows = flights()
        self._features = make_features(self._rows, planes())
        self._estimator = train(self._features, self._rows["late"], PARAMS)
        trained = self.registry.resolve(f"{MODEL}@production")
        facts: dict[str, Any] = dict(self.registry.manifest(str(trained.digest)).facts)
        # Another package's check: a check of its own takes seconds, and is measured elsewhere.
        self._check = LoadCheck(facts["load_check"])
        metadata = VersionMetadata(**trained.metadata)
        self._metadata = replace(metadata, owners=tuple(metadata.owners))

    def prepare(self) -> Prepared:
        """Reserve a number and build its package: the work before the one that is measured."""
        attempt = next(self._attempts)
        return Prepared(self._reserve(attempt), self._checked(attempt))

    def prepare_published(self, count: int) -> list[Prepared]:
        """Reserve numbers for one package, whose blobs are then in the store."""
        first = self.prepare()
        self.registry.backends.store.put_all(list(first.checked.package.files.values()))
        more = (self._reserve(next(self._attempts)) for _ in range(count - 1))
        return [first, *(Prepared(version, first.checked) for version in more)]

    def commit(self, prepared: Prepared) -> VersionRecord:
        """Publish a package and bind its number to it, as a training ends."""
        backends = self.registry.backends
        version, checked = prepared.version, prepared.checked
        return commit_checked(backends, version, checked, self._metadata, run=RUN)

    def _reserve(self, attempt: int) -> VersionRecord:
        number = reserve(self.registry, attempt)
        return self.registry.version_numbered(MODEL, number).version

    def _checked(self, attempt: int) -> CheckedPackage:
        return CheckedPackage(self._package(attempt), FRAMEWORK, self._check)

    def _package(self, attempt: int) -> Package:
        model = declared(MODEL)
        start = attempt * SAMPLE % (len(self._rows) - SAMPLE)
        chosen = slice(start, start + SAMPLE)
        rows: pd.DataFrame = self._rows.iloc[chosen].drop(columns=["late"])
        features = self._features.iloc[chosen].reset_index(drop=True)
        return build_package(
            estimator=given_object(self._estimator, features, task=model.task),
            closure=self._closure,
            make_features=make_features,
            train=train,
            task=model.task,
            inputs={"flights": rows, "planes": planes()},
            features=features,
        )
