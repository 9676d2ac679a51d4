"""One model package group of SageMaker, as `mirroring.protocol` asks for it.

The order of a publication is: group, archive and metrics in S3, version, what is said of it,
approval. Whatever ends it between two of them, the next one finds what is there by the version's
digest and goes on. Nothing is ever deleted there: a version that is there twice is disowned.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import sha256_digest
from registry_assets.converting.sagemaker import ARCHIVE, sagemaker_archive
from registry_assets.errors import MirrorDiffers, NotFound
from registry_assets.faults import reached
from registry_assets.mirroring.comparing import is_changed
from registry_assets.mirroring.protocol import (
    Fetched,
    ForeignFile,
    ForeignState,
    ForeignVersion,
    Outgoing,
    Pointing,
    Receipt,
)
from registry_assets.mirroring.sagemaker import card, telling
from registry_assets.mirroring.sagemaker.archives import fetch_archive
from registry_assets.mirroring.sagemaker.calling import Calls
from registry_assets.mirroring.sagemaker.names import (
    DIGEST,
    DUPLICATE_OF,
    RECORD,
    SPECIFICATION,
    page_of,
)
from registry_assets.mirroring.sagemaker.objects import Objects
from registry_assets.mirroring.sagemaker.packages import (
    REJECTED,
    Group,
    Package,
    Packages,
    instant,
)
from registry_assets.mirroring.sagemaker.pointers import find_pointers, set_pointers, waiting
from registry_assets.mirroring.sagemaker.sessions import Aws
from registry_assets.packaging.package import TRAINING_PROFILE

if TYPE_CHECKING:
    from registry_assets.mirroring.protocol import OpenContents

_READY, _ENDED = "Completed", ("Completed", "Failed", "Deleting")
_READY_WITHIN = 60.0
_JSON, _GZIP, _BYTES = "application/json", "application/gzip", "application/octet-stream"


class SageMakerClient:
    """A client of one model package group.

    Args:
        name: of the group.
        image: the container that is to serve.
        artifacts: where archives go, `s3://bucket/prefix`.

    Raises:
        MirrorRefused: nobody says where SageMaker is.
    """

    def __init__(self, aws: Aws, name: str, *, image: str, artifacts: str) -> None:
        self._calls = Calls(aws)
        self._address = self._calls.address
        self._packages = Packages(self._calls, name)
        self._image = image
        self._artifacts = artifacts
        # Who let a pointer hold a version is told with the pointer, and known with the version.
        self._told: dict[str, Outgoing] = {}

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._address

    @property
    def name(self) -> str:
        """What the group is called."""
        return self._packages.name

    def publish_version(
        self,
        outgoing: Outgoing,
        contents: "OpenContents",
        *,
        known: Receipt | None = None,
        again: bool = False,
    ) -> Receipt:
        """Bring a version there: see `mirroring.protocol`."""
        group = self._packages.claim(outgoing)
        reached("mirror.claimed")
        package = self._found(group, outgoing, known)
        files = self._known_files(package, known, outgoing)
        if package is not None and files and not again:
            self._told[package.number] = outgoing
            if known is not None and known.sent_digest == outgoing.sent_digest:
                return known
        else:
            package, files = self._bring(group, package, outgoing, contents, known)
        record = self._tell(package, outgoing)
        self._read_back(group, package.number, outgoing)
        self._told[package.number] = outgoing
        return Receipt(
            address=self.address,
            name=self.name,
            number=package.number,
            url=page_of(package.arn),
            digest=outgoing.digest,
            files={**files, RECORD: record},
            sent_digest=outgoing.sent_digest,
        )

    def set_pointers(self, pointings: Sequence[Pointing], *, clear: Sequence[str] = ()) -> None:
        """Let what is Approved be what production holds here: see `mirroring.protocol`."""
        if not pointings and not clear:
            return
        group = self._group()
        set_pointers(self._packages, group, pointings, clear=clear, told=self._told)
        reached("mirror.pointed")
        wanted = {each.pointer: each.number for each in pointings}
        asked = [*wanted, *(pointer for pointer in clear if pointer not in wanted)]
        found = dict(find_pointers(self._packages, self._group(), asked, {}))
        held = {pointer: each.number for pointer, each in found.items()}
        if held != wanted:
            raise MirrorDiffers(
                f"the versions of {self.name} at {self.address} were approved, and then the"
                f" pointers held {held}; expected {wanted}",
                hint="somebody else approves there: find out who; repeat to put it right",
            )

    def observe(
        self,
        pointers: Sequence[str],
        receipts: Sequence[Receipt],
        *,
        verify: bool = False,
    ) -> ForeignState:
        """Look at what stands there: see `mirroring.protocol`."""
        group = self._packages.group()
        if group is None:
            return ForeignState(exists=False, verified=verify)
        packages, versions = {}, {}
        for receipt in receipts:
            package = self._packages.find(group, receipt.number)
            if package is not None:
                packages[receipt.number] = package
                versions[receipt.number] = self._observed(package, receipt, verify=verify)
        found = dict(find_pointers(self._packages, group, pointers, packages))
        return ForeignState(exists=True, pointers=found, versions=versions, verified=verify)

    def fetch(self, number: str, folder: Path) -> Fetched:
        """Write the files of a version's archive into a folder: see `mirroring.protocol`."""
        group = self._packages.group()
        package = self._packages.find(group, number) if group is not None else None
        if package is None:
            listed = ", ".join(each.number for each in self._packages.listed()) if group else ""
            raise NotFound(
                f"{self.name} at {self.address} has no version {number!r:.100}",
                hint=f"it has: {listed or 'none'}",
            )
        files = fetch_archive(self._calls, package, folder)
        made = package.said.get("CreationTime")
        return Fetched(
            name=self.name,
            number=package.number,
            digest=package.digest,
            files=files,
            url=page_of(package.arn),
            started_at=instant(made),
            finished_at=instant(made),
        )

    def _group(self) -> Group:
        found = self._packages.group()
        if found is None:
            raise MirrorDiffers(
                f"the model package group {self.name} at {self.address} is gone",
                hint="repeat it; where that does not help, find out who deletes it",
            )
        return found

    def _found(self, group: Group, outgoing: Outgoing, known: Receipt | None) -> Package | None:
        """Give the version that is there already; others that say they are it are disowned."""
        package = self._packages.find(group, known.number) if known is not None else None
        if package is not None:
            ours = package.archive == self._objects(outgoing).uri(ARCHIVE)
            if package.digest == outgoing.digest or ours:
                return package
        found = self._packages.tagged(group, outgoing)
        for other in found[1:]:
            self._disown(other, found[0])
        return found[0] if found else None

    def _known_files(
        self, package: Package | None, known: Receipt | None, outgoing: Outgoing
    ) -> Mapping[str, ForeignFile]:
        """Give the files that are known to be there, as every byte of them was read before."""
        if package is None or known is None or known.number != package.number:
            return {}
        if known.files.get(SPECIFICATION) != self._served(outgoing):
            return {}  # another image, or another bucket, is declared since
        there = self._observed(package, known, verify=False).files or {}
        for path, sent in known.files.items():
            if (found := there.get(path)) is None or is_changed(sent, found):
                return {}
        return known.files if package.digest == known.digest else {}

    def _bring(
        self,
        group: Group,
        package: Package | None,
        outgoing: Outgoing,
        contents: "OpenContents",
        known: Receipt | None,
    ) -> tuple[Package, Mapping[str, ForeignFile]]:
        """Bring files there, and make a version of them where there is none."""
        objects, read = self._objects(outgoing), contents()
        archive = self._written(objects, ARCHIVE, sagemaker_archive(read), kind=_GZIP)
        metrics = self._metrics(objects, outgoing, read.files.get(TRAINING_PROFILE))
        reached("mirror.files_written")
        served = self._specification(outgoing)
        if package is None:
            number = self._packages.create(
                {
                    "ModelPackageDescription": telling.description(outgoing),
                    "InferenceSpecification": served,
                    "MetadataProperties": telling.metadata_properties(outgoing),
                    "CustomerMetadataProperties": self._properties(outgoing),
                    "ModelCard": {
                        "ModelCardContent": self._card(outgoing),
                        "ModelCardStatus": card.DRAFT,
                    },
                    "ClientToken": telling.token_of(
                        outgoing, self.name, before=known.number if known else ""
                    ),
                    **metrics,
                    **waiting(),
                }
            )
            reached("mirror.version_made")
            found = self._packages.tagged(group, outgoing)
            for other in found[1:]:
                self._disown(other, found[0])
            package = found[0] if found else self._packages.find(group, number)
        if package is None:
            raise self._differs(outgoing, "it is not there")
        cited = dict(self._cited(package, objects))
        return package, {ARCHIVE: archive, SPECIFICATION: self._served(outgoing), **cited}

    def _cited(self, package: Package, objects: Objects) -> Iterator[tuple[str, ForeignFile]]:
        """Give metrics and baselines as a version names them, which it does for ever.

        Those of an evaluation that another has followed cannot be written anew: what is not as it
        was named stays amiss, for people to bring back.
        """
        for uri, digest in package.sources:
            if uri.startswith(f"{objects.location}/"):
                name = uri.removeprefix(f"{objects.location}/")
                found = objects.hash(name)
                right = found is not None and found.sha256 == digest
                yield name, found if found and right else ForeignFile(None, digest)

    def _tell(self, package: Package, outgoing: Outgoing) -> ForeignFile:
        """Bring what is said of a version up to date; what people there said of it stays."""
        record = self._written(
            self._objects(outgoing), RECORD, telling.record_document(outgoing), kind=_JSON
        )
        properties = dict(package.properties)
        for name, value in self._properties(outgoing).items():
            if name in properties or len(properties) < telling.MOST_PROPERTIES:
                properties[name] = value
        self._packages.update(package, properties=properties, **self._anew(package, outgoing))
        reached("mirror.version_told")
        return record

    def _anew(self, package: Package, outgoing: Outgoing) -> dict[str, Any]:
        """Give what is to be another than it is, of what a version serves and says."""
        anew: dict[str, Any] = {}
        said, content = package.said.get("ModelCard") or {}, self._card(outgoing)
        if said.get("ModelCardContent") != content:
            # Without its status: a card takes one of both at a time.
            anew["ModelCard"] = {"ModelCardContent": content}
        served = self._specification(outgoing)
        if telling.specified(package.specification) != telling.specified(served):
            anew["InferenceSpecification"] = served
        if package.said.get("SourceUri"):
            # Ours has none: it is what it serves, and nothing that is elsewhere.
            anew["SourceUri"] = ""
        return anew

    def _read_back(self, group: Group, number: str, outgoing: Outgoing) -> None:
        until = time.monotonic() + _READY_WITHIN
        there = self._packages.find(group, number)
        while there is not None and there.status not in _ENDED and time.monotonic() < until:
            time.sleep(0.5)
            there = self._packages.find(group, number)
        if there is None:
            raise self._differs(outgoing, "it is not there")
        served = telling.specified(there.specification, there.said.get("SourceUri"))
        right = there.status == _READY and there.digest == outgoing.digest
        if not right or served != telling.specified(self._specification(outgoing)):
            raise self._differs(
                outgoing,
                f"version {number} is {there.status}, its digest {there.digest}, and it serves"
                f" {there.archive or 'nothing'}",
            )

    def _differs(self, outgoing: Outgoing, said: str) -> MirrorDiffers:
        return MirrorDiffers(
            f"{outgoing.reference} was published to {self.name} at {self.address}, and then {said};"
            f" expected {_READY}, {outgoing.digest},"
            f" {self._objects(outgoing).uri(ARCHIVE)}",
            hint="repeat it; where that does not help, find out who else changes it there",
        )

    def _disown(self, package: Package, kept: Package) -> None:
        """Let a version that is there twice be none of ours; it stays there, Rejected."""
        properties = {k: v for k, v in package.properties.items() if k != DIGEST}
        self._packages.update(
            package,
            properties={**properties, DUPLICATE_OF: kept.number},
            approval=(REJECTED, f"The same as version {kept.number}."),
        )

    def _observed(self, package: Package, receipt: Receipt, *, verify: bool) -> ForeignVersion:
        objects = Objects(self._calls, f"{self._artifacts}/{self.name}/{_folder(receipt.digest)}")
        look = objects.hash if verify else objects.size
        found = {path: look(path) for path in receipt.files if path != SPECIFICATION}
        served = _as_file(telling.specified(package.specification, package.said.get("SourceUri")))
        files = {path: each for path, each in found.items() if each is not None}
        return ForeignVersion(package.number, package.digest, {SPECIFICATION: served, **files})

    def _written(self, objects: Objects, name: str, data: bytes, *, kind: str) -> ForeignFile:
        """Let an object hold these bytes, and read them back; what is there is not sent again."""
        wanted = _as_file(data)
        if objects.hash(name) == wanted:
            return wanted
        objects.write(name, data, kind=kind)
        if objects.hash(name) != wanted:
            raise MirrorDiffers(
                f"{objects.uri(name)} was written, and other bytes were read back",
                hint="repeat it; where that does not help, find out who else writes there",
            )
        return wanted

    def _metrics(
        self, objects: Objects, outgoing: Outgoing, profile: bytes | None
    ) -> dict[str, Any]:
        """Write metrics and the baseline of drift; give them as SageMaker is told of them."""
        quality = self._source(objects, "metrics", telling.metrics_document(outgoing), _JSON)
        told: dict[str, Any] = {"ModelQuality": {"Statistics": quality}}
        if profile is not None:
            data = self._source(objects, "training-profile", profile, _BYTES)
            told["ModelDataQuality"] = {"Statistics": data}
        return {"ModelMetrics": told, "DriftCheckBaselines": told}

    def _source(self, objects: Objects, name: str, data: bytes, kind: str) -> dict[str, str]:
        digest = sha256_digest(data)
        ending = ".json" if kind == _JSON else ".bin"
        # By its digest: a version says for ever which it meant, also after another evaluation.
        called = f"{name}-{digest.removeprefix('sha256:')[:16]}{ending}"
        self._written(objects, called, data, kind=kind)
        return {"ContentType": kind, "ContentDigest": digest, "S3Uri": objects.uri(called)}

    def _objects(self, outgoing: Outgoing) -> Objects:
        return Objects(self._calls, f"{self._artifacts}/{self.name}/{_folder(outgoing.digest)}")

    def _specification(self, outgoing: Outgoing) -> dict[str, Any]:
        archive = self._objects(outgoing).uri(ARCHIVE)
        return telling.specification(outgoing, image=self._image, archive=archive)

    def _served(self, outgoing: Outgoing) -> ForeignFile:
        return _as_file(telling.specified(self._specification(outgoing)))

    def _properties(self, outgoing: Outgoing) -> dict[str, str]:
        return telling.properties(outgoing, record=self._objects(outgoing).uri(RECORD))

    def _card(self, outgoing: Outgoing) -> str:
        return card.card_of(outgoing, archive=self._objects(outgoing).uri(ARCHIVE))


def _as_file(data: bytes) -> ForeignFile:
    return ForeignFile(len(data), sha256_digest(data))


def _folder(digest: str) -> str:
    return digest.removeprefix("sha256:")
