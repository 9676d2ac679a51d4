"""A model made of a package: from raw rows to predictions.

Runs the packaged code, so the caller verifies every byte first. Touches no disk, and
imports nothing of the pipeline.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.errors import DataUnusable
from registry_assets.packaging import package as layout
from registry_assets.packaging import predictions
from registry_assets.packaging.estimator import load_estimator
from registry_assets.packaging.features import MakeFeatures, compute_features
from registry_assets.packaging.isolation import load_code
from registry_assets.packaging.package import Package
from registry_assets.packaging.signature import Label, Signature

Rows = pd.DataFrame | Sequence[Mapping[Any, Any]]


class LoadedModel:
    """A model ready to predict; `name`, `version`, `digest` and `metadata` say which."""

    def __init__(
        self,
        *,
        estimator: Any,
        make_features: MakeFeatures,
        signature: Signature,
        environment: Mapping[str, Any],
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        known = identity or {}
        self.estimator = estimator
        self.signature = signature
        self.environment = environment
        self.name: str | None = known.get("name")
        self.version: int | None = known.get("version")
        self.digest: str | None = known.get("digest")
        self.metadata: Mapping[str, Any] = known.get("metadata", {})
        self._make_features = make_features

    @property
    def task(self) -> str:
        """Give what is predicted: binary, multiclass or regression."""
        return self.signature.output.task

    @property
    def classes(self) -> tuple[Label, ...]:
        """Give the classes in the order of the columns of `predict_proba`."""
        return self.signature.output.classes

    def predict(self, rows: Rows, /, **references: pd.DataFrame) -> np.ndarray:
        """Predict one value per raw row: a class label, or a number.

        Args:
            rows: a DataFrame, or one mapping per row.
            references: the reference frames, by the names that make_features gives them.

        Raises:
            DataUnusable: columns or reference frames are missing or wrong; all are named.
        """
        return predictions.predict(self.estimator, self.features(rows, **references))

    def predict_proba(self, rows: Rows, /, **references: pd.DataFrame) -> np.ndarray:
        """Give the probability of each class per raw row: float64 of shape (rows, classes)."""
        features = self.features(rows, **references)
        return predictions.predict_proba(self.estimator, features, output=self.signature.output)

    def features(self, rows: Rows, /, **references: pd.DataFrame) -> pd.DataFrame:
        """Give the features that the packaged code makes of raw rows."""
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        if not len(frame):
            raise DataUnusable("There is nothing to predict: no rows were given.")
        self._check_references(references)
        given = {self.signature.rows_input: frame, **references}
        inputs = {
            name: self.signature.check_input(name, given[name]) for name in self.signature.inputs
        }
        return compute_features(self._make_features, inputs, columns=self.signature.features)

    def _check_references(self, references: Mapping[str, object]) -> None:
        expected = self.signature.references
        missing = [name for name in expected if name not in references]
        unknown = [name for name in references if name not in expected]
        if missing or unknown:
            parts = [
                f"{what}: {', '.join(names)}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            ]
            raise DataUnusable(
                f"The reference frames do not fit this model ({'; '.join(parts)}).",
                hint=f"Call predict(rows{''.join(f', {name}=…' for name in expected)}).",
            )

    def __repr__(self) -> str:
        return f"<LoadedModel {self.name}:{self.version} {self.task} {self.digest}>"


def is_loaded(path: str) -> bool:
    """Say whether a file of a package takes part in loading it.

    Its sample does not, nor does what deployments are watched by.
    """
    return not path.startswith((layout.SAMPLE, layout.MONITORING))


def load_package(
    files: Mapping[str, bytes], *, identity: Mapping[str, Any] | None = None
) -> LoadedModel:
    """Make a model of a package's files, whose bytes the caller has verified.

    Args:
        identity: name, version, digest and metadata, as the model shall carry them.

    Raises:
        PackagingRefused: a file is missing, malformed, or of another format.
        UntrustedTypes: the estimator names types nobody vouched for.
    """
    package = Package(files)
    code = load_code(package.code)
    return LoadedModel(
        estimator=load_estimator(
            package.estimator, own_modules=code.modules, rename=code.private_name
        ),
        make_features=code.function(package.description["make_features"]),
        signature=package.signature,
        environment=package.environment,
        identity=identity,
    )
