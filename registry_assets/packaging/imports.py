"""The imports that a source file states, found without running it.

Pure functions over syntax trees. Which file a name leads to is `modules`; which of them
belong to a model is `closure`.
"""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement, with its module made absolute.

    `names` is empty for `import module`. `optional` says that the code reckons with the
    module being absent: it stands under `try` or under a test of Python's version.
    """

    module: str
    names: tuple[str, ...]
    line: int
    optional: bool

    def __str__(self) -> str:
        if not self.names:
            return f"import {self.module}"
        return f"from {self.module} import {', '.join(self.names)}"


def imports_of(tree: ast.AST, *, package: str) -> Iterator[Import]:
    """Give every import in `tree`, those inside functions too, in order of appearance.

    Imports for type checkers only (`if TYPE_CHECKING:`) never run and are left out.

    Args:
        package: what the module's relative imports start from.
    """
    yield from _walk(tree, package=package, optional=False)


def binds(tree: ast.Module, name: str, *, module: str) -> bool:
    """Say whether the package `module` gives `name` a meaning of its own at its top level.

    Importing the submodule of that name is not one: the result is the submodule.
    """
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found = node.name == name
            case ast.Import():
                found = any((a.asname or a.name.partition(".")[0]) == name for a in node.names)
            case ast.ImportFrom():
                source = _absolute(node, package=module)
                found = any(
                    (a.asname or a.name) == name and (source, a.name) != (module, name)
                    for a in node.names
                )
            case _:
                found = any(
                    isinstance(part, ast.Name)
                    and part.id == name
                    and isinstance(part.ctx, ast.Store)
                    for part in ast.walk(node)
                )
        if found:
            return True
    return False


def exported(tree: ast.Module) -> tuple[str, ...]:
    """Give the names in a literal `__all__`; a computed one gives none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
        ):
            return tuple(
                part.value
                for part in ast.walk(node.value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
    return ()


def _walk(node: ast.AST, *, package: str, optional: bool) -> Iterator[Import]:
    match node:
        case ast.Import():
            for alias in node.names:
                yield Import(alias.name, (), node.lineno, optional)
        case ast.ImportFrom():
            names = tuple(alias.name for alias in node.names)
            yield Import(_absolute(node, package=package), names, node.lineno, optional)
        case ast.If():
            guarded = optional or _tests_the_interpreter(node.test)
            if not _is_type_checking(node.test):
                yield from _walk_all(node.body, package=package, optional=guarded)
            yield from _walk_all(node.orelse, package=package, optional=guarded)
        case ast.Try() | ast.TryStar():
            guarded = optional or any(_catches_import_error(h) for h in node.handlers)
            yield from _walk_all(node.body, package=package, optional=guarded)
            rest = [*node.handlers, *node.orelse, *node.finalbody]
            yield from _walk_all(rest, package=package, optional=optional)
        case _:
            yield from _walk_all(
                list(ast.iter_child_nodes(node)), package=package, optional=optional
            )


def _walk_all(
    nodes: list[ast.stmt] | list[ast.AST] | list[ast.stmt | ast.ExceptHandler],
    *,
    package: str,
    optional: bool,
) -> Iterator[Import]:
    for node in nodes:
        yield from _walk(node, package=package, optional=optional)


def _absolute(node: ast.ImportFrom, *, package: str) -> str:
    if not node.level:
        return node.module or ""
    return importlib.util.resolve_name("." * node.level + (node.module or ""), package)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _tests_the_interpreter(test: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Attribute)
        and part.attr in {"version_info", "platform", "implementation"}
        for part in ast.walk(test)
    )


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = {part.id for part in ast.walk(handler.type) if isinstance(part, ast.Name)}
    return bool(caught & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
