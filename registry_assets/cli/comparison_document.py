"""What programs read of a comparison in a terminal: with the verdicts that hold now."""

from typing import Any

from registry_assets.cli.comparison_verdicts import Verdicts
from registry_assets.cli.output import figures_document, verdict_document
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.lifecycle.comparing import Comparison, documents
from registry_assets.lifecycle.comparing.figures import Both

Document = dict[str, Any]


def comparison_document(found: Comparison, both: Both, verdicts: Verdicts) -> Document:
    """Give everything that differs between two versions, and how much is the same."""
    document = documents.comparison_document(found, both)
    for side, answer in (("a", verdicts.before), ("b", verdicts.after)):
        document[side]["verdicts"] = [verdict_document(check) for check in answer.checks]
    figures = {"before": _figures(both.before), "after": _figures(both.after)}
    after = ("size", "metadata", "gaps")
    rest = {name: document.pop(name) for name in after}
    return {**document, "figures": figures, **rest}


def _figures(figures: EvaluationResult | None) -> Document | None:
    """Give what was measured of one side and has no counterpart to be subtracted from."""
    if figures is None:
        return None
    found = figures_document(figures)
    return {name: found[name] for name in ("weak_slices", "fairness", "speed", "backtest")}
