"""Who may import whom: read from the source, and from a fresh interpreter."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets_tests.project.files import PACKAGE, modules

MAY_IMPORT_DAGSTER = ("orchestration/", "models/", "definitions.py")
UNSTABLE = "orchestration/unstable"


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func)
            name = node.args[0]
            is_text = isinstance(name, ast.Constant) and isinstance(name.value, str)
            if called in ("__import__", "import_module", "importlib.import_module") and is_text:
                yield node.lineno, ast.literal_eval(name)


def is_dagster(name: str) -> bool:
    return name.partition(".")[0].startswith("dagster")


def is_private_dagster(name: str) -> bool:
    return is_dagster(name) and any(part.startswith("_") for part in name.split("."))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize(
    "source",
    [
        "import dagster",
        "import dagster as dg",
        "def f():\n    from dagster import asset",
        "import os, dagster._core.instance",
        "import importlib\nimportlib.import_module('dagster')",
        "from dagster_aws.s3 import S3Resource",
    ],
)
def test_every_way_to_import_dagster_is_seen(source: str) -> None:
    assert any(is_dagster(name) for _, name in imported(source))


def test_only_orchestration_models_and_definitions_import_dagster() -> None:
    found = [
        f"{place(path)}:{line}: {name}"
        for path in modules()
        if not place(path).startswith(MAY_IMPORT_DAGSTER)
        for line, name in imported(path.read_text())
        if is_dagster(name)
    ]
    assert found == []


def test_one_place_holds_every_import_that_is_not_public_dagster() -> None:
    found = [
        f"{place(path)}:{line}: {name}"
        for path in modules()
        if not place(path).startswith(UNSTABLE)
        for line, name in imported(path.read_text())
        if is_private_dagster(name)
    ]
    assert found == []


def test_a_deployment_imports_nothing_of_the_catalog() -> None:
    beside = (
        "canonical",
        "clock",
        "deployment",
        "errors",
        "faults",
        "home",
        "manifest",
        "references",
        "signing",
        "store",
    )
    loading = ("packaging.collector", "packaging.loaded")
    signed = ("governance.approval_statement", "governance.attestations")
    allowed = tuple(f"registry_assets.{name}" for name in (*beside, *loading, *signed))
    found = [
        f"{place(path)}:{line}: {name}"
        for path in modules()
        if place(path).startswith("deployment/")
        for line, name in imported(path.read_text())
        if name.startswith("registry_assets.") and not name.startswith(allowed)
    ]
    assert found == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ["dagster", "evidently", "matplotlib", "boto3", "psycopg2", "cryptography"]
    program = (
        "import json, sys; import registry_assets;"
        "import registry_assets.signing.dsse, registry_assets.signing.signers;"
        f"print(json.dumps([name for name in {heavy} if name in sys.modules]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert json.loads(answer.stdout) == []


def test_signing_stands_on_names_content_and_failures_alone() -> None:
    beside = ("canonical", "errors", "references", "signing")
    allowed = tuple(f"registry_assets.{name}" for name in beside)
    found = [
        f"{place(path)}:{line}: {name}"
        for path in modules()
        if place(path).startswith("signing/")
        for line, name in imported(path.read_text())
        if name.startswith("registry_assets.") and not name.startswith(allowed)
    ]
    assert found == []


def test_two_modules_alone_import_what_computes_signatures() -> None:
    # They are imported inside functions: a command that only reads must not wait for them.
    computing = ("signing/algorithms.py", "signing/private_keys.py")
    found = [
        f"{place(path)}:{line}: {name}"
        for path in modules()
        if place(path) not in computing
        for line, name in imported(path.read_text())
        if name.partition(".")[0] == "cryptography"
    ]
    assert found == []
