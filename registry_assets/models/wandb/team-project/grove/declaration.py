"""The model of irises' species, whose versions people find at Weights & Biases."""

import dagster as dg
import pandas as pd

from grove import data
from grove.features import make_features, train
from registry_assets import (
    AtLeast,
    ByKey,
    Evaluation,
    Params,
    Promotion,
    RegisteredModel,
    WeightsAndBiases,
    features_asset,
)


@dg.asset(io_manager_key="snapshots", group_name="grove", code_version="1")
def flowers() -> pd.DataFrame:
    """Flowers as they were measured, and the species that each is of."""
    return data.flowers()


flower_features = features_asset(
    make_features,
    name="flower_features",
    keep=["species", "flower"],
    group_name="grove",
)

iris_species = RegisteredModel(
    name="iris_species",
    description="Which species is an iris of? From what was measured of its flower.",
    features=flower_features,
    target="species",
    task="multiclass",
    train=train,
    params=Params(C=1.0, max_iter=1000),
    holdout=ByKey(columns=("flower",), share=0.3),
    evaluation=Evaluation(metrics=("accuracy", "log_loss")),
    gates=(AtLeast("accuracy", 0.85),),
    promotion=Promotion(risk="low"),
    # As it is called there since before; where the server is, WANDB_BASE_URL says.
    mirrors=(WeightsAndBiases(entity="grove-team", collection="iris-species"),),
    license="Apache-2.0",
    train_timeout=300,
    owners=("team:grove",),
    tags={
        "use_case": "field_guide",
        "team": "grove",
        "regulatory_class": "minimal",
        "deployment_target": "phones",
    },
)
