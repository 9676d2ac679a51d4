"""A version as SageMaker's `model.tar.gz`, with the script that its scikit-learn container runs.

    version/                 the version's own files, as they are stored, and its manifest
    code/inference.py        a few lines; the container calls its four functions
    code/requirements.txt    the distributions that the version was made with
    wheels/                  registry_assets, by which it loads where that is not installed

No pickle is in it. The same version written twice by the same release is the same bytes.
"""

import gzip
import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.converting import sagemaker_inference
from registry_assets.converting.wheel import wheel, wheel_name
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.packaging.environment import requirement_lines

if TYPE_CHECKING:
    from registry_assets.converting.contents import VersionContents

ARCHIVE = "model.tar.gz"
VERSION, CODE, WHEELS = "version", "code", "wheels"
SCRIPT = "inference.py"
CONTENT_TYPES = ("application/json", "text/csv")


def environment(digest: str) -> dict[str, str]:
    """Give the variables by which the container finds the script, and the script the version."""
    return {
        "SAGEMAKER_PROGRAM": SCRIPT,
        "SAGEMAKER_SUBMIT_DIRECTORY": f"/opt/ml/model/{CODE}",
        sagemaker_inference.DIGEST: digest,
    }


def sagemaker_archive(contents: "VersionContents") -> bytes:
    """Give a version as the archive that SageMaker puts into a container's /opt/ml/model.

    None of the version's code runs here.

    Raises:
        PackagingRefused: the files are no package of this release.
        ConversionRefused: this package runs from an archive itself.
    """
    script = Path(str(sagemaker_inference.__file__)).read_bytes()
    pinned = requirement_lines(contents.package.environment)
    files = {
        f"{VERSION}/{MANIFEST_FILE}": contents.stored,
        **{f"{VERSION}/{path}": data for path, data in contents.files.items()},
        f"{CODE}/{SCRIPT}": script,
        f"{CODE}/requirements.txt": "".join(f"{line}\n" for line in pinned).encode(),
        f"{WHEELS}/{wheel_name()}": wheel(),
    }
    target = io.BytesIO()
    # Of no time and no user: both would change the bytes.
    with (
        gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(files):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(files[path]), 0o644
            archive.addfile(entry, io.BytesIO(files[path]))
    return target.getvalue()
