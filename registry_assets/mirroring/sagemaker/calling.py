"""How AWS's refusals and silences become our errors; no secret is in what these say."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable
from registry_assets.mirroring.sagemaker.sessions import Aws
from registry_assets.references import clean_text

LONGEST_ERROR = 600
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NOT_NOW = frozenset(
    {"ConflictException", "Throttling", "ThrottlingException", "SlowDown", "RequestTimeout"}
)
_ABSENT = ("does not exist", "not found", "Could not find", "Cannot find")


class Calls:
    """Calls to AWS as one account, in one region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    @property
    def address(self) -> str:
        """Where SageMaker is, for people.

        Raises:
            MirrorRefused: nobody says.
        """
        return str(self._aws.client("sagemaker").meta.endpoint_url)

    def secrets(self) -> tuple[str, ...]:
        """Give everything that must not be said."""
        return self._aws.secrets()

    @contextmanager
    def to(self, what: str, *, service: str = "sagemaker") -> Iterator[Any]:
        """Give a client for some calls; what goes wrong is one of our errors.

        Args:
            what: is being done, for the error: "the version could not be created".

        Raises:
            MirrorUnreachable: it does not answer, or failed itself.
            MirrorRefused: it said no.
        """
        from botocore import exceptions

        client = self._aws.client(service)
        try:
            yield client
        except exceptions.ClientError as error:
            said = self._refused(what, client, error)
        except (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.TokenRetrievalError,
            exceptions.UnauthorizedSSOTokenError,
        ) as error:
            said = MirrorRefused(
                f"{what}: there are no credentials for {_host(client)} ({type(error).__name__})",
                hint="give some by the usual AWS means where it runs: a role, AWS_PROFILE, or"
                " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )
        except exceptions.ParamValidationError as error:
            text = self._aws.scrubbed(clean_text(" ".join(str(error).split()), limit=4000))
            said = MirrorRefused(
                f"{what}: {text[:LONGEST_ERROR]}",
                hint="nothing was sent; this is a fault of the registry where your own names and"
                " texts are not the reason",
            )
        except (exceptions.BotoCoreError, exceptions.HTTPClientError, OSError) as error:
            said = MirrorUnreachable(
                f"{what}: {_host(client)} does not answer ({type(error).__name__})",
                hint="nothing here was changed; repeat once it can be reached again",
            )
        else:
            return
        # Of no cause, which would be shown with it, and may quote what a request was sent with.
        raise said from None

    def _refused(self, what: str, client: Any, error: Any) -> MirrorError:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(error.response.get("Error", {}).get("Code", status))
        words = str(error.response.get("Error", {}).get("Message", ""))
        text = self._aws.scrubbed(clean_text(" ".join(words.split()), limit=4000))[:LONGEST_ERROR]
        where = f"{what}: {_host(client)}"
        if status >= 500 or status in (408, 429) or code in _NOT_NOW:
            return MirrorUnreachable(
                f"{where} failed with {code}: {text}",
                hint="nothing here was changed; repeat later",
            )
        if code in _DENIED or status in (401, 403):
            return MirrorRefused(
                f"{where} does not let us ({code}): {text}",
                hint="check the AWS credentials of where it runs (`aws sts get-caller-identity`),"
                " and what their role may do: docs/mirrors.md lists it",
            )
        return MirrorRefused(
            f"{where} refused with {code}: {text}",
            hint="nothing here was changed; the service's words say what it expects",
        )


def is_absent(error: Exception) -> bool:
    """Tell that something is not there; SageMaker says so in words alone."""
    answered: Any = getattr(error, "response", None)
    if not isinstance(answered, dict):
        return False
    said = answered.get("Error", {})
    code, text = str(said.get("Code", "")), str(said.get("Message", ""))
    if code in ("404", "NoSuchKey", "ResourceNotFound", "ResourceNotFoundException"):
        return True
    return code in ("ValidationException", "ValidationError") and any(
        words in text for words in _ABSENT
    )


def is_present(error: Exception) -> bool:
    """Tell that something of that name is there already."""
    answered: Any = getattr(error, "response", None)
    if not isinstance(answered, dict):
        return False
    return "already exist" in str(answered.get("Error", {}).get("Message", ""))


def _host(client: Any) -> str:
    return str(client.meta.endpoint_url)
