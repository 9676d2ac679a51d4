"""The digest of a user's own function: its source, and whatever else makes it the rule it is.

A verdict counts for the rule that reached it, and for no other. So `mk(1)` and `mk(1000)`, of
one source, must not have one digest.
"""

import dis
import functools
import inspect
import sys
import tokenize
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.errors import DeclarationError

_DEEPEST = 50
# Their objects are nothing but data, and to find the source of a DataFrame takes a second.
_OF_DATA = ("builtins", "numpy", "pandas")
_BY_NAME = ("builtins", "typing", "abc", "registry_assets")
# What `dataclass` makes, with the text of no file: it says nothing but the fields, told apart.
_MADE = frozenset(
    {"__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__replace__"}
    | {"__lt__", "__le__", "__gt__", "__ge__", "__getstate__", "__setstate__"}
)
_SCALARS = (type(None), bool, int, float, str, bytes)


def source_digest(function: Callable[..., object], *, what: str) -> str:
    """Give the digest of what a function does, as far as it can be told.

    It is that of its source, and of what it captured: the arguments of a `partial`, closure,
    defaults, an object's class and state. And of what it reads by name in its module: numbers
    and texts, and functions defined there. A function of C goes by its name.

    Args:
        what: how an error calls it.

    Raises:
        DeclarationError: it captured what cannot be told from another of its kind.
    """
    teller = _Teller()
    with _refused(what):
        if isinstance(function, FunctionType):
            text, captured = teller.function(function)
            if not captured:
                return sha256_digest(text.encode())
        return sha256_digest(canonical_json(teller.tell(function)))


def code_digest(value: object, *, what: str) -> str:
    """Give the digest of what an object does and holds: its methods as they are at this moment.

    Not as the text of its class has them: one that was put in its place since counts. Classes of
    this package go by their names, so that no release makes another rule of a user's own.

    Args:
        what: how an error calls it.

    Raises:
        DeclarationError: it holds what cannot be told from another of its kind.
    """
    teller = _Teller()
    with _refused(what):
        kinds = [teller.members(kind) for kind in type(value).__mro__ if kind is not object]
        held = {name: teller.tell(each) for name, each in _state(value).items()}
        return sha256_digest(canonical_json([kinds, held]))


@contextmanager
def _refused(what: str) -> Iterator[None]:
    try:
        yield
    except _Untellable as error:
        raise DeclarationError(
            f"{what} captured {error}: with another it would be another rule, and nothing tells"
            " the two apart",
            hint="name it as a function of a module, which makes what it needs by itself",
        ) from error


class _Untellable(Exception):
    """A value of a kind that has no one form."""


