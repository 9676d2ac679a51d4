"""JSON as it stands in a column: canonical when written, and not to be trusted when read."""

import json
from typing import Any

from registry_assets.errors import CatalogError


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
