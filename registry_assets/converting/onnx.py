"""A version's estimator as ONNX: a graph that runs where there is no Python.

    model.onnx       the estimator: from features to a prediction and probabilities
    interface.json   its inputs and outputs in words, and how it was compared
    README.md        the same for people, and what is not in it

Features are made by the packaged Python code and by nothing else: whoever runs the graph has to
give it what that code makes. An estimator that was given as ONNX stays as it is; one of
scikit-learn is converted by skl2onnx. Either is compared with the version on its sample and on
rows mixed of it before anything is written.
"""

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.converting.comparing import PREDICTION, Compared, compare
from registry_assets.converting.libraries import library
from registry_assets.converting.onnx_causes import find_causes
from registry_assets.errors import ConversionRefused
from registry_assets.packaging.loaded import load_package
from registry_assets.packaging.package import SAMPLE_FEATURES
from registry_assets.packaging.predictions import predictions

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.converting.contents import VersionContents
    from registry_assets.packaging.signature import ColumnSpec, Output

TOLERANCE = 1e-5
"""ONNX computes trees in single precision: a ten-thousandth of what a gate looks at."""
_MIXED_ROWS = 1_000
_WANTED = "ONNX"
_TENSOR = "features"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What goes into a graph: one tensor of all features or one for each, and how exact."""

    together: bool
    wide: bool

    @property
    def sentence(self) -> str:
        """Say it."""
        numbers = "double" if self.wide else "single"
        inputs = "one tensor of all features" if self.together else "a tensor for each feature"
        return f"{inputs}, numbers in {numbers} precision"


# The most exact first; trees take single precision only, encoders their columns by name.
_SHAPES = tuple(_Shape(together, wide) for wide in (True, False) for together in (True, False))


def write_onnx(contents: "VersionContents", folder: Path) -> Compared | None:
    """Convert a version's estimator and write it into an empty folder.

    The version's own code runs here, as when it is loaded. Gives None where the estimator is
    ONNX already: it was compared when it was packaged.

    Raises:
        ConversionRefused: it does not convert, or says something else as ONNX; says why.
    """
    for name in ("onnx", "onnxruntime", "skl2onnx"):
        library(name, wanted=_WANTED)
    package = contents.package
    if package.estimator.format == "onnx":
        _write(contents, folder, package.estimator.data, shape=None, compared=None)
        return None
    model = load_package(contents.files)
    specs, output = package.signature.features, package.signature.output
    features = _mixed(package.frame(SAMPLE_FEATURES))
    expected = predictions(model.estimator, features, output=output)
    reasons: list[str] = []
    for shape in _possible(specs):
        try:
            graph = _converted(model.estimator, specs, output, shape)
            found = _run(graph, features, specs, output, shape)
            compared = compare(expected, found, tolerance=TOLERANCE)
        except ConversionRefused as error:
            reasons.append(f"{shape.sentence}: {error.message}")
            continue
        _write(contents, folder, graph, shape=shape, compared=compared)
        return compared
    reasons = [*find_causes(model.estimator, features), *reasons]
    raise ConversionRefused(
        f"{contents.version.reference} cannot be written as ONNX:\n"
        + "\n".join(f"  - {reason}" for reason in dict.fromkeys(reasons)),
        hint="`registry convert --to mlflow` and `registry pull` take every version",
    )


def _mixed(sample: "pd.DataFrame") -> "pd.DataFrame":
    """Give the sample, and rows that have each value from another row of it."""
    import numpy as np
    import pandas as pd

    drawn = np.random.default_rng(0)
    mixed = {
        name: sample[name].iloc[drawn.integers(0, len(sample), _MIXED_ROWS)].reset_index(drop=True)
        for name in sample.columns
    }
    return pd.concat([sample, pd.DataFrame(mixed)], ignore_index=True)


def _possible(specs: "tuple[ColumnSpec, ...]") -> Iterator[_Shape]:
    kinds = {_kind(spec) for spec in specs}
    return (shape for shape in _SHAPES if kinds == {"number"} or not shape.together)


def _kind(spec: "ColumnSpec") -> str:
    if spec.type.lower().startswith(("int", "uint", "float", "bool")):
        return "number"
    if spec.type in ("str", "string", "category", "object"):
        return "text"
    raise ConversionRefused(
        f"the feature {spec.name} is of type {spec.type}, which ONNX has no tensor for",
        hint="let make_features give numbers or text",
    )


def _converted(
    estimator: Any, specs: "tuple[ColumnSpec, ...]", output: "Output", shape: _Shape
) -> bytes:
    skl2onnx = library("skl2onnx", wanted=_WANTED)
    types = library("skl2onnx.common.data_types", wanted=_WANTED)
    number = types.DoubleTensorType if shape.wide else types.FloatTensorType
    if shape.together:
        inputs = [(_TENSOR, number([None, len(specs)]))]
    else:
        inputs = [
            (spec.name, (number if _kind(spec) == "number" else types.StringTensorType)([None, 1]))
            for spec in specs
        ]
    options = {id(estimator): {"zipmap": False}} if output.classes else None
    try:
        with warnings.catch_warnings():
            # skl2onnx hands truth values to protobuf, which will not take them from 7.34 on.
            warnings.filterwarnings("ignore", message="Field onnx.AttributeProto.ints")
            proto = skl2onnx.to_onnx(estimator, initial_types=inputs, options=options)
    except Exception as error:  # a converter raises whatever it comes upon
        raise ConversionRefused(
            f"skl2onnx does not convert it ({type(error).__name__}: {_first_line(error)})"
        ) from error
    return bytes(proto.SerializeToString())


def _run(
    graph: bytes,
    features: "pd.DataFrame",
    specs: "tuple[ColumnSpec, ...]",
    output: "Output",
    shape: _Shape,
) -> "pd.DataFrame":
    import pandas as pd

    runtime = library("onnxruntime", wanted=_WANTED)
    try:
        session = runtime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        answers = session.run(None, _fed(features, specs, shape))
    except Exception as error:  # onnxruntime's errors have no class of their own
        raise ConversionRefused(
            f"onnxruntime does not run it ({type(error).__name__}: {_first_line(error)})"
        ) from error
    predicted = answers[0].reshape(-1)
    if not output.classes:
        return pd.DataFrame({PREDICTION: predicted.astype("float64")})
    probabilities = answers[1].astype("float64")
    kind = type(output.classes[0])
    columns = {f"proba_{i}": probabilities[:, i] for i in range(len(output.classes))}
    return pd.DataFrame({**columns, PREDICTION: [kind(each) for each in predicted.tolist()]})


def _fed(
    features: "pd.DataFrame", specs: "tuple[ColumnSpec, ...]", shape: _Shape
) -> "Mapping[str, np.ndarray]":
    dtype = "float64" if shape.wide else "float32"
    if shape.together:
        return {_TENSOR: features.astype("float64").to_numpy().astype(dtype)}
    fed: dict[str, np.ndarray] = {}
    for spec in specs:
        column = features[[spec.name]]
        if _kind(spec) == "number":
            fed[spec.name] = column.astype("float64").to_numpy().astype(dtype)
        elif column.isna().to_numpy().any():
            raise ConversionRefused(
                f"the feature {spec.name} is text with gaps, and ONNX has no missing text"
            )
        else:
            fed[spec.name] = column.astype(object).to_numpy()
    return fed


def _write(
    contents: "VersionContents",
    folder: Path,
    graph: bytes,
    *,
    shape: _Shape | None,
    compared: Compared | None,
) -> None:
    signature = contents.package.signature
    classes: list[Json] = list(signature.output.classes)
    interface: dict[str, Json] = {
        "format": "registry_assets/onnx/1",
        **contents.identity,
        "task": signature.output.task,
        "classes": classes,
        "features": [{"name": spec.name, "type": spec.type} for spec in signature.features],
        "inputs": _inputs(shape),
        "numbers": None if shape is None else "double" if shape.wide else "float",
        "compared": None if compared is None else compared.to_json(),
    }
    # A registry of ours reads them by that name where the graph is registered with it.
    named = {**({"classes": json.dumps(classes)} if classes else {}), **contents.identity}
    (folder / "model.onnx").write_bytes(_named(graph, named))
    (folder / "interface.json").write_text(json.dumps(interface, indent=2), encoding="utf-8")
    (folder / "README.md").write_text(_readme(contents, shape, compared), encoding="utf-8")


def _inputs(shape: _Shape | None) -> str:
    return "as the graph names them, which was given as ONNX" if shape is None else shape.sentence


def _named(graph: bytes, named: Mapping[str, str]) -> bytes:
    """Write into the graph what it is, beside what it says of itself."""
    onnx = library("onnx", wanted=_WANTED)
    proto = onnx.load_model_from_string(graph)
    said = {each.key: each.value for each in proto.metadata_props}
    onnx.helper.set_model_props(proto, {**said, **named})
    return bytes(proto.SerializeToString())


def _readme(contents: "VersionContents", shape: _Shape | None, compared: Compared | None) -> str:
    signature = contents.package.signature
    names = ", ".join(f"`{spec.name}`" for spec in signature.features)
    classes = ", ".join(f"`{each}`" for each in signature.output.classes)
    gives = f"a class and the probabilities of {classes}, in this order" if classes else "a number"
    how = "- **Compared** when it was packaged: the estimator is this very graph.\n"
    if compared is not None:
        how = f"""\
- **Compared** with the version on {compared.rows:,} rows, its sample and rows mixed of it: no
  number differs by more than {compared.largest:.1e}; {compared.tolerance:g} is allowed. A class
  may be another where two are as probable as each other to within twice that.
"""
    return f"""\
# {contents.version.reference} as ONNX

`model.onnx` is the estimator of version {contents.version.version} of
`{contents.version.model}`, {contents.version.digest}.

- **In:** {_inputs(shape)}: {names}.
- **Out:** {gives}.
- **Not in it:** how these features are made of raw rows. That is the Python code of
  `make_features`, which the version carries: `registry_assets.load(…).features(rows)` runs it.
{how}"""


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "")[:300]
