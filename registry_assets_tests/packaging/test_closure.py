"""Which files belong to a model, and which functions cannot be packaged."""

import functools
import sys
from pathlib import Path

import pytest

from registry_assets.errors import PackagingRefused
from registry_assets.packaging import CodeClosure, code_closure
from registry_assets_tests.packaging.projects import AIRLINE, Project

MAKE_FEATURES = "airline.features:make_features"


def closure_of(project: Project, reference: str = MAKE_FEATURES) -> CodeClosure:
    return code_closure(project.function(reference))


def paths(closure: CodeClosure) -> list[str]:
    return [file.path for file in closure.files]


def install(folder: Path, name: str, *, version: str) -> None:
    """Install a distribution of one module, as pip would lay it out."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "top_level.txt").write_text(f"{name}\n")
    (folder / f"{name}.py").write_text(f"VERSION = {version!r}\n")


def test_the_closure_holds_helpers_two_imports_away_and_no_unused_parent(project: Project) -> None:
    closure = closure_of(project)
    assert paths(closure) == ["airline/features.py", "airline/times.py", "airline/units.py"]
    assert closure.functions == (MAKE_FEATURES,)


def test_a_change_two_imports_away_changes_the_digest(project: Project) -> None:
    before = closure_of(project).digest
    project.write({"airline/units.py": "PER_HOUR = 60\n"})
    assert closure_of(project).digest != before


def test_a_change_in_an_unrelated_module_changes_nothing(project: Project) -> None:
    before = closure_of(project)
    project.write({"airline/unrelated.py": "VALUE = 2\n", "airline/__init__.py": ""})
    after = closure_of(project)
    assert (after.digest, after.distributions) == (before.digest, before.distributions)


def test_an_upgrade_counts_only_if_the_closure_imports_the_distribution(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"airline/units.py": "import wheels\nPER_HOUR = 100\n"})

    def with_versions(folder: str, *, wheels: str, unrelated: str) -> CodeClosure:
        site = tmp_path / folder / "site-packages"
        install(site, "wheels", version=wheels)
        install(site, "unrelated_lib", version=unrelated)
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(site))
            project.forget()
            sys.modules.pop("wheels", None)
            return closure_of(project)

    first = with_versions("first", wheels="1.0", unrelated="1.0")
    unrelated_upgrade = with_versions("second", wheels="1.0", unrelated="2.0")
    upgrade = with_versions("third", wheels="1.1", unrelated="2.0")

    assert first.distributions["wheels"] == "1.0"
    assert "unrelated-lib" not in first.distributions
    assert unrelated_upgrade.distributions == first.distributions
    assert upgrade.distributions["wheels"] == "1.1"
    assert {first.digest, unrelated_upgrade.digest} == {upgrade.digest}


def test_what_is_installed_while_a_notebook_runs_is_found(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    install(site, "wheels", version="1.0")
    monkeypatch.syspath_prepend(str(site))
    project.write({"airline/units.py": "import wheels\nPER_HOUR = 100\n"})
    assert "wings" not in closure_of(project).distributions

    install(site, "wings", version="2.0")
    project.write({"airline/units.py": "import wings\nPER_HOUR = 100\n"})
    project.forget()
    assert closure_of(project).distributions["wings"] == "2.0"


def test_this_package_is_a_library_to_its_users_however_it_is_installed(project: Project) -> None:
    project.write({"airline/units.py": "import registry_assets.errors\nPER_HOUR = 100\n"})
    closure = closure_of(project)
    assert "registry-assets" in closure.distributions
    assert not [path for path in paths(closure) if path.startswith("registry_assets")]


def test_distributions_are_those_imported_by_name(project: Project) -> None:
    assert set(closure_of(project).distributions) == {"pandas"}
    both = code_closure(project.function(MAKE_FEATURES), project.function("airline.training:train"))
    assert set(both.distributions) == {"numpy", "pandas", "scikit-learn"}


@pytest.mark.parametrize(
    ("statement", "added"),
    [
        ("from airline import unrelated", {"airline/unrelated.py"}),
        ("import airline.unrelated as other", {"airline/unrelated.py"}),
        ("from . import unrelated", {"airline/unrelated.py"}),
        (
            "from airline.shapes import area",
            {"airline/shapes/__init__.py", "airline/shapes/area.py"},
        ),
        ("from airline.shapes import volume", {"airline/shapes/volume.py"}),
        (
            "from airline.shapes import NAME",
            {"airline/shapes/__init__.py", "airline/shapes/area.py"},
        ),
        ("import airline.shapes.volume", {"airline/shapes/volume.py"}),
        (
            "from airline.shapes import *",
            {"airline/shapes/__init__.py", "airline/shapes/area.py", "airline/shapes/volume.py"},
        ),
        ("def later():\n    from .unrelated import VALUE", {"airline/unrelated.py"}),
        ("if TYPE_CHECKING:\n    from airline.unrelated import VALUE", set()),
        ("import helpers_beside", {"helpers_beside.py"}),
        ("try:\n    import not_installed_anywhere\nexcept ImportError:\n    pass", set()),
        ("if sys.version_info < (3, 0):\n    import not_installed_anywhere", set()),
    ],
)
def test_each_form_of_import_adds_what_it_needs(
    project: Project, statement: str, added: set[str]
) -> None:
    project.write(
        {
            # The function `area` hides the submodule of that name, as packages often do.
            "airline/shapes/__init__.py": "from .area import area\nNAME = 1\n"
            "__all__ = ['area', 'volume']\n",
            "airline/shapes/area.py": "def area(): ...\n",
            "airline/shapes/volume.py": "",
            "helpers_beside.py": "",
            "airline/units.py": "import sys\nfrom typing import TYPE_CHECKING\n"
            f"{statement}\nPER_HOUR = 100\n",
        }
    )
    base = {"airline/features.py", "airline/times.py", "airline/units.py"}
    assert set(paths(closure_of(project))) - base == added


@pytest.mark.parametrize(
    "statement",
    [
        "import dagster",
        "from dagster import asset",
        "def later():\n    import dagster._core",
        "try:\n    import dagster\nexcept ImportError:\n    pass",
        "from dagster_aws import s3",
    ],
)
def test_an_import_of_dagster_is_refused_by_file_and_line(project: Project, statement: str) -> None:
    # Never imported here, only read: the module stands behind a function's import.
    project.write(
        {
            "airline/times.py": "def hour_of(c):\n    from airline import assets\n    return c\n",
            "airline/assets.py": f"\n\n{statement}\n",
        }
    )
    line = 3 + statement.splitlines().index(
        next(
            text
            for text in statement.splitlines()
            if "import dagster" in text or "from dagster" in text
        )
    )
    with pytest.raises(PackagingRefused, match=rf"airline/assets.py, line {line}: `.*dagster"):
        closure_of(project)


def test_dagster_for_type_checkers_only_is_no_import(project: Project) -> None:
    project.write(
        {
            "airline/units.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
            "    import dagster\nPER_HOUR = 100\n"
        }
    )
    assert "airline/units.py" in paths(closure_of(project))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("from airline.gone import x", "airline.gone cannot be found.*airline/times.py, line 4"),
        ("import airline.gone", "airline.gone cannot be found"),
        ("import never_installed", "never_installed cannot be found"),
        ("from airline.folder import gone", "airline.folder.gone cannot be found"),
        ("import airline.compiled", "airline.compiled is compiled"),
        ("import airline.broken", "The source of airline.broken is not valid Python"),
        ("import by_hand", "No installed distribution brings by_hand"),
    ],
)
def test_a_module_that_cannot_be_packaged_is_named(
    project: Project, statement: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = project.root / "vendored" / "site-packages"
    monkeypatch.syspath_prepend(str(site))
    project.write(
        {
            "airline/folder/other.py": "",
            "airline/compiled.abi3.so": "",
            "airline/broken.py": "def :\n",
            "vendored/site-packages/by_hand.py": "",
            "airline/times.py": f"def hour_of(clock):\n    pass\ndef later():\n    {statement}\n",
        }
    )
    with pytest.raises(PackagingRefused, match=named):
        closure_of(project)


def test_functions_without_a_lasting_name_are_refused(project: Project) -> None:
    def inner() -> None: ...

    named = project.function(MAKE_FEATURES)
    with pytest.raises(PackagingRefused, match="lambda"):
        code_closure(lambda frame: frame)
    with pytest.raises(PackagingRefused, match="defined inside a function"):
        code_closure(inner)
    with pytest.raises(PackagingRefused, match=r"functools\.partial"):
        code_closure(functools.partial(named, planes=None))
    with pytest.raises(PackagingRefused, match="not a function"):
        code_closure(len)


def test_a_function_of_a_script_or_notebook_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec("def make_features(frame): return frame", namespace)
    function = namespace["make_features"]
    assert callable(function)
    with pytest.raises(PackagingRefused, match="__main__") as caught:
        code_closure(function)
    assert "importable module" in str(caught.value)


def test_a_function_whose_name_a_decorator_took_is_refused(project: Project) -> None:
    function = project.function(MAKE_FEATURES)
    sys.modules["airline.features"].make_features = object()  # type: ignore[attr-defined]
    with pytest.raises(PackagingRefused, match="decorator"):
        code_closure(function)


def test_equal_files_elsewhere_give_an_equal_closure(project: Project, tmp_path: Path) -> None:
    first = closure_of(project)
    project.write({"../elsewhere/keep": ""})
    sys.path.insert(0, str(tmp_path / "elsewhere"))
    try:
        for path, source in AIRLINE.items():
            target = tmp_path / "elsewhere" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source)
        project.forget()
        second = closure_of(project)
        assert second.files[0].origin != first.files[0].origin
        assert (second, second.digest) == (first, first.digest)
    finally:
        sys.path.remove(str(tmp_path / "elsewhere"))
        Project(tmp_path / "elsewhere").forget()
