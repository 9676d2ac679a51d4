"""Another rule has another digest, wherever the difference is; and the same rule has the same."""

import functools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import fbeta_score

from registry_assets.canonical import sha256_digest
from registry_assets.declaration import GateFunction, MetricFunction, Where
from registry_assets.declaration.gates import gate_digest
from registry_assets.declaration.sources import source_digest
from registry_assets.errors import DeclarationError
from registry_assets_tests.declaration.judged import result

Rule = Callable[..., Any]


def digest(rule: Rule) -> str:
    """The digest of a rule."""
    return source_digest(rule, what="gate rule")


def closed(limit: Any) -> Rule:
    """A rule that holds its limit in a closure."""

    def rule(found: Any) -> bool:
        return bool(found.rows > limit)

    return rule


def defaulted(limit: Any) -> Rule:
    """A rule that holds its limit in a default."""

    def rule(found: Any, least: Any = limit) -> bool:
        return bool(found.rows > least)

    return rule


def defaulted_by_name(limit: Any) -> Rule:
    """A rule that holds its limit in the default of a keyword."""

    def rule(found: Any, *, least: Any = limit) -> bool:
        return bool(found.rows > least)

    return rule


def above(limit: Any, found: Any) -> bool:
    """There are more rows."""
    return bool(found.rows > limit)


def named_above(found: Any, *, limit: Any) -> bool:
    """There are more rows."""
    return bool(found.rows > limit)


class Plain:
    """A rule that is an object."""

    def __init__(self, limit: Any) -> None:
        self.limit = limit

    def __call__(self, found: Any) -> bool:
        return bool(found.rows > self.limit)

    def judge(self, found: Any) -> bool:
        """Do the same, under a name."""
        return self(found)


class Slotted:
    """A rule that is an object without a dict."""

    __slots__ = ("limit",)

    def __init__(self, limit: Any) -> None:
        self.limit = limit

    def __call__(self, found: Any) -> bool:
        return bool(found.rows > self.limit)


@dataclass(frozen=True)
class Frozen:
    """A rule that is a value."""

    limit: Any

    def __call__(self, found: Any) -> bool:
        return bool(found.rows > self.limit)


def of_a_local_class(limit: Any) -> Rule:
    """A rule whose class holds its limit in a closure."""

    class Local:
        def __call__(self, found: Any) -> bool:
            return bool(found.rows > limit)

    return Local()


def decorated(limit: Any) -> Rule:
    """A rule whose decorator holds its limit."""

    def decorate(function: Rule) -> Rule:
        @functools.wraps(function)
        def wrapper(found: Any) -> bool:
            return bool(function(limit, found))

        return wrapper

    return decorate(above)


WAYS: dict[str, Callable[[Any], Rule]] = {
    "a closure": closed,
    "a closure in a closure": lambda limit: functools.partial(
        lambda rule, e: rule(e), closed(limit)
    ),
    "a default": defaulted,
    "a keyword's default": defaulted_by_name,
    "an argument of a partial": lambda limit: functools.partial(above, limit),
    "a keyword of a partial": lambda limit: functools.partial(named_above, limit=limit),
    "a partial of a partial": lambda limit: functools.partial(functools.partial(above, limit)),
    "an object": Plain,
    "an object of slots": Slotted,
    "a dataclass": Frozen,
    "an object's method": lambda limit: Plain(limit).judge,
    "a class made in a function": of_a_local_class,
    "a decorator": decorated,
    "a cached function": lambda limit: functools.cache(closed(limit)),
}


class Level(Enum):
    """Which of two."""

    LOW = 1
    HIGH = 2


