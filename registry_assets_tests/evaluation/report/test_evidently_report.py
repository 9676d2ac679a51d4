"""Evidently's page: its numbers are right, its data whole, and no data can stop it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets, metrics
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from registry_assets.evaluation.report.evidently_report import EvidentlyReport, evidently_html
from registry_assets_tests.sometimes import some

HOSTILE = "</script><script>alert('no')</script><!--"


def binary(rows: int, *, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Give rows of which p is the true probability of y."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=rows) + shift
    p = 1 / (1 + np.exp(-x))
    y = (generator.random(rows) < p).astype(np.int64)
    color = generator.choice(["red", "green", "blue"], size=rows)
    d = (p >= 0.5).astype(np.int64)
    return pd.DataFrame({"x": x, "color": color, "y": y, "d": d, "p": p})


def report(
    current: pd.DataFrame, reference: pd.DataFrame | None = None, **options: Any
) -> EvidentlyReport:
    chosen = {"task": "binary", "target": "y", "prediction": "d", "probabilities": {1: "p"}}
    return evidently_html(current, reference, **{**chosen, **options})


def holdouts(loader: Any, model: Any) -> tuple[Any, list[str], list[pd.DataFrame]]:
    """Give the fitted model, the names of the probabilities, and its training and holdout."""
    table = loader(as_frame=True).frame
    features = table.columns[:-1]
    training, holdout = train_test_split(table, test_size=0.4, random_state=0)
    fitted = make_pipeline(StandardScaler(), model).fit(training[features], training["target"])
    frames, names = [], []
    for rows in (holdout, training):
        found = rows[["target", *features[:4]]].copy()
        found["predicted"] = fitted.predict(rows[features])
        if hasattr(fitted, "predict_proba"):
            names = [f"p_{label}" for label in fitted.classes_]
            found[names] = fitted.predict_proba(rows[features])
        frames.append(found)
    return fitted, names, frames


def data_of(html: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what the page's script draws: the widgets, and the graphs behind them."""
    script = html.decode().split("<script>", 1)[1].split("</script>", 1)[0]
    report, graphs = (each.split(" = ", 1)[1].rstrip(";\n") for each in script.split("\n")[1:3])
    return json.loads(report), json.loads(graphs)


def widgets_of(html: bytes) -> Iterator[dict[str, Any]]:
    for group in data_of(html)[0]["widgets"]:
        yield from group["widgets"]


def by_class(html: bytes) -> list[dict[str, dict[str, float]]]:
    """Give the numbers by class of the current rows, and those of the reference."""
    traces = [
        trace
        for widget in widgets_of(html)
        for trace in (widget["params"] or {}).get("data", ())
        if trace.get("type") == "heatmap" and "recall" in trace["y"]
    ]
    return [
        {
            name: dict(zip(trace["x"], row, strict=True))
            for name, row in zip(trace["y"], trace["z"], strict=True)
        }
        for trace in traces
    ]


def test_the_binary_numbers_are_those_of_scikit_learn() -> None:
    fitted, names, (holdout, training) = holdouts(datasets.load_breast_cancer, LogisticRegression())
    found = evidently_html(
        holdout,
        training,
        task="binary",
        target="target",
        prediction="predicted",
        probabilities=dict(zip(fitted.classes_, names, strict=True)),
    )
    y, d, p = holdout["target"], holdout["predicted"], holdout["p_1"]
    assert found.metrics == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(y, d),
            "precision": metrics.precision_score(y, d),
            "recall": metrics.recall_score(y, d),
            "f1": metrics.f1_score(y, d),
            "roc_auc": metrics.roc_auc_score(y, p),
            "log_loss": metrics.log_loss(y, p),
            "drifted_share": found.metrics["drifted_share"],
        }
    )
    assert (found.rows, found.rows_of) == (len(holdout), len(holdout))
    assert (found.reference_rows, found.reason, found.notes) == (len(training), "", ())


