"""What a reader should not miss is said, and nothing is said where nothing was found."""

from dataclasses import replace

from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.report.values import GateVerdict
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets_tests.evaluation.report.samples import DIGEST, bare, binary, regression


def test_nothing_found_is_nothing_said() -> None:
    assert (
        remarks(bare(), (GateVerdict("a", "passed", ""), GateVerdict("b", "no_baseline", ""))) == ()
    )


def test_what_casts_doubt_on_the_figures_is_grave_and_first() -> None:
    found = remarks(binary(), (GateVerdict("floor", "failed", ""),))
    grave = [remark.sentence for remark in found if remark.grave]
    assert grave == [remark.sentence for remark in found[: len(grave)]]
    assert grave == [
        "1 gate failed: floor.",
        "3 of 400 held-out rows occur in the training, too: the model may know them.",
        "Alone decides the target, and so may not be known before it: north.",
    ]
    assert remarks(regression())[0].grave


def test_weak_and_small_slices_are_named_with_their_figures() -> None:
    said = [remark.sentence for remark in remarks(binary())]
    assert "Too few rows for any statement: north is missing." in said
    assert "The weakest slice by roc_auc is north EWR: 0.7100 [0.6900, 0.7400]." in said
    assert any(
        "in 1 slice that nobody named, of 120 tried and 60 rows or more" in each for each in said
    )


def test_many_names_are_counted() -> None:
    gates = [GateVerdict(f"g{at}", "undecided", "") for at in range(9)]
    (said,) = [r.sentence for r in remarks(bare(), gates)]
    assert said == "9 gates could not decide: g0, g1, g2, g3, g4, g5 and 3 more."


def test_what_became_worse_is_said_even_where_no_gate_looks() -> None:
    beside = Comparison("production", 2, 1, DIGEST, 400, verdicts={"r2": "worse", "mae": "better"})
    (said,) = remarks(replace(bare(), comparison=beside))
    assert said.sentence == "Worse than production by r2."
