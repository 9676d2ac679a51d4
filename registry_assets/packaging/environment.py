"""The Python and the distributions that a model was made with.

Recorded so that a person can build the same again, and so that a difference can be named
when a model behaves otherwise somewhere else. Not part of the recipe: that holds only the
distributions which the model's code imports by name.
"""

import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

from registry_assets.canonical import Json
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.modules import canonical_name

# What this package itself needs to load a model, whatever the model's code imports.
_LOADER_NEEDS = ("numpy", "pandas", "pyarrow", "scikit-learn", "skops")


def environment(closure: CodeClosure, frameworks: Sequence[str] = ()) -> dict[str, Json]:
    """Give what runs here: Python, platform, and every distribution the model stands on.

    Those are the ones its code imports, those that loading needs, and all that they
    require in turn, with the versions installed now.

    Args:
        frameworks: the distributions that load its estimator.
    """
    versions = _with_requirements([*closure.distributions, *_LOADER_NEEDS, *frameworks])
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": f"{platform.system()}-{platform.machine()}".lower(),
        "distributions": dict(sorted(versions.items())),
    }


def requirement_lines(recorded: Mapping[str, Json]) -> list[str]:
    """Give the lines of a requirements file that installs a recorded environment."""
    return [f"{name}=={version}" for name, version in _distributions(recorded).items()]


def environment_differences(recorded: Mapping[str, Json]) -> list[str]:
    """Say in sentences how this process differs from a recorded environment.

    Patch releases of Python and the platform are left out: neither changes what loads.
    """
    found: list[str] = []
    here, there = platform.python_version(), str(recorded.get("python", ""))
    if there.split(".")[:2] != [str(part) for part in sys.version_info[:2]]:
        found.append(f"Python is {here} here and was {there} when the model was made.")
    for name, version in _distributions(recorded).items():
        installed = _version(name)
        if installed is None:
            found.append(f"{name} is not installed here; the model was made with {version}.")
        elif installed != version:
            found.append(f"{name} is {installed} here and was {version} when the model was made.")
    return found


def _distributions(recorded: Mapping[str, Json]) -> dict[str, str]:
    distributions = recorded.get("distributions")
    if not isinstance(distributions, Mapping):
        return {}
    return {name: str(version) for name, version in sorted(distributions.items())}


def _with_requirements(names: Sequence[str]) -> dict[str, str]:
    """Follow requirements from `names`; what a marker or an extra leaves out stays out."""
    versions: dict[str, str] = {}
    pending = [(canonical_name(name), frozenset[str]()) for name in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        name, extras = pending.pop()
        version = _version(name)
        if (name, extras) in seen or version is None:
            continue
        seen.add((name, extras))
        versions[name] = version
        for line in distribution(name).requires or []:
            requirement = Requirement(line)
            if _applies(requirement, extras=extras):
                pending.append((canonical_name(requirement.name), frozenset(requirement.extras)))
    return versions


def _applies(requirement: Requirement, *, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _version(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None
