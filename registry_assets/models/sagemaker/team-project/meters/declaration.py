"""The model of meters' digits, which SageMaker serves."""

import dagster as dg
import pandas as pd

from meters import data
from meters.features import make_features, train
from registry_assets import (
    AtLeast,
    ByKey,
    Evaluation,
    Params,
    Promotion,
    RegisteredModel,
    SageMaker,
    features_asset,
)


@dg.asset(io_manager_key="snapshots", group_name="meters", code_version="1")
def readings() -> pd.DataFrame:
    """Readings as meters show them, and the digit that each is of."""
    return data.readings()


reading_features = features_asset(
    make_features,
    name="reading_features",
    keep=["digit", "reading"],
    group_name="meters",
)

meter_digits = RegisteredModel(
    name="meter_digits",
    description="Which digit does a meter show? From a picture of 8 × 8 pixels.",
    features=reading_features,
    target="digit",
    task="multiclass",
    train=train,
    params=Params(C=1.0, max_iter=500),
    holdout=ByKey(columns=("reading",), share=0.3),
    evaluation=Evaluation(metrics=("accuracy", "log_loss")),
    gates=(AtLeast("accuracy", 0.9),),
    promotion=Promotion(risk="low"),
    # Where AWS is, and what opens it, its own variables say.
    mirrors=(
        SageMaker(
            name="meter-digits",
            artifacts="s3://meter-models/registry",
            image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/scikit-learn:of-the-team",
        ),
    ),
    license="Apache-2.0",
    train_timeout=300,
    owners=("team:meters",),
    tags={
        "use_case": "meter_reading",
        "team": "meters",
        "regulatory_class": "minimal",
        "deployment_target": "sagemaker",
    },
)
