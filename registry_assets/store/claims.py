"""`registry.json` of a store: which registry's bytes these are. Each store writes it its way."""

import json

from registry_assets.errors import StoreError
from registry_assets.manifest import canonical_json
from registry_assets.references import check_text

FILE = "registry.json"
STORE_FORMAT = "registry_assets/store/1"
_LONGEST = 200


def identity_document(identity: str) -> bytes:
    """Write down an identity.

    Raises:
        DeclarationError: it is no text, or too long.
    """
    check_text(identity, what="registry's identity", limit=_LONGEST)
    return canonical_json({"format": STORE_FORMAT, "registry": identity})


def read_identity(data: bytes, *, where: str) -> str:
    """Give the identity that `identity_document` wrote.

    Raises:
        StoreError: it is something else.
    """
    try:
        document = json.loads(data)
        found, identity = document["format"], document["registry"]
    except (ValueError, LookupError, TypeError):
        raise StoreError(
            f"{where} does not say which registry the store belongs to: it is damaged.",
            hint="Restore that file from a backup.",
        ) from None
    if found != STORE_FORMAT or not isinstance(identity, str):
        raise StoreError(
            f"{where} is of the format {found!r}; this release reads {STORE_FORMAT}.",
            hint="Use the release that wrote it, or a later one.",
        )
    return identity


def require_same(found: str | None, claimed: str, *, where: str) -> None:
    """Refuse a claim on what is another registry's.

    Raises:
        StoreError: the two differ.
    """
    if found != claimed:
        raise StoreError(
            f"{where} belongs to the registry {found}, and this one is {claimed}.",
            hint="Give each registry a store of its own; REGISTRY_STORE says which.",
        )
