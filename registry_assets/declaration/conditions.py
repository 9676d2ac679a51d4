"""The text of a condition: read where it is written, before anything is trained under it.

It is evaluated by `DataFrame.eval`, in `registry_assets.evaluation.slices`. Declarations
import nothing heavy, so what pandas takes is told here without pandas.
"""

import ast
import re
import warnings

from registry_assets.declaration.checks import require
from registry_assets.errors import DeclarationError

_EXAMPLE = 'write it as DataFrame.eval takes it, "dep_minute >= 1320"'
_FUNCTION = "give a function of the frame instead"
# What stands in quotes is text, whatever it holds; in backticks stands the name of a column.
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]+)`|@""", re.DOTALL)
_NOT_EVALUATED = (
    ast.Dict,
    ast.DictComp,
    ast.GeneratorExp,
    ast.IfExp,
    ast.Is,
    ast.IsNot,
    ast.JoinedStr,
    ast.Lambda,
    ast.ListComp,
    ast.NamedExpr,
    ast.Set,
    ast.SetComp,
    ast.Starred,
)
_FUNCTIONS = re.compile(
    r"abs|arc(cos|sin|tan)h?|arctan2|ceil|(cos|sin|tan)h?|exp|expm1|floor|log|log10|log1p|sqrt"
)
_NO_COLUMNS = re.compile(r"index|ilevel_\d+|inf|Inf")


def columns_read(condition: str, *, what: str) -> tuple[str, ...]:
    """Give the columns that a condition names, each once, in their order.

    Raises:
        DeclarationError: pandas cannot evaluate it.
    """
    quoted: list[str] = []

    def plain(found: re.Match[str]) -> str:
        require(
            found[0] != "@", f"{what} reads a variable by @", f"write its value, or {_FUNCTION}"
        )
        if found[1] is None:
            return found[0]
        quoted.append(found[1])
        return f"_quoted_{len(quoted) - 1}_"

    text = _QUOTED.sub(plain, condition.strip())
    require("\n" not in text, f"{what} has more than one line", "write it on one line")
    tree = _parsed(text, what)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names: list[ast.Name] = []
    for node in ast.walk(tree):
        if isinstance(node, _NOT_EVALUATED):
            kind = type(node).__name__
            raise DeclarationError(
                f"{what} holds a {kind}, which pandas does not know", hint=_FUNCTION
            )
        if not isinstance(node, ast.Name):
            continue
        if id(node) in called:
            require(
                _FUNCTIONS.fullmatch(node.id),
                f"{what} calls {node.id}, which pandas does not",
                _FUNCTION,
            )
        else:
            names.append(node)
    columns = {f"_quoted_{at}_": name for at, name in enumerate(quoted)}
    read = [columns.get(name.id, name.id) for name in sorted(names, key=lambda n: n.col_offset)]
    return tuple(name for name in dict.fromkeys(read) if not _NO_COLUMNS.fullmatch(name))


def _parsed(text: str, what: str) -> ast.Expression:
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise DeclarationError(f"{what} cannot be read: {said}", hint=_EXAMPLE) from error
