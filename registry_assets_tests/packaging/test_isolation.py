"""Packaged code runs under private names: versions side by side, no meeting with installed ones."""

import sys
import traceback

import pytest

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.isolation import load_code
from registry_assets_tests.packaging.projects import Project

FEATURES = b"""
import airline.units
from airline import units as same
from . import units as relative
import airline.units as renamed


def rate():
    import airline.units as late
    assert airline.units is same is relative is renamed is late
    return late.RATE


def fail():
    raise RuntimeError("on purpose")
"""


def code(rate: int) -> dict[str, bytes]:
    return {"airline/features.py": FEATURES, "airline/units.py": f"RATE = {rate}".encode()}


def test_two_versions_of_a_module_give_their_own_results() -> None:
    first, second = load_code(code(1)), load_code(code(2))
    rates = [each.function("airline.features:rate")() for each in (first, second, first)]
    assert rates == [1, 2, 1]


def test_an_importable_module_of_the_same_name_is_neither_used_nor_replaced(
    project: Project,
) -> None:
    project.write({"airline/units.py": "RATE = 'installed'\nPER_HOUR = 100\n"})
    project.function("airline.features:make_features")
    installed = sys.modules["airline.units"]
    assert load_code(code(3)).function("airline.features:rate")() == 3
    assert sys.modules["airline.units"] is installed


def test_a_module_that_was_not_packaged_is_not_taken_from_the_installed_package(
    project: Project,
) -> None:
    assert callable(project.function("airline.times:hour_of"))
    files = {"airline/features.py": b"def f():\n    import airline.times\n"}
    with pytest.raises(ModuleNotFoundError, match=r"airline\.times is not among the modules"):
        load_code(files).function("airline.features:f")()


def test_a_guarded_import_of_an_unpackaged_module_is_seen_as_absent() -> None:
    source = b"try:\n    from airline.fast import f\nexcept ImportError:\n    f = lambda: 'slow'\n"
    loaded = load_code({"airline/features.py": source, "airline/sub/__init__.py": b""})
    assert loaded.function("airline.features:f")() == "slow"


def test_a_failure_shows_the_packaged_line() -> None:
    with pytest.raises(RuntimeError) as caught:
        load_code(code(4)).function("airline.features:fail")()
    shown = "".join(traceback.format_exception(caught.value))
    assert "airline/features.py" in shown
    assert 'raise RuntimeError("on purpose")' in shown


def test_modules_that_import_each_other_load() -> None:
    files = {
        "a/__init__.py": b"from a.one import ONE\n",
        "a/one.py": b"import a.two as two\nONE = 1\ndef both():\n    return ONE, two.both()\n",
        "a/two.py": b"import a.one as one\nTWO = 2\ndef both():\n    return one.ONE, TWO\n",
    }
    assert load_code(files).function("a.one:both")() == (1, (1, 2))


def test_equal_code_is_loaded_once() -> None:
    assert load_code(code(5)) is load_code(code(5))


def test_an_unknown_function_is_named() -> None:
    with pytest.raises(PackagingRefused, match=r"no module airline\.gone"):
        load_code(code(6)).function("airline.gone:f")
    with pytest.raises(PackagingRefused, match="no function gone"):
        load_code(code(6)).function("airline.features:gone")
