"""The page of an evaluation: one file, safe to open, whatever the data hold."""

import base64
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.evaluation.report.page import MOST_ROWS, dated, evaluation_page
from registry_assets.evaluation.report.rendering import POLICY
from registry_assets.evaluation.report.values import GateVerdict
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.slices import SliceResult
from registry_assets_tests.evaluation.report.pages import outside, taken
from registry_assets_tests.evaluation.report.samples import (
    bare,
    binary,
    known,
    multiclass,
    png,
    regression,
    subject,
)

ALL = [binary, multiclass, regression, bare]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><link rel=stylesheet href=//evil.example>",
    "</title></table></section>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "\u202eevil\x1b[2J\x00",
)
words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)).filter(lambda w: bool(w.strip()))


@pytest.mark.parametrize("made", ALL)
def test_a_page_points_to_nothing_outside_and_runs_nothing(
    made: Callable[[], EvaluationResult],
) -> None:
    page = evaluation_page(made(), subject())
    assert outside(page) == []
    policies = [a for tag, a in taken(page).elements if a.get("http-equiv")]
    assert [policy["content"] for policy in policies] == [POLICY]


def test_what_would_leave_a_page_is_seen() -> None:
    for wrong in (
        b"<img src='https://a.example/x.png'>",
        b"<a href='javascript:x'>",
        b"<script>x</script>",
        b"<p style='background:url(//x)'>",
        b"<style>@import 'x';</style>",
        b"<p onclick='x'>",
        b"<link rel=stylesheet href=x>",
    ):
        assert outside(wrong), wrong


@pytest.mark.parametrize("made", ALL)
def test_equal_evaluations_give_equal_pages(made: Callable[[], EvaluationResult]) -> None:
    assert evaluation_page(made(), subject()) == evaluation_page(made(), subject())


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_text_is_text(word: str) -> None:
    page = evaluation_page(binary(word), subject(word))
    assert outside(page) == []
    assert taken(page).shape == taken(evaluation_page(binary("north"), subject("north"))).shape
    assert not {"\x00", "\x1b", "\u202e"} & set(page.decode())


@settings(max_examples=40, deadline=None)
@given(words)
def test_whatever_a_text_holds_the_page_is_made_of_the_same_elements(word: str) -> None:
    page = evaluation_page(binary(word), subject(word))
    assert outside(page) == []
    assert taken(page).shape == taken(evaluation_page(binary("north"), subject("north"))).shape


def test_a_text_that_never_ends_does_not_bury_the_page() -> None:
    ordinary = evaluation_page(binary("north"), subject("north"))
    page = evaluation_page(binary("x" * 10_000), subject("north"))
    assert len(page) < 5 * len(ordinary)
    assert "x… (10,000)" in page.decode().replace(" …", "…")


def test_text_that_is_no_unicode_can_be_written() -> None:
    assert b"\\ud800" in evaluation_page(binary("a\ud800b"), subject())


