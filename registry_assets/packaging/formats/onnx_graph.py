"""What an ONNX graph is made of, looked through before anything runs it."""

from collections.abc import Iterator
from typing import Any

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.protocol import beyond, damaged

WHAT = "an ONNX model"
_STANDARD = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_MOST_BYTES = 2**31 - 1
_MOST_NODES = 100_000
_DEEPEST = 16
# Of each type of ONNX that is kept as raw bytes, by its number: so many bits.
_BITS = {
    1: 32,
    2: 8,
    3: 8,
    4: 16,
    5: 16,
    6: 32,
    7: 64,
    9: 8,
    10: 16,
    11: 64,
    12: 32,
    13: 64,
    14: 64,
    15: 128,
    16: 16,
    17: 8,
    18: 8,
    19: 8,
    20: 8,
    21: 4,
    22: 4,
    23: 4,
    24: 8,
}


def checked_model(data: bytes) -> Any:
    """Read a model, and give it if all of it is in the file and all of its operators are ONNX's.

    Raises:
        PackagingRefused: says what is elsewhere, or by whom an operator is.
    """
    import onnx

    if len(data) > _MOST_BYTES:
        raise beyond("bytes", len(data), _MOST_BYTES)
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # whatever the protobuf library says of other bytes
        raise damaged(WHAT, f"{type(error).__name__}: {error}"[:200]) from error
    if not model.graph.node:
        raise damaged(WHAT, "it has no nodes")
    _Look(model).through()
    return model


class _Look:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._nodes = 0
        # Functions that the model brings are made of operators, which are looked at likewise.
        self._own = {(each.domain, each.name) for each in model.functions}

    def through(self) -> None:
        self._graph(self._model.graph, depth=0)
        for function in self._model.functions:
            self._all(function.node, depth=0)
            for attribute in function.attribute_proto:
                self._attribute(attribute, depth=0)
        if len(self._model.training_info):
            raise damaged(WHAT, "it also holds how to train it, which is not part of a model")

    def _graph(self, graph: Any, *, depth: int) -> None:
        if depth > _DEEPEST:
            raise damaged(WHAT, f"its graphs nest deeper than {_DEEPEST} levels")
        for tensor in graph.initializer:
            _check_tensor(tensor)
        for sparse in graph.sparse_initializer:
            _check_sparse(sparse)
        self._all(graph.node, depth=depth)

    def _all(self, nodes: Any, *, depth: int) -> None:
        self._nodes += len(nodes)
        if self._nodes > _MOST_NODES:
            raise beyond("nodes", self._nodes, _MOST_NODES)
        for node in nodes:
            if node.domain not in _STANDARD and (node.domain, node.op_type) not in self._own:
                raise PackagingRefused(
                    f"The ONNX model uses {node.op_type!r:.60} of {node.domain!r:.60}, which is no "
                    "operator of the ONNX standard.",
                    hint="Export with the operators of ai.onnx and ai.onnx.ml alone: others are "
                    "code or files that this file does not hold.",
                )
            for attribute in node.attribute:
                self._attribute(attribute, depth=depth)

    def _attribute(self, attribute: Any, *, depth: int) -> None:
        for tensor in _of(attribute, "t", "tensors"):
            _check_tensor(tensor)
        for sparse in _of(attribute, "sparse_tensor", "sparse_tensors"):
            _check_sparse(sparse)
        for graph in _of(attribute, "g", "graphs"):
            self._graph(graph, depth=depth + 1)


def _of(attribute: Any, one: str, several: str) -> Iterator[Any]:
    if attribute.HasField(one):
        yield getattr(attribute, one)
    yield from getattr(attribute, several)


def _check_sparse(sparse: Any) -> None:
    _check_tensor(sparse.values)
    _check_tensor(sparse.indices)


def _check_tensor(tensor: Any) -> None:
    import onnx

    if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
        raise PackagingRefused(
            f"The ONNX model keeps {tensor.name!r:.60} in another file.",
            hint="Save it in one: onnx.save(model, path, save_as_external_data=False).",
        )
    count = 1
    for size in tensor.dims:
        if size < 0:
            raise damaged(WHAT, f"{tensor.name!r:.60} has a negative dimension")
        count *= size
    if tensor.HasField("raw_data"):
        bits = _BITS.get(tensor.data_type)
        if bits is None or (count * bits + 7) // 8 != len(tensor.raw_data):
            raise damaged(
                WHAT, f"{tensor.name!r:.60} has {len(tensor.raw_data):,} bytes for {count:,} values"
            )
    elif count > 2 * tensor.ByteSize():
        raise damaged(WHAT, f"{tensor.name!r:.60} does not have the {count:,} values it announces")
