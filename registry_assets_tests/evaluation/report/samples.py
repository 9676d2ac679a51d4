"""Evaluations and cards to be shown: of each task, with everything in them, or next to nothing."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import replace

from registry_assets.evaluation.report.values import (
    Card,
    Evaluated,
    GateVerdict,
    Held,
    Snapshot,
    Subject,
    Training,
)
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.backtest import BacktestFold, BacktestResult
from registry_assets.evaluation.results.comparison import (
    ChangedDecisions,
    ChangedRow,
    ChangedSlice,
    Comparison,
    Flow,
)
from registry_assets.evaluation.results.curves import (
    CalibrationBin,
    Confusion,
    PrecisionRecallPoint,
    ResidualBin,
    RocPoint,
)
from registry_assets.evaluation.results.data import (
    Balance,
    ClassBalance,
    ColumnDrift,
    ColumnPower,
    ColumnProfile,
    DataResult,
    SharedRows,
    TargetSummary,
)
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.evidently import EvidentlyNote
from registry_assets.evaluation.results.fairness import FairnessResult, GroupRates
from registry_assets.evaluation.results.slices import SliceResult
from registry_assets.evaluation.results.speed import Speed, SpeedResult
from registry_assets.evaluation.results.weak import Condition, WeakSlice, WeakSliceSearch

DIGEST = "sha256:" + "ab" * 32
NONE = Estimate.undefined(rows=3, reason="only one class occurs")


def known(value: float, *, rows: int = 400) -> Estimate:
    """An estimate with an interval around it."""
    return Estimate(value, value - 0.02, value + 0.03, rows=rows)


def png(width: int = 2, height: int = 2) -> bytes:
    """A white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + b"\xff" * 3 * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PICTURES = ("roc", "precision_recall", "calibration", "confusion", "slices", "difference")


def binary(word: str = "north") -> EvaluationResult:
    """An evaluation with everything in it; `word` is wherever data or people give a text."""
    return EvaluationResult(
        task="binary",
        rows=400,
        seed=7,
        resamples=100,
        metrics={"roc_auc": known(0.75), "log_loss": known(0.4), f"own {word}": NONE},
        less_is_better=("log_loss",),
        classes=(f"no {word}", f"yes {word}"),
        class_rows=(300, 100),
        weight=f"weight {word}",
        slices=(
            _slice(word, "EWR", 0.71),
            SliceResult(word, None, 12, 3, False, {}),
            _slice(word, "JFK", 0.78),
        ),
        weak_slices=_search(word),
        fairness=(_fairness(word),),
        comparison=_comparison(word),
        roc=(RocPoint(0.5, 0.1, 0.6),),
        precision_recall=(PrecisionRecallPoint(0.5, 0.6, 0.5),),
        calibration=(CalibrationBin(40, 0.1, 0.12, 0.08, 0.16),),
        confusion=Confusion((f"no {word}", f"yes {word}"), ((280.0, 20.0), (60.0, 40.0))),
        data=_data(word),
        speed=_speed(word),
        backtest=BacktestResult(
            (
                BacktestFold(
                    f"2013-03 {word}", ("2013-01", "2013-02"), 90, {"roc_auc": known(0.7)}
                ),
                BacktestFold("2013-04", (), 9, {}, reason=f"too few {word}"),
            )
        ),
        evidently=EvidentlyNote(100, 400, 100, 900, notes=(word,)),
        pictures=dict.fromkeys((*PICTURES, word), png()),
    )