def test_the_multiclass_numbers_are_those_of_scikit_learn() -> None:
    _, names, (holdout, training) = holdouts(datasets.load_wine, LogisticRegression(C=0.01))
    labels = {0: "barolo", 1: "grignolino", 2: "barbera"}
    for rows in (holdout, training):
        rows[["target", "predicted"]] = rows[["target", "predicted"]].replace(labels)
    found = evidently_html(
        holdout,
        training,
        task="multiclass",
        target="target",
        prediction="predicted",
        probabilities=dict(zip(labels.values(), names, strict=True)),
    )
    y, d = holdout["target"], holdout["predicted"]
    order = np.argsort(list(labels.values()))
    auc = metrics.roc_auc_score(y, holdout[np.array(names)[order]], multi_class="ovr")
    assert found.metrics["accuracy"] == pytest.approx(metrics.accuracy_score(y, d))
    assert found.metrics["f1"] == pytest.approx(metrics.f1_score(y, d, average="macro"))
    assert found.metrics["roc_auc"] == pytest.approx(auc)
    assert not found.notes


def test_the_regression_numbers_are_those_of_scikit_learn() -> None:
    _, _, (holdout, training) = holdouts(datasets.load_diabetes, LinearRegression())
    found = evidently_html(
        holdout, training, task="regression", target="target", prediction="predicted"
    )
    pair = holdout["target"], holdout["predicted"]
    assert found.metrics["mae"] == pytest.approx(metrics.mean_absolute_error(*pair))
    assert found.metrics["rmse"] == pytest.approx(metrics.root_mean_squared_error(*pair))
    assert found.metrics["r2"] == pytest.approx(metrics.r2_score(*pair))


def test_the_numbers_of_each_class_stand_under_its_name() -> None:
    generator = np.random.default_rng(0)
    frames = []
    for size in (200, 150):
        p = pd.DataFrame(generator.dirichlet([1, 2, 3, 1], size=size), columns=list("wxyz"))
        labels = generator.permutation(size) % 4
        frames.append(p.assign(target=np.array(list("wxyz"))[labels], said=p.idxmax(axis=1)))
    found = evidently_html(
        *frames,
        task="multiclass",
        target="target",
        prediction="said",
        probabilities={label: label for label in "wxyz"},
    )
    for rows, shown in zip(frames, by_class(found.html), strict=True):
        recall = metrics.recall_score(rows["target"], rows["said"], average=None)
        auc = [metrics.roc_auc_score(rows["target"] == each, rows[each]) for each in "wxyz"]
        assert list(shown["recall"]) == list("wxyz")
        assert shown["recall"] == pytest.approx(dict(zip("wxyz", recall, strict=True)))
        assert shown["roc-auc"] == pytest.approx(dict(zip("wxyz", auc, strict=True)))


def test_what_moved_is_drift_and_what_did_not_is_none() -> None:
    reference = binary(2_000, seed=0).assign(constant=1.0)
    current = binary(2_000, seed=1).assign(constant=1.0)
    assert report(current, reference).metrics["drifted_share"] == 0
    moved = current.assign(x=current["x"] + 1, color="red")
    assert report(moved, reference).metrics["drifted_share"] == pytest.approx(2 / 6)


def test_few_current_rows_are_tested_however_large_the_reference() -> None:
    reference = binary(1_500, seed=0)
    shares = [
        report(binary(20, seed=seed), reference).metrics["drifted_share"] for seed in range(1, 5)
    ]
    # By the size of the effect alone, 20 rows of the same kind lie far apart in most columns.
    assert np.mean(shares) < 0.25


def test_a_sample_is_drawn_and_the_page_says_so() -> None:
    found = report(binary(1_200, seed=0), binary(300, seed=1), max_rows=250, seed=7)
    assert (found.rows, found.rows_of) == (250, 1_200)
    assert (found.reference_rows, found.reference_rows_of) == (250, 300)
    assert "Current: 250 of 1,200 rows, drawn at random (seed 7)." in found.html.decode()
    assert "Reference: 250 of 300 rows, drawn at random (seed 7)." in found.html.decode()
    whole = report(binary(300, seed=0))
    assert "Current: 300 of 300 rows." in whole.html.decode()
    judged = "Of a sample; what the gates judged is on the evaluation&#x27;s page."
    assert judged in found.html.decode()
    assert judged not in whole.html.decode()
    assert "Drift: there is no reference to compare with." in whole.html.decode()


