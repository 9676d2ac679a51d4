"""The pages of what was observed: for whom they are made, and how they are found again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_assets.catalog.models import get_model
from registry_assets.catalog.observations import Kind, newest_observations
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.monitoring.recording import Seen
from registry_assets.lifecycle.monitoring.watched import monitoring_of
from registry_assets.manifest import Parent
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    from registry_assets.monitoring.report import ObservationSubject

PAGE_FILE = "report.html"
EVIDENTLY_FILE = "evidently.html"


@dataclass(frozen=True, slots=True)
class ObservationPage:
    """The page of an observation, as it was recorded.

    Args:
        digest: of the observation's manifest.
        observed_at: when it was recorded.
    """

    model: str
    kind: Kind
    partition: str
    digest: str
    observed_at: str
    html: bytes


def subject_of(
    model: RegisteredModel, partition: str, seen: Sequence[Seen], parents: Sequence[Parent]
) -> "ObservationSubject":
    """Give what a page says of the observation that it is about."""
    from registry_assets.monitoring.report import ObservationSubject, ObservedVersion

    return ObservationSubject(
        model=model.name,
        partition=partition,
        pointer=monitoring_of(model).pointer,
        description=model.description,
        versions=tuple(
            ObservedVersion(
                version=each.watched.version.number,
                digest=str(each.watched.version.digest),
                rows=each.rows,
                promoted_at=each.watched.promoted_at,
                findings=each.findings,
            )
            for each in seen
        ),
        parents=tuple((each.role, each.digest) for each in parents),
    )


def read_observation_page(
    backends: Backends, model: str, kind: Kind, partition: str, *, evidently: bool = False
) -> ObservationPage:
    """Read the page of the newest observation of a partition, verified.

    Args:
        evidently: Evidently's page instead of the registry's own.

    Raises:
        NotFound: there is no such model or observation, or no such page was kept with it.
    """
    with backends.catalog.read() as connection:
        get_model(connection, model)
        found = newest_observations(connection, model, kind, partition=partition)
        known = newest_observations(connection, model, kind) if not found else ()
    if not found:
        there = ", ".join(dict.fromkeys(each.partition for each in known))
        raise NotFound(
            f"no {kind} of {model}[{partition}] was observed",
            hint=f"there is one of {there}" if there else f"materialize {model}/{kind} first",
        )
    wanted = EVIDENTLY_FILE if evidently else PAGE_FILE
    manifest = read_manifest(backends.store, found[0].digest)
    for file in manifest.files:
        if file.path == wanted:
            html = backends.store.read(file.sha256)
            first = found[0]
            return ObservationPage(model, kind, partition, first.digest, first.created_at, html)
    raise NotFound(
        f"no {wanted} was kept with the {kind} of {model}[{partition}]",
        hint="declare Drift(evidently=Evidently()), retrain, and observe a partition"
        if evidently
        else f"materialize {model}/{kind} of {partition} again",
    )
