"""A condition that pandas cannot evaluate is refused where it is written, and no other."""

import warnings

import numpy as np
import pandas as pd
import pytest

from registry_assets.declaration import Evaluation, Where
from registry_assets.errors import DeclarationError

FRAME = pd.DataFrame(
    {
        "a": [1, 2, 3],
        "b c": [1.0, 2.0, 3.0],
        "s": ["x", "y", "@"],
        "t": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
        "é": [1, 2, 3],
    }
)

GOOD = {
    " a > 1\n": ("a",),
    "a > 1 & a < 3": ("a",),
    "1 < a < 3": ("a",),
    "`b c` > 1 and a > 1": ("b c", "a"),
    "a > `b c`": ("a", "b c"),
    "s in ['x', 'y']": ("s",),
    "s == '@'": ("s",),
    "s == '`b'": ("s",),
    r"s.str.contains('\d')": ("s",),
    "s.str.startswith('x') or not a > 1": ("s", "a"),
    "t > '2024-01-15'": ("t",),
    "t.dt.year == 2024": ("t",),
    "a.isin([1, 2])": ("a",),
    "a.between(left=1, right=2)": ("a",),
    "sin(a) > 0.5": ("a",),
    "arctan2(a, a) > 0.5": ("a",),
    "a < inf": ("a",),
    "index > 0": (),
    "ilevel_0 > 0": (),
    "a > True": ("a",),
    "é > 1": ("é",),
    "a > 1 # `s": ("a",),
    "~(a > 1)": ("a",),
}
BAD = {
    "a <": "cannot be read: invalid syntax",
    "a > 1 b": "cannot be read",
    "`b c > 1": "cannot be read",
    "a > $": "cannot be read",
    "a > '\0'": "cannot be read",
    "(a > 1 &\n a < 3)": "more than one line",
    "a if a else a": "holds a IfExp",
    "[x for x in a]": "holds a ListComp",
    "lambda: a": "holds a Lambda",
    "(y := a)": "holds a NamedExpr",
    "f'{a}' == s": "holds a JoinedStr",
    "a is None": "holds a Is,",
    "s in {'x'}": "holds a Set",
    "{'x': a}": "holds a Dict",
    "a > @limit": "reads a variable by @",
    "len(s) > 1": "calls len, which pandas does not",
    "str(a) == '1'": "calls str",
    "t > Timestamp('2024')": "calls Timestamp",
}


@pytest.mark.parametrize("condition", GOOD)
def test_the_columns_of_what_pandas_evaluates_are_told(condition: str) -> None:
    where = Where("some", condition)
    assert where.columns == GOOD[condition]
    assert Evaluation(metrics=("roc_auc",), slices=("a", where)).columns == tuple(
        dict.fromkeys(["a", *GOOD[condition]])
    )
    with warnings.catch_warnings(action="ignore"):
        assert np.asarray(FRAME.eval(condition)).shape == (len(FRAME),)


@pytest.mark.parametrize("condition", BAD)
def test_what_pandas_cannot_evaluate_is_refused(condition: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        Where("some", condition)
    assert caught.value.message.startswith("the condition of Where('some', …) ")
    assert BAD[condition] in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    with pytest.raises(Exception):  # noqa: B017, PT011 - pandas raises all kinds
        FRAME.eval(condition)


def test_a_function_says_for_itself_what_it_reads() -> None:
    assert Where("some", lambda frame: frame["a"] > 1).columns == ()
