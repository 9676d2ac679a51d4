"""What a candidate is compared with: what the pointer holds, and whether that proves anything."""

from typing import TYPE_CHECKING

from registry_assets.catalog.pointers import PointerRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import row_sources
from registry_assets.lifecycle.deploying import load_version
from registry_assets.lifecycle.evaluating.holdout import HoldoutRows
from registry_assets.lifecycle.evaluating.scoring import Answers, ask_version

if TYPE_CHECKING:
    from registry_assets.evaluation.comparison import Baseline


def ask_baseline(
    backends: Backends, version: VersionRecord, production: VersionRecord, rows: HoldoutRows
) -> Answers | str:
    """Let production answer for the rows that a candidate is judged on, or say why not."""
    undecided = _other_target(version, production) or overlap(backends, version, production)
    if undecided:
        return undecided
    try:
        answers = ask_version(production, load_version(backends, production), rows)
        return answers.refused or answers
    except RegistryError as error:
        # A production version that no longer runs must not stop the evaluation of the one
        # that would replace it; it decides nothing, either.
        return f"{production.reference} cannot score these rows: {error.message}"


def baseline(
    production: VersionRecord | None,
    pointer: PointerRecord,
    answers: Answers | str | None,
    *,
    classes: tuple[object, ...],
    leak: str | None,
) -> "Baseline":
    """Give what is compared with.

    Args:
        answers: production's, or why there are none.
        classes: those that any of the compared models knows.
        leak: why no figure proves anything, if the candidate was trained on these rows.
    """
    from registry_assets.evaluation.comparison import Baseline

    if production is None:
        return Baseline.absent(pointer=pointer.name, generation=pointer.generation, undecided=leak)
    undecided = leak or (answers if isinstance(answers, str) else None)
    predictions = None
    if undecided is None and isinstance(answers, Answers):
        if (bool(answers.classes), set(answers.classes) <= set(classes)) == (bool(classes), True):
            predictions = answers.predictions(classes)
        else:
            told = ", ".join(map(str, answers.classes)) or "a number"
            undecided = f"{production.reference} tells something else: {told}"
    return Baseline(
        pointer=pointer.name,
        generation=pointer.generation,
        version=production.number,
        digest=production.digest,
        predictions=predictions,
        undecided=undecided,
    )


def _other_target(version: VersionRecord, production: VersionRecord) -> str | None:
    if version.recipe.target == production.recipe.target:
        return None
    return (
        f"{production.reference} was trained to tell {production.recipe.target!r},"
        f" {version.reference} to tell {version.recipe.target!r}"
    )


def overlap(backends: Backends, version: VersionRecord, trained: VersionRecord) -> str | None:
    """Say which held-out partitions of `version` were in the training of `trained`."""
    rule, other = version.recipe.split, trained.recipe.split
    if rule["holdout"] == "by_key" and rule == other:
        return None  # a row keeps its side under one rule, whatever the data
    try:
        seen = {name for ref in trained.recipe.train for name in row_sources(backends, ref)}
        shared = [
            ref for ref in version.recipe.holdout if not seen.isdisjoint(row_sources(backends, ref))
        ]
    except RegistryError as error:
        return f"it cannot be told what {trained.reference} was trained on: {error.message}"
    if not shared:
        return None
    return f"held-out {', '.join(map(str, shared))} was in the training of {trained.reference}"
