"""Where else a model's versions and pointers are shown: registries that this one publishes to.

Outward only: our pointer is what counts, and what stands there is observed and compared.
A module for each kind; what all have in common is in `base`.
"""

from registry_assets.declaration.mirrors.base import Mirror, Publish, check_mirrors
from registry_assets.declaration.mirrors.mlflow import MLflow
from registry_assets.declaration.mirrors.sagemaker import SageMaker, SageMakerEndpoint
from registry_assets.declaration.mirrors.wandb import WeightsAndBiases

__all__ = [
    "MLflow",
    "Mirror",
    "Publish",
    "SageMaker",
    "SageMakerEndpoint",
    "WeightsAndBiases",
    "check_mirrors",
]
