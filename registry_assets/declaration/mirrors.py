"""Where else a model's versions and pointers are shown: registries that this one publishes to.

Outward only: our pointer is what counts, and what stands there is observed and compared.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, names, no_duplicates, one_of, require
from registry_assets.declaration.pointers import RESERVED_ASSETS
from registry_assets.errors import DeclarationError
from registry_assets.references import check_name

Publish = Literal["promotion", "commit"]
PUBLISH: tuple[Publish, ...] = ("promotion", "commit")
_FOREIGN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,199}")


@runtime_checkable
class Mirror(Protocol):
    """What a declaration needs of a mirror; `MLflow` is one.

    One of your own also has `connect(model: str)`, which gives a
    `registry_assets.mirroring.protocol.MirrorClient`.
    """

    @property
    def mirror(self) -> str:
        """What it is called here: its asset is `<model>/<mirror>`."""

    @property
    def publish(self) -> Publish:
        """Which versions go out: those that a pointer holds, or all as they are committed."""

    @property
    def verify_hours(self) -> float:
        """After how many hours every byte there is compared again."""

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: `kind`, `address`, `name` and more; no secret is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MLflow:
    """A registered model of an MLflow tracking server, 3.x.

    Who may write there is told by MLflow's own variables alone: MLFLOW_TRACKING_TOKEN, or
    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.

    Args:
        tracking_uri: where it is, `https://mlflow.example.com`; by default MLFLOW_TRACKING_URI.
        name: what the model is called there; by default as here.
        publish: `promotion` sends the versions that pointers hold, `commit` each one once it is
            committed.
        mirror: what it is called here.
        verify_hours: after how many hours every byte there is compared again.
        direct_artifacts: whether artifacts may be written to where the server says, such as
            s3://…, with what this process may do there. By default only through the server.

    Raises:
        DeclarationError: it cannot be meant so; says what would be right.
    """

    tracking_uri: str = ""
    name: str = ""
    publish: Publish = "promotion"
    mirror: str = "mlflow"
    verify_hours: float = 24.0
    direct_artifacts: bool = False

    def __post_init__(self) -> None:
        check_name(self.mirror, what="mirror name")
        one_of(self.publish, PUBLISH, "MLflow(publish=…)")
        hours = finite(self.verify_hours, "MLflow(verify_hours=…)")
        require(hours > 0, f"MLflow(verify_hours={hours:g})", "give hours, above 0")
        require(
            isinstance(self.direct_artifacts, bool),
            f"MLflow(direct_artifacts={self.direct_artifacts!r})",
            "give True or False",
        )
        require(
            not self.name or _FOREIGN_NAME.fullmatch(self.name),
            f"MLflow(name={self.name!r:.220}) can be no name of a registered model there",
            "give letters, digits, spaces and _ . - only, 200 at most, no / and no :",
        )
        self._check_address()

    def _check_address(self) -> None:
        if not isinstance(self.tracking_uri, str):
            raise DeclarationError(
                f"MLflow(tracking_uri=…) is a {type(self.tracking_uri).__name__}",
                hint='tracking_uri="https://mlflow.example.com"',
            )
        if not self.tracking_uri:
            return
        try:
            parts = urlsplit(self.tracking_uri)
            secret = bool(parts.username or parts.password)
            wrong = parts.scheme not in ("http", "https") or not parts.hostname
            wrong = wrong or bool(parts.query or parts.fragment)
        except ValueError:
            secret, wrong = "@" in self.tracking_uri, True
        # Not quoted before it is known that no password is in it.
        require(
            not secret,
            "MLflow(tracking_uri=…) has a user or a password in it",
            "leave them out, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"
            " MLFLOW_TRACKING_TOKEN, where it runs",
        )
        require(
            not wrong,
            f"MLflow(tracking_uri={self.tracking_uri!r:.200}) is no address of a server",
            'tracking_uri="https://mlflow.example.com"',
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "kind": "mlflow",
            "address": self.tracking_uri.rstrip("/"),
            "name": self.name,
            "publish": self.publish,
            "verify_hours": float(self.verify_hours),
            "direct_artifacts": self.direct_artifacts,
        }


def check_mirrors(
    model: str, mirrors: Sequence[Mirror], pointers: Sequence[str]
) -> tuple[Mirror, ...]:
    """Give a declaration's mirrors, each of which can be an asset of the model.

    Raises:
        DeclarationError: one is none, stands twice, or has the name of another asset.
    """
    if isinstance(mirrors, Mirror) or not isinstance(mirrors, Sequence):
        raise DeclarationError(
            f"mirrors is a {type(mirrors).__name__}",
            hint='give a list: mirrors=[MLflow(tracking_uri="https://mlflow.example.com")]',
        )
    for each in mirrors:
        require(
            isinstance(each, Mirror),
            f"mirrors holds a {type(each).__name__}",
            'mirrors=[MLflow(tracking_uri="https://mlflow.example.com")]',
        )
        check_name(each.mirror, what="mirror name")
        one_of(each.publish, PUBLISH, f"publish of the mirror {each.mirror}")
        taken = (*RESERVED_ASSETS, *pointers)
        require(
            each.mirror not in taken,
            f"a mirror cannot be called {each.mirror!r}: {model}/{each.mirror} is another asset",
            f"rename it by mirror=…; taken are {', '.join(taken)}",
        )
    no_duplicates(names([each.mirror for each in mirrors], "mirrors"), "mirrors")
    return tuple(mirrors)
