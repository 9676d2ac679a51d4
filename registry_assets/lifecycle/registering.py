"""Register by hand: an estimator that was trained in a notebook or script becomes a version.

It is asked for the same facts, packaged with the same code and checked in the same way as
one of the pipeline (`committing`). It then stands in the catalog like any other: Dagster is
told of it by the report sensor, and its evaluation is materialized there.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json
from registry_assets.catalog.versions import (
    BY_HAND,
    Reservation,
    VersionRecord,
    reserve,
)
from registry_assets.clock import timestamp
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import DeclarationError, MetadataMissing, NotFound, VersionFailed
from registry_assets.governance.metadata import check_metadata
from registry_assets.lifecycle.authorship import read_code_authors
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.committing import (
    check_package,
    commit_checked,
    declared_metadata,
)
from registry_assets.lifecycle.data import read_feature_rows
from registry_assets.lifecycle.pointer_files import require_current_catalog
from registry_assets.lifecycle.reserving import compose_recipe, declare_model
from registry_assets.packaging.closure import code_closure
from registry_assets.packaging.commit import code_commit
from registry_assets.packaging.estimator import recognise, store_estimator
from registry_assets.packaging.formats import Stored, all_formats

ESTIMATOR_FILE = "estimator.skops"
FACTS_FILE = "registration.toml"
_EXAMPLE = "`registry register --help` shows a whole file"


@dataclass(frozen=True, slots=True)
class Registration:
    """What only the person who trained it can tell about an estimator.

    Args:
        started_at: when the training began and ended, with time zones.
        params: those that differ from the declared ones.
        partitions: what it was trained on and is to be judged on, divided by the declared
            holdout; by default every partition there is.
        experiment_url: where the experiment can be read up.

    Raises:
        DeclarationError: an instant without a time zone, or an end before its start.
    """

    started_at: datetime
    finished_at: datetime
    params: Mapping[str, Json] = field(default_factory=dict)
    partitions: Sequence[str] | None = None
    reason: str = ""
    experiment_url: str | None = None

    def __post_init__(self) -> None:
        for name in ("started_at", "finished_at"):
            value = getattr(self, name)
            if not isinstance(value, datetime) or value.utcoffset() is None:
                raise DeclarationError(
                    f"{name} is {value!r}, which names no moment",
                    hint="give an instant with its time zone, 2026-03-01T12:00:00Z",
                )
        if self.finished_at < self.started_at:
            raise DeclarationError(
                f"the training ended at {self.finished_at.isoformat()}, before it began at"
                f" {self.started_at.isoformat()}",
                hint="exchange the two, or correct the wrong one",
            )

    @property
    def duration_seconds(self) -> float:
        """How long the training took."""
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered version; `committed` is False where it had been registered before."""

    version: VersionRecord
    committed: bool


def register_version(
    backends: Backends,
    model: RegisteredModel,
    estimator: Any,
    registration: Registration,
    *,
    run: RunInfo,
) -> Registered:
    """Make a version of an estimator that was trained elsewhere.

    Nothing is reserved before the package is known to load: an estimator that does not
    costs no number. Registering the same file again gives the version that it became.

    Args:
        estimator: a fitted one; or its file, as bytes or `Stored`.

    Raises:
        MetadataMissing: with every required fact that is absent.
        PackagingRefused, UntrustedTypes, LoadCheckFailed: it cannot be shipped; says why.
        DataUnusable: there is nothing that it can have been trained on, or be judged on.
    """
    require_current_catalog(backends, model.name)
    # Serialised once: the bytes of equal estimators differ from dump to dump.
    from_file = isinstance(estimator, bytes | Stored)
    if isinstance(estimator, bytes):
        estimator = Stored(recognise(estimator).name, estimator)
    stored = estimator if isinstance(estimator, Stored) else store_estimator(estimator)
    recipe = compose_recipe(
        backends,
        model,
        params=registration.params,
        partitions=registration.partitions,
        estimator=stored.digest,
    )
    closure = code_closure(model.features.make_features, model.train)
    by_hand = replace(run, run_url=registration.experiment_url or run.run_url)
    authors = read_code_authors(backends, model, closure)
    metadata = replace(
        declared_metadata(model, recipe, code_commit(closure), by_hand, authors=authors),
        started_at=timestamp(registration.started_at),
        finished_at=timestamp(registration.finished_at),
        duration_seconds=registration.duration_seconds,
    )
    check_metadata(metadata, before_training=True)
    parts = [read_feature_rows(backends, ref) for ref in recipe.train]
    fitted = None if from_file else estimator
    checked = check_package(model, recipe, closure, parts, estimator=fitted, stored=stored)
    declare_model(backends, model, actor=run.actor)
    reservation = reserve(
        backends.catalog,
        recipe,
        request=f"{BY_HAND} of {recipe.digest}",
        trigger=BY_HAND,
        actor=run.actor,
        reason=registration.reason,
        clock=backends.clock,
    )
    version = _usable(reservation)
    if version.state == "committed":
        return Registered(version, committed=False)
    return Registered(commit_checked(backends, version, checked, metadata, run=by_hand), True)


