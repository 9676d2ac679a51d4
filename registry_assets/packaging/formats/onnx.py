"""ONNX graphs, from whatever framework, run by onnxruntime."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.errors import DataUnusable, PackagingRefused
from registry_assets.packaging.formats.onnx_graph import WHAT, checked_model
from registry_assets.packaging.formats.protocol import Stored, Surroundings, damaged, is_of
from registry_assets.packaging.signature import Label

CLASSES = "classes"
"""The key of a model's metadata under which its classes stand, as a JSON list."""

_ELEMENTS: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}
_LABELS = ("tensor(int64)", "tensor(int32)", "tensor(string)", "tensor(bool)")
_LABEL_ATTRIBUTES = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")


class Onnx:
    """An `onnx.ModelProto`, or a file of one.

    The file is a graph of operators with their constants. A reader cannot be made to run code
    that is not in onnxruntime, or to open another file: operators of other domains and data kept
    outside the file are refused here, in nested graphs and functions too. It can be made to
    compute for long (`Loop`, `Scan`) and to take much memory, which the disposable process that
    loads every package first ends. Limits: 2 GiB, 100,000 nodes, 16 nested graphs. Tried against
    it: external data by path, operators of other domains flat and nested, constants of 2^62
    values, negative dimensions, truncated and edited files, pickles, other frameworks' files.
    """

    name = "onnx"
    file = "estimator.onnx"
    distributions = ("onnxruntime", "onnx")
    # Numbers are mostly of single precision, and the order of sums is the processor's.
    relative = 1e-5

    def takes(self, estimator: object) -> bool:
        kind = type(estimator)
        is_proto = kind.__name__ == "ModelProto" and kind.__module__.startswith("onnx.")
        return is_proto or is_of(estimator, f"{__name__}.OnnxEstimator")

    def predictor(self, estimator: Any) -> Any:
        if isinstance(estimator, OnnxEstimator):
            return estimator
        return self.load(self.write(estimator), around=Surroundings())

    def write(self, estimator: Any) -> Stored:
        data = (
            estimator.data
            if isinstance(estimator, OnnxEstimator)
            else estimator.SerializeToString()
        )
        return Stored(self.name, data)

    def recognises(self, data: bytes) -> bool:
        # The field ir_version, which is a small number, and after it another field.
        return len(data) > 4 and data[0] == 0x08 and data[1] < 64 and data[2] & 7 in (0, 2)

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        checked_model(stored.data)

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        return OnnxEstimator(stored.data)


