"""Graphs of ONNX that are not whole, or not of ONNX: refused before anything runs them."""

from collections.abc import Callable
from typing import Any

import pytest

from registry_assets.packaging.estimator import check_estimator
from registry_assets.packaging.formats import Stored
from registry_assets_tests.packaging.formats.files import good, refused


def graph(change: Callable[[Any], object]) -> Stored:
    """A model of ONNX with a change."""
    import onnx

    model = onnx.load_model_from_string(good("onnx").data)
    change(model)
    return Stored("onnx", model.SerializeToString())


def external(model: Any, *, location: str = "../../../etc/passwd") -> Any:
    import onnx

    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type = "weights", onnx.TensorProto.FLOAT
    tensor.dims.append(4)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return tensor


def nested(model: Any, change: Callable[[Any], object], *, depth: int = 1) -> None:
    """Put a change into a graph inside an `If` inside of an `If`."""
    from onnx import GraphProto, helper

    inner = GraphProto(name="inner")
    holder = helper.make_model(inner)
    change(holder)
    found = holder.graph
    for _ in range(depth):
        node = helper.make_node("If", ["c"], ["o"], then_branch=found, else_branch=GraphProto())
        found = helper.make_graph([node], "outer", [], [])
    model.graph.node.extend(found.node)


def foreign(model: Any, *, domain: str = "com.microsoft", kind: str = "EPContext") -> None:
    from onnx import helper

    model.graph.node.append(helper.make_node(kind, [], ["x"], domain=domain))


def in_an_attribute(model: Any) -> None:
    from onnx import helper

    node = helper.make_node("Constant", [], ["x"])
    attribute = node.attribute.add()
    attribute.name, attribute.type = "value", 4
    attribute.t.CopyFrom(external(model))
    del model.graph.initializer[-1]
    model.graph.node.append(node)


def in_a_function(model: Any) -> None:
    from onnx import helper

    inner = helper.make_node("PythonOp", ["x"], ["y"], domain="com.microsoft")
    model.functions.append(
        helper.make_function("own", "Two", ["x"], ["y"], [inner], [helper.make_opsetid("", 17)])
    )


def of_many(model: Any, *dims: int) -> None:
    import onnx

    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type, tensor.raw_data = "many", onnx.TensorProto.FLOAT, b"\0" * 16
    tensor.dims.extend(dims)


def unfilled(model: Any) -> None:
    import onnx

    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type = "many", onnx.TensorProto.FLOAT
    tensor.dims.extend([2**31, 2**31])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (external, "keeps 'weights' in another file"),
        (in_an_attribute, "keeps 'weights' in another file"),
        (lambda model: nested(model, external), "keeps 'weights' in another file"),
        (lambda model: nested(model, external, depth=3), "keeps 'weights' in another file"),
        (foreign, "uses 'EPContext' of 'com.microsoft'"),
        (lambda model: foreign(model, domain="mine", kind="Run"), "uses 'Run' of 'mine'"),
        (lambda model: nested(model, foreign), "uses 'EPContext' of 'com.microsoft'"),
        (in_a_function, "uses 'PythonOp' of 'com.microsoft'"),
        (lambda model: of_many(model, 2**31, 2**31), "16 bytes for 4,611,686,018,427,387,904"),
        (lambda model: of_many(model, 3), "16 bytes for 3 values"),
        (lambda model: of_many(model, -4), "a negative dimension"),
        (unfilled, "does not have the 4,611,686,018,427,387,904 values"),
        (lambda model: nested(model, lambda m: None, depth=20), "nest deeper than 16"),
        (lambda model: model.graph.ClearField("node"), "it has no nodes"),
        (lambda model: model.training_info.add(), "how to train it"),
    ],
)
def test_graphs_that_are_not_whole_or_not_of_onnx(change: Any, words: str) -> None:
    refused(graph(change), words)


def test_a_function_that_the_model_brings_is_taken_where_it_is_of_onnx() -> None:
    from onnx import helper

    def own(model: Any) -> None:
        inner = helper.make_node("Neg", ["x"], ["y"])
        opset = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("own", "Two", ["x"], ["y"], [inner], opset))
        model.graph.node.append(helper.make_node("Two", ["x"], ["z"], domain="own"))

    check_estimator(graph(own))
