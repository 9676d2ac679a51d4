"""What is kept of a version that another registry has: its words, without any secret.

Whatever stands there was written by anybody: a text is cut, what is no text is replaced, and of
an address with a password the password goes.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.mirroring.mlflow.address import Address, without
from registry_assets.mirroring.mlflow.reading import DatasetInput, ReadRun, ReadVersion
from registry_assets.references import clean_text

T = TypeVar("T")

LONGEST_TEXT, LONGEST_NAME = 20_000, 500
MOST_ENTRIES = 5_000
_OPENED = re.compile(r"(?<=://)[^/?#\s\"'@]+@")
"""A user, and perhaps a password, in an address."""


@dataclass(slots=True)
class Told:
    """What is said of one version, and what of it is not kept as it stands there.

    Args:
        secrets: texts that must not be kept, whoever wrote them.
        lost: sentences, for the report.
    """

    secrets: Sequence[str] = ()
    lost: list[str] = field(default_factory=list)

    def text(self, found: object, what: str, limit: int = LONGEST_TEXT) -> str:
        """Give a text that can be kept."""
        text = _OPENED.sub("***@", without(str(found), self.secrets))
        if len(text) > limit:
            self.lost.append(f"{what} has {len(text):,} characters; the first {limit:,} came")
        return clean_text(text, limit=limit)

    def texts(self, found: Mapping[str, object], what: str) -> dict[str, Json]:
        """Give texts by their names."""
        kept: dict[str, Json] = {}
        for name, value in self._some(sorted(found.items()), what):
            kept[self.text(name, f"a name of {what}", LONGEST_NAME)] = self.text(
                value, f"{what} {clean_text(name, limit=80)}"
            )
        return kept

    def numbers(self, found: Mapping[str, float]) -> dict[str, Json]:
        """Give metrics by their names: finite ones, for no other can be written as JSON."""
        kept: dict[str, Json] = {}
        for name, value in self._some(sorted(found.items()), "metrics"):
            said = self.text(name, "the name of a metric", LONGEST_NAME)
            if math.isfinite(value):
                kept[said] = value
            else:
                self.lost.append(f"the metric {said} is {value}, which is no finite number")
        return kept

    def _some(self, items: Sequence[T], what: str) -> Sequence[T]:
        if len(items) > MOST_ENTRIES:
            self.lost.append(f"it has {len(items):,} {what}; the first {MOST_ENTRIES:,} came")
        return items[:MOST_ENTRIES]


def said_there(version: ReadVersion, told: Told) -> dict[str, Json]:
    """Give everything that is said of a version there, for its manifest and its row."""
    if version.run_id and version.run is None:
        told.lost.append(f"its run {version.run_id:.64} is gone for good: no metrics, no params")
    if not version.run_id:
        told.lost.append("it names no run: no metrics, no params, no data")
    if version.status not in ("", "READY"):
        told.lost.append(f"its status is {told.text(version.status, 'its status', 100)}")
    return {
        "source": "mlflow",
        "name": told.text(version.name, "its name", LONGEST_NAME),
        "number": str(version.number),
        "created_at": version.created_at,
        "updated_at": version.updated_at,
        "user": told.text(version.user, "its user", LONGEST_NAME),
        "description": told.text(version.description, "its description"),
        "stage": told.text(version.stage, "its stage", 100),
        "status": told.text(version.status, "its status", 100),
        "tags": told.texts(version.tags, "tag"),
        "artifacts": told.text(version.source, "the address of its files", 2000),
        "run": None if version.run is None else _run(version.run, told),
    }


def links(address: Address, version: ReadVersion) -> dict[str, Json]:
    """Give the pages of a version and its run there."""
    run = version.run
    run_page = address.page("experiments", run.experiment, "runs", run.run_id) if run else None
    page = address.page("models", version.name, "versions", str(version.number))
    return {"address": address.url, "url": page, "run_url": run_page}


def digest_of(said: Mapping[str, Json]) -> str:
    """Name what is said of the version itself, which people change; its run is left out.

    So a change is seen without a question for every run.
    """
    changing = ("updated_at", "description", "stage", "status", "tags")
    return sha256_digest(canonical_json({name: said[name] for name in changing}))


def _run(run: ReadRun, told: Told) -> dict[str, Json]:
    return {
        "run_id": told.text(run.run_id, "the id of its run", 100),
        "name": told.text(run.name, "the name of its run", LONGEST_NAME),
        "experiment": told.text(run.experiment, "its experiment", 100),
        "status": told.text(run.status, "the status of its run", 100),
        "deleted": run.deleted,
        "user": told.text(run.user, "the user of its run", LONGEST_NAME),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "metrics": told.numbers(run.metrics),
        "params": told.texts(run.params, "parameter"),
        "tags": told.texts(run.tags, "tag of its run"),
        "inputs": _inputs(run.inputs, told),
    }


def _inputs(inputs: Iterable[DatasetInput], told: Told) -> list[Json]:
    return [
        {
            "name": told.text(each.name, "the name of a dataset", LONGEST_NAME),
            "digest": told.text(each.digest, "the digest of a dataset", LONGEST_NAME),
            "source_type": told.text(each.source_type, "the kind of a dataset", LONGEST_NAME),
            "source": told.text(each.source, "the source of a dataset"),
            "context": told.text(each.context, "the use of a dataset", LONGEST_NAME),
        }
        for each in list(inputs)[:MOST_ENTRIES]
    ]