class OnnxEstimator:
    """A graph that predicts as scikit-learn's estimators do.

    It takes all features as one matrix, or each as an input of its name. Of its outputs the one
    of whole numbers or texts is the prediction, the one of decimal numbers with a column for each
    class the probabilities; where there is but one output, it is either. Classes are those that
    the metadata names under `classes`, else those of its classifier, else 0, 1, 2 ….
    """

    def __init__(self, data: bytes) -> None:
        import onnxruntime

        self.data = data
        options = onnxruntime.SessionOptions()
        # One thread: sums in one order, and as many processes as there are requests.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Else a file of onnxruntime's own format would be taken for one too, and was not checked.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of its own classes, which have no common one
            raise damaged(WHAT, f"onnxruntime says {error}"[:300]) from error
        self._inputs = self._session.get_inputs()
        self._outputs = self._session.get_outputs()

    @cached_property
    def classes_(self) -> np.ndarray:
        """The classes, in the order of the probabilities."""
        from registry_assets.packaging.named_classes import as_labels

        if self._scores is None:
            raise AttributeError("the graph has no output of probabilities")
        named = self._session.get_modelmeta().custom_metadata_map.get(CLASSES)
        if named is not None:
            return as_labels(_named_classes(named))
        found = _classifier_labels(self.data)
        if found is None:
            width = self._scores.shape[1] if len(self._scores.shape or ()) == 2 else None
            if not isinstance(width, int):
                raise PackagingRefused(
                    "The ONNX model does not say which classes it has.",
                    hint='Name them: entry = model.metadata_props.add(); entry.key = "classes"; '
                    'entry.value = json.dumps(["on time", "late"]).',
                )
            found = list(range(max(width, 2)))
        return as_labels(found)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Give one value per row: a class, or a number."""
        if self._label is not None:
            (said,) = self._run(features, self._label)
            return np.asarray(said).ravel()
        if not self._is_classifier:
            (said,) = self._run(features, self._outputs[0])
            return np.asarray(said, dtype=np.float64).ravel()
        found: np.ndarray = self.classes_[self.predict_proba(features).argmax(axis=1)]
        return found

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray:
        """Give the probability of each class per row."""
        if self._scores is None:
            raise DataUnusable("The ONNX model has no output of probabilities.")
        (said,) = self._run(features, self._scores)
        if isinstance(said, list):  # what ZipMap makes: a mapping for each row
            said = [[row[label] for label in self.classes_.tolist()] for row in said]
        found = np.asarray(said, dtype=np.float64).reshape(len(features), -1)
        if found.shape[1] == 1 and len(self.classes_) == 2:
            found = np.hstack([1.0 - found, found])
        return found

    @property
    def _is_classifier(self) -> bool:
        """Whether the one output, of decimal numbers, is of probabilities."""
        if CLASSES in self._session.get_modelmeta().custom_metadata_map:
            return True
        shape = list(self._outputs[0].shape or [])
        several = len(shape) == 2 and isinstance(shape[1], int) and shape[1] > 1
        return len(self._outputs) > 1 or several

    @cached_property
    def _label(self) -> Any:
        found = [each for each in self._outputs if each.type in _LABELS]
        return found[0] if found else None

    @cached_property
    def _scores(self) -> Any:
        if not self._is_classifier:
            return None
        found = [each for each in self._outputs if each.type not in _LABELS]
        return found[0] if found else None

    def _run(self, features: pd.DataFrame, *outputs: Any) -> list[Any]:
        found: list[Any] = self._session.run([each.name for each in outputs], self._feed(features))
        return found

    def _feed(self, features: pd.DataFrame) -> dict[str, np.ndarray]:
        if len(self._inputs) == 1 and self._inputs[0].name not in features.columns:
            (only,) = self._inputs
            return {only.name: _matrix(features, only)}
        missing = [each.name for each in self._inputs if each.name not in features.columns]
        if missing:
            raise DataUnusable(
                f"The ONNX model has inputs that are no features: {', '.join(missing)}.",
                hint="Export it with one matrix as its input, or with an input of the name of "
                "each feature.",
            )
        return {each.name: _column(features[each.name], each) for each in self._inputs}


FORMAT = Onnx()


def _matrix(features: pd.DataFrame, only: Any) -> np.ndarray:
    found = np.column_stack([_values(features[name], only) for name in features.columns])
    width = (only.shape or [None])[-1]
    if isinstance(width, int) and width != found.shape[1]:
        raise DataUnusable(
            f"The ONNX model takes {width} features, and there are {found.shape[1]}.",
            hint="Export it for the features that make_features gives, in their order.",
        )
    return found


def _column(values: "pd.Series[Any]", of: Any) -> np.ndarray:
    found = _values(values, of)
    return found.reshape(-1, 1) if len(of.shape or ()) == 2 else found


def _values(values: "pd.Series[Any]", of: Any) -> np.ndarray:
    kind = _ELEMENTS.get(of.type)
    if kind is None:
        raise DataUnusable(f"The ONNX model wants a {of.type} for {of.name!r}, which no column is.")
    if kind is object:
        return values.astype(object).where(values.notna(), "").astype(str).to_numpy(dtype=object)
    try:
        if np.issubdtype(kind, np.floating):
            return values.to_numpy(dtype=kind, na_value=np.nan)
        return values.to_numpy(dtype=kind)
    except (TypeError, ValueError) as error:
        raise DataUnusable(
            f"The ONNX model wants {of.type} for {of.name!r}; {values.name!r} is {values.dtype}: "
            f"{error}.",
            hint="Give it numbers; texts and categories go into inputs of strings of their own.",
        ) from error


def _named_classes(text: str) -> Sequence[Label]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(
        isinstance(x, bool | int | float | str) for x in found
    ):
        raise PackagingRefused(
            f"The ONNX model's metadata names the classes {text!r:.80}.",
            hint='Write them as a JSON list: ["on time", "late"].',
        )
    return found


def _classifier_labels(data: bytes) -> list[Label] | None:
    """Give the labels that the last classifier of the graph names, or a map of its scores."""
    import onnx

    for node in reversed(onnx.load_model_from_string(data).graph.node):
        for attribute in node.attribute:
            if attribute.name in _LABEL_ATTRIBUTES:
                if attribute.ints:
                    return [int(each) for each in attribute.ints]
                if attribute.strings:
                    return [each.decode() for each in attribute.strings]
    return None