@pytest.mark.parametrize("made", ALL)
def test_everybody_can_find_their_way(made: Callable[[], EvaluationResult]) -> None:
    page = taken(evaluation_page(made(), subject()))
    elements = page.elements
    tags = [tag for tag, _ in elements]
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [str(a["href"])[1:] for tag, a in elements if tag == "a"]
    assert set(links) <= set(ids)
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.count("caption") == tags.count("table")
    assert all(attributes.get("alt") for tag, attributes in elements if tag == "img")
    assert all(attributes.get("scope") for tag, attributes in elements if tag == "th")
    levels = [int(tag[1]) for tag in tags if tag in ("h1", "h2", "h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_everything_that_was_found_out_is_there() -> None:
    text = taken(evaluation_page(binary(), subject())).text
    for said in (
        "Beside version 1, which production held, on the same 400 rows.",
        "0.7500 [0.7300, 0.7800] 0.7400 +0.0100 [-0.0100, +0.0400]",
        "not worse margin 0.01",
        "undefined only one class occurs",
        "Gates of this evaluation passed 1 of 2 own_check; 1 to be checked",
        "Weak slices 1 of 120 tried; advice, no verdict",
        "roc_auc +0.0100 against version 1",
        "true class \\ called no north yes north",
        "30 of 400 rows are decided otherwise than by version 1: 20 were wrong and are right now",
        "no north yes north 30 20 66.7 %",
        "north EWR 200 50 0.7100 [0.6900, 0.7400]",
        "north is missing 12 3 too few rows",
        "120 conditions and pairs of them were tried on 400 rows, drawn from 900",
        "< 0.001",
        "(missing) 180 0.4000",
        "One row, median 1.5 ms 1.5 ms 1.10 ",
        "measured once",
        "3 of 400 held-out rows (0.8 %) also occur in the training",
        "Alone decides the target: north.",
        "1 of 2 columns drifted",
        "north wasserstein 0.4000 0.0200 0.1000",
        "new north (unknown to the model)",
        "5, in 20.0 % of the rows",
        "north is text, and the signature says float64",
        "leakage: north",
        "2013-03 north 2013-01 – 2013-02 90 0.7000",
        "95 %, from 100 bootstrap resamples of the rows",
        "400 rows, each counting as much as weight north says",
        "its page, evidently.html , shows 100 of 400 rows; no gate reads it",
        "seed 7",
    ):
        assert said in text, said


def test_what_casts_doubt_comes_first() -> None:
    text = taken(evaluation_page(binary(), subject())).text
    first, after = text.index("1 gate failed: own_check."), text.index("column drifted since")
    assert text.index("To know first") < first < after < text.index("Each metric with its 95 %")


def test_what_could_not_be_said_has_its_reason() -> None:
    text = taken(evaluation_page(regression(), subject())).text
    for said in (
        "the figures prove nothing: held-out rows were in its training.",
        "52,345.6",
        "[50,000.0, 1.00e+12]",
        "It could not be measured: it does not load.",
        "Without a target: 0 rows of the training, 3 rows of the holdout.",
        "drift: the training cannot be read",
    ):
        assert said in text, said
    assert (
        "Nothing could be searched: too few rows."
        in taken(evaluation_page(multiclass(), subject())).text
    )
    assert (
        "There is no curve for this evaluation." in taken(evaluation_page(bare(), subject())).text
    )


def test_pictures_are_inside() -> None:
    page = evaluation_page(multiclass(), subject()).decode()
    inside = base64.b64encode(png()).decode()
    assert page.count(f'src="data:image/png;base64,{inside}"') == 3


def test_slices_without_end_are_cut_off_and_counted() -> None:
    parts = tuple(
        SliceResult("tail", f"N{at}", 300, 10, True, {"roc_auc": known(0.7)})
        for at in range(MOST_ROWS + 50)
    )
    text = taken(evaluation_page(replace(binary(), slices=parts), subject())).text
    assert f"tail N{MOST_ROWS - 1} " in text
    assert "50 more slices: in evaluation.json" in text


def test_a_stored_page_knows_no_time_and_one_made_later_does() -> None:
    stored = taken(evaluation_page(bare(), subject())).text
    later = replace(subject(), evaluated_at="2013-06-01T10:00:00Z", evaluation="sha256:" + "c" * 64)
    assert "evaluated 2013" not in stored
    made = taken(evaluation_page(bare(), later)).text
    assert "evaluated 2013-06-01 10:00 UTC" in made
    assert "sha256:" + "c" * 64 in made


def test_a_stored_page_is_given_its_evaluation_and_time_when_it_is_written_out() -> None:
    page = evaluation_page(bare(), subject())
    found = dated(page, digest="sha256:" + "c" * 64, at="2013-06-01T10:00:00Z")
    assert "Evaluation sha256:" + "c" * 64 + " , of 2013-06-01 10:00 UTC." in taken(found).text
    assert outside(found) == []
    assert dated(b"no page", digest="", at="") == b"no page"


def gates_tile(**outcomes: str) -> str:
    """What the tile of the gates says."""
    gates = tuple(GateVerdict(name, outcome, "") for name, outcome in outcomes.items())
    text = taken(evaluation_page(bare(), replace(subject(), gates=gates))).text
    return text.partition("Gates of this evaluation passed ")[2].partition(" To know first")[0]


def test_the_tile_of_the_gates_names_three_and_counts_the_rest() -> None:
    said = gates_tile(**dict.fromkeys("abcde", "failed"), f="passed")
    assert said.startswith("1 of 6 a, b, c and 2 more")
    assert "more" not in gates_tile(**dict.fromkeys("abc", "failed"))


def test_a_gate_without_a_baseline_is_not_one_that_found_nothing_wrong() -> None:
    assert gates_tile(a="passed", b="no_baseline").startswith("2 of 2 1 without a baseline")
    assert gates_tile(a="passed").startswith("1 of 1 nothing was found against it")


def test_a_gate_s_name_breaks_after_an_underscore() -> None:
    page = evaluation_page(bare(), subject())
    assert b"<code>roc_<wbr>auc_<wbr>at_<wbr>least</code>" in page


def test_as_many_weak_slices_as_are_listed_may_be_more() -> None:
    search = binary().weak_slices
    assert search is not None
    full = replace(binary(), weak_slices=replace(search, most=1))
    text = taken(evaluation_page(full, subject())).text
    assert "Weak slices 1 or more of 120 tried" in text
    assert "The 1 most striking; the largest excess first" in text
    assert "or more of 120 tried" not in taken(evaluation_page(binary(), subject())).text


def test_a_column_of_remarks_is_there_only_where_one_has_any() -> None:
    assert "unseen categories more" in taken(evaluation_page(binary(), subject())).text
    data = binary().data
    assert data is not None
    plain = tuple(
        replace(each, constant=False, training_infinite=0, holdout_infinite=0)
        for each in data.columns
    )
    page = evaluation_page(replace(binary(), data=replace(data, columns=plain)), subject())
    assert "unseen categories" in taken(page).text
    assert "unseen categories more" not in taken(page).text
