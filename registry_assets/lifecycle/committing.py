"""Package, check, commit: what becomes of a fitted estimator, whoever fitted it.

The pipeline (`training`) and a registration by hand (`registering`) end here, so that a
version holds the same, and was checked in the same way, whichever way it came.

The order is bytes, then one transaction: a row never names an object that is not there. The
reverse order left dangling versions at 21 of 82 points of a kill; this at none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord, commit
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import PackagingRefused, RegistryError
from registry_assets.faults import reached
from registry_assets.governance.metadata import VersionMetadata, check_metadata
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.data import FeatureRows
from registry_assets.lifecycle.profiling import training_files
from registry_assets.lifecycle.publishing import Publication
from registry_assets.lifecycle.targets import FIT_AS_GIVEN, Target, why_other_classes
from registry_assets.manifest import Manifest, Parent, file_entries
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.commit import CodeCommit
from registry_assets.packaging.load_check import LoadCheck, load_check
from registry_assets.packaging.package import Package
from registry_assets.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.packaging.formats import Stored

SAMPLE_ROWS = 20
"""Rows, and as many more with gaps, stored with every version: each load must give their
features and predictions again."""


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """A package that a fresh process has loaded, and the distribution its estimator is of."""

    package: Package
    framework: str
    check: LoadCheck


def declared_metadata(
    model: RegisteredModel,
    recipe: Recipe,
    code: CodeCommit,
    run: RunInfo,
    *,
    authors: Mapping[str, Json],
) -> VersionMetadata:
    """Give what declaration, recipe, commit and run tell; training tells the rest.

    Args:
        authors: of the code, by pointer: see `lifecycle.authorship`.
    """
    return VersionMetadata(
        dataset={str(ref): ref.digest for ref in recipe.train},
        params=recipe.params,
        evaluation_plan=model.evaluation.definition(),
        owners=model.owners,
        description=model.description,
        tags=dict(model.tags),
        code_commit=code.sha,
        code_dirty=code.dirty,
        code_repository=code.repository,
        code_authors=authors,
        run_id=run.run_id,
        run_url=run.run_url,
        properties=dict(model.properties),
        limits=model.limits,
        license=model.license,
    )


def check_package(
    model: RegisteredModel,
    recipe: Recipe,
    closure: CodeClosure,
    parts: Sequence[FeatureRows],
    *,
    estimator: Any = None,
    stored: "Stored | None" = None,
) -> CheckedPackage:
    """Package an estimator with its code and a sample, and let a fresh process load it.

    Args:
        parts: the rows that it was trained on: the sample is taken from the last of them, and
            what a deployment sees is held against the profile of all.
        estimator: one that was fitted in this process; where there is none, the files are
            built and asked in a disposable process, never in this one.
        stored: its files, where it was serialised already.

    Raises:
        PackagingRefused, UntrustedTypes: it cannot be packaged.
        LoadCheckFailed: it does not load, or predicts otherwise, elsewhere.
    """
    package, framework = _package(model, recipe, closure, parts[-1], estimator, stored)
    package = Package({**package.files, **training_files(model, recipe, parts)})
    reached("train.packaged")
    checked = load_check(package)
    reached("train.checked")
    return CheckedPackage(package, framework, checked)


def commit_checked(
    backends: Backends,
    version: VersionRecord,
    checked: CheckedPackage,
    metadata: VersionMetadata,
    *,
    run: RunInfo,
) -> VersionRecord:
    """Publish a checked package and bind the reserved number to it.

    Raises:
        MetadataMissing: with every fact that is absent; nothing was stored.
    """
    metadata = replace(
        metadata,
        framework=checked.framework,
        framework_version=_version(checked.framework),
    )
    check_metadata(metadata)
    publication = Publication.begin(backends)
    contents = checked.package.files
    said = metadata.to_json()
    digest = publication.put(_manifest(version, checked, said), contents)
    reached("train.published")
    return commit(
        backends.catalog,
        model=version.model,
        number=version.number,
        digest=digest,
        metadata=said,
        findings=_findings(checked.check),
        confirm=lambda connection: publication.confirm(connection, digest),
        run_id=run.run_id,
        actor=run.actor,
        clock=backends.clock,
    )


@cache
def _version(distribution: str) -> str:
    """Give the version that is installed; what a process has imported does not change."""
    import importlib.metadata

    return importlib.metadata.version(distribution)


def _package(
    model: RegisteredModel,
    recipe: Recipe,
    closure: CodeClosure,
    part: FeatureRows,
    estimator: Any,
    stored: "Stored | None",
) -> tuple[Package, str]:
    from registry_assets.packaging.build import build_package
    from registry_assets.packaging.given import given_file, given_object

    rows_name = next(iter(part.inputs))
    chosen = _sample(part, rows_name)
    inputs: dict[str, pd.DataFrame] = dict(part.inputs)
    # The outcome is not there when a row is scored, so a sample must do without it.
    rows = part.inputs[rows_name].iloc[chosen].reset_index(drop=True)
    inputs[rows_name] = rows.drop(columns=[recipe.target], errors="ignore")
    features = part.features.iloc[chosen].reset_index(drop=True)
    target = Target.of(model, recipe)
    try:
        if estimator is None:
            assert stored is not None
            given = given_file(
                stored, features, task=model.task, closure=closure, classes=target.fixed
            )
        else:
            given = given_object(
                estimator, features, task=model.task, stored=stored, classes=target.fixed
            )
        if wrong := why_other_classes(list(given.classes), target):
            raise PackagingRefused(wrong, hint=FIT_AS_GIVEN)
        package = build_package(
            estimator=given,
            closure=closure,
            make_features=model.features.make_features,
            train=model.train,
            task=model.task,
            inputs=inputs,
            features=features,
        )
        return package, given.framework
    except RegistryError:
        raise
    except Exception as error:
        raise PackagingRefused(
            f"packaging {model.name} failed: {type(error).__name__}: {error}",
            hint="make_features, predict and predict_proba must work on a few raw rows alone",
        ) from error


def _sample(part: FeatureRows, rows_name: str) -> "list[int]":
    """Choose rows over the whole partition and, of each raw column with gaps, one with a gap.

    Code that fills gaps from the other rows agrees with itself wherever there are none.
    """
    import numpy as np

    raw = part.inputs[rows_name]
    count = len(part.features)
    spread = np.linspace(0, count - 1, min(SAMPLE_ROWS, count)).astype(int).tolist()
    gaps = raw.isna().to_numpy()
    with_gap = [int(column.argmax()) for column in gaps.T if column.any()][:SAMPLE_ROWS]
    return sorted({*spread, *with_gap})


def _manifest(
    version: VersionRecord, checked: CheckedPackage, metadata: dict[str, Json]
) -> Manifest:
    return Manifest(
        kind="model",
        files=file_entries(checked.package.files),
        parents=tuple(Parent("train", ref.digest) for ref in version.recipe.train),
        facts={
            "model": version.model,
            "version": version.number,
            "recipe": version.recipe.to_json(),
            "recipe_digest": version.recipe_digest,
            "metadata": metadata,
            "load_check": dict(checked.check.receipt),
        },
    )


def _findings(checked: LoadCheck) -> tuple[Finding, ...]:
    receipt: Mapping[str, Json] = checked.receipt
    whys = {
        "metadata_complete": "every required fact is there",
        "loads_and_reproduces": (
            f"{receipt['rows']} sample rows gave the same predictions in a fresh process"
        ),
    }
    return tuple(
        Finding(name, commit_check_digest(name), "passed", whys[name]) for name in COMMIT_CHECKS
    )
