"""A package is loaded in a fresh process; every way of failing there is told."""

import time
from typing import Any

import pytest

from registry_assets.errors import LoadCheckFailed
from registry_assets.packaging import Package
from registry_assets.packaging.load_check import load_check
from registry_assets_tests.packaging import projects
from registry_assets_tests.packaging.conftest import SAMPLE_ROWS
from registry_assets_tests.packaging.projects import FEATURES

TRAINING = "code/airline/training.py"


def failure(package: Package, files: dict[str, str], **limits: Any) -> str:
    """Replace source files of a good package, and give what the check says."""
    changed = {path: source.encode() for path, source in files.items()}
    with pytest.raises(LoadCheckFailed) as caught:
        load_check(Package({**package.files, **changed}), **limits)
    return str(caught.value)


def trained_by(body: str) -> dict[str, str]:
    """Code that runs as soon as the package's modules are imported."""
    return {TRAINING: f"{body}\n\ndef train(features, target, params): ...\n"}


def test_a_good_model_passes_and_leaves_a_receipt(package: Package) -> None:
    receipt = load_check(package).receipt
    assert receipt["rows"] == SAMPLE_ROWS
    assert receipt["max_difference"] == 0.0
    assert set(receipt) == {"package", "python", "seconds", "rows", "max_difference"}
    assert receipt["package"] == package.digest


def test_noise_on_stdout_does_no_harm(package: Package) -> None:
    noise = trained_by("import os\nprint('{\"receipt\": 1}')\nos.write(1, b'noise')")
    assert load_check(Package({**package.files, TRAINING: noise[TRAINING].encode()})).receipt


def test_code_that_leaves_the_process_is_told(package: Package) -> None:
    assert "ended the process (sys.exit(3))" in failure(
        package, trained_by("import sys; sys.exit(3)")
    )
    said = failure(package, trained_by("import os; os._exit(0)"))
    assert "ended with exit status 0 before it had finished" in said


def test_a_crash_is_told_by_its_signal(package: Package) -> None:
    said = failure(package, trained_by("import ctypes; ctypes.string_at(0)"))
    assert "was ended by SIGSEGV" in said
    assert "airline/training.py" in said


def test_code_that_does_not_end_is_stopped_with_all_it_started(package: Package) -> None:
    started = time.monotonic()
    forks = "import os, time\nos.fork()\nwhile True: time.sleep(1)"
    said = failure(package, trained_by(forks), timeout=2)
    assert "did not finish in 2 s and was stopped" in said
    assert time.monotonic() - started < 60  # not for ever


def test_code_that_wants_too_much_memory_is_told(package: Package) -> None:
    said = failure(package, trained_by("hog = bytearray(3 * 2**30)"), memory=2 * 2**30)
    assert "it needs more than 2 GiB of memory" in said


def test_code_that_fills_the_disk_is_stopped(package: Package) -> None:
    fill = "with open('big', 'wb') as f:\n    f.write(b'x' * (65 * 2**20))"
    assert "File too large" in failure(package, trained_by(fill))


def test_an_import_of_dagster_is_told_wherever_it_hides(package: Package) -> None:
    hidden = "import importlib\nimportlib.import_module('dag' + 'ster')"
    assert "imports Dagster, which a deployment does not have" in failure(
        package, trained_by(hidden)
    )


def test_environment_and_working_folder_stay_behind(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    tell = "import os\nraise KeyError(os.environ.get('AWS_SECRET_ACCESS_KEY'), os.listdir())"
    assert "KeyError: (None, []) (airline/training.py, line 2)." in failure(
        package, trained_by(tell)
    )


def test_a_packaged_module_reached_by_a_computed_name_is_told(package: Package) -> None:
    # This very folder can be imported in the fresh process, as an installed package can.
    module = projects.__name__
    computed = f"import importlib\nimportlib.import_module({module!r})"
    copy = {f"code/{module.replace('.', '/')}.py": ""}
    said = failure(package, trained_by(computed) | copy)
    assert f"its code imports {module} by a computed name" in said


def test_other_features_or_predictions_are_told_by_column(package: Package) -> None:
    features = FEATURES.replace("/ 1000.0", "/ 1000.1")
    said = failure(package, {"code/airline/features.py": features})
    assert "it does not reproduce its sample: feature 'distance' of row 0: expected" in said


def test_a_transformer_that_behaves_otherwise_is_told(package: Package) -> None:
    path = "code/airline/transformers.py"
    source = package.files[path].decode().replace("np.minimum", "np.maximum")
    assert "it does not reproduce its sample: output 'proba_0' of row" in failure(
        package, {path: source}
    )
