"""Compare two versions: data, code, parameters, environment, metrics, size, metadata.

Everything is read from the catalog's rows and from manifests and files in the store, each
verified; no model code runs. What cannot be read is named, with what it keeps from being
compared, and the rest is compared all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.catalog.evaluations import EvaluationRecord, newest_evaluation
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.catalog.words import Words, read_words
from registry_assets.governance.standing import derive_stage
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.comparing.changes import Changes, changes_between
from registry_assets.lifecycle.comparing.code import CodeChanges, compare_code
from registry_assets.lifecycle.comparing.data import DataChanges, compare_data
from registry_assets.lifecycle.comparing.metrics import Measured, MetricChanges, compare_metrics
from registry_assets.lifecycle.deploying import resolve
from registry_assets.lifecycle.reading import Gap, Reader
from registry_assets.packaging.package import ENVIRONMENT
from registry_assets.references import Reference

_FACTS = (
    "owners", "limits", "license", "framework", "framework_version",
    "code_commit", "code_dirty", "code_repository",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions; `words` are the tags and the description that hold."""

    version: VersionRecord
    words: Words
    stage: Stage
    evaluation: EvaluationRecord | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions beside each other; in every change `before` is of `a` and `after` of `b`.

    Args:
        recipe: target and holdout rule; the estimator, where it was registered by hand.
        environment: Python, platform, and the distributions by name.
        sizes: bytes of each file of the package, by its path.
        metadata: owners, description, tags, properties, commit, framework.
        gaps: what could not be read, and so not be compared.
    """

    a: Side
    b: Side
    data: DataChanges
    code: CodeChanges
    params: Changes
    recipe: Changes
    environment: Changes
    metrics: MetricChanges
    sizes: Changes
    metadata: Changes
    gaps: tuple[Gap, ...]

    @property
    def of_one_model(self) -> bool:
        """Whether both are versions of the same registered model."""
        return self.a.version.model == self.b.version.model

    @property
    def total_sizes(self) -> tuple[int | None, int | None]:
        """Bytes of both packages; None of one that has none, or cannot be read."""
        files = [*self.sizes.changed, *self.sizes.same]
        before = [change.before for change in files if isinstance(change.before, int)]
        after = [change.after for change in files if isinstance(change.after, int)]
        return sum(before) if before else None, sum(after) if after else None


def compare_versions(
    backends: Backends, a: Reference, b: Reference, *, diff_lines: int = 0
) -> Comparison:
    """Compare the versions that two references name, of one model or of two.

    By number, also one that failed or is not trained yet: what it has can be compared.

    Args:
        diff_lines: how many lines of difference to give of each source file, at most.

    Raises:
        NotFound: there is no such model, version, pointer or digest.
        InvalidReference: a reference names a model only.
    """
    before, after = _side(backends, a), _side(backends, b)
    reader = Reader(backends.store)
    packages = [reader.package(side.version) for side in (before, after)]
    files = [
        None if package is None else {file.path: file.size for file in package.files}
        for package in packages
    ]
    environments = [reader.json(package, ENVIRONMENT) for package in packages]
    return Comparison(
        a=before,
        b=after,
        data=compare_data(reader, before.version.recipe, after.version.recipe),
        code=compare_code(reader, packages[0], packages[1], diff_lines=diff_lines),
        params=changes_between(before.version.recipe.params, after.version.recipe.params),
        recipe=changes_between(_recipe(before.version), _recipe(after.version)),
        environment=_both(*(None if e is None else _environment(e) for e in environments)),
        metrics=compare_metrics(_measured(reader, before), _measured(reader, after)),
        sizes=_both(*files),
        metadata=_both(_metadata(before), _metadata(after)),
        gaps=reader.gaps,
    )


def _side(backends: Backends, reference: Reference) -> Side:
    with backends.catalog.read() as connection:
        if reference.version is not None:
            version = get_version(connection, reference.model, reference.version)
        else:
            version = resolve(connection, reference)
        return Side(
            version,
            read_words(connection, version.model, version.number),
            derive_stage(connection, version),
            newest_evaluation(connection, version.model, version.number),
        )


def _both(before: Mapping[str, Json] | None, after: Mapping[str, Json] | None) -> Changes:
    """Compare, if both are there: of what could not be read nothing was removed."""
    if before is None or after is None:
        return Changes(compared=False)
    return changes_between(before, after)


def _recipe(version: VersionRecord) -> dict[str, Json]:
    recipe = version.recipe
    by_hand: dict[str, Json] = {"estimator": recipe.estimator} if recipe.estimator else {}
    split = {f"split.{name}": value for name, value in recipe.split.items()}
    return {"target": recipe.target, **split, **by_hand}


def _environment(found: Mapping[str, Json]) -> dict[str, Json]:
    distributions = found.get("distributions")
    named = distributions if isinstance(distributions, Mapping) else {}
    return {**{name: found[name] for name in found if name != "distributions"}, **named}


def _metadata(side: Side) -> dict[str, Json] | None:
    facts = side.version.metadata
    if side.version.digest is None:
        return None  # it is given with the commit
    told = {name: facts[name] for name in _FACTS if facts.get(name) is not None}
    told["description"] = side.words.description.text
    told |= {f"tags.{name}": value for name, value in side.words.tags.items()}
    told |= {f"properties.{name}": value for name, value in facts.get("properties", {}).items()}
    return told


def _measured(reader: Reader, side: Side) -> Measured | None:
    if side.evaluation is None:
        return None
    figures = reader.figures(side.evaluation.digest, of=side.version.reference)
    return Measured(side.version, side.evaluation, figures)
