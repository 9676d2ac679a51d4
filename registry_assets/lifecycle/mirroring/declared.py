"""A model's mirrors: written to the catalog with its declaration, and opened from that alone.

The catalog is asked for what was published, never for where to: an address that came from data
would be where our token goes.
"""

import os
from typing import Any, Protocol, runtime_checkable

from registry_assets.catalog.mirrors import declare_mirrors
from registry_assets.declaration import (
    Mirror,
    MLflow,
    RegisteredModel,
    SageMaker,
    WeightsAndBiases,
)
from registry_assets.errors import DeclarationError, MirrorError, NotFound
from registry_assets.lifecycle.backends import Backends
from registry_assets.mirroring.protocol import MirrorClient


@runtime_checkable
class OwnMirror(Protocol):
    """A mirror of the user's own, which opens its client itself."""

    def connect(self, model: str) -> Any:
        """Give a client of what the model is called there."""


def record_mirrors(backends: Backends, model: RegisteredModel, *, actor: str) -> None:
    """Record a registered model's mirrors, if they are new or have changed."""
    declare_mirrors(
        backends.catalog,
        model=model.name,
        definitions={each.mirror: each.definition() for each in model.mirrors},
        actor=actor,
        clock=backends.clock,
    )


def mirror_of(model: RegisteredModel, name: str) -> Mirror:
    """Give one of a declaration's mirrors.

    Raises:
        NotFound: it has none of that name.
    """
    for each in model.mirrors:
        if each.mirror == name:
            return each
    known = ", ".join(each.mirror for each in model.mirrors)
    raise NotFound(
        f"{model.name} has no mirror called {name!r:.100}",
        hint=f"it has: {known}" if known else "declare one: mirrors=[MLflow(tracking_uri=…)]",
    )


def open_client(model: str, mirror: Mirror, *, brief: bool = False) -> MirrorClient:
    """Give a client of a mirror; nothing is connected yet.

    Args:
        brief: give up soon, for who looks again in a moment.

    Raises:
        MirrorRefused: nobody says where it is.
        DeclarationError: it is a mirror of no kind that can be opened.
    """
    if isinstance(mirror, MLflow):
        from registry_assets.mirroring.mlflow.address import Address
        from registry_assets.mirroring.mlflow.client import MLflowClient

        address = Address.find(mirror.tracking_uri, os.environ)
        name = mirror.name or model
        return MLflowClient(address, name, direct=mirror.direct_artifacts, brief=brief)
    if isinstance(mirror, WeightsAndBiases):
        return _wandb_client(model, mirror, brief=brief)
    if isinstance(mirror, SageMaker):
        return _sagemaker_client(model, mirror, brief=brief)
    if isinstance(mirror, OwnMirror):
        client: MirrorClient = mirror.connect(model)
        return client
    raise DeclarationError(
        f"the mirror {mirror.mirror} of {model} is a {type(mirror).__name__}, which has no"
        " connect(model)",
        hint="give it connect(model: str) -> MirrorClient: see registry_assets.mirroring.protocol",
    )


def _sagemaker_client(model: str, mirror: SageMaker, *, brief: bool) -> MirrorClient:
    from registry_assets.mirroring.sagemaker.client import SageMakerClient
    from registry_assets.mirroring.sagemaker.names import group_of
    from registry_assets.mirroring.sagemaker.sessions import Aws

    return SageMakerClient(
        Aws(mirror.session, region=mirror.region, brief=brief),
        mirror.name or group_of(model),
        image=mirror.image,
        artifacts=mirror.artifacts.rstrip("/"),
    )


def _wandb_client(model: str, mirror: WeightsAndBiases, *, brief: bool) -> MirrorClient:
    from registry_assets.mirroring.wandb.address import Address, Place
    from registry_assets.mirroring.wandb.client import WeightsAndBiasesClient

    place = Place(
        mirror.entity,
        mirror.organization,
        mirror.registry,
        mirror.collection or model,
        mirror.project,
    )
    return WeightsAndBiasesClient(Address.find(mirror.base_url, os.environ), place, brief=brief)


def place_of(model: str, mirror: Mirror) -> tuple[str, str] | None:
    """Give the address of a mirror, and what the model is called there; None if nobody says."""
    try:
        client = open_client(model, mirror)
    except MirrorError:
        return None
    return client.address, client.name
