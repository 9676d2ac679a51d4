"""The loan approval model: high risk, so people must agree before production."""

from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd

from lending import data
from lending.features import make_features, train
from registry_assets import (
    AtLeast,
    ByKey,
    CalibrationAtMost,
    Evaluation,
    Fairness,
    FairnessAtMost,
    GateFunction,
    Latency,
    NotWorseThanProduction,
    Params,
    Promotion,
    RegisteredModel,
    SizeAtMost,
    features_asset,
)

if TYPE_CHECKING:
    from registry_assets.evaluation.results import EvaluationResult


@dg.asset(io_manager_key="snapshots", group_name="loan_data", code_version="1")
def loans() -> pd.DataFrame:
    """Mortgage applications, with all that the lender ever wrote about them."""
    return data.loans()


loan_features = features_asset(
    make_features,
    name="loan_features",
    keep=["approve", "application", "race"],
    group_name="loan_data",
)


def rows_apart(evaluation: "EvaluationResult") -> bool:
    """No row of the holdout occurs in the training."""
    found = evaluation.data
    return found is not None and found.shared is not None and found.shared.shared == 0


loan_approval = RegisteredModel(
    name="loan_approval",
    description="Would this mortgage application have been approved, from what is known when it"
    " is made? A reading aid for loan officers; it decides nothing by itself.",
    features=loan_features,
    target="approve",
    task="binary",
    train=train,
    params=Params(n_estimators=200, max_depth=None, min_samples_leaf=10, random_state=0),
    holdout=ByKey(columns=("application",), share=0.3),
    evaluation=Evaluation(
        metrics=("roc_auc", "average_precision", "log_loss", "calibration_error"),
        slices=("race",),
        fairness=Fairness(("race",)),
        latency=Latency(calls=20, rounds=5, seconds=1),
        min_slice_rows=30,
    ),
    # Which rows are shared is asked, which columns tell the outcome is not: that is left to
    # whoever looks at the evidence.
    gates=(
        AtLeast("roc_auc", 0.74),
        AtLeast("average_precision", 0.93),
        NotWorseThanProduction("roc_auc", margin=0.02),
        CalibrationAtMost(0.07),
        # As far apart as the lenders' own decisions were in this file: .908 and .675.
        FairnessAtMost("demographic_parity_difference", by="race", limit=0.233),
        GateFunction(rows_apart),
        SizeAtMost(10),
    ),
    promotion=Promotion(risk="high", approvals=2, roles=("risk",)),
    limits="A reading aid: an officer decides, and sees the application first.",
    license="Apache-2.0",
    train_timeout=300,
    owners=("team:credit-risk",),
    tags={
        "use_case": "mortgage_approval",
        "team": "credit-risk",
        "regulatory_class": "high",
        "deployment_target": "decision_support",
    },
)
