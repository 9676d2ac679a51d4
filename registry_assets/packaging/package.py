"""A package: the files that a version consists of, and what they are called.

The value only. `build` makes one from a fitted estimator, `loaded` makes a model of one,
`load_check` proves that the two agree.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.packaging.formats import Stored

FORMAT = 1
DESCRIPTION = "package.json"
ESTIMATOR = "estimator.skops"
"""The file of an estimator of scikit-learn; `package.json` names those of others."""
ENVIRONMENT = "environment.json"
SIGNATURE = "signature.json"
CODE = "code/"
SAMPLE = "sample/"
SAMPLE_FEATURES = f"{SAMPLE}features.parquet"
SAMPLE_EXPECTED = f"{SAMPLE}expected.parquet"
MONITORING = "monitoring/"
TRAINING_PROFILE = f"{MONITORING}features.profile"
"""What the features were like that it was trained on; earlier packages have none."""
TRAINING_SLICES = f"{MONITORING}slices.profiles"
"""The same by the values of the columns that drift is looked at by, where some are declared."""
TRAINING_SAMPLE = f"{MONITORING}training_sample.parquet"
"""Some of these features, for Evidently's report on drift, where one is declared."""


def sample_input(name: str) -> str:
    """Give the path of an input frame of the sample."""
    return f"{SAMPLE}inputs/{name}.parquet"


@dataclass(frozen=True, slots=True)
class Package:
    """Bytes by path; the properties parse them.

    Raises:
        PackagingRefused: a file is missing, or the package is of another format.
    """

    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        found = self.description.get("format")
        if found != FORMAT:
            raise PackagingRefused(
                f"The package is of format {found!r}; this release reads format {FORMAT}.",
                hint="If a newer release of registry_assets wrote it, upgrade to that release.",
            )

    def read(self, path: str) -> bytes:
        """Give one file's bytes."""
        if path not in self.files:
            raise PackagingRefused(f"The package has no file {path}.")
        return self.files[path]

    @property
    def digest(self) -> str:
        """Name the content: equal files under equal paths give equal digests."""
        return sha256_digest(
            canonical_json({path: sha256_digest(data) for path, data in self.files.items()})
        )

    @property
    def description(self) -> dict[str, Any]:
        """Give task, functions, inputs, features and classes, as `package.json` has them."""
        return self._json(DESCRIPTION)

    @property
    def estimator(self) -> "Stored":
        """Give the files of the estimator, as `package.json` names them."""
        from registry_assets.packaging.estimator import read_estimator

        return read_estimator(self.description.get("estimator"), self.read)

    @property
    def environment(self) -> dict[str, Any]:
        """Give the Python and the distributions that the model was made with."""
        return self._json(ENVIRONMENT)

    @property
    def signature(self) -> Signature:
        """Give the columns that go in and the output that comes out."""
        return Signature.from_json(self._json(SIGNATURE))

    @property
    def code(self) -> dict[str, bytes]:
        """Give the packaged source files by their paths, "airline/features.py"."""
        return {
            path.removeprefix(CODE): data
            for path, data in self.files.items()
            if path.startswith(CODE)
        }

    def frame(self, path: str) -> "pd.DataFrame":
        """Give one table of the sample."""
        from registry_assets.snapshots import decode_frame

        return decode_frame(self.read(path))

    def sample_inputs(self) -> "dict[str, pd.DataFrame]":
        """Give the sample's rows and reference frames by the names of their inputs."""
        return {name: self.frame(sample_input(name)) for name in self.signature.inputs}

    def _json(self, path: str) -> dict[str, Any]:
        try:
            value = json.loads(self.read(path))
        except ValueError as error:
            raise PackagingRefused(f"The package's {path} is not JSON: {error}.") from error
        if not isinstance(value, dict):
            raise PackagingRefused(f"The package's {path} is not a JSON object.")
        return value
