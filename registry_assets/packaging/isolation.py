"""Packaged code, imported from bytes under a private name.

`airline.features` of a package becomes `_registry_package_<digest>.airline.features`.
So two versions of one module live side by side in a process, and neither meets an
installed package of the same name. Nothing is written to disk and `sys.path` is not
touched; the code itself need not know: imports of its own names are led to its own
modules. Equal code is loaded once and shared by every model that contains it.

This separates names. It is no sandbox: packaged code can do what any code can.
"""

import builtins
import importlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.closure import code_digest

_PREFIX = "_registry_package_"
# 64 bits of the digest: enough to tell packages apart, and short enough for a traceback.
_DIGITS = 16


class PackagedCode:
    """The modules of one package; `modules` are their names as the user knows them."""

    def __init__(self, files: Mapping[str, bytes], *, digest: str) -> None:
        self.digest = digest
        self.prefix = _PREFIX + digest.removeprefix("sha256:")[:_DIGITS]
        self.modules = frozenset(_module_name(path) for path in files)
        self._sources = {_module_name(path): (path, data) for path, data in files.items()}
        self._packages = frozenset(
            [_module_name(path) for path in files if path.endswith("/__init__.py")]
            + [parent for name in self.modules for parent in _parents(name)]
        )
        self._tops = frozenset(name.partition(".")[0] for name in self.modules)
        self._builtins = {**vars(builtins), "__import__": self._import}

    def function(self, reference: str) -> Callable[..., Any]:
        """Give the function that "airline.features:make_features" names, importing its module.

        Raises:
            PackagingRefused: the package has no such module or function.
        """
        module, _, name = reference.partition(":")
        if module not in self.modules:
            raise PackagingRefused(f"The package has no module {module} (wanted: {reference}).")
        found: Any = importlib.import_module(self.private_name(module))
        for part in name.split("."):
            found = getattr(found, part, None)
        if not callable(found):
            raise PackagingRefused(f"The packaged module {module} has no function {name}.")
        return found  # type: ignore[no-any-return]  # callable() does not narrow Any

    def private_name(self, module: str) -> str:
        """Give the name under which a packaged module stands in `sys.modules`."""
        return f"{self.prefix}.{module}"

    def spec(self, fullname: str) -> ModuleSpec | None:
        """Describe one private module to the import system; None if it is not packaged."""
        module = fullname[len(self.prefix) + 1 :]
        if module and module not in self.modules and module not in self._packages:
            return None
        path, source = self._sources.get(module, ("", b""))
        filename = f"{self.prefix}/{path}" if path else None
        is_package = not module or module in self._packages
        loader = _Loader(source, filename=filename or fullname, names=self._builtins)
        spec = ModuleSpec(fullname, loader, origin=filename, is_package=is_package)
        spec.has_location = filename is not None
        return spec

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  # __import__'s own names
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Stand in for `__import__` in packaged modules: own names lead to own modules."""
        top = name.partition(".")[0]
        if level or top not in self._tops:
            return builtins.__import__(name, globals, locals, fromlist, level)
        try:
            leaf = builtins.__import__(
                self.private_name(name), globals, locals, fromlist or ("__name__",), 0
            )
        except ModuleNotFoundError as error:
            missing = (error.name or "").removeprefix(f"{self.prefix}.")
            if missing == error.name:
                raise
            raise ModuleNotFoundError(
                f"{missing} is not among the modules of this package "
                f"({', '.join(sorted(self.modules))})",
                name=missing,
            ) from None
        return leaf if fromlist else sys.modules[self.private_name(top)]


class _Loader(InspectLoader):
    """Runs one module's source with the package's own `__import__`."""

    def __init__(self, source: bytes, *, filename: str, names: dict[str, Any]) -> None:
        self._source = source
        self._filename = filename
        self._names = names

    def get_source(self, fullname: str) -> str:
        # Tracebacks show the packaged line through this, though no such file exists.
        return importlib.util.decode_source(self._source)

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source, self._filename)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self._names
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102  # what loading is


class _Finder(MetaPathFinder):
    """Finds the modules of every package that was loaded in this process."""

    def __init__(self) -> None:
        self._packages: dict[str, PackagedCode] = {}
        self._lock = threading.Lock()

    def add(self, code: PackagedCode) -> PackagedCode:
        with self._lock:
            known = self._packages.setdefault(code.prefix, code)
            if self not in sys.meta_path:
                sys.meta_path.append(self)
        return known

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        code = self._packages.get(fullname.partition(".")[0])
        return code.spec(fullname) if code else None


_FINDER = _Finder()


def load_code(files: Mapping[str, bytes]) -> PackagedCode:
    """Make packaged source files importable; nothing runs until a function is asked for.

    Args:
        files: source by path, "airline/features.py".
    """
    return _FINDER.add(PackagedCode(files, digest=code_digest(files)))


def packaged_line(error: BaseException) -> str:
    """Give " (airline/features.py, line 12)", the innermost packaged line of a failure, or ""."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame for frame in frames if frame.filename.startswith(_PREFIX)]
    if not lines:
        return ""
    return f" ({lines[-1].filename.partition('/')[2]}, line {lines[-1].lineno})"


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
