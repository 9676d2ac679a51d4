"""The process that `disposable` starts: limit itself, load what it was given, report.

Run by path, so that the limits hold before anything else is imported. Its only output is
one JSON object on the stdout it was started with. `timing_process`, which is run likewise,
limits itself and reports by the functions that are public here.
"""

import importlib.abc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from registry_assets.packaging.package import Package

_FILE_BYTES = 64 * 2**20
_OPEN_FILES = 256


def main(folder: str, limits: dict[str, int], task: str) -> None:
    """Do one task with the files in `folder`, and report."""
    # Whatever the package prints goes to stderr, so that the report stands alone.
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    limit(memory=limits["memory"], seconds=limits["seconds"])
    started = time.perf_counter()

    def work() -> dict[str, Any]:
        files = read_files(Path(folder))
        return _describe(files) if task == "describe" else _check(files, started=started)

    result = reported(work, memory=limits["memory"])
    with report:
        json.dump(result, report)


def reported(work: Callable[[], dict[str, Any]], *, memory: int) -> dict[str, Any]:
    """Give what comes of the work as a receipt, or how it failed."""
    try:
        return {"receipt": work()}
    except MemoryError:
        return _failure(f"it needs more than {memory / 2**30:g} GiB of memory")
    except SystemExit as error:
        return _failure(f"its code ended the process (sys.exit({error.code!r}))")
    except Exception as error:  # noqa: BLE001  # packaged code may raise anything; all is reported
        return _failure(_told(error), hint=getattr(error, "hint", ""))


def limit(*, memory: int, seconds: int) -> None:
    """Limit this process for good: bytes of address space, seconds of processor time."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: _FILE_BYTES,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (allowed, allowed))


def read_files(folder: Path) -> dict[str, bytes]:
    """Give the files of a package by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _describe(files: dict[str, bytes]) -> dict[str, Any]:
    """Build the estimator of a file, or of several, and let it predict the sample."""
    from registry_assets.packaging import package as layout
    from registry_assets.packaging.disposable import EXPECTED
    from registry_assets.packaging.estimator import (
        classes_kept,
        load_estimator,
        predictor_of,
        read_estimator,
    )
    from registry_assets.packaging.given import ask, framework_of
    from registry_assets.packaging.isolation import load_code
    from registry_assets.snapshots import decode_frame, encode

    prefix = layout.CODE
    code = load_code(
        {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}
    )
    sys.meta_path.insert(0, Refusal(code.modules))
    described = json.loads(files[layout.DESCRIPTION])
    stored = read_estimator(described["estimator"], files.__getitem__)
    estimator = load_estimator(stored, own_modules=code.modules, rename=code.private_name)
    features = decode_frame(files[layout.SAMPLE_FEATURES])
    predictor = predictor_of(estimator, classes=described["wanted"])
    classes, expected = ask(predictor, features, task=described["task"])
    Path(EXPECTED).write_bytes(encode(expected).data)
    return {
        "classes": list(classes),
        "kept": classes_kept(predictor) is not None,
        "framework": framework_of(estimator, stored),
    }


def _check(files: dict[str, bytes], *, started: float) -> dict[str, Any]:
    from registry_assets.packaging.isolation import load_code
    from registry_assets.packaging.package import Package

    package = Package(files)
    code = load_code(package.code)
    sys.meta_path.insert(0, Refusal(code.modules))
    code.function(package.description["train"])
    rows, difference = _reproduce(package)
    return {
        "python": sys.version.split()[0],
        "seconds": round(time.perf_counter() - started, 3),
        "rows": rows,
        "max_difference": difference,
    }


def _reproduce(package: "Package") -> tuple[int, float]:
    """Compare features and predictions of the sample with those that were packaged."""
    from registry_assets.errors import LoadCheckFailed
    from registry_assets.packaging import package as layout
    from registry_assets.packaging.estimator import tolerance_of
    from registry_assets.packaging.frames import EXACT, first_difference, max_difference
    from registry_assets.packaging.loaded import load_package
    from registry_assets.packaging.predictions import predictions

    model = load_package(package.files)
    inputs = package.sample_inputs()
    rows = inputs.pop(model.signature.rows_input)
    features = model.features(rows, **inputs)
    predicted = predictions(model.estimator, features, output=model.signature.output)
    largest, tolerance = 0.0, tolerance_of(package.estimator)
    for what, path, found, relative in (
        ("feature", layout.SAMPLE_FEATURES, features, EXACT),
        ("output", layout.SAMPLE_EXPECTED, predicted, tolerance),
    ):
        expected = package.frame(path)
        difference = first_difference(expected, found, relative=relative)
        if difference:
            raise LoadCheckFailed(f"it does not reproduce its sample: {what} {difference}")
        largest = max(largest, max_difference(expected, found))
    return len(rows), largest


class Refusal(importlib.abc.MetaPathFinder):
    """Hides what a deployment does not have: Dagster, and the packaged modules as installed."""

    def __init__(self, packaged: Iterable[str]) -> None:
        self._packaged = frozenset(packaged)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        if fullname.partition(".")[0] == "dagster":
            raise ImportError(
                "its code, or a library that it uses, imports Dagster, which a deployment "
                "does not have",
                name=fullname,
            )
        if fullname in self._packaged:
            raise ImportError(
                f"its code imports {fullname} by a computed name; write an import statement, "
                "so that the packaged module is found",
                name=fullname,
            )


def _failure(what: str, *, hint: str = "") -> dict[str, Any]:
    return {"failure": f"{what}.", "hint": hint}


def _told(error: Exception) -> str:
    """Say what was raised, and where in the packaged code."""
    from registry_assets.packaging.isolation import packaged_line

    message = getattr(error, "message", None)
    told = str(message if message is not None else f"{type(error).__name__}: {error}")
    return told.rstrip(".") + packaged_line(error)


def leave(status: int) -> NoReturn:
    """End at once: threads and exit handlers of packaged code have no say any more."""
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3])
    leave(0)
