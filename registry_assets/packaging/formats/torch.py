"""Modules of PyTorch: their state by safetensors, their class from the packaged code."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.canonical import Json, plain_json
from registry_assets.errors import DataUnusable, DeclarationError, PackagingRefused
from registry_assets.packaging.formats.protocol import (
    Stored,
    Surroundings,
    damaged,
    derives_from,
    is_of,
)
from registry_assets.packaging.formats.safetensors_file import WHAT, check_tensors, recognised
from registry_assets.packaging.signature import Label

ARGUMENTS = "arguments_"
CLASSES = "classes_"
_MODULE = "torch.nn.modules.module.Module"


class Torch:
    """A `torch.nn.Module` of a class in the packaged code.

    The file is a table of tensors by name, which safetensors reads; `torch.load` is never called,
    and nothing in the file names code. The class that the tensors go into is looked up among the
    packaged modules alone, made with the arguments that `package.json` has, and must take exactly
    these tensors. Here it is checked that the tensors lie side by side, fill the file, and are as
    long as their shapes say. Limits: 4 GiB, 100,000 tensors, a table of 16 MiB. Tried against it:
    truncated and edited files, tensors that overlap or lie outside, shapes of 2^62 values,
    classes that are not packaged or no modules, pickles, other frameworks' files.
    """

    name = "torch"
    file = "estimator.safetensors"
    distributions = ("torch", "safetensors")
    # Sums of single precision, in an order that depends on the number of threads.
    relative = 1e-5

    def takes(self, estimator: object) -> bool:
        return derives_from(estimator, _MODULE) or is_of(estimator, f"{__name__}.TorchEstimator")

    def predictor(self, estimator: Any) -> Any:
        return estimator if isinstance(estimator, TorchEstimator) else TorchEstimator(estimator)

    def write(self, estimator: Any) -> Stored:
        from safetensors.torch import save

        module = estimator.module if isinstance(estimator, TorchEstimator) else estimator
        kind = type(module)
        about: dict[str, Json] = {
            "class": f"{kind.__module__}:{kind.__qualname__}",
            "arguments": _arguments(module),
        }
        if hasattr(module, CLASSES):
            about["classes"] = list(_classes(module))
        # A copy of each: safetensors refuses tensors that share their memory.
        state = {
            name: value.detach().cpu().clone().contiguous()
            for name, value in module.state_dict().items()
        }
        return Stored(self.name, save(state), about)

    def recognises(self, data: bytes) -> bool:
        return recognised(data)

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        check_tensors(stored.data)
        reference = stored.about.get("class")
        if not isinstance(reference, str) or not isinstance(stored.about.get("arguments"), dict):
            raise PackagingRefused(
                "A file of tensors does not say which module they are of.",
                hint='Give class = "airline.net:Net" and its arguments beside it; see '
                "`docs/frameworks.md`.",
            )
        module = reference.partition(":")[0]
        if module not in around.modules:
            raise PackagingRefused(
                f"The module is of the class {reference}, which is not packaged with the model.",
                hint="Define it in a module that make_features or train imports.",
            )

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        from safetensors.torch import load

        module = _built(str(stored.about["class"]), stored.about["arguments"], around)
        try:
            module.load_state_dict(load(stored.data), strict=True)
        except RuntimeError as error:  # names the tensors that are missing or of another shape
            raise damaged(WHAT, f"its tensors do not fit their class: {error}"[:500]) from error
        if "classes" in stored.about:
            setattr(module, CLASSES, stored.about["classes"])
        return module.eval()


FORMAT = Torch()


class TorchEstimator:
    """A module that predicts as scikit-learn's estimators do.

    It is given all features as one matrix of single precision. For a regression it gives a number
    per row; for two classes a logit per row, or one per class; for several one per class.
    """

    def __init__(self, module: Any) -> None:
        self.module = module

    @property
    def classes_(self) -> np.ndarray:
        """The classes that the module names in its attribute `classes_`."""
        from registry_assets.packaging.named_classes import as_labels

        if not hasattr(self.module, CLASSES):
            raise AttributeError(f"the module has no {CLASSES}")
        return as_labels(_classes(self.module))

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Give one value per row: a class, or a number."""
        if hasattr(self.module, CLASSES):
            found: np.ndarray = self.classes_[self.predict_proba(features).argmax(axis=1)]
            return found
        said: np.ndarray = self._answers(features).double().numpy()
        return said.reshape(len(features), -1)[:, 0]

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        """Give the probability of each class per row."""
        import torch

        logits = self._answers(features).double().reshape(len(features), -1)
        if logits.shape[1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        found: np.ndarray = torch.softmax(logits, dim=1).numpy()
        return found

    def _answers(self, features: pd.DataFrame) -> Any:
        import torch

        odd = [str(name) for name, kind in features.dtypes.items() if kind.kind not in "biuf"]
        if odd:
            raise DataUnusable(
                f"A module of PyTorch takes numbers; these features are others: {', '.join(odd)}.",
                hint="Encode them in make_features.",
            )
        matrix = features.to_numpy(dtype=np.float32, na_value=np.nan)
        parameter = next(iter(self.module.parameters()), None)
        given = torch.tensor(matrix)  # a copy: what pandas hands out may not be written to
        with torch.inference_mode():
            said = self.module.eval()(given if parameter is None else given.to(parameter.device))
        return said.detach().cpu()


def _built(reference: str, arguments: Any, around: Surroundings) -> Any:
    import torch

    name, _, path = reference.partition(":")
    kind: Any = importlib.import_module(around.module(name))
    for part in path.split("."):
        kind = getattr(kind, part, None)
    if not (isinstance(kind, type) and issubclass(kind, torch.nn.Module)):
        raise PackagingRefused(f"The packaged code has no torch module {reference}.")
    try:
        return kind(**arguments)
    except TypeError as error:
        raise PackagingRefused(
            f"{reference} cannot be made with the arguments {arguments!r:.200}: {error}.",
            hint=f"Let __init__ keep what it was called with: self.{ARGUMENTS} = {{…}}.",
        ) from error


def _arguments(module: Any) -> Json:
    kind = type(module)
    found = getattr(module, ARGUMENTS, None)
    if not isinstance(found, Mapping):
        raise PackagingRefused(
            f"{kind.__module__}.{kind.__qualname__} does not say with which arguments it was made.",
            hint=f'Let its __init__ keep them: self.{ARGUMENTS} = {{"width": width}}; '
            "an empty dict where it takes none.",
        )
    try:
        return plain_json(dict(found), root=ARGUMENTS)
    except DeclarationError as error:
        raise PackagingRefused(
            f"The arguments of {kind.__qualname__} are no JSON: {error.message}", hint=error.hint
        ) from error


def _classes(module: Any) -> list[Label]:
    found: list[Label] = np.asarray(getattr(module, CLASSES), dtype=object).tolist()
    return found
