"""Pictures: small, whole, on their own panel, and drawn from anything."""

import io

import numpy as np
import pytest
from PIL import Image

from registry_assets.evaluation.bootstrap import estimates
from registry_assets.evaluation.plots import calibration_png, roc_png
from registry_assets.evaluation.scoring import FloatArray, IntArray
from registry_assets_tests.evaluation.rows import bernoulli


def _pictures(y: IntArray, p: FloatArray, baseline: FloatArray | None = None) -> list[bytes]:
    beside = None if baseline is None else ("production, version 3", baseline)
    auc = estimates(y, p, metrics=["roc_auc"], resamples=100)["roc_auc"]
    return [roc_png(y, p, auc=auc, baseline=beside), calibration_png(y, p, baseline=beside)]


def test_pictures_are_small_enough_for_an_event_even_as_text() -> None:
    y, p = bernoulli(28_000, seed=1)
    for picture in _pictures(y, p, p**2):
        assert len(picture) * 4 / 3 < 50_000


def test_pictures_stand_on_a_white_panel_with_transparent_corners() -> None:
    y, p = bernoulli(1000, seed=1)
    for picture in _pictures(y, p):
        with Image.open(io.BytesIO(picture)) as drawn:
            pixels = np.asarray(drawn.convert("RGBA"))
        assert pixels[0, 0, 3] == 0
        # 254 of 255, in places: the price of a palette.
        assert (pixels[30:-30, 20] >= 250).all()
        assert (pixels[30:-30, 30:-30, 3] >= 250).all()


def test_a_baseline_is_drawn_beside_the_candidate() -> None:
    y, p = bernoulli(1000, seed=1)
    for alone, beside in zip(_pictures(y, p), _pictures(y, p, p[::-1]), strict=True):
        assert alone != beside


def test_equal_input_gives_equal_bytes() -> None:
    y, p = bernoulli(1000, seed=1)
    assert _pictures(y, p) == _pictures(y, p)


@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([], []),
        ([1], [0.4]),
        ([1, 1], [0.4, 0.5]),
        ([0, 1], [np.nan, 0.5]),
        ([0, 0, 0, 1], [0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_rows_without_a_curve_still_give_pictures(y: list[int], p: list[float]) -> None:
    for picture in _pictures(np.array(y, dtype=np.int64), np.array(p, dtype=np.float64)):
        with Image.open(io.BytesIO(picture)) as drawn:
            assert drawn.size == (500, 460)
