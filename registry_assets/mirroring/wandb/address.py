"""Where a server of Weights & Biases is, what opens it, and which collection is meant."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.wandb.names import REGISTRY_PREFIX

VARIABLE, KEY = "WANDB_BASE_URL", "WANDB_API_KEY"
PUBLIC = "https://api.wandb.ai"
_PUBLIC_APP = "https://wandb.ai"


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address. What opens it is the environment's alone.

    Args:
        url: without user and password.
    """

    url: str

    @classmethod
    def find(cls, declared: str = "", environment: Mapping[str, str] = os.environ) -> Self:
        """Give the declared address, or that of WANDB_BASE_URL.

        Raises:
            MirrorRefused: there is none, or it is none of a server.
        """
        text = declared or environment.get(VARIABLE, "").strip()
        hint = f"WeightsAndBiases(base_url=…), --base-url, or {VARIABLE}={PUBLIC} where it runs"
        if not text:
            # Its client would speak to the public service unasked.
            raise MirrorRefused("nobody says where Weights & Biases is", hint=hint)
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        opened = parts.username or parts.password
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            # Not quoted: there may be a password in it.
            raise MirrorRefused("the address of Weights & Biases is none of a server", hint=hint)
        if opened:
            raise MirrorRefused(
                "the address of Weights & Biases has a user or a password in it",
                hint=f"leave them out, and set {KEY} where it runs",
            )
        where = f"[{host}]" if ":" in host else host
        netloc = f"{where}:{port}" if port else where
        return cls(urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", "")))

    def page(self, *path: str) -> str:
        """Give the address of a page of its user interface."""
        app = _PUBLIC_APP if self.url == PUBLIC else self.url
        return "/".join([app, *(quote(part, safe="") for part in path)])

    def secrets(self, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """Give everything that must not be said, as it is and as it goes over the wire."""
        key = environment.get(KEY, "").strip()
        if not key:
            return ()
        return (key, base64.b64encode(f"api:{key}".encode()).decode())


@dataclass(frozen=True, slots=True)
class Place:
    """A collection there, and where what is linked to it is logged.

    Args:
        entity: the team, or person, that logs; "" for that of the key.
        organization: that the registry is of; "" for that of the entity.
        registry: as it is called there, without `wandb-registry-`.
        project: that artifacts and runs are logged to.
    """

    entity: str
    organization: str
    registry: str
    collection: str
    project: str = ""

    @property
    def path(self) -> str:
        """Name the collection as its own client does."""
        return "/".join(part for part in (self.organization, self._in_registry) if part)

    @property
    def name(self) -> str:
        """Name it for people, with whose it is."""
        whose = self.organization or self.entity
        return "/".join(part for part in (whose, self._in_registry) if part)

    @property
    def _in_registry(self) -> str:
        return f"{REGISTRY_PREFIX}{self.registry}/{self.collection}"
