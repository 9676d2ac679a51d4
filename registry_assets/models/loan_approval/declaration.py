"""The loan approval model: high risk, so a person must agree before production."""

import dagster as dg
import pandas as pd

from registry_assets import (
    AtLeast,
    Bins,
    ByKey,
    CalibrationAtMost,
    Evaluation,
    Evidently,
    Fairness,
    FairnessAtMost,
    Latency,
    NoLeakage,
    NotWorseThanProduction,
    Params,
    Promotion,
    RegisteredModel,
    SizeAtMost,
    features_asset,
)
from registry_assets.models.loan_approval import data
from registry_assets.models.loan_approval.features import make_features, train
from registry_assets.orchestration import data_check


@dg.asset(
    io_manager_key="snapshots",
    group_name="loan_data",
    kinds={"pandas", "parquet"},
    code_version="1",
)
def loans() -> pd.DataFrame:
    """Mortgage applications with what was known when they were made, and the decision."""
    return data.loans()


loan_features = features_asset(
    make_features,
    name="loan_features",
    keep=["approve", "application", "race"],
    group_name="loan_data",
)

loan_approval = RegisteredModel(
    name="loan_approval",
    description="Would this mortgage application have been approved, from what is known when it"
    " is made? A reading aid for loan officers; it decides nothing by itself.",
    features=loan_features,
    target="approve",
    task="binary",
    train=train,
    params=Params(n_estimators=200, min_samples_leaf=10, random_state=0),
    # The table has no dates: a row keeps its side by its key, whatever rows join it.
    holdout=ByKey(columns=("application",), share=0.3),
    evaluation=Evaluation(
        metrics=(
            "roc_auc",
            "average_precision",
            "log_loss",
            "brier_score",
            "calibration_error",
        ),
        slices=("race", Bins("loanamt", edges=(100, 200))),
        fairness=Fairness(("race",)),
        latency=Latency(calls=60, rounds=10, seconds=3),
        evidently=Evidently(rows=2_000),
        min_slice_rows=30,
    ),
    # From `benchmarks/thresholds.py`, over 30 such splits: the 5th percentile of an honest
    # model's AUC is .747 (a stump's mean .538) and of its average precision .939. By race its
    # approval rates are .029 apart on average (95th percentile .063) and its rates among those
    # who were and were not approved .086 (.199); boosted trees, as good by AUC, are .108 (.163)
    # and .227 (.424) apart. The 95th percentile of its calibration error is .051.
    gates=(
        AtLeast("roc_auc", 0.74),
        AtLeast("average_precision", 0.93),
        NotWorseThanProduction("roc_auc", margin=0.02),
        CalibrationAtMost(0.07),
        FairnessAtMost("demographic_parity_difference", by="race", limit=0.1),
        FairnessAtMost("equalized_odds_difference", by="race", limit=0.25),
        NoLeakage(),
        SizeAtMost(10),
    ),
    promotion=Promotion(risk="high", approvals=1, roles=("risk",)),
    limits="A reading aid: an officer decides, and sees the application first.\n"
    "It repeats decisions that lenders in Boston made in 1990, with whatever bias was in them; it"
    " does not say who would have paid back.\n"
    "Race is no feature, and others that go with it are. Its groups are compared at every"
    " evaluation; of Hispanic applicants there are too few for a statement.\n"
    "What came up only while it was being decided, such as whether an application met the"
    " lender's guidelines, is left out.\n"
    "Not for pricing, for advertising, or for any market and year but these.",
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

ASSETS = (loans, loan_features)
CHECKS = (data_check(loans, data.loans_problems),)
