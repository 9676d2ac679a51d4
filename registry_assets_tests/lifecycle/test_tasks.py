"""Every task through its whole life, on real data: text labels, several classes, numbers."""

import json
from collections.abc import Iterator

import pytest
from sklearn.metrics import f1_score, mean_absolute_error, roc_auc_score

from registry_assets.declaration import Evaluation
from registry_assets.errors import DataUnusable, TrainingFailed
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.lifecycle.evaluating import EVIDENTLY_FILE, RESULT_FILE
from registry_assets_tests.tasks import CASES, model_of, task_world, version_of
from registry_assets_tests.worlds import SENSOR, World


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Each model has version 1 in production and a version 2 beside it."""
    with task_world(tmp_path_factory.mktemp("tasks") / "project") as world:
        for name in CASES:
            model = model_of(world, name)
            version_of(world, model)
            world.registry.promote(name, 1, run=SENSOR)
            version_of(world, model, C=2)
        yield world


def result(world: World, reference: str) -> EvaluationResult:
    summary = world.registry.version(reference)
    assert summary.evaluation is not None
    document = world.registry.read_file(summary.evaluation.digest, RESULT_FILE)
    return EvaluationResult.from_json(json.loads(document))


@pytest.mark.parametrize("name", CASES)
def test_a_version_passes_its_gates_and_reaches_production(lived: World, name: str) -> None:
    summary = lived.registry.version(f"{name}:1")
    assert summary.stage == "production"
    found = {v.finding.gate: v.finding.outcome for v in summary.verdicts}
    assert set(found.values()) <= {"passed", "no_baseline"}
    assert {gate.name for gate in CASES[name].gates} <= set(found)


@pytest.mark.parametrize("name", CASES)
def test_figures_are_those_of_the_deployed_model_on_the_held_out_rows(
    lived: World, name: str
) -> None:
    model, figures = model_of(lived, name), result(lived, f"{name}:1")
    rows = CASES[name].rows()
    held = rows[model.holdout.mask(rows)].reset_index(drop=True)  # type: ignore[union-attr]
    loaded = lived.registry.load(f"{name}@production")
    raw = held.drop(columns=["answer"])
    said = loaded.predict(raw)
    assert figures.rows == len(held)
    if name == "progression":
        expected = {"mean_absolute_error": mean_absolute_error(held["answer"], said)}
    elif name == "cultivar":
        p = loaded.predict_proba(raw)
        expected = {
            "f1_macro": f1_score(held["answer"], said, average="macro"),
            "roc_auc_ovr": roc_auc_score(held["answer"], p, multi_class="ovr"),
        }
    else:
        p = loaded.predict_proba(raw)[:, list(loaded.classes).index("malignant")]
        expected = {
            "roc_auc": roc_auc_score(held["answer"] == "malignant", p),
            "f1": f1_score(held["answer"], said, pos_label="malignant"),
        }
    for metric, value in expected.items():
        assert figures.metrics[metric].value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_next_version_is_compared_with_it_on_the_same_rows(lived: World, name: str) -> None:
    comparison = result(lived, f"{name}:2").comparison
    assert comparison is not None
    assert (comparison.outcome, comparison.baseline_version) == ("compared", 1)
    before = result(lived, f"{name}:1").metrics
    after = result(lived, f"{name}:2").metrics
    for metric, found in comparison.baseline.items():
        assert found.value == pytest.approx(before[metric].value, rel=1e-12)
    for metric, difference in comparison.differences.items():
        expected = after[metric].value - before[metric].value
        assert difference.value == pytest.approx(expected, abs=1e-12)
        assert comparison.verdicts[metric] in ("better", "not worse", "worse", "undecided")
    changes = comparison.changes
    assert changes is not None
    assert changes.changed >= changes.corrected + changes.broken
    assert all("answer" not in row.values for row in changes.examples)


def test_everything_that_was_asked_for_is_there(lived: World) -> None:
    binary, several, numbers = (result(lived, f"{name}:2") for name in CASES)
    assert binary.classes == ("benign", "malignant")
    assert {group.group for group in binary.fairness[0].groups} == {"low", "middle", "high"}
    assert binary.speed is not None
    assert binary.speed.candidate is not None
    assert binary.speed.ratios["p50_ms"].defined
    assert several.evidently is not None
    assert not several.evidently.reason
    assert several.confusion is not None
    assert sum(map(sum, several.confusion.rows)) == several.rows
    assert numbers.residuals
    assert numbers.classes == ()
    for figures in (binary, several, numbers):
        assert figures.data is not None
        assert not figures.data.reasons
        assert figures.data.shared is not None
        assert figures.data.shared.shared == 0
        assert figures.weak_slices is not None
        assert figures.weak_slices.tried > 0


def test_evidently_s_page_is_a_file_of_the_evaluation(lived: World) -> None:
    evaluation = lived.registry.version("cultivar:2").evaluation
    assert evaluation is not None
    page = lived.registry.read_file(evaluation.digest, EVIDENTLY_FILE)
    assert page.lstrip().lower().startswith(b"<")
    assert b"</html>" in page[-100:].lower()
    assert b"<title>Evidently on cultivar:2</title>" in page
    assert b"proba_0" not in page
    figures = result(lived, "cultivar:2")
    assert figures.evidently is not None
    named = {f"probability of {label}" for label in figures.classes}
    assert named <= set(figures.evidently.left_out)


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_small_enough_for_an_event(lived: World, name: str) -> None:
    evaluation = lived.registry.version(f"{name}:2").evaluation
    assert evaluation is not None
    files = lived.registry.manifest(evaluation.digest).files
    pictures = {file.path: file.size for file in files if file.path.startswith("pictures/")}
    expected = {"residuals"} if name == "progression" else {"calibration", "confusion"}
    assert {f"pictures/{each}.png" for each in (*expected, "slices", "difference")} <= set(pictures)
    assert max(pictures.values()) < 50_000


def test_a_positive_class_that_the_target_does_not_have_is_refused(lived: World) -> None:
    model = model_of(lived, "tumour", positive="cancerous")
    with pytest.raises(DataUnusable, match="beside the positive 'cancerous'"):
        version_of(lived, model, C=3)


def test_a_target_of_text_is_no_number(lived: World) -> None:
    model = model_of(
        lived,
        "cultivar",
        task="regression",
        evaluation=Evaluation(metrics=("r2",)),
        gates=CASES["progression"].gates[1:2],
        positive=True,
    )
    with pytest.raises(DataUnusable, match="the target of a regression is numbers"):
        version_of(lived, model, C=4)


def test_a_regressor_cannot_tell_classes(lived: World) -> None:
    model = model_of(lived, "tumour", train=lived.code.function("ontime.tasks:progression"))
    with pytest.raises(TrainingFailed, match="raised ValueError"):
        version_of(lived, model, C=5)
