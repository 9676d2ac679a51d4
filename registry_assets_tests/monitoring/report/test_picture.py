"""The picture of what was lived: drawn of whatever there is, and the same every time."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from registry_assets.monitoring.report.picture import history_picture
from registry_assets.monitoring.results.history import History
from registry_assets_tests.monitoring.report.histories import history, month

YEAR = history(
    month("2013-05", 1),
    month("2013-06", 1, lived=0.7, failed=("performance_decay",)),
    month("2013-07", 2, failed=("feature_drift",)),
    month("2013-08", 3, lived=None, failed=("data_quality",)),
)


def has_red(data: bytes) -> bool:
    with Image.open(BytesIO(data)) as picture:
        pixels = np.asarray(picture.convert("RGBA")).astype(int)
    red, green, blue, _ = np.moveaxis(pixels, -1, 0)
    return bool(((red > 180) & (green < 70) & (blue < 80)).any())


@pytest.mark.parametrize(
    "lived",
    [
        history(),
        history(month("", 1)),
        history(month("2013-05", 1, lived=None)),
        YEAR,
        history(*(month(f"day {number:03}", 1 + number // 50) for number in range(200))),
    ],
    ids=["none", "unpartitioned", "unlabelled", "year", "many"],
)
def test_every_history_can_be_drawn(lived: History) -> None:
    data = history_picture(lived)
    assert data.startswith(b"\x89PNG")
    assert len(data) < 100_000
    assert data == history_picture(lived)


def test_alerts_are_seen_on_it() -> None:
    assert has_red(history_picture(YEAR))
    assert not has_red(history_picture(history(month("2013-05", 1), month("2013-06", 1))))


def test_as_svg_it_holds_its_words_or_shapes_and_is_the_same_every_time() -> None:
    data = history_picture(YEAR, form="svg")
    assert b"<svg" in data
    assert data == history_picture(YEAR, form="svg")


def test_which_check_failed_is_seen_without_colours_and_the_axes_are_named() -> None:
    failed = history(month("2013-05", 1, failed=("feature_drift",)))
    passed = history(month("2013-05", 1))
    assert b"<!-- partition -->" in history_picture(passed, form="svg")
    unpartitioned = history_picture(history(month("", 1)), form="svg")
    assert b"<!-- partition -->" not in unpartitioned
    assert b"<pattern" in history_picture(failed, form="svg")
    assert b"<pattern" not in history_picture(passed, form="svg")
