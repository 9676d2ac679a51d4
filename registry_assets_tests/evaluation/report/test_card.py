"""The card: read by Hugging Face's own parser, and the same in both forms."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.evaluation.report.card import card_header, card_html, card_markdown
from registry_assets.evaluation.report.values import Card
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.backtest import BacktestFold, BacktestResult
from registry_assets_tests.evaluation.report.pages import outside, taken
from registry_assets_tests.evaluation.report.samples import (
    DIGEST,
    bare,
    binary,
    card,
    multiclass,
    regression,
    unevaluated,
)
from registry_assets_tests.evaluation.report.test_markdown import HOSTILE, kinds
from registry_assets_tests.evaluation.report.test_page import HOSTILE as HOSTILE_HTML

BREAKING = (
    *HOSTILE,
    *HOSTILE_HTML,
    "a\n---\nb",
    "---\nlicense: mit",
    "a: b: c",
    "'single' \"double\"",
    "- 1\n- 2",
    "&anchor *alias !!python/object:os.system",
    "null",
    "1e3",
    "%TAG",
    "\ufeffx",
    "line\u2028separator\x85next",
)
words = st.one_of(st.sampled_from(BREAKING), st.text(max_size=40)).filter(
    lambda word: bool("".join(word.split()))
)


def read(made: Card) -> tuple[ModelCardData, str]:
    """The header and the text, as the Hub's own library has them."""
    found = ModelCard(card_markdown(made), ignore_metadata_errors=False)
    assert isinstance(found.data, ModelCardData)
    return found.data, found.text


def fields_of(data: ModelCardData) -> dict[str, object]:
    """All fields of a header."""
    return {name: value for name, value in vars(data).items() if value is not None}


def test_hugging_face_reads_the_header_and_the_results() -> None:
    data, _ = read(card())
    assert data.license == "apache-2.0"
    assert data.library_name == "sklearn"
    assert data.pipeline_tag == "tabular-classification"
    assert data.tags == ["registry_assets", "team:ops", "use_case:north"]
    assert data.model_name == "flight_delay:2"
    found = {result.metric_type: result for result in data.eval_results or []}
    assert {name: result.metric_value for name, result in found.items()} == {
        "roc_auc": 0.75,
        "log_loss": 0.4,
    }
    first = found["roc_auc"]
    assert (first.task_type, first.task_name) == ("tabular-classification", "predict late north")
    assert (first.dataset_type, first.dataset_config) == ("features", "2013-05")
    assert first.dataset_name == "features[2013-05] (30 % of rows by north)"
    assert (first.dataset_split, first.dataset_revision) == ("holdout", DIGEST)


@pytest.mark.parametrize("word", BREAKING)
def test_text_that_breaks_yaml_or_markdown_is_text(word: str) -> None:
    data, text = read(card(word))
    assert data.model_name == "flight_delay:2"
    assert len(data.eval_results or []) == 2
    assert set(fields_of(data)) == set(fields_of(read(card())[0]))
    assert kinds(text) == kinds(card_text(word))
    assert outside(card_html(card(word))) == []


def card_text(word: str) -> str:
    """The card with another text of as many lines, which nothing could break."""
    lines = re.sub(r"[^\n]+", "north", "\n".join(word.splitlines()).replace("\t", " ").strip())
    return read(card(lines))[1]


@settings(max_examples=60, deadline=None)
@given(words)
def test_no_text_breaks_a_card(word: str) -> None:
    text = card_markdown(card(word))
    header = yaml.safe_load(text.split("\n---\n", 1)[0].removeprefix("---\n"))
    assert header == card_header(card(word))
    data, body = read(card(word))
    assert len(data.eval_results or []) == 2
    assert body.lstrip().startswith("# flight")


@pytest.mark.parametrize("made", [binary, multiclass, regression, bare])
def test_each_task_has_a_card_that_is_the_same_every_time(
    made: Callable[[], EvaluationResult],
) -> None:
    one, two = (replace(card(result=made()), task=made().task) for _ in range(2))
    assert card_markdown(one) == card_markdown(two)
    assert card_html(one) == card_html(two)
    assert outside(card_html(one)) == []
    task = "regression" if made is regression else "classification"
    assert read(one)[0].pipeline_tag == f"tabular-{task}"


def test_a_metric_without_a_number_is_in_the_text_and_not_in_the_header() -> None:
    data, text = read(card(result=bare()))
    assert data.eval_results is None
    assert "| roc_auc | – | only one class occurs | more |" in text


def test_what_nobody_declared_is_said_to_be_missing() -> None:
    data, text = read(unevaluated())
    assert (data.license, data.eval_results) == (None, None)
    for said in (
        "The owners declared no limits in their own words.",
        "It has not been evaluated: nothing is known of how good it is.",
        "Not evaluated yet.",
        "| license | not declared |",
        "| in use | no pointer has held it yet |",
    ):
        assert said in text