def multiclass() -> EvaluationResult:
    """An evaluation of several classes, with curves and no comparison."""
    return EvaluationResult(
        task="multiclass",
        rows=90,
        seed=0,
        resamples=100,
        metrics={"accuracy": known(0.9), "log_loss": known(0.3)},
        less_is_better=("log_loss",),
        classes=("Barolo", "Grignolino", "Barbera"),
        class_rows=(30, 30, 30),
        slices=(SliceResult("region", "Asti", 90, None, True, {"accuracy": known(0.9)}),),
        calibration=(CalibrationBin(40, 0.1, 0.12, 0.08, 0.16),),
        confusion=Confusion(
            ("Barolo", "Grignolino", "others"),
            ((28.0, 1.0, 1.0), (2.0, 28.0, 0.0), (0.5, 0.0, 29.5)),
            others=1,
        ),
        weak_slices=WeakSliceSearch(0, 0, 0, 50, 0.05, reason="too few rows"),
        pictures=dict.fromkeys(("calibration", "confusion", "slices"), png()),
    )


def regression() -> EvaluationResult:
    """An evaluation of numbers, which undecides its comparison."""
    return EvaluationResult(
        task="regression",
        rows=200,
        seed=0,
        resamples=100,
        metrics={"root_mean_squared_error": Estimate(52345.6, 50000.0, 1e12, rows=200), "r2": NONE},
        less_is_better=("root_mean_squared_error",),
        comparison=Comparison(
            "production", 3, 1, DIGEST, 200, undecided="held-out rows were in its training"
        ),
        residuals=(ResidualBin(20, 100.0, -0.5, -9.0, 9.0),),
        data=DataResult(
            900,
            200,
            900,
            200,
            0,
            balance=Balance(
                "regression",
                900,
                200,
                0,
                3,
                training=TargetSummary(900, 1.0, 2.0, 0.0, 0.1, 0.9, 4.0, 9.0),
                holdout=TargetSummary(0, reason="no row has a target"),
            ),
            reasons={"drift": "the training cannot be read"},
        ),
        speed=SpeedResult(None, None, reason="it does not load", baseline_reason="nothing held"),
        pictures={"residuals": png()},
    )


def bare() -> EvaluationResult:
    """An evaluation of no rows, in which nothing could be said."""
    return EvaluationResult(task="binary", rows=0, seed=0, resamples=100, metrics={"roc_auc": NONE})


def subject(word: str = "north") -> Subject:
    """Whose evaluation it is."""
    return Subject(
        model="flight_delay",
        version=2,
        digest=DIGEST,
        description=f"Is it late?\n{word}",
        target=f"late {word}",
        holdout=(Snapshot(f"features[{word}]", DIGEST, 400),),
        gates=(
            GateVerdict("roc_auc_at_least", "passed", f"it is {word}"),
            GateVerdict("own_check", "failed", word),
            GateVerdict("later", "awaited", word),
        ),
    )


def card(word: str = "north", *, result: EvaluationResult | None = None) -> Card:
    """A card with everything on it."""
    return Card(
        model="flight_delay",
        version=2,
        digest=DIGEST,
        stage="staging",
        task="binary",
        target=f"late {word}",
        description=f"Is it late?\n{word}",
        limits=f"Not for blaming.\n\n{word}",
        license="Apache-2.0",
        owners=("team:airline-ops",),
        tags={"use_case": word, "team": "ops"},
        risk="high",
        approvals_needed=1,
        approval_roles=("risk",),
        training=_training(word),
        train=(Snapshot(f"features[{word}]", DIGEST, 800),),
        holdout=(Snapshot("features[2013-05]", DIGEST, 400),),
        holdout_rule=f"30 % of rows by {word}",
        datasets=(Snapshot("flights", DIGEST, None),),
        held=(Held("production", "2013-05-01T06:00:00Z", None, word, word),),
        properties={"ticket": [word, 1]},
        evaluated=Evaluated(DIGEST, "2013-06-01T06:00:00Z", True, result or binary(word)),
        gates=subject(word).gates,
        waits_for=(f"it waits for 1 approval {word}",),
    )


def unevaluated() -> Card:
    """A card of a version that nobody has judged."""
    return replace(card(), evaluated=None, gates=(), limits="", license="", held=())


