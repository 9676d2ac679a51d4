"""The lines about speed: what was measured often enough to have a ratio, and what was not."""

from collections.abc import Mapping
from dataclasses import replace

from registry_assets.evaluation.report.page import evaluation_page
from registry_assets.evaluation.report.speeds import SpeedRow, speed_rows
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.speed import Speed, SpeedResult
from registry_assets_tests.evaluation.report.samples import binary, subject

SPEED = Speed(1.5, 2.5, 3.46, 28_380.4, 1000, 1.234, 90_000_000, 400_000, calls=100)
RATIO = Estimate(1.0072, 0.9, 1.236, rows=100)
ONCE = Estimate(2.0, 2.0, 2.0, rows=1)
RATIOS = {"p50_ms": RATIO, "p99_ms": RATIO, "load_seconds": ONCE}


def rows_of(found: SpeedResult) -> Mapping[str, SpeedRow]:
    """The lines by what they are of."""
    return {row.name: row for row in speed_rows(found)}


def test_a_ratio_has_two_decimals_and_an_interval_unless_it_was_measured_once() -> None:
    rows = rows_of(SpeedResult(SPEED, SPEED, ratios=RATIOS))
    assert rows["One row, median"] == SpeedRow(
        "One row, median", "1.5 ms", "1.5 ms", "1.01", "[0.90, 1.24]"
    )
    loading = rows["Loading, imports and all"]
    assert (loading.ratio, loading.interval) == ("2.00", "measured once")
    assert rows["Many rows at once"].candidate == "28,380 rows/s"
    assert rows["One row, 99th percentile"].ratio == "1.01"


def test_the_99th_percentile_of_few_calls_is_said_to_be_near_the_slowest() -> None:
    few = replace(SPEED, calls=9)
    for candidate, baseline in ((few, SPEED), (SPEED, few)):
        row = rows_of(SpeedResult(candidate, baseline, ratios=RATIOS))["One row, 99th percentile"]
        said = {SPEED: "3.5 ms", few: "3.5 ms, near the slowest of 9"}
        assert (row.candidate, row.baseline) == (said[candidate], said[baseline])
        assert (row.ratio, row.interval) == ("–", "")


def test_without_production_there_is_no_ratio() -> None:
    why = Estimate.undefined(rows=0, reason="nothing is held")
    row = rows_of(SpeedResult(SPEED, None, ratios={"p50_ms": why}))["One row, median"]
    assert (row.baseline, row.ratio, row.interval) == ("–", "–", "nothing is held")


def test_the_page_shows_these_lines() -> None:
    result = replace(binary(), speed=SpeedResult(SPEED, SPEED, ratios=RATIOS))
    page = evaluation_page(result, subject()).decode()
    assert '<td class="n">1.01</td><td class="i">[0.90, 1.24]</td>' in page
    assert '<td class="n">2.00</td><td class="i">measured once</td>' in page