LIMITS: dict[str, tuple[Any, Any]] = {
    "numbers": (1, 10**9),
    "an integer beyond all floats": (10**400, 10**400 + 1),
    "numbers that are close": (0.1, 0.1 + 1e-16),
    "what is no number": (float("nan"), float("inf")),
    "texts": ("a", "b"),
    "a text and its bytes": ("a", b"a"),
    "a yes and a one": (True, 1),
    "nothing and a text of it": (None, "None"),
    "lists": ([1, [2]], [1, [3]]),
    "a list and a tuple": ([1, 2], (1, 2)),
    "dicts": ({"a": 1}, {"a": 2}),
    "sets": ({"a", "b"}, {"a", "c"}),
    "numpy's numbers": (np.float32(0.5), np.float32(0.25)),
    "arrays": (np.eye(3), np.ones((3, 3))),
    "tables": (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})),
    "members of an enum": (Level.LOW, Level.HIGH),
    "objects": (Plain([1]), Plain([2])),
    "functions": (above, named_above),
    "functions of C": (len, abs),
    "methods of C": ("ab".startswith, "ac".startswith),
    "modules": (np, pd),
    "classes": (Plain, Slotted),
}


@pytest.mark.parametrize("way", WAYS)
def test_another_limit_is_another_rule_wherever_it_is_kept(way: str) -> None:
    make = WAYS[way]
    assert digest(make(1)) != digest(make(10**9))
    assert digest(make(1)) == digest(make(1))


@pytest.mark.parametrize("kind", LIMITS)
def test_another_value_of_any_kind_is_another_rule(kind: str) -> None:
    one, other = LIMITS[kind]
    assert digest(closed(one)) != digest(closed(other))
    assert digest(closed(one)) == digest(closed(one))


def test_what_is_equal_is_one_rule_in_whatever_order_it_was_written() -> None:
    assert digest(closed({"a": 1, "b": 2})) == digest(closed({"b": 2, "a": 1}))
    assert digest(closed(Plain({"x", "y"}))) == digest(closed(Plain({"y", "x"})))


def test_a_value_that_holds_itself_can_be_told() -> None:
    def ring(last: int) -> list[Any]:
        found: list[Any] = [1, last]
        found.insert(1, found)
        return found

    assert digest(closed(ring(2))) == digest(closed(ring(2)))
    assert digest(closed(ring(2))) != digest(closed(ring(3)))


def test_a_rule_may_call_itself() -> None:
    def make(limit: int) -> Rule:
        def rule(found: Any) -> bool:
            return bool(found.rows > limit or rule(found))

        return rule

    assert digest(make(1)) == digest(make(1)) != digest(make(2))


def test_a_function_that_captured_nothing_goes_by_its_source_alone() -> None:
    text = 'def above(limit: Any, found: Any) -> bool:\n    """There are more rows."""\n'
    text += "    return bool(found.rows > limit)\n"
    assert digest(above) == sha256_digest(text.encode())


def test_two_lambdas_on_one_line_are_two_rules() -> None:
    lax, strict = (lambda found: found.rows > 1), (lambda found: found.rows > 1000)
    assert digest(lax) != digest(strict)


def test_functions_without_source_go_by_what_they_do() -> None:
    def made(text: str) -> Rule:
        found: dict[str, Any] = {}
        exec(text, found)
        return found["rule"]  # type: ignore[no-any-return]

    one, other = (f"def rule(found):\n    return found.rows > {n}" for n in (1, 2))
    assert digest(made(one)) == digest(made(one)) != digest(made(other))


