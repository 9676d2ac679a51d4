"""Pictures: small, whole, on their own panel, and drawn from anything."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from registry_assets.evaluation.plots import (
    calibration_png,
    confusion_png,
    difference_png,
    precision_recall_png,
    residuals_png,
    roc_png,
    slices_png,
)
from registry_assets.evaluation.plots.panel import drawable, shortened, thinned
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.slices import SliceResult
from registry_assets.evaluation.scored import Scored
from registry_assets_tests.evaluation.plans import ordinary
from registry_assets_tests.evaluation.rows import (
    DIGEST,
    TASKS,
    bernoulli,
    binary,
    digits,
    multiclass,
    regression,
    synthetic,
    wine,
)

Draw = Callable[..., bytes]
OF_CLASSES: tuple[Draw, ...] = (roc_png, precision_recall_png, calibration_png, confusion_png)
BESIDE: tuple[Draw, ...] = (roc_png, precision_recall_png, calibration_png)
UNDEFINED = Estimate.undefined(rows=9, reason="one class only")


def _part(value: str, found: Estimate | None) -> SliceResult:
    estimates = {} if found is None else {"accuracy": found}
    return SliceResult("carrier", value, 1234, 30, found is not None, estimates)


def _slices(*parts: SliceResult, overall: Estimate = UNDEFINED) -> bytes:
    return slices_png(parts, "accuracy", overall=overall, greater_is_better=True)


def _difference(**differences: Estimate) -> bytes:
    found = Comparison("production", 4, 3, DIGEST, 99, differences=differences)
    return difference_png(found, ["log_loss"])


def _pixels(picture: bytes) -> Any:
    with Image.open(io.BytesIO(picture)) as drawn:
        assert drawn.format == "PNG"
        return np.asarray(drawn.convert("RGBA"))


def _around(value: float) -> Estimate:
    return Estimate(value, value - 0.1, value + 0.1, rows=9)


@pytest.mark.parametrize("task", TASKS)
def test_pictures_are_small_and_stand_on_a_white_panel_with_transparent_corners(
    task: Any,
) -> None:
    pictures = ordinary(task).pictures
    assert len(pictures) >= 3
    for name, picture in pictures.items():
        # Even as text, as Dagster keeps them inside its events.
        assert len(picture) * 4 / 3 < 50_000, name
        pixels = _pixels(picture)
        assert pixels.shape[1] == 500
        # 1 of 255 in place of 0, and 254 of 255, in places: the price of a palette.
        assert max(pixels[0, 0, 3], pixels[-1, -1, 3]) <= 2
        assert (pixels[30:-30, 3] >= 250).all(), name
        opaque = pixels[30:-30, 30:-30, 3]
        assert opaque.min() > 200, name
        assert (opaque >= 250).mean() > 0.999, name


def test_pictures_of_many_rows_are_no_larger() -> None:
    scored = bernoulli(28_000, seed=1)
    for draw in OF_CLASSES:
        assert len(draw(scored)) * 4 / 3 < 50_000
    assert len(residuals_png(synthetic("regression", 28_000, seed=1))) * 4 / 3 < 50_000
    parts = [_part(f"value {at}", _around(at / 200)) for at in range(200)]
    assert len(_slices(*parts)) * 4 / 3 < 50_000


def test_nothing_is_cut_off_at_the_edges_of_a_panel() -> None:
    long = "a very long value of a column " * 9
    noted = {f"mean_absolute_percentage_error_{at}": _around(123.456) for at in range(9)}
    pictures = {
        **ordinary("binary").pictures,
        "long slices": _slices(*(_part(long + str(at), _around(at)) for at in range(40))),
        "long differences": _difference(**noted),
        "many classes": confusion_png(_of_classes(30, "a long name of a class ")),
    }
    for name, picture in pictures.items():
        pixels = _pixels(picture)[:, :, :3].astype(int)
        for edge in (pixels[25:-25, 3:5], pixels[25:-25, -5:-3], pixels[3:5, 25:-25]):
            assert edge.min() >= 250, name


def test_a_title_stands_above_what_is_drawn() -> None:
    pictures = {
        **ordinary("binary").pictures,
        **ordinary("regression").pictures,
        "confusion": confusion_png(_of_classes(30, "a long name of a class ")),
        "slices": _slices(*(_part(str(at), _around(at)) for at in range(40))),
        "difference": _difference(**{f"metric_{at}": _around(at) for at in range(5)}),
    }
    for name, picture in pictures.items():
        pixels = _pixels(picture)[:, :, :3].astype(int)
        assert pixels[36:42, 20:-20].min() >= 250, name
        assert pixels[5:36, 20:-20].min() < 100, name


def _corner(picture: bytes, *, up: bool, right: bool) -> Any:
    """A corner of what is between the axes of a square panel."""
    pixels = _pixels(picture)[:, :, :3].astype(int)
    rows = slice(62, 100) if up else slice(350, 388)
    return pixels[rows, slice(295, 415) if right else slice(84, 204)]


def test_a_legend_stands_where_no_curve_is() -> None:
    generator = np.random.default_rng(0)
    y = (generator.random(4000) < 0.1).astype(int)
    seldom = binary(y, np.clip(y * 0.3 + generator.random(4000) * 0.7, 0, 1))
    mostly = binary(1 - y, np.clip((1 - y) * 0.3 + generator.random(4000) * 0.7, 0, 1))
    # Of a rare class precision falls to the right; of a common one it stays at the top.
    for scored, free in ((seldom, (True, True)), (mostly, (False, False))):
        legend = _corner(precision_recall_png(scored), up=free[0], right=free[1])
        assert legend.min() < 100  # its words
        curve = np.abs(legend - [27, 95, 193]).max(axis=2) < 30
        assert 20 < curve.sum() < 200, curve.sum()  # its line of the key, and no other


def test_cells_of_a_confusion_are_told_apart_and_read_on_any_blue() -> None:
    called = np.repeat([0, 1, 1], [70, 30, 100])
    true = np.repeat([0, 0, 1], [70, 30, 100])
    picture = confusion_png(binary(true, called * 1.0, classes=("no", "yes")))
    pixels = _pixels(picture)[:, :, :3].astype(int)
    # Dark on the blue of 70 %, white on that of 100 %, and no white cell without its edges.
    some, all_ = (pixels[y - 12 : y + 12, x - 30 : x + 30] for y, x in ((140, 165), (315, 340)))
    assert some.max() < 240
    assert some.min() < 60
    assert all_.min(axis=2).max() > 240
    below, left = pixels[390:410, 150], pixels[300, 70:90]
    for edge in (below, left):
        assert edge.min(axis=1).min() < 220


def _of_classes(count: int, name: str) -> Scored:
    generator = np.random.default_rng(0)
    p = generator.dirichlet(np.ones(count), 900)
    classes = tuple(f"{name}{at}" for at in range(count))
    return multiclass(generator.integers(count, size=900), p, classes=classes)


def test_equal_input_gives_equal_bytes_and_other_input_others() -> None:
    scored, other = bernoulli(1000, seed=1), bernoulli(1000, seed=2)
    for draw in OF_CLASSES:
        assert draw(scored) == draw(scored)
        assert draw(scored) != draw(other)
    numbers, others = (synthetic("regression", 3000, seed=seed) for seed in range(2))
    assert residuals_png(numbers) == residuals_png(numbers) != residuals_png(others)
    assert _slices(_part("AA", _around(0.5))) == _slices(_part("AA", _around(0.5)))
    assert _slices(_part("AA", _around(0.5))) != _slices(_part("UA", _around(0.5)))
    assert _difference(r2=_around(0.5)) == _difference(r2=_around(0.5))
    assert _difference(r2=_around(0.5)) != _difference(r2=_around(-0.5))


def test_a_permuted_row_order_draws_the_same_dots() -> None:
    numbers = synthetic("regression", 3000, seed=0)
    order = np.random.default_rng(0).permutation(3000)
    assert residuals_png(numbers.take(order)) == residuals_png(numbers)


def test_a_baseline_and_an_interval_are_drawn_where_they_are_given() -> None:
    scored, other = bernoulli(1000, seed=1), bernoulli(1000, seed=2)
    for draw in BESIDE:
        assert draw(scored) != draw(scored, baseline=("production, version 3", other))
    assert roc_png(scored) != roc_png(scored, auc=_around(0.7))
    assert roc_png(scored) == roc_png(scored, auc=UNDEFINED)
    assert precision_recall_png(scored) != precision_recall_png(scored, average=_around(0.7))


HOSTILE: dict[str, Scored] = {
    "no rows": binary([], []),
    "one row": binary([1], [0.4]),
    "one class": binary([1, 1], [0.4, 0.5]),
    "NaN": binary([0, 1], [np.nan, 0.5]),
    "perfect": binary([0, 0, 0, 1], [0.0, 0.0, 0.0, 1.0]),
    "constant": binary([0, 1], [0.5, 0.5]),
    "weightless": binary([0, 1], [0.2, 0.5], weight=[0, 0]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_rows_without_a_curve_still_give_pictures(case: str) -> None:
    for draw in OF_CLASSES:
        assert _pixels(draw(HOSTILE[case])).shape == (460, 500, 4)


@pytest.mark.parametrize(
    "scored",
    [
        regression([], []),
        regression([1.0], [2.0]),
        regression([1.0, 1.0], [2.0, 2.0]),
        regression([1.0, np.nan], [2.0, 2.0]),
        regression([1e139, -1e139], [-1e139, 1e139]),
        regression([1e-300, 2e-300], [0, 0]),
    ],
)
def test_numbers_without_residuals_still_give_a_picture(scored: Scored) -> None:
    assert _pixels(residuals_png(scored)).shape == (460, 500, 4)


@pytest.mark.parametrize("count", [2, 4, 5, 10, 11, 20, 57])
def test_any_number_of_classes_has_a_picture(count: int) -> None:
    assert len(confusion_png(_of_classes(count, "class "))) < 37_000


def test_real_classes_have_pictures() -> None:
    for scored in (wine(), digits()):
        assert calibration_png(scored) != confusion_png(scored)


@pytest.mark.parametrize(
    "found",
    [
        None,
        UNDEFINED,
        Estimate(0.5, 0.5, 0.5, rows=9),
        Estimate(0.7, 0.1, 0.6, rows=9),
        Estimate(1e300, -1e300, 1e300, rows=9),
        Estimate(0.0, -1e-300, 1e-300, rows=9),
    ],
)
def test_slices_and_differences_of_any_numbers_have_pictures(found: Estimate | None) -> None:
    assert _pixels(_slices(_part("AA", found), _part("UA", UNDEFINED))).shape[1] == 500
    if found is not None:
        assert _pixels(_difference(log_loss=found, roc_auc=found)).shape[1] == 500
        assert _pixels(_slices(overall=found)).shape[1] == 500
    assert _pixels(_difference()).shape[1] == 500


def test_a_long_reason_is_told_in_lines() -> None:
    reason = "the scores of production cannot be used: " + "because of this and that " * 20
    found = Comparison("production", 4, 3, DIGEST, 99, undecided=reason)
    assert _pixels(difference_png(found, [])).shape[1] == 500


@pytest.mark.parametrize(
    "text", ["航空", "$a", "$x$ and $y", r"\frac", "a\x00b", "two\nlines", "é – ×", "🙂", ""]
)
def test_any_text_is_drawn_as_far_as_the_font_goes(text: str) -> None:
    scored = binary([0, 1, 0, 1], [0.1, 0.4, 0.6, 0.9], classes=(text, "other"))
    pictures = [confusion_png(scored), _slices(_part(text, _around(0.5)))]
    assert all(_pixels(picture).size for picture in pictures)


def test_what_the_font_lacks_is_a_box_and_a_dollar_is_a_dollar() -> None:
    assert drawable("航 é\n$5") == r"□ é \$5"
    assert shortened("a" * 10 + "b" * 10, 20) == "a" * 10 + "b" * 10
    assert shortened("a" * 10 + "b" * 11, 20) == "a" * 10 + "…" + "b" * 9


def test_a_curve_keeps_both_ends_when_it_is_thinned() -> None:
    [thin] = thinned(np.arange(10_000.0))
    assert len(thin) == 300
    assert (thin[0], thin[-1]) == (0, 9999)
    [short] = thinned(np.arange(5.0))
    assert short.tolist() == [0, 1, 2, 3, 4]
