"""Modules of PyTorch from the declaration to the deployment, and files that are refused."""

import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry_assets.canonical import Json
from registry_assets.errors import PackagingRefused, RegistryError
from registry_assets.packaging.estimator import check_estimator, load_estimator, store_estimator
from registry_assets.packaging.formats import Stored
from registry_assets.packaging.signature import Task
from registry_assets_tests.packaging.formats.lived import Nest, birds, nest
from registry_assets_tests.packaging.torch.nets import FEATURES, NET, TRAINING
from registry_assets_tests.worlds import PERSON

pytestmark = pytest.mark.torch
OWN = ["nest.net"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Nest]:
    with nest(tmp_path / "project", TRAINING["heavy"], net=NET, features=FEATURES) as found:
        yield found


@pytest.fixture
def net(project: Nest) -> Any:
    """A module with buffers, not trained."""
    import torch

    torch.manual_seed(1)
    return project.code.function("nest.net:Net")(4, classes=["no", "yes"])


@pytest.mark.parametrize(
    ("task", "target"), [("binary", "heavy"), ("multiclass", "size"), ("regression", "mass")]
)
def test_what_was_trained_is_what_production_predicts(
    task: Task, target: str, tmp_path: Path
) -> None:
    import torch

    with nest(tmp_path / "project", TRAINING[target], net=NET, features=FEATURES) as lived:
        number = lived.trained(task, target)
        facts: Any = lived.registry.version(f"{target}:{number}").version.metadata
        assert facts["framework"] == "torch"
        loaded, rows = lived.deployed(target), birds(60, seed=1)
        own, features = lived.said_alone(task, target, rows)
        with torch.inference_mode():
            said = own.eval()(torch.tensor(features.to_numpy(dtype="float32"))).double()
        if task == "regression":
            np.testing.assert_allclose(loaded.predict(rows), said.squeeze(-1), rtol=1e-5)
            return
        if task == "binary":
            said = torch.cat([torch.zeros_like(said), said], dim=1)
        expected = torch.softmax(said, dim=1).numpy()
        np.testing.assert_allclose(loaded.predict_proba(rows), expected, rtol=1e-5, atol=1e-8)
        most = np.asarray(loaded.classes, dtype=object)[expected.argmax(axis=1)]
        assert loaded.predict(rows).tolist() == most.tolist()
        assert (loaded.predict(rows) == rows[target].to_numpy()).mean() > 0.7
        assert loaded.estimator.module.training is False


def test_a_file_of_tensors_is_registered_with_its_class(project: Nest) -> None:
    from safetensors.torch import save

    from registry_assets.lifecycle.registering import Registration, register_version
    from registry_assets_tests.packaging.formats.test_registered import BEGAN, ENDED

    model = project.model("binary", "heavy")
    rows = birds()
    features = project.code.function("nest.features:make_features")(rows)
    module = project.code.function("nest.training:train")(features, rows["heavy"], {})
    about = {"class": "nest.net:Net", "arguments": module.arguments_}
    stored = Stored("torch", save(module.state_dict()), about, classes=(False, True))
    told = Registration(started_at=BEGAN, finished_at=ENDED)
    done = register_version(project.registry.backends, model, stored, told, run=PERSON)
    assert done.version.reference == "heavy:1"
    project.accepted(model, 1)
    assert project.deployed("heavy").classes == (False, True)


def test_weights_that_are_shared_come_back(project: Nest, net: Any) -> None:
    net.layers[2].bias = net.layers[0].bias  # of another shape than its own, so only stored
    state = net.state_dict()
    stored = store_estimator(net)
    from safetensors.torch import load

    found = load(stored.data)
    assert found.keys() == state.keys()
    assert (found["layers.2.bias"] == found["layers.0.bias"]).all()


def test_a_module_that_does_not_say_its_arguments_is_told_how(net: Any) -> None:
    import torch

    for wrong in (None, [4], {"device": torch.device("cpu")}):
        net.arguments_ = wrong
        with pytest.raises(PackagingRefused) as caught:
            store_estimator(net)
        assert "arguments" in caught.value.message
    with pytest.raises(PackagingRefused, match="Linear does not say with which arguments"):
        store_estimator(torch.nn.Linear(2, 1))