MODULE = """
import helper
LIMIT, TABLE, COUNT, NAMES = {limit}, [1], 0, ("a", {limit})

def least(found):
    return {least}

def by_constant(found):
    return found.rows > LIMIT

def by_constant_inside(found):
    return [row for row in found if row > LIMIT]

def by_tuple(found):
    return found.rows in NAMES

def by_function(found):
    return found.rows > least(found)

def by_neither(found):
    return found.LIMIT.least

def counting(found):
    global COUNT
    COUNT += 1
    return TABLE

class Rule:
    def __call__(self, found):
        return found.rows > LIMIT

by_object = Rule()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Make a user's module of rules, with these in it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    made: list[str] = []

    def make(limit: int = 1, least: str = "1") -> ModuleType:
        name = f"rules_{len(made)}"
        made.append(name)
        (tmp_path / f"{name}.py").write_text(MODULE.format(limit=limit, least=least))
        return __import__(name)

    yield make
    for name in made:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("rule", "by_limit", "by_least"),
    [
        ("by_constant", True, False),
        ("by_constant_inside", True, False),
        ("by_tuple", True, False),
        ("by_function", False, True),
        ("by_neither", False, False),
        ("counting", False, False),
    ],
)
def test_constants_and_functions_of_its_module_are_of_a_rule_that_reads_them(
    module: Callable[..., ModuleType], rule: str, by_limit: bool, by_least: bool
) -> None:
    first = digest(getattr(module(), rule))
    assert digest(getattr(module(), rule)) == first
    assert (digest(getattr(module(limit=2), rule)) != first) == by_limit
    assert (digest(getattr(module(least="2"), rule)) != first) == by_least


def test_what_counts_while_it_judges_stays_the_rule_it_was() -> None:
    class Counting:
        def __init__(self) -> None:
            self.judged = 0

        def __call__(self, found: Any) -> bool:
            self.judged += 1
            return True

    gate = GateFunction(Counting(), name="counting")
    before = gate_digest(gate)
    assert gate.judge(result()).outcome == "passed"
    assert gate_digest(gate) == before


@pytest.mark.parametrize(
    "captured", [threading.Lock(), (x for x in "ab"), memoryview(b"ab"), Plain([threading.Lock()])]
)
@pytest.mark.parametrize("way", ["a closure", "an argument of a partial", "an object", "a default"])
def test_what_cannot_be_told_apart_is_refused_where_it_is_declared(way: str, captured: Any) -> None:
    rule = WAYS[way](captured)
    for declare, said in (
        (lambda: GateFunction(rule, name="rule"), "gate rule captured"),
        (lambda: MetricFunction(rule, name="cost"), "metric cost captured"),
        (lambda: Where("far", rule), "the condition of Where('far', …) captured"),
    ):
        with pytest.raises(DeclarationError) as caught:
            declare()
        assert caught.value.message.startswith(said)
        assert "name it as a function of a module" in caught.value.hint


def locked(function: Rule) -> Rule:
    """Have one judge at a time."""
    lock = threading.Lock()

    @functools.wraps(function)
    def wrapper(found: Any) -> bool:
        with lock:
            return bool(function(found))

    return wrapper


@locked
def one_at_a_time(found: Any) -> bool:
    """A rule of this module that holds what cannot be told."""
    return bool(found.rows > 1)


def test_a_function_of_a_module_may_hold_what_cannot_be_told() -> None:
    assert digest(one_at_a_time) == digest(one_at_a_time)
    assert digest(functools.partial(one_at_a_time)) != digest(one_at_a_time)


def test_every_declaration_of_a_function_sees_what_it_captured() -> None:
    kinds: tuple[Callable[[Rule], object], ...] = (
        lambda rule: MetricFunction(rule, name="cost").definition(),
        lambda rule: gate_digest(GateFunction(rule, name="rule")),
        lambda rule: Where("far", rule).definition(),
    )
    for kind in kinds:
        assert kind(closed(1)) == kind(closed(1)) != kind(closed(2))
    beta = functools.partial(fbeta_score, beta=1)
    assert (
        MetricFunction(beta, name="f").definition()
        != MetricFunction(functools.partial(fbeta_score, beta=2), name="f").definition()
    )


def test_the_best_value_of_a_metric_is_in_its_definition_where_there_is_one() -> None:
    known = MetricFunction(above, best=1.0)
    assert known.definition() != MetricFunction(above).definition()
    assert MetricFunction(above).definition().keys() == {  # type: ignore[union-attr]
        "name", "greater_is_better", "needs", "source",
    }  # fmt: skip


IN_A_PROCESS = """
from registry_assets_tests.declaration.test_sources import *
found = [digest(closed(LIMITS[kind][0])) for kind in LIMITS]
found += [digest(WAYS[way](1)) for way in WAYS]
found += [digest(functools.partial(fbeta_score, beta=2)), digest(np.add), digest(np.mean)]
print(" ".join(found))
"""


def test_a_rule_has_one_digest_in_every_process() -> None:
    def said(seed: str) -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS],
            env={"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.split()

    first = said("1")
    assert first == said("2")
    assert len(first) == len(LIMITS) + len(WAYS) + 3