def test_a_page_says_of_what_it_is() -> None:
    html = report(binary(300, seed=0), about="flight_delay:2 <b>").html.decode()
    assert "<title>Evidently on flight_delay:2 &lt;b&gt;</title>" in html
    assert "<div>Evidently on flight_delay:2 &lt;b&gt;</div>" in html
    assert "<title>Evidently</title>" in report(binary(300, seed=0)).html.decode()


def test_a_sample_needs_a_row() -> None:
    with pytest.raises(ValueError, match="max_rows is 0, expected at least 1"):
        report(binary(10, seed=0), max_rows=0)


def test_the_order_of_the_rows_changes_no_byte() -> None:
    current, reference = binary(400, seed=0), binary(300, seed=1)
    shuffled = current.sample(frac=1, random_state=1), reference.sample(frac=1, random_state=2)
    for max_rows in (200, 1_000):
        whole = report(current, reference, max_rows=max_rows)
        assert report(*shuffled, max_rows=max_rows).html == whole.html


_ALONE = """
import hashlib, os, socket, sys

def refuse(*args, **kwargs):
    raise AssertionError("a connection was tried")

socket.socket.connect = socket.socket.connect_ex = socket.create_connection = refuse
socket.getaddrinfo = refuse

from registry_assets_tests.evaluation.report.test_evidently_report import binary, report
assert "evidently" not in sys.modules
found = report(binary(200, seed=0), binary(200, seed=1))
assert "evidently" in sys.modules and os.environ["DO_NOT_TRACK"]
print(hashlib.sha256(found.html).hexdigest())
"""


