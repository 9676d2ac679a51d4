"""The model of wines' origins, whose production MLflow serves."""

import dagster as dg
import pandas as pd

from cellar import data
from cellar.features import make_features, train
from registry_assets import (
    AtLeast,
    ByKey,
    Evaluation,
    MLflow,
    Params,
    Promotion,
    RegisteredModel,
    features_asset,
)


@dg.asset(io_manager_key="snapshots", group_name="cellar", code_version="1")
def bottles() -> pd.DataFrame:
    """Bottles as the laboratory measured them, and the vine that each is of."""
    return data.bottles()


bottle_features = features_asset(
    make_features,
    name="bottle_features",
    keep=["cultivar", "bottle"],
    group_name="cellar",
)

wine_origin = RegisteredModel(
    name="wine_origin",
    description="Which vine is a bottle of? A check of labels, from what the laboratory measured.",
    features=bottle_features,
    target="cultivar",
    task="multiclass",
    train=train,
    params=Params(C=1.0, max_iter=1000),
    holdout=ByKey(columns=("bottle",), share=0.3),
    evaluation=Evaluation(metrics=("accuracy", "log_loss")),
    gates=(AtLeast("accuracy", 0.9),),
    promotion=Promotion(risk="low"),
    # As it is called there since before; where the server is, MLFLOW_TRACKING_URI says.
    mirrors=(MLflow(name="wine-origin"),),
    license="Apache-2.0",
    train_timeout=300,
    owners=("team:cellar",),
    tags={
        "use_case": "label_check",
        "team": "cellar",
        "regulatory_class": "minimal",
        "deployment_target": "mlflow",
    },
)
