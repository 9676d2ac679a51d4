"""Deploy: let an endpoint of a mirror serve what a pointer holds here.

Only what was published is deployed, and only as it was: its archive and its specification are
compared first.
"""

from dataclasses import dataclass, replace

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.converting.sagemaker import ARCHIVE
from registry_assets.declaration import RegisteredModel, SageMaker, SageMakerEndpoint
from registry_assets.errors import MirrorDiffers, NotFound
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.mirroring.declared import mirror_of, open_client
from registry_assets.lifecycle.mirroring.wanted import read_wanted
from registry_assets.mirroring.comparing import find_differences
from registry_assets.mirroring.protocol import Receipt
from registry_assets.mirroring.sagemaker.endpoints import Endpoints, EndpointState, Serving
from registry_assets.mirroring.sagemaker.names import SPECIFICATION, arn_of
from registry_assets.mirroring.sagemaker.sessions import Aws


@dataclass(frozen=True, slots=True)
class Deployment:
    """What an endpoint is to serve, and what it serves.

    Args:
        version: here.
        now: None where there is no endpoint.
    """

    model: str
    mirror: str
    pointer: str
    version: int
    receipt: Receipt
    serving: Serving
    now: EndpointState | None

    @property
    def is_right(self) -> bool:
        """Whether the endpoint serves that, and takes requests."""
        return self.now is not None and self.now.serves(self.serving.configuration)

    @property
    def sentence(self) -> str:
        """How it stands, for people."""
        wanted = f"{self.model}:{self.version}, which {self.pointer} holds"
        if self.now is None:
            return f"there is no endpoint {self.serving.endpoint} yet; it is to serve {wanted}"
        if self.is_right:
            return f"{self.serving.endpoint} serves {wanted}"
        return (
            f"{self.serving.endpoint} is {self.now.status} with {self.now.configuration}; expected"
            f" InService with {self.serving.configuration}, which is {wanted}"
        )


def look_at_endpoint(
    backends: Backends, declared: RegisteredModel, name: str, *, brief: bool = False
) -> Deployment | None:
    """Say what an endpoint is to serve, and what it serves; None where nothing is published.

    Raises:
        NotFound: there is no such mirror, or it declares no endpoint.
        MirrorUnreachable, MirrorRefused: it cannot be looked at.
    """
    mirror, endpoint = _declared(declared, name)
    wanted = _serving(backends, declared, mirror, endpoint)
    if wanted is None:
        return None
    version, receipt, serving = wanted
    endpoints = Endpoints(Aws(mirror.session, region=mirror.region, brief=brief))
    found = endpoints.find(serving.endpoint)
    return Deployment(declared.name, name, endpoint.pointer, version, receipt, serving, found)


def deploy(backends: Backends, declared: RegisteredModel, name: str) -> Deployment | None:
    """Let the endpoint serve what its pointer holds; None where nothing is published yet.

    Raises:
        NotFound: there is no such mirror, or it declares no endpoint.
        MirrorDiffers: what stands there is not what was published, so it is not deployed.
        MirrorUnreachable, MirrorRefused: it failed; what is not done is done by the same call.
    """
    mirror, endpoint = _declared(declared, name)
    wanted = _serving(backends, declared, mirror, endpoint)
    if wanted is None:
        return None
    version, receipt, serving = wanted
    client = open_client(declared.name, mirror)
    served = _served(receipt)
    there = client.observe((), (served,), verify=True)
    wrong = find_differences(there, pointers=(), holding={}, told={}, receipts={version: served})
    if wrong:
        raise MirrorDiffers(
            f"{declared.name}:{version} is not deployed: {'; '.join(e.sentence for e in wrong)}",
            hint=f"`registry mirrors {declared.name} --mirror {name} --repair` puts it right",
        )
    endpoints = Endpoints(Aws(mirror.session, region=mirror.region))
    now = endpoints.deploy(serving, within=endpoint.timeout_minutes * 60)
    return Deployment(declared.name, name, endpoint.pointer, version, receipt, serving, now)


def wanted_configuration(backends: Backends, declared: RegisteredModel, name: str) -> str | None:
    """Give the name of what the endpoint is to serve, by the catalog alone; None for nothing."""
    mirror, endpoint = _declared(declared, name)
    wanted = _serving(backends, declared, mirror, endpoint)
    return None if wanted is None else wanted[2].configuration


def _declared(declared: RegisteredModel, name: str) -> tuple[SageMaker, SageMakerEndpoint]:
    mirror = mirror_of(declared, name)
    if not isinstance(mirror, SageMaker) or mirror.endpoint is None:
        raise NotFound(
            f"the mirror {name} of {declared.name} declares no endpoint",
            hint="declare one: SageMaker(endpoint=SageMakerEndpoint(role=…))",
        )
    return mirror, mirror.endpoint


def _served(receipt: Receipt) -> Receipt:
    """Give the receipt of what is run there: metrics and records are for people."""
    files = {path: file for path, file in receipt.files.items() if path in (ARCHIVE, SPECIFICATION)}
    return replace(receipt, files=files)


def _serving(
    backends: Backends, declared: RegisteredModel, mirror: SageMaker, endpoint: SageMakerEndpoint
) -> tuple[int, Receipt, Serving] | None:
    with backends.catalog.read() as connection:
        wanted = read_wanted(connection, declared.name, mirror)
    held = wanted.holding.get(endpoint.pointer)
    receipt = wanted.receipts.get(held.version) if held is not None else None
    if held is None or receipt is None:
        return None
    serving = Serving(
        endpoint=endpoint.name or receipt.name,
        group=receipt.name,
        number=receipt.number,
        package=arn_of(receipt.url),
        digest=receipt.digest,
        files=sha256_digest(canonical_json(_served(receipt).to_json()["files"])),
        role=endpoint.role,
        instance_type=endpoint.instance_type,
        instances=endpoint.instances,
    )
    return held.version, receipt, serving
