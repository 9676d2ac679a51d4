"""From the text of a filter to what it says, or to an error that points at the mistake."""

import math
import re
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NoReturn, cast

from registry_assets.errors import InvalidQuery
from registry_assets.search.filters import (
    Absent,
    Among,
    And,
    Compare,
    Field,
    Filter,
    Like,
    Not,
    Operator,
    Or,
    Value,
    both,
    either,
)
from registry_assets.search.mistakes import mistake

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

LONGEST = 10_000
"""Characters of a filter."""
DEEPEST = 30
"""How deep `not` and parentheses may nest."""
MOST = 200
"""Values and terms in one filter, together: each is a part of an SQL statement."""

_A_VALUE = "a value: text in single quotes, a number, true or false"
_EXPECTED = (
    ("NUMBER", _A_VALUE),
    ("FIELD", "a field such as stage or tags.team, `not` or `(`"),
    ("OPERATOR", "one of = != < <= > >=, in (…), like '…', is null"),
    ("TEXT", "text in single quotes"),
    ("_COMMA", "`,` or `)`"),
    ("_CLOSE", "and, or, or `)`"),
    ("_AND", "and, or, or the end"),
    ("_OPEN", "`(` and values in it"),
    ("_LIKE", "in or like"),
    ("_NULL", "null or not null"),
)
_BARE = re.compile(r"""["A-Za-z][^\s'")(,]*""")


@lru_cache(maxsize=1_000)
def parse(text: str) -> Filter | None:
    """Read a filter; None is the empty one, which lets everything through.

    Raises:
        InvalidQuery: it is no filter; `column` is where, and the message shows it.
    """
    _check_text(text)
    if not text.strip():
        return None
    from lark.exceptions import UnexpectedInput

    try:
        return cast("Filter", _lark().parse(text))
    except UnexpectedInput as error:
        raise _unexpected(text, error) from None
    except _Misread as error:
        raise mistake(text, error.at, error.what, hint=error.hint) from None


class _Misread(Exception):
    def __init__(self, at: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.at, self.what, self.hint = at, what, hint


def _check_text(text: str) -> None:
    if len(text) > LONGEST:
        raise InvalidQuery(
            f"the filter is {len(text):,} characters long; at most {LONGEST:,} are read",
            hint="ask with fewer terms, or make several searches",
        )
    for at, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise mistake(text, at, f"U+{ord(character):04X} is no text that can be searched for")


class _Reader:
    """What becomes of each rule of the grammar; called bottom-up, so that nothing recurses."""

    def start(self, parts: list[Any]) -> Filter:
        return cast("Filter", parts[0])

    def either(self, parts: list[Filter]) -> Filter:
        return _checked(either(*parts))

    def both(self, parts: list[Filter]) -> Filter:
        return _checked(both(*parts))

    def negation(self, parts: list[Filter]) -> Filter:
        return _checked(Not(parts[-1]))

    def compare(self, parts: list[Any]) -> Filter:
        field, operator, value = parts
        said = "!=" if operator == "<>" else str(operator)
        return Compare(_field(field), cast("Operator", said), value)

    def among(self, parts: list[Any]) -> Filter:
        values = tuple(part for part in parts if isinstance(part, Value))
        if len(values) > MOST:
            raise _Misread(values[MOST].at, f"more than {MOST} values in one filter")
        return Among(_field(parts[0]), values, negated=_negated(parts))

    def like(self, parts: list[Any]) -> Filter:
        pattern, *escape = [part for part in parts if part.type == "TEXT"]
        marks = "".join(_text(mark) for mark in escape)
        if escape and len(marks) != 1:
            raise _Misread(escape[0].start_pos, "expected one character to escape by")
        negated = _negated(parts)
        return Like(_field(parts[0]), _text(pattern), marks, negated, at=pattern.start_pos)

    def absent(self, parts: list[Any]) -> Filter:
        return Absent(_field(parts[0]), negated=_negated(parts))

    def value(self, parts: list["Token"]) -> Value:
        (token,) = parts
        at = token.start_pos or 0
        match token.type:
            case "TEXT":
                return Value(_text(token), at)
            case "TRUTH":
                return Value(token.lower() == "true", at)
            case _:
                return Value(_number(token), at)


def _checked(filter: Filter) -> Filter:  # noqa: A002 - what it is
    """Refuse what is nested so deep, or so long, that a database would refuse it."""
    if _depth(filter) > DEEPEST:
        raise _Misread(_place(filter), f"`not` and parentheses nest more than {DEEPEST} deep")
    if _size(filter) > MOST:
        raise _Misread(_place(filter), f"more than {MOST} terms and values in one filter")
    return filter


def _depth(filter: Filter) -> int:  # noqa: A002
    match filter:
        case Not(inner):
            return 1 + _depth(inner)
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))
        case _:
            return 0


def _size(filter: Filter) -> int:  # noqa: A002
    match filter:
        case Not(inner):
            return _size(inner)
        case And(parts) | Or(parts):
            return sum(map(_size, parts))
        case Among(_, values):
            return len(values)
        case _:
            return 1


def _place(filter: Filter) -> int:  # noqa: A002
    match filter:
        case Not(inner):
            return _place(inner)
        case And(parts) | Or(parts):
            return _place(parts[0])
        case _:
            return filter.field.at


def _field(token: "Token") -> Field:
    group, _, name = token.rpartition(".") if "`" not in token else token.partition(".")
    if name.startswith("`"):
        name = name[1:-1].replace("``", "`")
    return Field(group, name, at=token.start_pos or 0)


def _negated(parts: list[Any]) -> bool:
    return any(getattr(part, "type", "") == "NOT" for part in parts)


def _text(token: "Token") -> str:
    return token[1:-1].replace("''", "'")


def _number(token: "Token") -> int | float:
    text = str(token)
    at = token.start_pos or 0
    if re.fullmatch(r"[+-]?[0-9]+", text):
        if len(text) > 17:
            raise _Misread(at, "a whole number has at most 16 digits")
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        raise _Misread(at, "this number is too large to be kept")
    return value


def _unexpected(text: str, error: "UnexpectedInput") -> InvalidQuery:
    """Say what was expected where the grammar could not go on."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    wanted: set[str] = set()
    at = len(text)
    if isinstance(error, UnexpectedToken):
        wanted = set(error.accepts)
        if error.token.type != "$END":
            at = error.token.start_pos or 0
    elif isinstance(error, UnexpectedCharacters):
        wanted, at = set(error.allowed or ()), error.pos_in_stream or 0
    else:
        _never(error)
    expected = next((said for name, said in _EXPECTED if name in wanted), "something else")
    hint = ""
    if text[at : at + 1] == "'" and "'" not in text[at + 1 :]:
        return mistake(text, at, "this text has no closing quote", hint="a quote in it is doubled")
    if "TEXT" in wanted and (bare := _BARE.match(text, at)):
        word = bare.group().strip('"')
        hint = f"text stands in single quotes: '{word}'"
    elif text[at : at + 1] in ("`", ".", "-", "/"):
        hint = "other characters than letters, digits and _ stand in backticks: tags.`my-team`"
    return mistake(text, at, f"expected {expected}", hint=hint)


def _never(error: "UnexpectedInput") -> NoReturn:
    raise error


@cache
def _lark() -> "Lark":
    from lark import Lark

    grammar = resources.files("registry_assets.search").joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        transformer=cast("Any", _Reader()),
        maybe_placeholders=False,
    )
