"""What a model package group is, as plain values. Nothing is changed there.

A package names objects in S3 that this process may read, and whoever wrote the package may not:
they are read only below addresses that whoever asks has allowed. No archive is unpacked.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.errors import MirrorRefused, NotFound
from registry_assets.mirroring.listing import Listing
from registry_assets.mirroring.sagemaker.calling import Calls
from registry_assets.mirroring.sagemaker.objects import Objects, fetch_object, place_of
from registry_assets.mirroring.sagemaker.packages import Package, Packages, instant
from registry_assets.mirroring.sagemaker.sessions import Aws

LARGEST_METRICS = 1 << 20
_MOST_VERSIONS = 100_000


@dataclass(frozen=True, slots=True)
class ReadPackage:
    """A version there.

    Args:
        metrics: numbers, of its model card and of its model quality statistics.
        params: of its model card.
        places: where its files are, by the path that they get here.
        listing: its files; None before `Reader.look`.
    """

    name: str
    number: int
    package: Package
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    listing: Listing | None = None

    @property
    def identity(self) -> str:
        """What it is, wherever the group is."""
        named: dict[str, Json] = {
            "source": "sagemaker",
            "name": self.name,
            "number": str(self.number),
            "created": instant(self.package.said.get("CreationTime")),
            "archive": self.package.archive,
        }
        return sha256_digest(canonical_json(named))


@dataclass(frozen=True, slots=True)
class ReadGroup:
    """A model package group there, with its versions by number."""

    name: str
    description: str
    tags: Mapping[str, str]
    versions: tuple[ReadPackage, ...]
    # What is Approved is said of each version.
    aliases: Mapping[str, str] = field(default_factory=dict)


class Reader:
    """Reads one account, in one region.

    Args:
        allowed: addresses below which objects may be read: `s3://bucket/prefix`.
    """

    def __init__(self, aws: Aws, *, allowed: Sequence[str] = ()) -> None:
        for prefix in allowed:
            if place_of(f"{prefix.rstrip('/')}/object") is None:
                raise MirrorRefused(
                    f"{prefix!r:.300} is no address in S3", hint="--from s3://bucket/prefix"
                )
        self._calls = Calls(aws)
        self._allowed = tuple(f"{prefix.rstrip('/')}/" for prefix in allowed)

    @property
    def address(self) -> str:
        """Where it is."""
        return self._calls.address

    def secrets(self) -> tuple[str, ...]:
        """Give everything that must not be kept."""
        return self._calls.secrets()

    def model(self, name: str) -> ReadGroup:
        """Read a group and what its versions are, without their files.

        Raises:
            NotFound: there is none of this name.
            MirrorUnreachable, MirrorRefused: it does not answer, or says no.
        """
        packages = Packages(self._calls, name)
        group = packages.group()
        if group is None:
            raise NotFound(
                f"no model package group at {self.address} is called {name!r:.200}",
                hint="`aws sagemaker list-model-package-groups` lists those that there are; mind"
                " the region",
            )
        listed = list(packages.listed())
        if len(listed) > _MOST_VERSIONS:
            raise MirrorRefused(
                f"{self.address} lists more than {_MOST_VERSIONS:,} versions of {name}",
                hint="nothing was changed; find out what answers there",
            )
        found = [(each, packages.find(group, each.number)) for each in listed]
        versions = tuple(
            ReadPackage(name, int(each.number), package)
            for each, package in found
            if package is not None
        )
        return ReadGroup(name, group.description, dict(group.tags), versions)

    def look(self, versions: Sequence[ReadPackage]) -> list[ReadPackage]:
        """Read metrics and params of some versions, and list their files."""
        return [self._seen(version) for version in versions]

    def fetch(self, version: ReadPackage, folder: Path) -> str:
        """Write the files of a version into an empty folder; give what kept them from coming."""
        assert version.listing is not None
        for path, uri in version.places.items():
            place = place_of(uri)
            assert place is not None, "listed, so it has an address"
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            most = version.listing.sizes[path] or 0
            try:
                problem = fetch_object(self._calls, place, target, largest=most)
            except MirrorRefused as error:
                problem = error.message
            if problem:
                return f"{path} is listed there, and cannot be read: {problem}"
        return ""

    def fetch_all(self, wanted: Sequence[tuple[ReadPackage, Path]]) -> list[str]:
        """Write those of several, one after the other."""
        return [self.fetch(version, folder) for version, folder in wanted]

    def _seen(self, version: ReadPackage) -> ReadPackage:
        metrics, params = _of_card(version.package)
        places = dict(_places(version.package))
        try:
            sizes, refused = self._sized(version, places)
            if not refused:
                metrics = {**metrics, **self._measured(places, sizes)}
        except MirrorRefused as error:  # one that we may not read keeps no other from coming
            sizes, refused = {}, error.message
        listing = Listing(refused=refused) if refused else Listing(dict(sorted(sizes.items())))
        return replace(version, metrics=metrics, params=params, places=places, listing=listing)

    def _sized(
        self, version: ReadPackage, places: Mapping[str, str]
    ) -> tuple[dict[str, int | None], str]:
        """Give the sizes of a version's files, and why they cannot be read; "" where they can."""
        sizes: dict[str, int | None] = {}
        if not places:
            named = version.package.archive[:300]
            at = f": its archive is at {named}" if named else ""
            return sizes, f"it names no s3:// address of an object{at}"
        for path, uri in places.items():
            if not uri.startswith(self._allowed):
                return sizes, (
                    f"{uri[:300]} is nowhere that was allowed; where this process may read it for"
                    f" whoever sees what came, allow that: --from {uri.rpartition('/')[0][:300]}"
                )
            folder, _, name = uri.rpartition("/")
            found = Objects(self._calls, folder).size(name)
            if found is None:
                return sizes, f"there is no object {uri[:300]}"
            sizes[path] = found.size
        return sizes, ""

    def _measured(
        self, places: Mapping[str, str], sizes: Mapping[str, int | None]
    ) -> dict[str, float]:
        """Give the numbers of model quality statistics, as SageMaker's own monitors write them."""
        path = next((path for path in places if path.startswith(_STATISTICS)), None)
        if path is None or (sizes.get(path) or 0) > LARGEST_METRICS:
            return {}
        folder, _, name = places[path].rpartition("/")
        data = Objects(self._calls, folder).read(name)
        try:
            return dict(_numbers(json.loads(data))) if data is not None else {}
        except (ValueError, RecursionError):
            return {}  # no such document; the file comes as it is


