"""How MLflow's client is called: with bounds, without telemetry, and its errors in our words.

MLflow reads how long to wait, and as whom to speak, from the environment at every call. What
nobody has set there is set while one of our calls runs, and taken away again: a training in the
same process may speak to MLflow, too, and by its own rules.
"""

import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable
from registry_assets.mirroring.mlflow.address import PASSWORD, TOKEN, USER, Address
from registry_assets.references import clean_text

LONGEST_ERROR = 600
_LONGEST_ANSWER = 200
_NO_JSON = "response body was not in a valid JSON format"
_CAUSES = (
    r"\[Errno -?\d+\] [^'\")]+",
    r"timed out",
    r"certificate [^'\")]+",
    r"\[SSL: \w+\] [^'\"()]+[^'\"() ]",
    r"Connection reset by peer|Remote end closed connection[\w ]*",
)

# Set for good, where nobody has said otherwise: its client would tell its makers of every use.
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
_BOUNDS = {
    # A try, then others after about 1, 2 and 4 seconds: by default it goes on for minutes.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    # Whoever answers in the server's place must not send us, and what we say, elsewhere.
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_BRIEF = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
_one_at_a_time = threading.RLock()


class Calls:
    """Calls to one server.

    Args:
        brief: give up soon, for who looks again in a moment.
    """

    def __init__(self, address: Address, *, brief: bool = False) -> None:
        self.address = address
        self._bounds = {**_BOUNDS, **(_BRIEF if brief else {})}
        self._client: Any = None

    @contextmanager
    def to(self, what: str) -> Iterator[Any]:
        """Give MLflow's client for some calls; what goes wrong is one of our errors.

        Args:
            what: is being done, for the error: "the version could not be created".

        Raises:
            MirrorUnreachable: it does not answer, or failed itself.
            MirrorRefused: it said no.
        """
        wanted = {**self._bounds, **self.address.opens}
        with _one_at_a_time, _environment(wanted), _retries_untold():
            try:
                if self._client is None:
                    self._client = self._connect()
                yield self._client
            except MirrorError:
                raise
            except Exception as error:
                said = self._translated(what, error)
                if said is None:
                    raise
            else:
                return
        # Of no cause, which would be shown with it: MLflow quotes the addresses that
        # it calls, and what it was called with.
        raise said from None

    def _connect(self) -> Any:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow import MlflowClient
        except ImportError:
            raise MirrorRefused(
                "MLflow's client is not installed",
                hint='pip install "registry_assets[mlflow]"',
            ) from None
        return MlflowClient(tracking_uri=self.address.url, registry_uri=self.address.url)

    def _translated(self, what: str, error: Exception) -> MirrorError | None:
        import requests
        from mlflow.exceptions import MlflowException

        if isinstance(error, requests.RequestException):
            status = None if error.response is None else error.response.status_code
        elif isinstance(error, MlflowException):
            status = _status(error)
        else:
            return None
        text = self.address.scrubbed(clean_text(" ".join(str(error).split()), limit=4000))
        return _in_our_words(f"{what}: {self.address.url}", status, text, self._opened_by())

    def _opened_by(self) -> str:
        """Give the name of what opens the server now; "" where nothing does."""
        if any(self.address.opens.get(name) or os.environ.get(name) for name in (USER, PASSWORD)):
            return f"{USER} and {PASSWORD}"
        return TOKEN if os.environ.get(TOKEN) else ""


def _in_our_words(server: str, status: int | None, text: str, opened_by: str) -> MirrorError:
    """Give the error of a call.

    Args:
        server: what was asked of which server.
        status: that it answered with; None where no answer came.
        text: what MLflow's client says, without secrets.
        opened_by: the name of what it was opened with.
    """
    if status is None:
        return MirrorUnreachable(
            f"{server} does not answer: {_cause(text)}",
            hint="nothing here was changed; repeat once the server can be reached again",
        )
    if status in (401, 403):
        given = f"{opened_by} did not open it: " if opened_by else ""
        return MirrorRefused(
            f"{server} does not let us ({status})",
            hint=f"{given}set {TOKEN}, or {USER} and {PASSWORD}, of who may do that there, where"
            " it runs",
        )
    if 300 <= status < 400:
        return MirrorRefused(
            f"{server} sends whoever asks to another address ({status}), which is not followed",
            hint="nothing here was changed; give the address at which the server answers itself",
        )
    if _NO_JSON in text:
        said = text.partition("Response body: ")[2][:_LONGEST_ANSWER]
        return MirrorUnreachable(
            f"{server} answers, and not as an MLflow server does: {said}",
            hint="nothing here was changed; give the address of the server itself: a page to log"
            " in at, or another program, may stand before it",
        )
    if status >= 500 or status in (408, 429):
        return MirrorUnreachable(
            f"{server} failed with {status}{_every_time(text)}",
            hint="nothing here was changed; its own log says more; repeat later",
        )
    return MirrorRefused(
        f"{server} refused with {status}: {text[:LONGEST_ERROR]}",
        hint="nothing here was changed; the server's words say what it expects",
    )


class _NoRetries(logging.Filter):
    """Leaves out that a call is tried again."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Retrying (")


@contextmanager
def _retries_untold() -> Iterator[None]:
    """Let urllib3 not log each try: with the whole URL, and what it meets our error says once."""
    logger, untold = logging.getLogger("urllib3.connectionpool"), _NoRetries()
    logger.addFilter(untold)
    try:
        yield
    finally:
        logger.removeFilter(untold)


def is_code(error: Exception, *codes: str) -> bool:
    """Tell an error that the server named so, such as RESOURCE_DOES_NOT_EXIST."""
    return getattr(error, "error_code", None) in codes


ABSENT, PRESENT = "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"


def _cause(text: str) -> str:
    """Give what the system said of a wire that broke, out of all that was wrapped around it."""
    for pattern in _CAUSES:
        if found := re.findall(pattern, text):
            return str(found[-1])
    return text[:LONGEST_ERROR]


def _every_time(text: str) -> str:
    """Give what a server said that failed; of one that was asked again MLflow keeps no words."""
    return ", whenever it was asked" if "error responses" in text else f": {text[:LONGEST_ERROR]}"


def _status(error: Any) -> int | None:
    """Give the answer's status; None where none came."""
    text = str(error)
    # A wire that broke is said in words alone, under the code of a server's own failure.
    if "failed with exception" in text or "failed with timeout" in text:
        for status in (408, 429, 500, 502, 503, 504):
            if f"too many {status} error responses" in text:
                return status
        return None
    _, mark, rest = text.partition("failed with error code ")
    if mark and rest[:3].isdigit():
        return int(rest[:3])
    status = error.get_http_status_code()
    return int(status) if status else None


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set what is not set, for a while."""
    ours = {name: value for name, value in wanted.items() if not os.environ.get(name)}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
