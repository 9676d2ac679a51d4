"""Where a module's file is and whose it is, told without importing it.

Importing to find out would run code, and the code of a project often imports Dagster.
What a file imports is `imports`; which files make up a model is `closure`.
"""

import re
import sys
import sysconfig
from collections.abc import Callable
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from types import FunctionType

from registry_assets.errors import PackagingRefused

_LIBRARY_FOLDERS = frozenset({"site-packages", "dist-packages"})
_MODULES = (".py", ".so")
_MOVE_IT = "Define it with `def` at the top level of an importable module (a .py file)."


def home(function: Callable[..., object]) -> tuple[str, str]:
    """Give the module and the name under which a fresh process finds `function` again.

    Raises:
        PackagingRefused: it has no such place: a lambda, a closure, a notebook's function.
    """
    if not isinstance(function, FunctionType):
        kind = type(function)
        raise PackagingRefused(
            f"{function!r} is a {kind.__module__}.{kind.__qualname__}, not a function: it "
            "cannot be found again by its name.",
            hint=_MOVE_IT,
        )
    module, name = function.__module__, function.__qualname__
    if "<lambda>" in name:
        raise PackagingRefused(
            f"A lambda of module {module} cannot be packaged: it has no name.", hint=_MOVE_IT
        )
    if module == "__main__":
        raise PackagingRefused(
            f"{name} lives in __main__ (a script, a notebook or a prompt): no other process "
            "can import it.",
            hint=_MOVE_IT,
        )
    if "<locals>" in name:
        raise PackagingRefused(
            f"{name} of module {module} is defined inside a function: what it closes over "
            "cannot be packaged.",
            hint=_MOVE_IT,
        )
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not function:
        raise PackagingRefused(
            f"{module}.{name} is not the function that was given: a decorator or a later "
            "assignment took its name.",
            hint="Keep the function under its own name and give the decorated one another.",
        )
    return module, name


def locate(name: str) -> ModuleSpec | None:
    """Find a module by its full name, or None; parents are looked through, never run."""
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        if depth > 1 and path is None:
            return None
        spec = _find(".".join(parts[:depth]), path)
        if spec is None:
            return None
        locations = spec.submodule_search_locations
        path = None if locations is None else list(locations)
    return spec


def source_file(spec: ModuleSpec) -> Path | None:
    """Give the file a module is made from; None where it is only a folder of modules."""
    if spec.origin is None or spec.origin in {"built-in", "frozen", "namespace"}:
        return None
    return Path(spec.origin)


def is_standard(name: str) -> bool:
    """Say whether the top-level module `name` comes with Python."""
    return name in sys.stdlib_module_names


def is_library(spec: ModuleSpec) -> bool:
    """Say whether a module was installed, as opposed to being worked on.

    An editable install counts as worked on: its files change without a new version.
    """
    file = source_file(spec)
    places = [file] if file else [Path(entry) for entry in spec.submodule_search_locations or ()]
    installed = {Path(sysconfig.get_path(key)) for key in ("purelib", "platlib")}
    return any(
        not _LIBRARY_FOLDERS.isdisjoint(place.parts) or not installed.isdisjoint(place.parents)
        for place in places
    )


def distributions_of(module: str) -> dict[str, str]:
    """Give {distribution: version} for the installed distributions that bring a module.

    Empty if no distribution claims it; several only where they share a namespace package and
    none of them can be told to hold this module.
    """
    top = module.partition(".")[0]
    names = _bringing(top) or _named_like(top)
    if len(names) > 1:
        names = [name for name in names if _holds(name, module)] or names
    return {canonical_name(name): distribution(name).version for name in names}


def _bringing(top: str) -> list[str]:
    """Give the distributions that bring a top-level module, wherever on `sys.path` they are."""
    found = [_installed(entry, _changed_at(entry)).get(top, ()) for entry in sys.path]
    return sorted({each.name for several in found for each in several})


def _changed_at(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _installed(folder: str, _changed: int) -> dict[str, list[Distribution]]:
    """Give the distributions in a folder by the top-level modules that they bring.

    Kept until one is installed there: it reads the lists of all files of all of them, and a code
    location with two models asks for it four times in each of its processes.
    """
    found: dict[str, list[Distribution]] = {}
    for each in distributions(path=[folder]):
        for module in _modules_of(each):
            found.setdefault(module, []).append(each)
    return found


def _modules_of(found: Distribution) -> set[str]:
    """Give the top-level modules of a distribution: as it says, or else as its files tell."""
    said = (found.read_text("top_level.txt") or "").split()
    if said:
        return set(said)
    # The list as it stands: to make a path of each of its lines takes four times as long.
    listed = (found.read_text("RECORD") or "").splitlines()
    paths = [line.partition(",")[0] for line in listed] or [str(file) for file in found.files or ()]
    return {path.partition("/")[0].partition(".")[0] for path in paths if path.endswith(_MODULES)}


def canonical_name(distribution_name: str) -> str:
    """Spell a distribution's name the one way: lower case, single hyphens."""
    return re.sub(r"[-_.]+", "-", distribution_name).lower()


def _find(name: str, path: list[str] | None) -> ModuleSpec | None:
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__spec__ is not None:
        return loaded.__spec__
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(name, path)
        except KeyError:
            # A namespace package inside a parent that was never imported: the standard
            # finder looks the parent up in sys.modules. Its folders are all there is to it.
            spec = _namespace(name, path)
        if spec is not None:
            return spec
    return None


def _namespace(name: str, path: list[str] | None) -> ModuleSpec | None:
    folders = [Path(entry) / name.rpartition(".")[2] for entry in path or ()]
    existing = [str(folder) for folder in folders if folder.is_dir()]
    if not existing:
        return None
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = existing
    return spec


def _named_like(module: str) -> list[str]:
    """An editable install lists no modules; most distributions bear their module's name."""
    try:
        return [distribution(module).name]
    except PackageNotFoundError:
        return []


def _holds(distribution_name: str, module: str) -> bool:
    stem = module.replace(".", "/")
    try:
        files = distribution(distribution_name).files or []
    except PackageNotFoundError:
        return False
    return any(str(file).startswith((f"{stem}/", f"{stem}.")) for file in files)
