"""`load`: the one line that a deployment needs."""

from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.registry import Registry

if TYPE_CHECKING:
    from registry_assets.packaging.loaded import LoadedModel


def load(reference: str, *, home: Path | str | None = None) -> "LoadedModel":
    """Load the version that a reference names: `load("flight_delay@production").predict(rows)`.

    Every byte is verified before it is handed to the loader. The packaged feature code and
    estimator run in this process from then on, by design.

    Args:
        home: the project's folder; by default found upwards from here, or by REGISTRY_HOME.

    Raises:
        NoRegistry: no registry was found.
        NotFound: nothing is called that, or the pointer holds nothing yet.
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
    """
    return Registry.open(None if home is None else Path(home)).load(reference)
