"""What rows hold: JSON, canonical when written and not to be trusted when read; and digests."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from registry_assets.errors import CatalogError

Confirm = Callable[[sa.Connection], None]
"""Makes sure that the bytes which a row will name are in the store, or raises."""


def trust(_connection: sa.Connection) -> None:
    """Confirm nothing: for rows whose bytes something else names already."""


def read_json(text: str, *, where: str) -> Any:
    """Read a JSON text from the catalog.

    Raises:
        CatalogError: it is not what the registry wrote; `where` names the row.
    """
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise CatalogError(
            f"{where} cannot be read from the catalog: {error}",
            hint="run `registry verify`: it names everything that was changed",
        ) from error
