"""The code of a model: the user's own modules that its functions reach by importing.

A recipe names this closure by its digest, and a package carries it. So it must hold a
helper two imports away, and must not hold what merely lies in the same project: parents
of a module enter only if something is taken from them. Installed libraries are named with
their version, never copied. Data files are no part of it.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.imports import Import, binds, exported, imports_of
from registry_assets.packaging.modules import (
    distributions_of,
    home,
    is_library,
    is_standard,
    locate,
    source_file,
)

_THIS_PACKAGE = "registry_assets"


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One module's source; `path` is where it lies in a package, `origin` where it was read."""

    module: str
    path: str
    source: bytes = field(repr=False)
    origin: Path = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CodeClosure:
    """All of a model's own source files, and the libraries that they import by name.

    `functions` are the references ("airline.features:make_features") it was built for.
    """

    files: tuple[CodeFile, ...]
    distributions: Mapping[str, str]
    functions: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Name the code: equal files give equal digests, wherever they were read."""
        return code_digest({file.path: file.source for file in self.files})

    @property
    def modules(self) -> frozenset[str]:
        """Name the modules that are packaged."""
        return frozenset(file.module for file in self.files)

    def file_of(self, function: str) -> CodeFile:
        """Give the file in which a function, given by its reference, is defined."""
        module = function.partition(":")[0]
        return next(file for file in self.files if file.module == module)


def code_digest(files: Mapping[str, bytes]) -> str:
    """Give the digest of source files by their paths."""
    return sha256_digest(
        canonical_json({path: sha256_digest(data) for path, data in files.items()})
    )


def code_closure(*functions: Callable[..., object]) -> CodeClosure:
    """Follow the imports of `functions` through the user's own modules.

    Raises:
        PackagingRefused: a function that no other process could import, an import of
            Dagster, or a module that is not there, is compiled, or belongs to no
            distribution. The message names file, line and import.
    """
    homes = [home(function) for function in functions]
    walk = _Walk(tops=frozenset(module.partition(".")[0] for module, _ in homes))
    for module, _ in homes:
        walk.include(module)
    return CodeClosure(
        files=tuple(sorted(walk.files.values(), key=lambda file: file.path)),
        distributions=dict(sorted(walk.distributions.items())),
        functions=tuple(f"{module}:{name}" for module, name in homes),
    )


class _Walk:
    """One traversal: what was found so far, and the rules for going on."""

    def __init__(self, *, tops: frozenset[str]) -> None:
        self.files: dict[str, CodeFile] = {}
        self.distributions: dict[str, str] = {}
        self._tops = tops
        self._trees: dict[str, ast.Module] = {}

    def include(self, module: str) -> None:
        pending = [module]
        while pending:
            name = pending.pop()
            if name in self.files:
                continue
            spec = locate(name)
            if spec is None:
                raise PackagingRefused(f"The module {name} cannot be found on sys.path.")
            origin = source_file(spec)
            if origin is None:
                continue
            file = _read(spec, origin)
            self.files[name] = file
            package = name if _is_package(spec) else name.rpartition(".")[0]
            for statement in imports_of(self._tree(name, origin), package=package):
                pending.extend(self._follow(statement, file=file))

    def _follow(self, statement: Import, *, file: CodeFile) -> list[str]:
        """Give the own modules that one import statement brings in."""
        where = f"{file.path}, line {statement.line}: `{statement}`"
        top = statement.module.partition(".")[0]
        if top == "dagster" or top.startswith("dagster_"):
            raise PackagingRefused(
                f"Packaged code must not import Dagster, and this does: {where}.",
                hint="Keep make_features and train in modules of their own, away from assets.",
            )
        if is_standard(top) and top not in self._tops:
            return []
        # Some libraries make submodules only once they run (six.moves): their top will do.
        spec = locate(statement.module) or (None if top in self._tops else locate(top))
        if spec is None or (spec.name != statement.module and self._is_own(top, spec)):
            if statement.optional:
                return []
            raise PackagingRefused(
                f"{statement.module} cannot be found, and is imported in {where}.",
                hint="Mend the import, or put it under `try: … except ImportError: …`.",
            )
        if not self._is_own(top, spec):
            self._note_distribution(statement.module, where=where)
            return []
        if not statement.names:
            return [statement.module]
        return self._members(statement, spec, where=where)

    def _is_own(self, top: str, spec: ModuleSpec) -> bool:
        if top in self._tops:
            return True
        # Whether this package was installed from a clone must not change a recipe.
        return top != _THIS_PACKAGE and not is_library(spec)

    def _members(self, statement: Import, spec: ModuleSpec, *, where: str) -> list[str]:
        """Tell submodules from names: only a name needs the package's own `__init__`."""
        module, origin = statement.module, source_file(spec)
        if not _is_package(spec):
            return [module]
        tree = self._tree(module, origin) if origin else None
        found: list[str] = []
        for name in statement.names:
            if name == "*":
                listed = [f"{module}.{each}" for each in (exported(tree) if tree else ())]
                found += [module, *(each for each in listed if locate(each))]
            elif locate(f"{module}.{name}") and not (tree and binds(tree, name, module=module)):
                found += [f"{module}.{name}"]
            elif origin:
                found += [module]
            elif not statement.optional:
                raise PackagingRefused(
                    f"{module}.{name} cannot be found, and is imported in {where}."
                )
        return found

    def _tree(self, module: str, origin: Path) -> ast.Module:
        if module not in self._trees:
            try:
                self._trees[module] = ast.parse(origin.read_bytes(), filename=origin.name)
            except (SyntaxError, ValueError) as error:
                raise PackagingRefused(
                    f"The source of {module} is not valid Python: {error}."
                ) from error
        return self._trees[module]

    def _note_distribution(self, module: str, *, where: str) -> None:
        found = distributions_of(module)
        if not found:
            raise PackagingRefused(
                f"No installed distribution brings {module}, imported in {where}: nobody "
                "could install it again.",
                hint="Install it as a package, or move its source into your own.",
            )
        self.distributions.update(found)


def _is_package(spec: ModuleSpec) -> bool:
    return spec.submodule_search_locations is not None


def _read(spec: ModuleSpec, origin: Path) -> CodeFile:
    if origin.suffix != ".py":
        raise PackagingRefused(
            f"{spec.name} is compiled ({origin.name}): only Python source can be packaged.",
            hint="Install it as a library with a version of its own.",
        )
    stem = spec.name.replace(".", "/")
    path = f"{stem}/__init__.py" if _is_package(spec) else f"{stem}.py"
    try:
        return CodeFile(module=spec.name, path=path, source=origin.read_bytes(), origin=origin)
    except OSError as error:
        raise PackagingRefused(
            f"The source of {spec.name} cannot be read: {error.strerror}."
        ) from error
