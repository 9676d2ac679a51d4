"""What a policy pins of how versions are judged: on which rows, by what, told apart how.

Whoever writes the training code writes the evaluation plan too, and a gate is worth as much as
the rows that it looks at. More evidence may be declared than is pinned: another metric, another
slice, a longer backtest. What decides on which rows, and how, must be the very same.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.declaration import Evaluation

_TOLD = ("target", "task", "positive")
_FIELDS = (*_TOLD, "holdout", "evaluation")

_LISTS = {
    "metrics": "metric",
    "functions": "metric",
    "slices": "slice",
    "fairness.columns": "sensitive column",
}
"""Lists that may be longer than is pinned, each with what it lists."""

_PARTS = ("fairness", "latency", "backtest", "evidently")
"""What a plan may have or not: whoever pins that there is none lets it be added."""

# Not `resamples`: each number draws other intervals, and one that suits could be looked for.
_MORE = (
    "latency.calls",
    "latency.rounds",
    "latency.seconds",
    "backtest.folds",
    "evidently.rows",
    "weak_slices",
    "examples",
)
"""Numbers that may be larger than is pinned: more of it shows more, and decides nothing else."""


def plan_of(suite: Mapping[str, Any], holdout: Mapping[str, Any] | None) -> dict[str, Json]:
    """Give the plan that a declaration has now, as a policy pins it.

    Args:
        suite: as a `RegisteredModel` gives it.
        holdout: the rule by which rows are held out; None where no version knows it yet.
    """
    plan: dict[str, Json] = {name: suite[name] for name in _TOLD if name in suite}
    if holdout is not None:
        plan["holdout"] = dict(holdout)
    return {**plan, "evaluation": dict(suite["evaluation"])}


def plan_differing(pinned: Mapping[str, Any], suite: Mapping[str, Any]) -> Iterator[str]:
    """Say in what a declaration judges by less than is pinned, or by something else.

    Of the holdout a declaration says nothing: each version has its own, `holdout_differing`.
    """
    for name in _TOLD:
        if name in pinned:
            yield from _differing(name, pinned[name], suite.get(name))
    found = suite.get("evaluation", {})
    said = (
        each
        for name, asked in pinned.get("evaluation", {}).items()
        for each in _differing(name, asked, found.get(name))
    )
    # A function that is gone is gone from the names of the metrics, too.
    yield from dict.fromkeys(said)


def holdout_differing(pinned: Mapping[str, Any], split: Mapping[str, Any]) -> Iterator[str]:
    """Say in what the rows that a version is judged on were held out by another rule.

    Args:
        pinned: empty where a policy does not pin it.
        split: the version's own rule.
    """
    if pinned:
        for name in sorted(pinned.keys() | split.keys()):
            if not _same(pinned.get(name), split.get(name)):
                yield _is_other(name, pinned.get(name), split.get(name))


def plan_problems(where: str, plan: Mapping[str, Any]) -> Iterator[str]:
    """Say what of a plan in a policy cannot be: a field that is not known, or of another form."""
    yield from _unknown(where, plan, _FIELDS)
    for name in ("target", "task"):
        if not isinstance(plan.get(name, ""), str):
            yield f"{where}.{name} is {plan[name]!r:.80}; expected a text"
    if not isinstance(plan.get("positive", True), bool | int | str):
        yield f"{where}.positive is {plan['positive']!r:.80}; expected a value of the target"
    holdout, evaluation = plan.get("holdout"), plan.get("evaluation")
    if "holdout" in plan and not (isinstance(holdout, Mapping) and "holdout" in holdout):
        yield f"{where}.holdout.holdout is missing: by which rule rows are held out"
    if "evaluation" in plan and not isinstance(evaluation, Mapping):
        yield f"{where}.evaluation is {evaluation!r:.80}; expected names with values"
    elif isinstance(evaluation, Mapping):
        # What any plan has: one that is written with a word of its own would pin nothing.
        yield from _unknown(
            f"{where}.evaluation", evaluation, Evaluation(metrics=("roc_auc",)).definition()
        )
        yield from _forms(f"{where}.evaluation", evaluation)


def _unknown(where: str, given: Mapping[str, Any], known: Iterable[str]) -> Iterator[str]:
    for name in given:
        if name not in (names := list(known)):
            near = difflib.get_close_matches(str(name), names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
            yield f"{where}.{name} is not known: {hint}"


def _forms(where: str, evaluation: Mapping[str, Any]) -> Iterator[str]:
    for name, value in evaluation.items():
        if name in _LISTS:
            if not isinstance(value, list | tuple) or not all(map(_name, value)):
                yield f"{where}.{name} is {value!r:.80}; expected a list of what has names"
        elif name in _PARTS:
            if not isinstance(value, Mapping | None):
                yield f"{where}.{name} is {value!r:.80}; expected names with values, or null"
        elif isinstance(value, Mapping | list | tuple):
            yield f"{where}.{name} is {value!r:.80}; expected a single value"


def _differing(where: str, asked: Any, found: Any) -> Iterator[str]:
    if where in _LISTS:
        yield from _listed(where, asked, found or ())
    elif where in _PARTS and asked is None:
        return
    elif isinstance(asked, Mapping) and isinstance(found, Mapping):
        for name in sorted(asked.keys() | found.keys()):
            yield from _differing(f"{where}.{name}", asked.get(name), found.get(name))
    elif isinstance(asked, Mapping):
        yield f"{where} is left out"
    elif not _same(asked, found) and not (where in _MORE and _is_more(asked, found)):
        yield _is_other(where, asked, found)


def _listed(where: str, asked: Iterable[Any], found: Iterable[Any]) -> Iterator[str]:
    """Say which of the things pinned are gone, or are others under the name that is pinned."""
    noun, there = _LISTS[where], {_name(each): each for each in found}
    for each in asked:
        name = _name(each)
        if name not in there:
            yield f"the {noun} {name} is left out"
        elif not _same(each, there[name]):
            before, now = _fields(each), _fields(there[name])
            for part in sorted(before.keys() | now.keys()):
                if not _same(before.get(part), now.get(part)):
                    yield _is_other(f"{part} of the {noun} {name}", before.get(part), now.get(part))


def _name(listed: Any) -> str:
    """Give what something listed goes by; "" where it has no name."""
    found = listed.get("name") if isinstance(listed, Mapping) else listed
    return found if isinstance(found, str) else ""


def _fields(listed: Any) -> Mapping[str, Any]:
    # A plain name means all values of that column.
    return listed if isinstance(listed, Mapping) else {"column": listed, "name": listed}


def _is_other(what: str, asked: Any, found: Any) -> str:
    return f"{what} is {_shown(found)}, and the policy in force pins {_shown(asked)}"


def _same(asked: Any, found: Any) -> bool:
    # As it is stored: to Python, True is 1.
    return canonical_json(_plain(asked)) == canonical_json(_plain(found))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _is_more(asked: Any, found: Any) -> bool:
    numbers = [type(each) in (int, float) for each in (asked, found)]
    return all(numbers) and bool(found > asked)


def _shown(value: Any) -> str:
    if value is None:
        return "left out"
    return value if isinstance(value, str) else canonical_json(_plain(value)).decode()
