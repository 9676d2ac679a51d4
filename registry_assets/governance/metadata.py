"""What must be known about a version before it is committed, and what is missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from registry_assets.canonical import Json
from registry_assets.declaration.model import REQUIRED_TAGS
from registry_assets.errors import MetadataMissing

TOLD_BY_TRAINING = ("started_at", "finished_at", "framework", "framework_version")


@dataclass(frozen=True, slots=True)
class VersionMetadata:
    """The facts of one version: given by the declaration and the recipe, or filled in.

    Args:
        dataset: digests of the snapshots trained on, by name.
        started_at: instants of the training, and its length in seconds.
        limits: intended use and limits in the owner's words; "" where nothing was said.
        code_authors: who wrote the code since each pointer moved last: see `separation`.
        run_url: the run's page, or an experiment's for a registration by hand.
    """

    dataset: Mapping[str, str]
    params: Mapping[str, Json]
    evaluation_plan: Mapping[str, Json]
    owners: tuple[str, ...]
    description: str
    tags: Mapping[str, str]
    code_commit: str
    code_dirty: bool
    code_repository: str | None
    run_id: str
    run_url: str | None = None
    properties: Mapping[str, Json] = field(default_factory=dict)
    code_authors: Mapping[str, Json] = field(default_factory=dict)
    limits: str = ""
    license: str = ""
    started_at: str = ""
    finished_at: str = ""
    duration_seconds: float = 0.0
    framework: str = ""
    framework_version: str = ""

    def to_json(self) -> dict[str, Json]:
        """Give the metadata as JSON."""
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**facts, "owners": list(self.owners)}


def missing_metadata(metadata: VersionMetadata) -> tuple[str, ...]:
    """Name every required fact that is absent or empty."""
    return tuple(_missing(metadata))


def check_metadata(metadata: VersionMetadata, *, before_training: bool = False) -> None:
    """Raise MetadataMissing naming every required fact that is absent.

    Args:
        before_training: what only the training itself can tell is not asked for yet.

    Raises:
        MetadataMissing: with `names`.
    """
    filled_in = TOLD_BY_TRAINING if before_training else ()
    names = tuple(name for name in missing_metadata(metadata) if name not in filled_in)
    if names:
        raise MetadataMissing(
            f"required metadata is missing: {', '.join(names)}",
            names=names,
            hint="give it in the declaration; nothing was registered",
        )


def _missing(metadata: VersionMetadata) -> Iterator[str]:
    required: dict[str, Any] = {
        "dataset": metadata.dataset,
        "evaluation_plan": metadata.evaluation_plan,
        "owners": "".join(metadata.owners),
        "description": metadata.description,
        "code_commit": metadata.code_commit,
        "started_at": metadata.started_at,
        "finished_at": metadata.finished_at,
        "framework": metadata.framework,
        "framework_version": metadata.framework_version,
        "run_id": metadata.run_id,
    }
    for name, value in required.items():
        if not (value.strip() if isinstance(value, str) else value):
            yield name
    if metadata.params is None:
        yield "params"
    for tag in REQUIRED_TAGS:
        if not str(metadata.tags.get(tag, "")).strip():
            yield f"tags.{tag}"
