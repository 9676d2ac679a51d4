"""The names a declaration may use."""

import subprocess
import sys

import pytest

from registry_assets.declaration.metrics import METRICS, metric
from registry_assets.errors import DeclarationError
from registry_assets.evaluation.scoring import ScoredRows, scorer


def test_every_metric_is_found_by_its_name() -> None:
    assert [metric(name).name for name in METRICS] == list(METRICS)


def test_every_metric_can_be_computed() -> None:
    tally = ScoredRows.of([0, 1, 1], [0.2, 0.1, 0.7]).tally()
    for name in METRICS:
        assert scorer(name)(tally).shape == (1,)


@pytest.mark.parametrize(
    ("mistaken", "meant"),
    [("auc", "roc_auc"), ("neg_log_loss", "log_loss"), ("avg_precision", "average_precision")],
)
def test_a_mistaken_name_is_refused_with_the_one_that_was_meant(mistaken: str, meant: str) -> None:
    with pytest.raises(DeclarationError, match=f"did you mean '{meant}'"):
        metric(mistaken)


def test_a_name_like_no_other_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeclarationError, match="roc_auc, average_precision, log_loss") as caught:
        metric("zzz")
    assert "did you mean" not in str(caught.value)


def test_declaring_metrics_imports_no_numeric_library() -> None:
    script = (
        "import sys, registry_assets; before = set(sys.modules)\n"
        "import registry_assets.declaration.metrics, registry_assets.evaluation.results\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    imported = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "registry_assets" in imported
    assert not {"numpy", "pandas", "sklearn", "scipy", "matplotlib"} & set(imported)