def test_a_license_in_other_words_is_kept_in_them() -> None:
    data, _ = read(replace(card(), license="Only for\n---\nus"))
    assert data.license == "other"
    assert fields_of(data)["license_name"] == "Only for --- us"


def test_a_card_says_what_a_reader_has_to_know() -> None:
    text = card_markdown(card())
    for said in (
        "Is it late?\\\nnorth",
        "Not for blaming.\n\nnorth",
        "| risk | high: 1 approval needed, by a person of role risk |",
        "Approvals: none recorded; 1 required by policy, by a person of role risk.",
        "- it waits for 1 approval north",
        "| in use | production since 2013-05-01 06:00 UTC, by north, because north |",
        'registry_assets.load("flight_delay:2")',
        "registry pull flight_delay:2",
        "| roc_auc | 0.7500 | [0.7300, 0.7800] | more |",
        "| roc_auc | 0.7400 | +0.0100 | [-0.0100, +0.0400] | not worse |",
        "It decides 30 of 400 rows otherwise (7.5 %): 20 for the better, 10 for the worse.",
        "- 3 of 400 held-out rows occur in the training, too: the model may know them.",
        "- 1 gate failed: own_check.",
        "- Too few rows for any statement: north is missing.",
        "| north EWR | 200 | 0.7100 | [0.6900, 0.7400] |",
        "1 of 120 tried, each of 50 rows or more",
        "| failed | `own_check` | north |",
        "| trained on | `features[north]` | 800 |",
        "Held out: 30 % of rows by north.",
        "| trained | 2013-06-01 06:00 UTC, in 1.5 s |",
        "with uncommitted changes",
        "| `C` | `1.0` |",
    ):
        assert said in text, said


def test_several_lines_of_limits_on_end_are_a_list() -> None:
    limits = "Meant for planning.\n\nNot for blaming.\nNot for pricing.\n\nThat is all."
    text = card_markdown(replace(card(), limits=limits))
    listed = "Meant for planning.\n\n- Not for blaming.\n- Not for pricing.\n\nThat is all.\n"
    assert listed in text


def test_a_run_with_an_address_is_a_link_and_nothing_else_is_one() -> None:
    def with_run(run: str) -> Card:
        return replace(card(), training=replace(card().training, run=run))

    url = "http://127.0.0.1:3000/runs/d8a8-05"
    assert f"| run | <{url}> |" in card_markdown(with_run(url))
    assert outside(card_html(with_run(url))) == [f"a href={url}"]
    for odd in ("run-1", "javascript:alert(1)", f"{url}> x", f"{url}\nx", 'http://x/"onclick="y'):
        assert outside(card_html(with_run(odd))) == []
        assert "| run | <" not in card_markdown(with_run(odd))


def test_a_card_has_the_folds_of_a_backtest_by_the_first_metric() -> None:
    text = card_markdown(card())
    assert "| judged on | trained on | rows | roc_auc | 95 % interval |" in text
    assert "| 2013-03 north | 2013-01 – 2013-02 | 90 | 0.7000 | [0.6800, 0.7300] |" in text
    assert "| 2013-04 | – | 9 | – | too few north |" in text
    none = replace(binary(), backtest=BacktestResult(reason="one partition only"))
    assert "There is no backtest: one partition only." in card_markdown(card(result=none))
    assert "backtest" not in card_markdown(card(result=replace(binary(), backtest=None))).lower()


def test_of_many_folds_a_card_has_the_last() -> None:
    folds = tuple(BacktestFold(f"week {at}", ("week 0",), 9) for at in range(1, 15))
    text = card_markdown(card(result=replace(binary(), backtest=BacktestResult(folds))))
    assert "the last 12 of 14" in text
    assert "| week 2 |" not in text
    assert "| week 3 | week 0 | 9 | – | – |" in text
    assert "| week 14 |" in text


def test_both_forms_say_the_same() -> None:
    page, text = taken(card_html(card())).text, card_markdown(card())
    cells = [
        cell.strip().strip("`").replace("\\", "")
        for line in text.splitlines()
        if line.startswith("| ") and "---" not in line
        for cell in line.strip("|").split(" | ")
    ]
    assert len(cells) > 100
    missing = [cell for cell in cells if " ".join(cell.split()) not in page]
    assert missing == []


def test_the_page_has_the_pictures_with_a_text_for_each() -> None:
    found = taken(card_html(card()))
    pictures = [attributes for tag, attributes in found.elements if tag == "img"]
    assert len(pictures) == 5
    assert all(picture["alt"] for picture in pictures)
    assert found.elements.count(("h1", {})) == 1
