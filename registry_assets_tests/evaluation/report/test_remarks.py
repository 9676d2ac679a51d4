"""What a reader should not miss is said, and nothing is said where nothing was found."""

from dataclasses import replace

from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.report.values import GateVerdict
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets.evaluation.results.fairness import FairnessResult, GroupRates
from registry_assets_tests.evaluation.report.samples import DIGEST, bare, binary, known, regression


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
    assert any("nobody named: 1 of 120 tried, of 60 rows or more each" in each for each in said)
    search = binary().weak_slices
    assert search is not None
    full = replace(binary(), weak_slices=replace(search, most=1))
    assert any("the 1 most striking of 120 tried" in each.sentence for each in remarks(full))


def test_many_names_are_counted() -> None:
    gates = [GateVerdict(f"g{at}", "undecided", "") for at in range(9)]
    (said,) = [r.sentence for r in remarks(bare(), gates)]
    assert said == "9 gates could not decide: g0, g1, g2, g3, g4, g5 and 3 more."


def test_what_became_worse_is_said_even_where_no_gate_looks() -> None:
    beside = Comparison(
        "production",
        2,
        1,
        DIGEST,
        400,
        differences={"r2": known(-0.1), "mae": known(-0.2)},
        verdicts={"r2": "worse", "mae": "better"},
    )
    (said,) = remarks(replace(bare(), comparison=beside))
    by = "r2: -0.1000 [-0.1200, -0.0700]"
    assert said.sentence == f"Worse than version 1, which production held, by {by}."
    two = replace(beside, verdicts={"r2": "worse", "mae": "worse"})
    (said,) = remarks(replace(bare(), comparison=two))
    assert said.sentence.endswith(f"by {by}; mae: -0.2000 [-0.2200, -0.1700].")


def rates(*groups: tuple[str | None, float]) -> EvaluationResult:
    """An evaluation of groups that differ in accuracy, and more in how many are positive."""
    found = tuple(
        GroupRates(name, 200, True, {"accuracy": known(value), "base_rate": known(1 - value)})
        for name, value in groups
    )
    return replace(bare(), fairness=(FairnessResult("race", found, {}),))


def test_groups_whose_rates_are_farther_apart_than_their_intervals_are_named() -> None:
    (said,) = remarks(rates(("black", 0.65), (None, 0.8), ("white", 0.92)))
    assert said.sentence == (
        "The rates farthest apart by race: accuracy 0.6500 [0.6300, 0.6800] (black) against"
        " 0.9200 [0.9000, 0.9500] (white)."
    )
    assert remarks(rates(("black", 0.90), ("white", 0.92))) == ()
    assert remarks(rates(("black", 0.65))) == ()
