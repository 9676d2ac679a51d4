"""Where an MLflow server is, what opens it, and how neither is said where it must not be."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from registry_assets.errors import MirrorAddressInvalid
from registry_assets.mirroring.secrecy import without

VARIABLE = "MLFLOW_TRACKING_URI"
USER, PASSWORD, TOKEN = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)
_SERVE = (
    "that is a backend store: `mlflow server --backend-store-uri …` serves it; give the address at"
    " which it does"
)
_SHORTEST = 3
"""A shorter secret is in every text, and no secret."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address; what opens it is kept apart, and shown by nothing.

    Args:
        url: without user and password.
        opens: MLflow's own variables that were in the URL instead.
    """

    url: str
    opens: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def find(cls, declared: str = "", environment: Mapping[str, str] = os.environ) -> Self:
        """Give the declared address, or that of MLFLOW_TRACKING_URI.

        Raises:
            MirrorAddressInvalid: there is none, or it is none of a server.
        """
        text = declared or environment.get(VARIABLE, "").strip()
        hint = f"MLflow(tracking_uri=…), or {VARIABLE}=https://mlflow.example.com where it runs"
        if not text:
            raise MirrorAddressInvalid("nobody says where the MLflow server is", hint=hint)
        # Not chained, and not quoted: there may be a password in it.
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise MirrorAddressInvalid(
                "the address of the MLflow server cannot be read: expected http:// or https://,"
                " a host, and a port from 1 to 65535 where it has one",
                hint=hint,
            ) from None
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise MirrorAddressInvalid(
                "the address of the MLflow server is no address of one: expected http:// or"
                " https://, a host, and neither ? nor #",
                hint=_SERVE if _is_backend(parts.scheme) else hint,
            )
        where = f"[{host}]" if ":" in host else host
        netloc = f"{where}:{port}" if port else where
        url = urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))
        given = {USER: parts.username, PASSWORD: parts.password}
        return cls(url, {name: unquote(value) for name, value in given.items() if value})

    def page(self, *path: str) -> str:
        """Give the address of a page of its user interface."""
        where = "/".join(quote(part, safe="") for part in path)
        return f"{self.url}/#/{where}"

    def secrets(self, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """Give everything that must not be said, as it is and as it stands in a URL."""
        found = [*self.opens.values()]
        found += [environment.get(name, "") for name in (PASSWORD, TOKEN)]
        # As it goes over the wire, which a careless server repeats.
        users = [self.opens.get(USER, ""), environment.get(USER, "")]
        words = [self.opens.get(PASSWORD, ""), environment.get(PASSWORD, "")]
        pairs = [f"{user}:{word}" for user in users for word in words if word]
        found += [base64.b64encode(pair.encode()).decode() for pair in pairs]
        if "@" in (inherited := environment.get(VARIABLE, "")):
            found.append(inherited.rpartition("@")[0].partition("://")[2].partition(":")[2])
        # The user's name is shown by their own server to everybody, and is in many a text.
        found = [each for each in found if each != self.opens.get(USER)]
        return tuple(each for each in found if len(each) >= _SHORTEST)

    def scrubbed(self, text: str) -> str:
        """Give a text without any of them."""
        return without(text, self.secrets())


def _is_backend(scheme: str) -> bool:
    """Tell whether MLflow's own programs read what is there by themselves, without a server."""
    return scheme.partition("+")[0] in ("file", "sqlite", "postgresql", "mysql", "mssql")