_STATISTICS = "metrics/model_quality.statistics"


def _places(package: Package) -> Iterator[tuple[str, str]]:
    """Give where the files of a version are, by the path that each gets here."""
    if place_of(package.archive) is not None:
        yield "model.tar.gz", package.archive
    for field_name, below in (("ModelMetrics", "metrics"), ("DriftCheckBaselines", "baselines")):
        for group, kinds in sorted((package.said.get(field_name) or {}).items()):
            for kind, source in sorted(kinds.items()):
                uri = str(source.get("S3Uri") or "")
                if place_of(uri) is None:
                    continue
                ending = ".json" if uri.endswith(".json") else ""
                yield f"{below}/{_snake(group)}.{_snake(kind)}{ending}", uri


def _of_card(package: Package) -> tuple[dict[str, float], dict[str, str]]:
    """Give metrics and params of a model card; of one that cannot be read, none."""
    try:
        card = json.loads((package.said.get("ModelCard") or {}).get("ModelCardContent") or "{}")
    except (ValueError, RecursionError):
        return {}, {}
    metrics: dict[str, float] = {}
    for evaluation in _list(_get(card, "evaluation_details")):
        for group in _list(_get(evaluation, "metric_groups")):
            for each in _list(_get(group, "metric_data")):
                value = _get(each, "value")
                if isinstance(value, int | float) and not isinstance(value, bool):
                    metrics[str(_get(each, "name"))] = float(value)
    job = _get(_get(card, "training_details"), "training_job_details")
    params = {
        str(_get(each, "name")): str(_get(each, "value"))
        for kind in ("hyper_parameters", "user_provided_hyper_parameters")
        for each in _list(_get(job, kind))
    }
    return metrics, params


def _numbers(document: Any) -> Iterator[tuple[str, float]]:
    for kind, metrics in document.items() if isinstance(document, dict) else ():
        if not str(kind).endswith("_metrics") or not isinstance(metrics, dict):
            continue
        for name, found in metrics.items():
            value = _get(found, "value")
            if isinstance(value, int | float) and math.isfinite(value):
                yield str(name), float(value)


def _get(found: Any, name: str) -> Any:
    return found.get(name) if isinstance(found, dict) else None


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
