"""What a service's refusals and silences mean: each becomes one of our errors.

A message names bucket, key, host and the service's error code. What the service says in its
own words is left out, because some repeat an access key there, and so is what boto3 says.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from registry_assets.errors import RegistryError, StoreError, StoreUnreachable, StoreUnwritable

_NOT_NOW = frozenset({"RequestTimeout", "SlowDown", "Throttling", "TooManyRequests"})
_CONFLICT = 409  # two conditional requests met; one of them, or none, was carried out
_ELSEWHERE = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "301", "307"})
_EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})

_DENIED = (
    "Check the AWS credentials of this process (`aws sts get-caller-identity`), its clock, and "
    "that they allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there."
)
_NO_CREDENTIALS = (
    "Give credentials by the usual AWS means: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "AWS_PROFILE, or a role."
)
_NO_ANSWER = (
    "Check the network and AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL), then repeat the same call."
)


class Failure(Exception):
    """One request that failed: what to raise, and whether it may have been carried out."""

    def __init__(self, error: RegistryError, *, status: int = 0, unsure: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status
        self.unsure = unsure


@contextmanager
def translated(where: str, *, bucket: str, service: str, writing: bool) -> Iterator[None]:
    """Turn what boto3 raises into `Failure`.

    Args:
        where: the object's URL.
        service: host and port.
        writing: whether the request would change something.
    """
    from botocore import exceptions

    kind = StoreUnwritable if writing else StoreError
    try:
        yield
    except exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(error.response.get("Error", {}).get("Code", status))
        if code == "NoSuchBucket":
            raise Failure(_no_bucket(kind, bucket, service)) from error
        refusal = _refusal(kind, where, service, status, code)
        unsure = isinstance(refusal, StoreUnreachable)
        raise Failure(refusal, status=status, unsure=unsure) from error
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.UnauthorizedSSOTokenError,
    ) as error:
        message = f"There are no credentials for {where} ({_kind(error)})."
        raise Failure(kind(message, hint=_NO_CREDENTIALS)) from error
    except (
        exceptions.HTTPClientError,
        exceptions.ConnectionError,
        exceptions.IncompleteReadError,
    ) as error:
        message = f"{service} does not answer about {where} ({_kind(error)})."
        raise Failure(StoreUnreachable(message, hint=_NO_ANSWER), unsure=True) from error
    except exceptions.BotoCoreError as error:
        message = f"{where} cannot be asked for ({_kind(error)})."
        raise Failure(kind(message, hint="Check the AWS configuration.")) from error


def _refusal(
    kind: type[StoreError], where: str, service: str, status: int, code: str
) -> StoreError:
    if status >= 500 or status in (429, _CONFLICT) or code in _NOT_NOW:
        message = f"{service} cannot answer about {where} now ({code})."
        return StoreUnreachable(message, hint="Repeat the same call later.")
    if status in (401, 403) or code in _EXPIRED:
        return kind(f"{service} refuses access to {where} ({code}).", hint=_DENIED)
    hint = "The service's documentation says what that code means."
    if code in _ELSEWHERE:
        hint = "The bucket is in another region; set AWS_DEFAULT_REGION to it."
    return kind(f"{service} refuses {where} ({code}, status {status}).", hint=hint)


def _no_bucket(kind: type[StoreError], bucket: str, service: str) -> StoreError:
    return kind(
        f"There is no bucket {bucket} at {service}.",
        hint="Create the bucket, or correct REGISTRY_STORE (s3://bucket/prefix).",
    )


def _kind(error: Exception) -> str:
    return type(error).__name__
