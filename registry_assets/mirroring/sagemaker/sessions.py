"""How AWS is reached: region, endpoint, profile, attempts. Never by what opens it.

Credentials come by AWS's own means alone. What a declaration gives is a resource of dagster-aws,
which has the fields that are read here, or a session of boto3; Dagster is not imported.
"""

import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.secrecy import without
from registry_assets.references import clean_text

_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SHORTEST = 3
_ATTEMPTS = 4


@dataclass(slots=True)
class Aws:
    """Makes clients, and knows what must not be said.

    Args:
        given: a resource of dagster-aws, a `boto3.Session`, or None.
        region: where; by default what is given says, or AWS's own settings do.
        brief: give up soon, for who looks again in a moment.
    """

    given: Any = field(default=None, repr=False)
    region: str = ""
    brief: bool = False
    _session: Any = field(default=None, init=False, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def client(self, service: str) -> Any:
        """Give the client of a service; nothing is connected yet.

        Raises:
            MirrorRefused: boto3 is not installed, or its settings say no region.
        """
        if service not in self._clients:
            self._clients[service] = self._made(service)
        return self._clients[service]

    def secrets(self) -> tuple[str, ...]:
        """Give everything that must not be said."""
        found = [os.environ.get(name, "") for name in _SECRETS]
        # Also those of a profile or a role, once they were looked up for a request.
        credentials = getattr(self._session, "_session", None)
        known = getattr(credentials, "_credentials", None)
        found += [str(getattr(known, name, "") or "") for name in ("_secret_key", "_token")]
        found += [str(getattr(known, name, "") or "") for name in ("secret_key", "token")]
        return tuple({each for each in found if len(each) >= _SHORTEST})

    def scrubbed(self, text: str) -> str:
        """Give a text without any of them."""
        return without(text, self.secrets())

    def _made(self, service: str) -> Any:
        try:
            import boto3  # noqa: F401 - that it is there
            from botocore import exceptions
            from botocore.config import Config
        except ImportError:
            raise MirrorRefused(
                "boto3 is not installed", hint='pip install "registry_assets[sagemaker]"'
            ) from None
        settings = _settings(self.given)
        attempts = settings.pop("max_attempts", _ATTEMPTS)
        profile = settings.pop("profile_name", None)
        region = settings.pop("region_name", None)
        config = Config(
            connect_timeout=5 if self.brief else 10,
            # What is sent to S3 may be large; what SageMaker is asked takes a second.
            read_timeout=15 if self.brief else (60 if service == "s3" else 20),
            retries={
                "total_max_attempts": 2 if self.brief else attempts,
                "mode": "standard",
            },
        )
        try:
            if self._session is None:
                is_session = hasattr(self.given, "get_credentials")
                self._session = self.given if is_session else _session(profile)
            made = self._session.client(
                service, region_name=self.region or region, config=config, **settings
            )
        except exceptions.NoRegionError:
            raise MirrorRefused(
                "AWS's settings do not say in which region SageMaker is",
                hint='SageMaker(region="eu-west-1"), or AWS_DEFAULT_REGION where it runs',
            ) from None
        except exceptions.ProfileNotFound as error:
            raise MirrorRefused(
                f"AWS's settings have no such profile: {clean_text(str(error), limit=200)}",
                hint="look at AWS_PROFILE, the resource's profile_name, and the files of ~/.aws",
            ) from None
        except (exceptions.BotoCoreError, ValueError) as error:
            raise MirrorRefused(
                f"AWS's settings cannot be used ({type(error).__name__})",
                hint="look at AWS_ENDPOINT_URL, AWS_PROFILE and the files of ~/.aws",
            ) from None
        _refuse_password(str(made.meta.endpoint_url))
        return made


def _refuse_password(endpoint: str) -> None:
    """Refuse an address that opens something: it is kept with every version, and shown."""
    parts = urlsplit(endpoint)
    if parts.username is not None or parts.password is not None:
        raise MirrorRefused(
            f"the address of AWS has a user or a password in it, before {parts.hostname}",
            hint="leave them out of AWS_ENDPOINT_URL and endpoint_url: credentials come by"
            " AWS's own means alone",
        )


def _session(profile: str | None) -> Any:
    """Give a session as the environment is now, with the descriptions of services of before."""
    import boto3
    from botocore.session import Session

    made = Session(profile=profile)
    made.register_component("data_loader", _loader())
    return boto3.Session(botocore_session=made)


@cache
def _loader() -> Any:
    """Read the description of SageMaker once: that takes ten times as long as a client does."""
    from botocore.loaders import create_loader

    return create_loader()


def _settings(given: Any) -> dict[str, Any]:
    """Give what a resource of dagster-aws says; what is `dg.EnvVar` in it is looked up here."""
    if given is None or hasattr(given, "get_credentials"):
        return {}
    if hasattr(given, "process_config_and_initialize"):
        given = given.process_config_and_initialize()
    names = ("region_name", "profile_name", "endpoint_url", "max_attempts", "use_ssl", "verify")
    said = {name: getattr(given, name, None) for name in names}
    return {name: value for name, value in said.items() if value is not None}
