"""A mirror in Amazon SageMaker's model registry, and the endpoint that may stand behind it."""

import re
from dataclasses import dataclass, field
from typing import Any

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, require
from registry_assets.declaration.mirrors.base import Publish, check_common
from registry_assets.declaration.pointers import PRODUCTION
from registry_assets.errors import DeclarationError
from registry_assets.references import check_name

_NAME = re.compile(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}")
_ARTIFACTS = re.compile(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_=-][A-Za-z0-9_.=-]*)*/?"
)
_IMAGE = re.compile(r"[^\s@]{1,180}(@sha256:[0-9a-f]{64})?")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S{1,512}")
_INSTANCE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+")
_CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMakerEndpoint:
    """An endpoint that serves what a pointer holds: the asset `<model>/<mirror>_endpoint`.

    Args:
        role: the ARN of the role by which SageMaker reads image and artifacts.
        name: of the endpoint; by default as the model package group.
        instance_type: what it runs on.
        instances: how many.
        pointer: whose version it serves.
        timeout_minutes: for how long a swap is waited for.

    Raises:
        DeclarationError: it cannot be meant so; says what would be right.
    """

    role: str
    name: str = ""
    instance_type: str = "ml.m5.large"
    instances: int = 1
    pointer: str = PRODUCTION
    timeout_minutes: float = 30.0

    def __post_init__(self) -> None:
        _matches(_ROLE, self.role, "role", "arn:aws:iam::123456789012:role/serving", "Endpoint")
        _matches(_INSTANCE, self.instance_type, "instance_type", "ml.m5.large", "Endpoint")
        if self.name:
            _matches(_NAME, self.name, "name", "flight-delay", "Endpoint")
        check_name(self.pointer, what="pointer name")
        require(
            type(self.instances) is int and self.instances > 0,
            f"SageMakerEndpoint(instances={self.instances!r:.100})",
            "give a whole number, above 0",
        )
        minutes = finite(self.timeout_minutes, "SageMakerEndpoint(timeout_minutes=…)")
        require(
            minutes > 0, f"SageMakerEndpoint(timeout_minutes={minutes:g})", "give minutes, above 0"
        )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "role": self.role,
            "name": self.name,
            "instance_type": self.instance_type,
            "instances": self.instances,
            "pointer": self.pointer,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMaker:
    """A model package group of Amazon SageMaker.

    Who may write there is told by AWS's own means alone: a role, AWS_PROFILE, or
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.

    Args:
        artifacts: where the archives go that SageMaker reads: `s3://bucket/prefix`.
        image: the container that serves: SageMaker's for scikit-learn in your region, or one of
            your own that takes an inference script; with Python 3.11 or newer.
        name: the model package group; by default as here, with hyphens.
        region: where; by default as AWS's own settings say.
        publish: `promotion` sends the versions that pointers hold, `commit` each one once it is
            committed.
        mirror: what it is called here.
        verify_hours: after how many hours every byte there is compared again.
        endpoint: what is to serve there; by default nothing is deployed.
        session: by what AWS is reached: a resource of dagster-aws such as `S3Resource`, of which
            region, endpoint, profile, attempts and TLS are taken, or a `boto3.Session`. By
            default as AWS's own settings say.

    Raises:
        DeclarationError: it cannot be meant so; says what would be right.
    """

    artifacts: str
    image: str
    name: str = ""
    region: str = ""
    publish: Publish = "promotion"
    mirror: str = "sagemaker"
    verify_hours: float = 24.0
    endpoint: SageMakerEndpoint | None = None
    session: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_common(self, "SageMaker")
        _matches(_ARTIFACTS, self.artifacts, "artifacts", "s3://models.example.com/registry")
        _matches(_IMAGE, self.image, "image", "1234.dkr.ecr.eu-west-1.amazonaws.com/serving:3")
        if self.name:
            _matches(_NAME, self.name, "name", "flight-delay")
        if self.region:
            _matches(_REGION, self.region, "region", "eu-west-1")
        require(
            self.endpoint is None or isinstance(self.endpoint, SageMakerEndpoint),
            f"SageMaker(endpoint=…) is a {type(self.endpoint).__name__}",
            'endpoint=SageMakerEndpoint(role="arn:aws:iam::123456789012:role/serving")',
        )
        # Dagster shows the configuration of a resource to everyone who reaches its UI.
        given = [name for name in _CREDENTIALS if getattr(self.session, name, None)]
        require(
            not given,
            f"SageMaker(session=…) is given {', '.join(given)}",
            "leave them out: credentials come by the usual AWS means (a role, AWS_PROFILE,"
            " AWS_ACCESS_KEY_ID in the environment)",
        )

    def check_pointers(self, pointers: tuple[str, ...]) -> None:
        """Refuse an endpoint of a pointer that the model does not have."""
        if self.endpoint is not None and self.endpoint.pointer not in pointers:
            raise DeclarationError(
                f"SageMakerEndpoint(pointer={self.endpoint.pointer!r}) is no pointer of the model",
                hint=f"it has: {', '.join(pointers)}",
            )

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "kind": "sagemaker",
            "address": self.region,
            "name": self.name,
            "publish": self.publish,
            "verify_hours": float(self.verify_hours),
            "artifacts": self.artifacts.rstrip("/"),
            "image": self.image,
            "endpoint": self.endpoint.definition() if self.endpoint is not None else None,
        }


def _matches(
    pattern: re.Pattern[str], value: object, argument: str, like: str, of: str = ""
) -> None:
    call = f"SageMaker{of}({argument}=…)"
    require(isinstance(value, str), f"{call} is a {type(value).__name__}", f'{argument}="{like}"')
    said = f"{call[:-2]}{value!r:.220}) is not as it has to be"
    require(pattern.fullmatch(str(value)), said, f'like {argument}="{like}"')
