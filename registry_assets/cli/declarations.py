"""Declarations, imported as the project's own code finds them."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_assets.declaration import RegisteredModel

WORKSPACE = "workspace.yaml"
PYPROJECT = "pyproject.toml"


def read_declaration(
    reference: str, folder: Path, *, hint: str, model: str = ""
) -> "RegisteredModel":
    """Import the declaration that a reference, `package.module:name`, leads to.

    Args:
        folder: of the project.
        hint: how such a reference is written where it was given.
        model: whose declaration it must be; any by default.

    Raises:
        DeclarationError: there is no such module or name, or it is no declaration.
    """
    from registry_assets.declaration import RegisteredModel
    from registry_assets.errors import DeclarationError

    module, _, name = reference.partition(":")
    if not module or not name:
        raise DeclarationError(f"{reference!r} does not say module and name", hint=hint)
    found = getattr(_imported(module, folder, hint=hint), name, None)
    if not isinstance(found, RegisteredModel):
        what = "nothing" if found is None else f"a {type(found).__name__}"
        raise DeclarationError(f"{reference} is {what}, not a RegisteredModel", hint=hint)
    if model and found.name != model:
        raise DeclarationError(f"{reference} declares {found.name}, not {model}", hint=hint)
    return found


def find_declaration(model: str, folder: Path) -> "RegisteredModel":
    """Import the project's code location, as Dagster finds it, and give a model's declaration.

    Raises:
        DeclarationError: no code location is named, it cannot be imported, or it does not
            declare that model.
    """
    from registry_assets.errors import DeclarationError

    hint = "say where it is declared: --declaration package.module:name"
    modules = tuple(dict.fromkeys((*_of_workspace(folder), *_of_pyproject(folder))))
    if not modules:
        raise DeclarationError(
            f"neither {WORKSPACE} nor {PYPROJECT} in {folder} names a code location", hint=hint
        )
    for name in modules:
        _imported(name, folder, hint=hint)
    found = {id(each): each for _, each in _declared() if each.name == model}
    if len(found) > 1:
        # What else this process happens to hold is not what the code location declares.
        own = {name.partition(".")[0] for name in modules}
        found = {
            id(each): each
            for where, each in _declared()
            if each.name == model and where.partition(".")[0] in own
        }
    if len(found) != 1:
        how = "not declared" if not found else f"declared {len(found)} times"
        raise DeclarationError(f"{model} is {how} in {', '.join(modules)}", hint=hint)
    return next(iter(found.values()))


def _declared() -> "Iterator[tuple[str, RegisteredModel]]":
    """Give every declaration that a module of this process holds, with the module's name."""
    from registry_assets.declaration import RegisteredModel

    for where, module in list(sys.modules.items()):
        # Of anything else that stands there in a module's place nothing is asked.
        for value in list(vars(module).values()) if isinstance(module, ModuleType) else ():
            if type(value) is RegisteredModel:
                yield where, value


def _imported(module: str, folder: Path, *, hint: str) -> Any:
    from registry_assets.errors import DeclarationError, RegistryError

    if not all(module.split(".")):
        raise DeclarationError(f"{module!r} is no name of a module", hint=hint)
    for place in (str(folder), str(Path.cwd())):
        if place not in sys.path:
            sys.path.insert(0, place)
    try:
        return importlib.import_module(module)
    except RegistryError:
        raise  # a declaration in it is wrong, and says how
    except ImportError as error:
        raise DeclarationError(f"{module} cannot be imported: {error}", hint=hint) from error
    except (Exception, SystemExit) as error:  # it is the project's own code
        raise DeclarationError(
            f"{module} cannot be imported: {type(error).__name__}: {error}",
            hint="correct it; REGISTRY_DEBUG=1 shows where",
        ) from error


def _of_workspace(folder: Path) -> Iterator[str]:
    """Give the modules that a workspace file names."""
    from registry_assets.governance.document.plain import parse_yaml

    said = _read(folder / WORKSPACE, parse_yaml)
    places = said.get("load_from") if isinstance(said, dict) else None
    for place in places if isinstance(places, list) else ():
        named = place.get("python_module") if isinstance(place, dict) else None
        name = named.get("module_name") if isinstance(named, dict) else named
        if isinstance(name, str):
            yield name


def _of_pyproject(folder: Path) -> Iterator[str]:
    import tomllib

    said = _read(folder / PYPROJECT, tomllib.loads)
    name = _inner(said, "tool", "dagster", "module_name")
    if isinstance(name, str):
        yield name
    root = _inner(said, "tool", "dg", "project", "root_module")
    if isinstance(root, str):
        yield f"{root}.definitions"


def _inner(said: Any, *names: str) -> Any:
    for name in names:
        said = said.get(name) if isinstance(said, dict) else None
    return said


def _read(path: Path, parse: Callable[[str], Any]) -> Any:
    """Give what a file says; None where there is none.

    Raises:
        DeclarationError: it cannot be read.
    """
    from registry_assets.errors import DeclarationError

    if not path.is_file():
        return None
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # what is no UTF-8, YAML or TOML is a ValueError
        said = "it is no UTF-8" if isinstance(error, UnicodeError) else str(error)
        said = str(error.strerror) if isinstance(error, OSError) else said
        raise DeclarationError(
            f"{path} cannot be read: {said}",
            hint="correct it, or say where the model is declared: --declaration MODULE:NAME",
        ) from error