def test_a_class_is_looked_up_among_the_packaged_modules_alone(net: Any) -> None:
    stored = store_estimator(net)
    check_estimator(stored, own_modules=OWN)
    load_estimator(stored, own_modules=OWN)
    with pytest.raises(PackagingRefused, match=r"nest\.net:Net, which is not packaged"):
        check_estimator(stored)
    for reference in ("os:system", "subprocess:Popen", "torch.nn:Linear", "nest.net.:Net", ""):
        crafted = replace(stored, about={**stored.about, "class": reference})
        with pytest.raises(PackagingRefused, match="not packaged"):
            load_estimator(crafted, own_modules=OWN)
    for name in ("fitted", "torch.load", "Net.forward", "nothing", "__builtins__"):
        crafted = replace(stored, about={**stored.about, "class": f"nest.net:{name}"})
        with pytest.raises(PackagingRefused, match="has no torch module"):
            load_estimator(crafted, own_modules=OWN)
    abouts: list[dict[str, Json]] = [{}, {"class": "nest.net:Net"}, {"class": 3, "arguments": {}}]
    for about in abouts:
        with pytest.raises(PackagingRefused, match="does not say which module"):
            load_estimator(replace(stored, about=about), own_modules=OWN)


def test_tensors_that_do_not_fit_their_class_are_named(net: Any) -> None:
    stored = store_estimator(net)
    wrong: list[tuple[str, str]] = [("width", "size mismatch"), ("depth", "cannot be made with")]
    for name, words in wrong:
        arguments: dict[str, Json] = {name: 9}
        with pytest.raises(PackagingRefused, match=words):
            load_estimator(
                replace(stored, about={**stored.about, "arguments": arguments}), own_modules=OWN
            )


def crafted(stored: Stored, change: Any) -> Stored:
    """The same tensors, with a change to the table of them."""
    (length,) = struct.unpack_from("<Q", stored.data)
    table = json.loads(stored.data[8 : 8 + length])
    change(table)
    written = json.dumps(table).encode()
    data = struct.pack("<Q", len(written)) + written + stored.data[8 + length :]
    return replace(stored, data=data)


def put(key: str, value: Any) -> Any:
    def change(table: dict[str, Any]) -> None:
        table["layers.0.weight"][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("shape", [2**31, 2**31]), "not as long as its shape"),
        (put("shape", [-4, -5]), "has the shape"),
        (put("shape", [20.0]), "has the shape"),
        (put("dtype", "F64"), "not as long as its shape"),
        (put("dtype", "PICKLE"), "of the type 'PICKLE'"),
        (put("data_offsets", [0, 2**62]), "does not begin where|not as long"),
        (put("data_offsets", [-80, 0]), "does not begin where"),
        (put("data_offsets", ["../../etc/passwd", 1]), "cannot be read"),
        (lambda table: table.pop("layers.0.weight"), "does not begin where|bytes follow"),
        (lambda table: table.update(more=3), "cannot be read"),
    ],
)
def test_tables_of_tensors_that_are_none(net: Any, change: Any, words: str) -> None:
    with pytest.raises(PackagingRefused, match=words):
        check_estimator(crafted(store_estimator(net), change), own_modules=OWN)


def test_damaged_files_and_files_of_others_are_refused(net: Any) -> None:
    import io

    import torch

    stored = store_estimator(net)
    pickled = io.BytesIO()
    torch.save(net.state_dict(), pickled)
    for data in (
        *(stored.data[: int(len(stored.data) * share)] for share in (0, 0.01, 0.5, 0.999)),
        stored.data + b"more",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        pickled.getvalue(),
        b"CBM1",
    ):
        with pytest.raises(RegistryError):
            check_estimator(replace(stored, data=data), own_modules=OWN)


def test_features_that_are_no_numbers_are_named(net: Any) -> None:
    import pandas as pd

    from registry_assets.errors import DataUnusable

    predictor = load_estimator(store_estimator(net), own_modules=OWN)
    with pytest.raises(DataUnusable, match="these features are others: island"):
        predictor.predict(pd.DataFrame({"depth": [1.0], "island": ["Dream"]}))