class _Teller:
    """Gives values as JSON: equal ones alike in every process, others differently.

    Whatever is not a number or a text becomes a digest, so that nothing nests too deep.
    """

    def __init__(self) -> None:
        self._above: list[object] = []
        # The value is kept with what was told of it: its id must not become another's.
        self._told: dict[int, tuple[object, Json]] = {}

    def tell(self, value: object) -> Json:
        if type(value) in _SCALARS:
            return _scalar(value)
        if id(value) in self._told:
            return self._told[id(value)][1]
        for steps, each in enumerate(reversed(self._above)):
            if each is value:  # it holds itself
                return ["above", steps]
        if len(self._above) >= _DEEPEST:
            raise _Untellable("what is nested too deep")
        self._above.append(value)
        try:
            told = sha256_digest(canonical_json(self._compound(value)))
        finally:
            self._above.pop()
        self._told[id(value)] = (value, told)
        return told

    def _compound(self, value: Any) -> Json:
        kind = type(value)
        if kind in (list, tuple):
            return [kind.__name__, *map(self.tell, value)]
        if kind in (set, frozenset):
            return [kind.__name__, *sorted(map(self.tell, value), key=canonical_json)]
        if kind is dict:
            pairs: list[Json] = [[self.tell(key), self.tell(value[key])] for key in value]
            return ["dict", *sorted(pairs, key=canonical_json)]
        if isinstance(value, functools.partial):
            return ["partial", *map(self.tell, (value.func, value.args, value.keywords))]
        if isinstance(value, FunctionType):
            text, captured = self.function(value)
            return ["function", text, captured]
        if isinstance(value, MethodType):
            return ["method", self.tell(value.__func__), self.tell(value.__self__)]
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType):
            return ["module", value.__name__]
        if isinstance(value, CodeType):
            consts = (value.co_consts, value.co_names, value.co_varnames)
            return ["code", value.co_code.hex(), *map(self.tell, consts)]
        if isinstance(wrapped := getattr(value, "__wrapped__", None), FunctionType):
            return ["wrapped", _name(kind), self.tell(wrapped)]  # such as functools.cache does
        return ["name", _name(value)] if _is_found(value) else self._object(value)

    def function(self, function: FunctionType) -> tuple[str, dict[str, Json]]:
        """Give a function's source, and what else makes it what it does; empty if nothing."""
        # What a module has under its own name can be no other: its module's text says it all.
        lenient = _is_found(function)
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        found: dict[str, Json] = {
            f"closure {name}": self._held(cell.cell_contents, lenient=lenient)
            for name, cell in cells
            if not _is_empty(cell)
        }
        for what, given in (
            ("defaults", function.__defaults__),
            ("keyword defaults", function.__kwdefaults__),
        ):
            if given:
                found[what] = self._held(given, lenient=lenient)
        for name in sorted(_read(function.__code__)):
            value = function.__globals__.get(name, ...)
            if _is_constant(value) or (
                isinstance(value, FunctionType) and value.__globals__ is function.__globals__
            ):
                found[f"global {name}"] = self._held(value, lenient=True)
        return self._text(function), found

    def _held(self, value: object, *, lenient: bool) -> Json:
        try:
            return self.tell(value)
        except _Untellable:
            if not lenient:
                raise
            return ["untold", _name(type(value))]

    def _text(self, function: FunctionType) -> str:
        # Of the code: of the function, it would be that of the one it wraps.
        text = _source(function.__code__)
        if text and not (function.__name__ == "<lambda>" and text.count("lambda") > 1):
            return text
        return f"{text}\n{self.tell(function.__code__)}"

    def _class(self, value: type) -> Json:
        if value.__module__.partition(".")[0] in _OF_DATA:
            return ["class", _name(value)]
        bases = [self.tell(base) for base in value.__bases__ if base is not object]
        methods: dict[str, Json] = {}
        if "<locals>" in value.__qualname__ or any("__call__" in vars(c) for c in value.__mro__):
            methods = {
                name: self.tell(each)
                for name, member in vars(value).items()
                if isinstance(each := getattr(member, "__func__", member), FunctionType)
            }
        return ["class", _name(value), _source(value), bases, methods]

    def members(self, kind: type) -> Json:
        """Give what a class adds to its bases: methods, properties and values."""
        if kind.__module__.partition(".")[0] in _BY_NAME:
            return ["class", _name(kind)]
        found: dict[str, Json] = {}
        for name, member in vars(kind).items():
            inner = [getattr(member, part, None) for part in ("fget", "func", "__func__")]
            function = next((f for f in (member, *inner) if isinstance(f, FunctionType)), None)
            if function is not None and name not in _MADE:
                found[name] = self.tell(function)
            elif function is None and not name.startswith("__"):
                found[name] = self._held(member, lenient=True)
        return ["class", _name(kind), found]

    def _object(self, value: object) -> Json:
        """Give what pickle would keep of an object: its class, and its state."""
        try:
            reduced = value.__reduce_ex__(2)
        except Exception as error:  # whatever the object's own class raises
            raise _Untellable(f"a {_name(type(value))}") from error
        if isinstance(reduced, str):
            return ["name", f"{_name(type(value))} {reduced}"]
        make, arguments, *rest = reduced
        state, items, pairs = (*rest, None, None, None)[:3]
        # Python's own makers by name: their source is another with the next Python.
        maker = _name(make) if _is_found(make) and not isinstance(make, type) else self.tell(make)
        kept = (arguments, state, list(items or ()), list(pairs or ()))
        return ["object", maker, *map(self.tell, kept)]


def _state(value: object) -> dict[str, object]:
    """Give everything that an object holds; what its class would say of it is not asked."""
    found: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            member = vars(kind).get(name)
            if isinstance(member, MemberDescriptorType) and name != "__weakref__":
                try:
                    found[name] = member.__get__(value)
                except AttributeError:  # never set
                    continue
    return found


def _scalar(value: Any) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return ["int", hex(value)]
    if isinstance(value, float):
        return ["float", value.hex()]
    raw = value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
    return [type(value).__name__, raw.hex()]


def _source(of: CodeType | type) -> str:
    try:
        return inspect.getsource(of)
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return ""


def _name(of: Any) -> str:
    return f"{getattr(of, '__module__', '')}.{getattr(of, '__qualname__', type(of).__qualname__)}"


def _is_found(value: object) -> bool:
    """Tell whether a module has a value under the value's own name."""
    at: object = sys.modules.get(getattr(value, "__module__", None) or "")
    for part in str(getattr(value, "__qualname__", "")).split("."):
        at = getattr(at, part, None)
    return at is value


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - read to learn whether there is one
    except ValueError:
        return True
    return False


def _is_constant(value: object) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_constant, value))  # type: ignore[call-overload]
    return type(value) in _SCALARS


def _read(code: CodeType) -> set[str]:
    """Give the names of its module that a function, or one inside it, reads and never sets."""
    names = list(_named(code, "LOAD_GLOBAL", "LOAD_NAME"))
    own = set(_named(code, "STORE_GLOBAL"))
    return {name for name in names if not name.startswith("__")} - own


def _named(code: CodeType, *operations: str) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname in operations:
            yield str(step.argval)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _named(const, *operations)