def _training(word: str) -> Training:
    return Training(
        params={"C": 1.0, "solver": word, "deep": {"a": [word]}},
        framework="scikit-learn",
        framework_version="1.9.1",
        python="3.11.7",
        platform="linux-x86_64",
        distributions={"numpy": "2.4.6"},
        code=DIGEST,
        commit="1f2e3d4",
        dirty=True,
        repository=word,
        recipe=DIGEST,
        actor=word,
        trigger="manual",
        reason=word,
        run="run-1",
        started_at="2013-06-01T06:00:00Z",
        duration_seconds=1.5,
    )


def _slice(column: str, value: str, found: float) -> SliceResult:
    estimates: Mapping[str, Estimate] = {"roc_auc": known(found), "log_loss": NONE}
    return SliceResult(column, value, 200, 50, True, estimates)


def _search(word: str) -> WeakSliceSearch:
    condition = Condition(word, f"{word} is missing", "missing")
    part = WeakSlice((condition,), 60, 0.15, 0.6, 0.3, 0.3, 0.2, 0.4, 1e-9, {"roc_auc": known(0.6)})
    return WeakSliceSearch(
        120, 400, 900, 50, 0.05, (part,), {word: f"{word} is constant"}, (f"{word} too",)
    )


def _fairness(word: str) -> FairnessResult:
    rates = {"selection_rate": known(0.4), "true_positive_rate": NONE}
    return FairnessResult(
        word,
        (
            GroupRates(f"{word} a", 200, True, rates),
            GroupRates(None, 180, True, rates),
            GroupRates(f"{word} b", 20, False, {}),
        ),
        {"demographic_parity_difference": known(0.1), "equalized_odds_ratio": NONE},
    )


def _comparison(word: str) -> Comparison:
    rows = (ChangedRow(5, f"yes {word}", f"no {word}", f"yes {word}", 0.6, None, {word: word}),)
    changes = ChangedDecisions(
        400,
        30,
        20,
        10,
        (Flow(f"no {word}", f"yes {word}", 30, 20),),
        (ChangedSlice(f"origin {word}", 200, 25), ChangedSlice("none", 0, 0)),
        rows,
    )
    return Comparison(
        "production",
        2,
        1,
        DIGEST,
        400,
        baseline={"roc_auc": known(0.74), "log_loss": NONE},
        differences={"roc_auc": known(0.01), "log_loss": NONE},
        margins={"roc_auc": 0.01},
        verdicts={"roc_auc": "not worse", "log_loss": "undecided"},
        changes=changes,
    )


def _data(word: str) -> DataResult:
    return DataResult(
        800,
        400,
        500,
        400,
        0,
        shared=SharedRows(800, 400, 5, 3, 0.0075, (1,)),
        power=(
            ColumnPower(word, "roc_auc", 0.99, 0.98, True, 500, 400),
            ColumnPower("hour", "roc_auc", None, 0.98, False, 500, 400, reason=f"all {word}"),
        ),
        drift=(
            ColumnDrift(word, "wasserstein", 0.4, 0.02, 0.1, True, 500, 400),
            ColumnDrift("hour", "", None, None, 0.1, False, 0, 0, reason=f"no rows {word}"),
        ),
        columns=(
            ColumnProfile(word, "str", None, 0.1, 0.4, True, 0, 2, 5, 0.2),
            ColumnProfile("hour", "int64", "int64", 0.0, 0.0, False, 0, 0, None, None),
        ),
        schema=(f"{word} is text, and the signature says float64",),
        balance=Balance(
            "binary",
            800,
            400,
            1,
            0,
            (ClassBalance(f"no {word}", True, 600, 300, 0.75, 0.75),
             ClassBalance(f"new {word}", False, 0, 1, 0.0, None)),
        ),
        reasons={"leakage": word},
    )  # fmt: skip


def _speed(word: str) -> SpeedResult:
    one = Speed(1.5, 2.5, 3.5, 90_000.0, 1000, 1.2, 90_000_000, 400_000, 100)
    ratios = {"p50_ms": known(1.1), "load_seconds": Estimate(1.0, 1.0, 1.0, rows=1)}
    return SpeedResult(one, one, baseline_reason=word, ratios=ratios)
