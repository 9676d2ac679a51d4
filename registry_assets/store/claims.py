"""What a store says of itself: its format, and in `registry.json` whose bytes it holds.

Where that is written, and that it is written once, is each store's own.
"""

import json

from registry_assets.canonical import canonical_json
from registry_assets.errors import StoreError
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
    identity = require_store(data, where=where).get("registry")
    if not isinstance(identity, str):
        raise _damaged(where)
    return identity


def require_store(data: bytes, *, where: str) -> dict[str, object]:
    """Read what says that here is a store, of a format that this release knows.

    Raises:
        StoreError: it is something else.
    """
    try:
        document = json.loads(data)
    except ValueError:
        raise _damaged(where) from None
    if not isinstance(document, dict):
        raise _damaged(where)
    if document.get("format") != STORE_FORMAT:
        raise StoreError(
            f"{where} is of the format {document.get('format')!r:.80}; this release reads "
            f"{STORE_FORMAT}.",
            hint="Use the release that wrote it, or a later one.",
        )
    return document


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


def _damaged(where: str) -> StoreError:
    return StoreError(
        f"{where} is damaged: it does not say which store this is.",
        hint="Restore that file from a backup.",
    )
