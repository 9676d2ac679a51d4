"""A mirror at Weights & Biases."""

import re
from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import require
from registry_assets.declaration.mirrors.base import Publish, check_address, check_common

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,111}")
_KIND = "WeightsAndBiases"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsAndBiases:
    """A collection of a registry at Weights & Biases.

    Who may write there is told by WANDB_API_KEY alone.

    Args:
        base_url: where it is, `https://api.wandb.ai`; by default WANDB_BASE_URL.
        entity: the team that logs; by default the one of the key.
        organization: that the registry is of; by default the one of the team.
        registry: the registry there, without its `wandb-registry-`.
        collection: what the model is called there; by default as here.
        project: of the team, that artifacts and runs are logged to.
        publish: `promotion` sends the versions that pointers hold, `commit` each one once it is
            committed.
        mirror: what it is called here.
        verify_hours: after how many hours every byte there is compared again.

    Raises:
        DeclarationError: it cannot be meant so; says what would be right.
    """

    base_url: str = ""
    entity: str = ""
    organization: str = ""
    registry: str = "model"
    collection: str = ""
    project: str = "registry_assets"
    publish: Publish = "promotion"
    mirror: str = "wandb"
    verify_hours: float = 24.0

    def __post_init__(self) -> None:
        check_common(self, _KIND)
        for what in ("entity", "organization", "registry", "collection", "project"):
            given, needed = getattr(self, what), what in ("registry", "project")
            require(
                isinstance(given, str) and (_NAME.fullmatch(given) or not (given or needed)),
                f"{_KIND}({what}={given!r:.220}) can be no name there",
                "give letters, digits and _ . - only, 112 at most",
            )
        require(
            not self.registry.startswith("wandb-registry-"),
            f"{_KIND}(registry={self.registry!r}) begins with wandb-registry-",
            f"leave that out: registry={self.registry.removeprefix('wandb-registry-')!r}",
        )
        check_address(
            self.base_url,
            f"{_KIND}(base_url=…)",
            example="https://api.wandb.ai",
            instead="WANDB_API_KEY",
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "kind": "wandb",
            "address": self.base_url.rstrip("/"),
            "entity": self.entity,
            "organization": self.organization,
            "registry": self.registry,
            "name": self.collection,
            "project": self.project,
            "publish": self.publish,
            "verify_hours": float(self.verify_hours),
        }
