"""A mirror in MLflow."""

import re
from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import require
from registry_assets.declaration.mirrors.base import Publish, check_address, check_common

_FOREIGN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,199}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MLflow:
    """A registered model of an MLflow tracking server, 3.x.

    Who may write there is told by MLflow's own variables alone: MLFLOW_TRACKING_TOKEN, or
    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.

    Args:
        tracking_uri: where it is, `https://mlflow.example.com`; by default MLFLOW_TRACKING_URI.
        name: what the model is called there; by default as here.
        publish: `promotion` sends the versions that pointers hold, `commit` each one once it is
            committed.
        mirror: what it is called here.
        verify_hours: after how many hours every byte there is compared again.
        direct_artifacts: whether artifacts may be written to where the server says, such as
            s3://…, with what this process may do there. By default only through the server.

    Raises:
        DeclarationError: it cannot be meant so; says what would be right.
    """

    tracking_uri: str = ""
    name: str = ""
    publish: Publish = "promotion"
    mirror: str = "mlflow"
    verify_hours: float = 24.0
    direct_artifacts: bool = False

    def __post_init__(self) -> None:
        check_common(self, "MLflow")
        require(
            isinstance(self.direct_artifacts, bool),
            f"MLflow(direct_artifacts={self.direct_artifacts!r})",
            "give True or False",
        )
        require(
            not self.name or _FOREIGN_NAME.fullmatch(self.name),
            f"MLflow(name={self.name!r:.220}) can be no name of a registered model there",
            "give letters, digits, spaces and _ . - only, 200 at most, no / and no :",
        )
        check_address(
            self.tracking_uri,
            "MLflow(tracking_uri=…)",
            example="https://mlflow.example.com",
            instead="MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"
            " MLFLOW_TRACKING_TOKEN",
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "kind": "mlflow",
            "address": self.tracking_uri.rstrip("/"),
            "name": self.name,
            "publish": self.publish,
            "verify_hours": float(self.verify_hours),
            "direct_artifacts": self.direct_artifacts,
        }
