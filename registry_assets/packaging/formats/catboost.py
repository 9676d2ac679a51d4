"""CatBoost's models by its own binary format."""

import struct
import tempfile
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.parameters import plain_parameters, unfitted
from registry_assets.packaging.formats.protocol import (
    Stored,
    Surroundings,
    beyond,
    damaged,
    is_of,
)

_NAMES = ("CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker", "CatBoost")
_CLASSES = tuple(f"catboost.core.{name}" for name in _NAMES)
_LEFT_OUT = frozenset({"thread_count", "train_dir", "verbose", "logging_level", "task_type"})
_WHAT = "a model of CatBoost (cbm)"
_MAGIC = b"CBM1"
_SIZE = struct.Struct("<I")
_MOST_BYTES = 2**31


class CatBoost:
    """`CatBoostClassifier`, `CatBoostRegressor`, `CatBoostRanker` and `CatBoost`.

    The file is what `save_model` writes: trees, categories and their statistics, class names,
    and the parameters of the training as text. It names no code, and no file that is read again.
    Its first table is a flatbuffer, which CatBoost verifies before it follows any offset in it,
    but not the numbers there, nor the tables of categories that follow; here it is checked that
    the tables fill the file. What a crafted one does is found out in the disposable process that
    loads every package first. Text and embedding features are refused. Limit: 2 GiB. Tried
    against it: truncated and edited files, tables longer than the file, more and fewer of them
    than announced, pickles, other frameworks' files.
    """

    name = "catboost"
    file = "estimator.cbm"
    distributions = ("catboost",)
    relative = 1e-9

    def takes(self, estimator: object) -> bool:
        return is_of(estimator, *_CLASSES)

    def predictor(self, estimator: Any) -> Any:
        from registry_assets.packaging.named_classes import NamedClasses

        if type(estimator).__name__ != _NAMES[0] or not estimator.is_fitted():
            return estimator
        if len(estimator.classes_) < 3:
            return estimator
        # Of several classes it gives a column of predictions, not one for each row.
        return NamedClasses.of(estimator, estimator.classes_.tolist())

    def write(self, estimator: Any) -> Stored:
        about: dict[str, Json] = {"class": type(estimator).__name__}
        if not estimator.is_fitted():
            parameters = plain_parameters(estimator.get_params(), left_out=_LEFT_OUT)
            return Stored(self.name, b"", {**about, "parameters": parameters})
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.cbm"
            estimator.save_model(str(file), format="cbm")
            return Stored(self.name, file.read_bytes(), about)

    def recognises(self, data: bytes) -> bool:
        return data.startswith(_MAGIC)

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        kind = stored.about.get("class", _NAMES[0])
        if kind not in _NAMES:
            raise damaged(_WHAT, f"it is to be of the class {kind!r}")
        if unfitted(stored):
            return
        if len(stored.data) > _MOST_BYTES:
            raise beyond("bytes", len(stored.data), _MOST_BYTES)
        if not stored.data.startswith(_MAGIC) or len(stored.data) < len(_MAGIC) + _SIZE.size:
            raise damaged(_WHAT, f"it does not begin with {_MAGIC.decode()}")
        _check_sizes(stored.data)

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        import catboost

        kind = stored.about.get("class")
        if unfitted(stored):
            parameters: Any = stored.about["parameters"]
            return getattr(catboost, str(kind))(**parameters)
        try:
            if kind is None:
                found = catboost.CatBoost().load_model(blob=stored.data)
                names = getattr(found, "classes_", None)
                kind = "CatBoostRegressor" if names is None or not len(names) else _NAMES[0]
            return getattr(catboost, str(kind))().load_model(blob=stored.data)
        except catboost.CatBoostError as error:
            raise damaged(_WHAT, str(error)[:300]) from error


FORMAT = CatBoost()


def _check_sizes(data: bytes) -> None:
    """Refuse a file that its tables do not fill: the model's, then those of its categories.

    CatBoost 1.2 verifies the first alone. Of a file that lacked the end of another it read what
    lay behind it in memory, and predicted from that.
    """
    (size,) = _SIZE.unpack_from(data, len(_MAGIC))
    begin = len(_MAGIC) + _SIZE.size
    if size > len(data) - begin:
        raise damaged(_WHAT, f"it announces {size:,} bytes, and {len(data) - begin:,} are there")
    tail = data[begin + size :]
    if tail and not _are_tables(tail):
        raise PackagingRefused(
            f"The CatBoost model is not filled by its trees and categories: what {len(tail):,} "
            "bytes at its end are is not known here.",
            hint="If it has text or embedding features, make numbers of them in make_features, or "
            "in a step of a pipeline before it. Otherwise save it again: it is damaged.",
        )


def _are_tables(tail: bytes) -> bool:
    """Say whether these are a number of tables, and each of them with its size before it."""
    if len(tail) < _SIZE.size:
        return False
    at = _SIZE.size
    (tables,) = _SIZE.unpack_from(tail)
    while tables and at + _SIZE.size <= len(tail):
        (size,) = _SIZE.unpack_from(tail, at)
        at += _SIZE.size + size
        tables -= 1
    return not tables and at == len(tail)