def test_another_process_makes_the_same_bytes_without_a_connection() -> None:
    here = sha256(report(binary(200, seed=0), binary(200, seed=1)).html).hexdigest()
    environment = {key: value for key, value in os.environ.items() if key != "DO_NOT_TRACK"}
    there = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ALONE],
        # Evidently keeps classes in sets: a set of texts has another order by every hash seed.
        env={**environment, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert there.stderr == ""
    assert there.stdout.strip() == here


class _References(HTMLParser):
    """What a page tells the browser to fetch, and its styles and policies."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.styles: list[str] = []
        self.policies: list[str] = []
        self.scripts = 0
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in = tag
        self.scripts += tag == "script"
        self.fetched += [given[name] or "" for name in ("src", "href", "data") if name in given]
        self.styles.append(given.get("style") or "")
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(given["content"] or "")

    def handle_data(self, data: str) -> None:
        if self._in == "style":
            self.styles.append(data)


def test_the_page_fetches_nothing() -> None:
    page = _References()
    page.feed(report(binary(200, seed=0), binary(200, seed=1)).html.decode())
    assert page.fetched == []
    styles = " ".join(page.styles)
    assert "@import" not in styles
    assert styles.count("url(") == styles.count("url(data:") == 1
    (policy,) = page.policies
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_text_in_the_data_cannot_leave_the_script() -> None:
    current = binary(200, seed=0)
    current[HOSTILE] = current["color"] = np.where(current["x"] > 0, HOSTILE, "red")
    current["empty " + HOSTILE] = np.nan
    reference = current.sample(100, random_state=0)
    found = report(current, reference)
    plain = _References()
    plain.feed(report(binary(200, seed=0), binary(200, seed=1)).html.decode())
    page = _References()
    page.feed(found.html.decode())
    assert page.scripts == plain.scripts
    assert HOSTILE not in found.html.decode()
    assert HOSTILE in json.dumps(data_of(found.html), ensure_ascii=False)
    assert "Drift is shown without empty &lt;/script&gt;" in found.html.decode()


ODD = {
    "null": [None] * 200,
    "infinite": [np.inf] * 200,
    "time": pd.date_range("2024", periods=200),
    "aware": pd.date_range("2024", periods=200, tz="Europe/Vienna"),
    "duration": pd.to_timedelta(np.arange(200), unit="h"),
    "key": [f"key {number}" for number in range(200)],
    "enormous": np.linspace(-1, 1, 200) * 1e308,
    "beyond floats": pd.Series([10**400, *range(199)], dtype="object"),
    "some infinite": [np.inf, *range(199)],
    "nearly empty": [1.5, *[np.nan] * 199],
    "Int64": pd.array([None, *range(199)], dtype="Int64"),
    "boolean": pd.array([None, *[True, False] * 99, True], dtype="boolean"),
    "arrow": pd.array(range(200), dtype="int64[pyarrow]"),
    "category": pd.Categorical(["a", "b"] * 100, categories=["a", "b", "never"]),
    "numbered category": pd.Categorical([1, 2] * 100),
    "bool": [True, False] * 100,
    "mixed": [1, "one", 1.0, None] * 50,
    "containers": [[1], {"a": 1}, (1, 2), "text"] * 50,
    "bytes": [b"a", b"b"] * 100,
    "constant": ["a"] * 200,
}


def test_columns_of_any_kind_are_compared_or_left_out_with_a_reason() -> None:
    current = pd.concat([binary(200, seed=0), pd.DataFrame(ODD)], axis=1)
    found = report(current, current.iloc[:150])
    assert {name: why[:22] for name, why in found.left_out.items()} == {
        "null": "no values in the curre",
        "infinite": "no values in the curre",
        "time": "a time, which differs ",
        "aware": "a time, which differs ",
        "duration": "a time, which differs ",
        "key": "200 different values, ",
        "enormous": "Evidently failed on it",
    }
    assert {"accuracy", "drifted_share"} <= set(found.metrics)
    graphs = json.dumps(data_of(found.html)[0])
    assert all(name in graphs for name in set(ODD) - set(found.left_out))


def test_names_that_repeat_and_names_that_are_no_text_are_no_trouble() -> None:
    current = binary(200, seed=0)
    current[3] = current[("a", 1)] = current[None] = current[""] = current["x"]
    current = pd.concat([current, current[["color", "x"]].rename(columns={"color": "x"})], axis=1)
    found = report(current, current)
    assert found.metrics["drifted_share"] == 0
    assert not found.left_out


def test_columns_that_only_one_side_has_are_named() -> None:
    current, reference = binary(200, seed=0), binary(200, seed=1)
    found = report(current.assign(new=1), reference.assign(old=1))
    assert found.left_out == {
        "new": "absent from the reference rows",
        "old": "absent from the current rows",
    }


@pytest.mark.parametrize(("yes", "no"), [(True, False), ("yes", "self"), ("target", "prediction")])
def test_both_sides_may_store_the_classes_differently(yes: Any, no: Any) -> None:
    current = binary(200, seed=0)
    known = {yes: "p"}
    names = {1: yes, 0: no}
    relabelled = current.assign(y=current["y"].map(names), d=current["d"].map(names))
    found = report(
        relabelled, relabelled.astype({"y": object, "d": "category"}), probabilities=known
    )
    expected = metrics.accuracy_score(current["y"], current["d"])
    assert found.metrics["accuracy"] == pytest.approx(expected)
    assert found.metrics["drifted_share"] == 0
    assert {"roc_auc", "log_loss"} <= set(found.metrics)
    assert not found.notes


def test_the_models_own_threshold_is_kept() -> None:
    current = binary(300, seed=0)
    current["d"] = (current["p"] >= 0.3).astype(int)
    found = report(current)
    assert found.metrics["recall"] == pytest.approx(
        metrics.recall_score(current["y"], current["d"])
    )
    assert "1 is predicted from a probability of 0.3" in found.html.decode()


def test_decisions_that_no_threshold_explains_are_counted() -> None:
    current = binary(300, seed=0)
    current.loc[:9, "d"] = 1 - current["d"]
    assert report(current).notes[0] == (
        "Quality: 1 is predicted from a probability of 0.5 on; in 10 of 300 rows the model "
        "decided otherwise."
    )


@pytest.mark.parametrize("side", ["current", "reference"])
@pytest.mark.parametrize("only", [0, 1])
def test_a_single_class_leaves_the_numbers_that_are_defined(side: str, only: int) -> None:
    frames = {"current": binary(200, seed=0), "reference": binary(200, seed=1)}
    frames[side]["y"] = only
    found = report(**frames)
    current = frames["current"]
    assert found.metrics["accuracy"] == metrics.accuracy_score(current["y"], current["d"])
    assert ("roc_auc" in found.metrics) == (side == "reference")
    assert f"Quality: no {side} row is of class {1 - only}." in found.notes
    assert "Model quality" in found.html.decode()


def test_a_class_that_the_holdout_lacks_and_one_that_the_model_does_not_know() -> None:
    generator = np.random.default_rng(0)
    p = generator.dirichlet([1, 1, 1], size=300)
    rows = pd.DataFrame(p, columns=["p_a", "p_b", "p_c"])
    rows["d"] = np.array(list("abc"))[p.argmax(axis=1)]
    known = {"a": "p_a", "b": "p_b", "c": "p_c"}
    for classes in ("ab", "abcx", "x", "a"):
        rows["y"] = generator.choice(list(classes), size=300)
        found = report(rows, task="multiclass", probabilities=known)
        assert found.metrics["accuracy"] == metrics.accuracy_score(rows["y"], rows["d"])
        lacking = " or ".join(sorted({*"abc", *classes} - set(classes)))
        assert (f"Quality: no current row is of class {lacking}." in found.notes) == bool(lacking)


def test_what_is_no_probability_costs_only_what_needs_one() -> None:
    current = binary(200, seed=0)
    current["p"] = 10 * current["x"]
    found = report(current)
    assert found.metrics["accuracy"] == metrics.accuracy_score(current["y"], current["d"])
    assert "log_loss" not in found.metrics
    assert found.notes[0].startswith("Quality is shown without the probabilities")


def test_one_part_that_fails_leaves_the_other() -> None:
    current, reference = binary(200, seed=0), binary(200, seed=1)
    found = report(current.drop(columns="y"), reference)
    assert set(found.metrics) == {"drifted_share"}
    assert found.notes == ("Quality: the current rows have no column y.",)
    found = report(current, pd.DataFrame({"other": [1, 2]}))
    assert "accuracy" in found.metrics
    assert found.notes[-1] == "Drift: no column can be compared."
    # Evidently divides by the targets.
    found = report(current.assign(y=0.0), reference, task="regression")
    assert set(found.metrics) == {"drifted_share"}
    assert found.notes[0].startswith("Quality: Evidently failed (IndexError")


def test_rows_without_a_target_are_counted_and_left_out() -> None:
    current = binary(200, seed=0).astype({"y": "Int64"})
    current.loc[:4, "y"] = None
    current.loc[5, "p"] = np.inf
    found = report(current)
    rest = current.iloc[6:]
    assert found.metrics["roc_auc"] == pytest.approx(
        metrics.roc_auc_score(rest["y"].astype(int), rest["p"])
    )
    assert found.notes[0] == (
        "Quality: 6 of 200 current rows lack a usable target, prediction or probability and are "
        "not counted."
    )


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("rows", some([0, 1, 2], always=[0]))
def test_next_to_no_rows_are_no_trouble(task: str, rows: int) -> None:
    few = binary(200, seed=0).iloc[:rows]
    for current, reference in ((few, None), (few, few), (few, binary(200, seed=1))):
        found = report(current, reference, task=task)
        assert bool(found.html) == bool(rows)
        assert found.reason == ("" if rows else "There are no rows.")
    whole = report(binary(200, seed=0), few, task=task)
    assert whole.html
    assert whole.reference_rows == rows


def test_labels_alone_give_what_labels_can() -> None:
    rows = binary(200, seed=0)
    found = report(rows, probabilities=None)
    assert found.metrics["f1"] == pytest.approx(metrics.f1_score(rows["y"], rows["d"]))
    assert "roc_auc" not in found.metrics
    single = report(rows.assign(y=1, d=1), probabilities=None)
    assert single.metrics["accuracy"] == 1
    assert single.notes == found.notes == ("Drift: there is no reference to compare with.",)


def test_where_nothing_can_be_shown_the_reason_is_given() -> None:
    found = report(pd.DataFrame(index=range(5)))
    assert found.html == b""
    assert found.reason == (
        "Quality: the current rows have no column y. Drift: there is no reference to compare with."
    )
