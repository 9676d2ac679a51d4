"""What was trained elsewhere is registered by its framework's own file, which tells its format."""

import sys
import types
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from registry_assets.cli.app import registry as command
from registry_assets.cli.app import run as run_command
from registry_assets.errors import PackagingRefused
from registry_assets.lifecycle.registering import Registration, read_folder, register_version
from registry_assets.packaging.formats import Stored
from registry_assets_tests.packaging.formats.lived import Nest, birds, nest
from registry_assets_tests.worlds import PERSON

BEGAN = datetime(2013, 4, 1, 8, tzinfo=UTC)
ENDED = datetime(2013, 4, 1, 9, 30, tzinfo=UTC)
TRAINING = "def train(features, target, params): ...\n"
FACTS = """\
declaration = "shipped:{target}"
started_at = 2013-04-01T08:00:00Z
finished_at = 2013-04-01T09:30:00Z
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nest]:
    """A project in which one stands, with two declarations."""
    with nest(tmp_path / "project", TRAINING) as found:
        module = types.ModuleType("shipped")
        vars(module)["heavy"] = found.model("binary", "heavy")
        vars(module)["size"] = found.model("multiclass", "size")
        monkeypatch.setitem(sys.modules, "shipped", module)
        monkeypatch.chdir(found.folder)
        yield found


def trained(project: Nest, target: str) -> Any:
    """What a person has trained in a notebook, by XGBoost, on numbers."""
    import xgboost

    rows = birds()
    features = project.code.function("nest.features:make_features")(rows)
    numbers = np.unique(rows[target], return_inverse=True)[1]
    return xgboost.XGBClassifier(n_estimators=4, enable_categorical=True).fit(features, numbers)


def folder_of(path: Path, facts: str) -> Path:
    path.mkdir()
    (path / "registration.toml").write_text(facts)
    return path


def test_a_native_file_becomes_a_version_by_the_command_line(project: Nest, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mine", FACTS.format(target="heavy"))
    model = trained(project, "heavy")
    model.save_model(folder / "estimator.ubj")
    answer = CliRunner().invoke(command, ["register", str(folder)])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Registered heavy:1: packaged, loaded")
    again = CliRunner().invoke(command, ["register", str(folder)])
    assert again.output.startswith("Nothing to do: this estimator is heavy:1 already")
    version = project.registry.version("heavy:1").version
    facts: Any = version.metadata
    assert facts["framework"] == "xgboost"
    project.accepted(project.model("binary", "heavy"), 1)
    rows = birds(40, seed=1)
    features = project.code.function("nest.features:make_features")(rows)
    loaded = project.deployed("heavy")
    assert loaded.classes == (False, True)
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(features).astype(bool))
    np.testing.assert_array_equal(
        loaded.predict_proba(rows), model.predict_proba(features).astype(np.float64)
    )


def test_numbered_classes_are_named_beside_the_file(project: Nest, tmp_path: Path) -> None:
    facts = FACTS.format(target="size") + 'classes = ["huge", "large", "small"]\n'
    folder = folder_of(tmp_path / "mine", facts)
    file = tmp_path / "elsewhere" / "boosted.bin"
    file.parent.mkdir()
    model = trained(project, "size")
    file.write_bytes(bytes(model.get_booster().save_raw("ubj")))
    options = ["--estimator", str(file), "--format", "xgboost"]
    answer = CliRunner().invoke(command, ["register", str(folder), *options])
    assert answer.exit_code == 0, answer.output
    project.accepted(project.model("multiclass", "size"), 1)
    rows = birds(40, seed=1)
    features = project.code.function("nest.features:make_features")(rows)
    names = np.array(["huge", "large", "small"], dtype=object)
    found = project.deployed("size").predict(rows)
    np.testing.assert_array_equal(found, names[model.predict(features)])


def test_a_name_more_than_there_are_classes_is_refused(project: Nest) -> None:
    data = bytes(trained(project, "size").get_booster().save_raw("ubj"))
    stored = Stored("xgboost", data, classes=("huge", "large", "small", "tiny"))
    told = Registration(started_at=BEGAN, finished_at=ENDED)
    model = project.model("multiclass", "size")
    with pytest.raises(PackagingRefused, match="knows 3 classes, and 4 were named"):
        register_version(project.registry.backends, model, stored, told, run=PERSON)
    assert project.registry.models() == ()


def test_a_file_that_ends_its_reader_ends_no_more_than_the_disposable_process(
    project: Nest,
) -> None:
    # Consistent as far as is looked, and the numbers of a table are not: CatBoost reads on.
    import catboost

    rows = birds()
    features = project.code.function("nest.features:make_features")(rows)
    model = catboost.CatBoostClassifier(
        iterations=4, verbose=0, allow_writing_files=False, cat_features=["island"]
    ).fit(features, rows["heavy"])
    from registry_assets.packaging.estimator import store_estimator

    stored = store_estimator(model)
    told = Registration(started_at=BEGAN, finished_at=ENDED)
    edited = bytearray(stored.data)
    rng = np.random.default_rng(3)
    for place in rng.integers(200, len(edited), 400):
        edited[place] = 0xFF
    with pytest.raises(PackagingRefused, match="cannot be used"):
        register_version(
            project.registry.backends,
            project.model("binary", "heavy"),
            Stored("catboost", bytes(edited)),
            told,
            run=PERSON,
        )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no estimator.skops"),
        ({"estimator.ubj": b"", "estimator.cbm": b""}, "several estimators: estimator.ubj, "),
        ({"estimator.ubj": b"\x80\x04."}, "is a pickle"),
        ({"estimator.cbm": b"CBM1\xff\xff\xff\xff"}, "announces 4,294,967,295 bytes"),
    ],
)
def test_a_folder_whose_estimator_is_none_is_refused(
    project: Nest,
    tmp_path: Path,
    files: dict[str, bytes],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = folder_of(tmp_path / "mine", FACTS.format(target="heavy"))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    assert run_command(["register", str(folder)]) != 0
    assert words in capsys.readouterr().err
    assert project.registry.models() == ()


def test_what_is_told_beside_a_file_is_read_with_it(tmp_path: Path) -> None:
    facts = FACTS.format(target="heavy") + (
        'classes = [false, true]\n[about]\nclass = "nest.net:Net"\narguments = { width = 8 }\n'
    )
    folder = folder_of(tmp_path / "mine", facts)
    (folder / "estimator.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    declaration, stored, _ = read_folder(folder)
    assert declaration == "shipped:heavy"
    assert (stored.format, stored.classes) == ("torch", (False, True))
    assert stored.about == {"class": "nest.net:Net", "arguments": {"width": 8}}
