"""Migrations of the catalog, forward only, by Alembic.

A new release adds a file under `versions/` and its name to `engine.REVISIONS`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_assets.catalog.engine import Catalog


def upgrade(catalog: "Catalog", revision: str = "head") -> None:
    """Bring the catalog to a revision, in one transaction under the lock over all chains.

    Whoever waited for that lock finds the work done, and does nothing.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with catalog.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