def _usable(reservation: Reservation) -> VersionRecord:
    """Give the version to go on with: a number whose registration was interrupted, too."""
    version = reservation.version
    if version.state == "failed":
        raise VersionFailed(
            f"{version.reference} was registered from this very file and failed: {version.failure}",
            hint="save the estimator again and register that file",
        )
    return version


def read_folder(
    folder: Path, *, file: Path | None = None, named: str | None = None
) -> tuple[str, Stored, Registration]:
    """Read a folder to be registered: declaration, estimator and what was told about it.

    It holds the estimator's file, `estimator.skops` or that of another format, and
    `registration.toml`:

        declaration = "airline.flight_delay:flight_delay"
        started_at = 2026-03-01T10:00:00Z
        finished_at = 2026-03-01T10:20:00Z
        experiment_url = "https://experiments.example/run/17"
        reason = "tuned by hand"
        partitions = ["2013-01", "2013-02", "2013-03"]

        classes = ["no", "yes"]

        [params]
        learning_rate = 0.1

        [about]
        class = "airline.net:Net"

    Args:
        file: the estimator's, where it lies elsewhere.
        named: its format, where it is not to be told by the file itself.

    Raises:
        NotFound: one of the two is not there.
        PackagingRefused: the estimator's file is of no format that is known.
        MetadataMissing, DeclarationError: the facts lack one, or one is not what it should be.
    """
    file = _estimator_in(folder) if file is None else file
    for path in (file, folder / FACTS_FILE):
        if not path.is_file():
            raise NotFound(
                f"{path.parent} has no {path.name}",
                hint=f"a folder to be registered holds {ESTIMATOR_FILE}, written by"
                f" skops.io.dump, or an estimator of another format, and {FACTS_FILE};"
                " `registry register --help` shows one",
            )
    try:
        facts = tomllib.loads((folder / FACTS_FILE).read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(
            f"{folder / FACTS_FILE} cannot be read: {error}",
            hint=_EXAMPLE,
        ) from error
    required = ("declaration", "started_at", "finished_at")
    missing = [name for name in required if facts.get(name) in (None, "")]
    if missing:
        raise MetadataMissing(
            f"{folder / FACTS_FILE} does not give: {', '.join(missing)}",
            names=missing,
            hint=f"nothing was registered; {_EXAMPLE}",
        )
    known = {*required, "classes", "about", *Registration.__dataclass_fields__}
    unknown = sorted(set(facts) - known)
    if unknown:
        raise DeclarationError(
            f"{folder / FACTS_FILE} gives {', '.join(unknown)}, which nothing reads",
            hint=f"it may give: {', '.join(sorted(known))}",
        )
    declaration = facts.pop("declaration")
    _check_types(facts, folder / FACTS_FILE)
    classes, about = facts.pop("classes", None), facts.pop("about", {})
    data = file.read_bytes()
    stored = Stored(
        recognise(data, name=named).name,
        data,
        about,
        classes=None if classes is None else tuple(classes),
    )
    return str(declaration), stored, Registration(**facts)


def _estimator_in(folder: Path) -> Path:
    names = [found.file for found in all_formats()]
    found = [folder / name for name in names if (folder / name).is_file()]
    if len(found) > 1:
        raise DeclarationError(
            f"{folder} holds several estimators: {', '.join(each.name for each in found)}",
            hint="keep the one that is to be registered, or name it: --estimator FILE",
        )
    return found[0] if found else folder / ESTIMATOR_FILE


_TYPES: Mapping[str, tuple[type, str]] = {
    "params": (dict, "a table"),
    "about": (dict, "a table"),
    "classes": (list, "a list of texts, or of numbers"),
    "partitions": (list, "a list of texts"),
    "reason": (str, "a text"),
    "experiment_url": (str, "a text"),
}


def _check_types(facts: Mapping[str, Any], path: Path) -> None:
    for name, (kind, expected) in _TYPES.items():
        value = facts.get(name)
        if value is None:
            continue
        plain = (bool, int, float, str) if name == "classes" else (str,)
        texts = not isinstance(value, list) or all(isinstance(item, plain) for item in value)
        if not isinstance(value, kind) or not texts:
            raise DeclarationError(
                f"{name} in {path} is {value!r}; expected {expected}",
                hint=_EXAMPLE,
            )
