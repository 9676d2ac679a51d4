"""What a version is made of, as a bill of materials of CycloneDX 1.6 with the model's card in it.

    metadata.component   the model: its digest, its card, what its parameters and its code were
    components           its files, the data by digest, Python, and every library by its version

By CycloneDX's own library, which knows neither `modelCard` nor `data` of a component yet: these two
`cyclonedx_card` adds. Nothing in it is of the moment: the same version with the same evaluation is
the same bytes.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.clock import parse_timestamp
from registry_assets.converting.cyclonedx_card import component_data, model_card
from registry_assets.converting.libraries import library
from registry_assets.errors import ConversionRefused
from registry_assets.evaluation.report.values import Card, Snapshot
from registry_assets.manifest import Manifest

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component

SPEC_VERSION = "1.6"
_NAMESPACE = uuid.UUID("5d0c5a2f-6f0b-5b6e-9f6d-2f6b2f1f7c11")
_WANTED = "A bill of materials"


@dataclass(frozen=True, slots=True)
class Bill:
    """All that a bill of materials is made from.

    Args:
        environment: Python and distributions, as the version's `environment.json` has them.
        registry: the identity of the registry that the version is of.
        made_from: the data that each snapshot was made from, digests by digest.
    """

    card: Card
    manifest: Manifest
    environment: Mapping[str, Any]
    registry: str
    made_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """The data it was trained on, judged on, and what both were made from; each once."""
        card = self.card
        found = {each.digest: each for each in (*card.datasets, *card.holdout, *card.train)}
        return tuple(found.values())

    @property
    def serial_number(self) -> uuid.UUID:
        """Name the bill by what it is about."""
        evaluated = self.card.evaluated
        about = (self.registry, self.card.digest, evaluated.digest if evaluated else "")
        return uuid.uuid5(_NAMESPACE, "\n".join(about))

    def document(self) -> dict[str, Any]:
        """Give it as CycloneDX's JSON.

        Raises:
            ConversionRefused: CycloneDX's library is not installed; names the extra.
        """
        library("cyclonedx.model.bom", wanted=_WANTED)
        from cyclonedx.output.json import JsonV1Dot6

        document: dict[str, Any] = json.loads(JsonV1Dot6(_bom(self)).output_as_string())
        document["metadata"]["component"]["modelCard"] = model_card(self.card)
        data = {each.digest: component_data(self.card, each) for each in self.snapshots}
        for component in document["components"]:
            if component["type"] == "data":
                component["data"] = [data[component["bom-ref"]]]
        return document

    def to_bytes(self) -> bytes:
        """Write `document`, for people to read, too."""
        return json.dumps(self.document(), indent=2, allow_nan=False).encode() + b"\n"


def can_be_written() -> bool:
    """Tell whether CycloneDX's library is installed."""
    try:
        library("cyclonedx", wanted=_WANTED)
    except ConversionRefused:
        return False
    return True


def _bom(bill: Bill) -> "Bom":
    import importlib.metadata

    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    ours = Component(
        name="registry_assets",
        version=importlib.metadata.version("registry_assets"),
        type=ComponentType.APPLICATION,
    )
    model = _model(bill)
    files, libraries = list(_files(bill.manifest)), list(_libraries(bill.environment))
    data = {each.digest: _data(each) for each in bill.snapshots}
    found = Bom(
        serial_number=bill.serial_number,
        version=1,
        metadata=BomMetaData(
            timestamp=parse_timestamp(_moment(bill)),
            component=model,
            tools=ToolRepository(components=[ours]),
        ),
        components=[*files, *libraries, *data.values()],
    )
    used = [data[each.digest] for each in (*bill.card.train, *bill.card.holdout)]
    found.register_dependency(model, [*files, *libraries, *used])
    for digest, behind in bill.made_from.items():
        if digest in data:
            found.register_dependency(data[digest], [data[each] for each in behind if each in data])
    return found


def _moment(bill: Bill) -> str:
    """Give when what it tells was last news: the evaluation, else the training."""
    evaluated = bill.card.evaluated
    return evaluated.created_at if evaluated else bill.card.training.started_at


def _model(bill: Bill) -> "Component":
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.contact import OrganizationalContact

    card = bill.card
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=card.model,
        version=str(card.version),
        bom_ref=card.digest,
        description=card.description or None,
        hashes=_hashes(card.digest),
        licenses=list(_licenses(card.license.strip())),
        authors=[OrganizationalContact(name=owner) for owner in card.owners],
        tags=sorted(f"{name}:{value}" for name, value in card.tags.items()),
        properties=list(_properties(_facts(bill))),
        external_references=list(_links(card)),
    )


def _licenses(declared: str) -> Iterator[Any]:
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
    from cyclonedx.spdx import fixup_id, is_expression

    if known := fixup_id(declared):
        yield DisjunctiveLicense(id=known)
    elif declared and is_expression(declared):
        yield LicenseExpression(declared)
    elif declared:
        yield DisjunctiveLicense(name=declared)


def _facts(bill: Bill) -> dict[str, str]:
    card, made = bill.card, bill.card.training
    facts = {
        "registry": bill.registry,
        "reference": card.reference,
        "digest": card.digest,
        "recipe": made.recipe,
        "code": made.code,
        "commit": made.commit,
        "uncommitted_changes": "true" if made.dirty else "false",
        "evaluation": card.evaluated.digest if card.evaluated else "",
        "platform": made.platform,
    }
    params = {f"param:{name}": _shown(value) for name, value in sorted(made.params.items())}
    return {name: value for name, value in {**facts, **params}.items() if value}


def _properties(facts: Mapping[str, str]) -> Iterator[Any]:
    from cyclonedx.model import Property

    return (Property(name=f"registry_assets:{name}", value=value) for name, value in facts.items())


def _links(card: Card) -> Iterator[Any]:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri

    for kind, url in (
        (ExternalReferenceType.VCS, card.training.repository or ""),
        (ExternalReferenceType.BUILD_META, card.training.run),
    ):
        if url.startswith(("https://", "http://")):
            yield ExternalReference(type=kind, url=XsUri(url))


def _files(manifest: Manifest) -> "Iterator[Component]":
    from cyclonedx.model.component import Component, ComponentType

    for file in manifest.files:
        yield Component(
            type=ComponentType.FILE,
            name=file.path,
            bom_ref=f"file:{file.path}",
            hashes=_hashes(file.sha256),
            properties=list(_properties({"size": str(file.size)})),
        )


def _libraries(environment: Mapping[str, Any]) -> "Iterator[Component]":
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    python = str(environment.get("python", ""))
    yield Component(
        type=ComponentType.PLATFORM,
        name=str(environment.get("implementation", "Python")),
        version=python,
        bom_ref=f"python:{python}",
    )
    for name, version in sorted(environment.get("distributions", {}).items()):
        url = PackageURL("pypi", name=name, version=str(version))
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=str(version),
            bom_ref=url.to_string(),
            purl=url,
        )


def _data(snapshot: Snapshot) -> "Component":
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType.DATA,
        name=snapshot.name,
        version=snapshot.digest,
        bom_ref=snapshot.digest,
        hashes=_hashes(snapshot.digest),
    )


def _hashes(digest: str) -> list[Any]:
    from cyclonedx.model import HashAlgorithm, HashType

    return [HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))]


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
