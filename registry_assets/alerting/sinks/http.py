"""One POST: no redirect, no proxy, no credentials but those given; TLS verified; in bounded time.

Python's own client, and not one of the libraries, which follow redirects, read `.netrc` and
cannot bound an exchange as a whole.
"""

import http.client
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from registry_assets.alerting.sinks.deadline import QUIET_SECONDS, SECONDS, deadline
from registry_assets.errors import DeliveryFailed
from registry_assets.references import clean_text

LARGEST_ANSWER = 1 << 16
_SHOWN = 200
_SECRET = 8

# What is wrong with the occasion itself; what is wrong with the address or the secret, such as
# 401 and 404, somebody may mend within the day.
_PERMANENT = (400, 410, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Post:
    """Where to, and by when.

    Args:
        sink: its name.
        secrets: what no error may hold, beside the address; none of them empty.
        seconds: for all of it.
        quiet_seconds: without a byte.
    """

    sink: str
    url: str
    secrets: Sequence[str] = ()
    seconds: float = SECONDS
    quiet_seconds: float = QUIET_SECONDS

    def send(self, body: bytes, *, headers: Mapping[str, str]) -> None:
        """Send a body; return once the server has said that it took it.

        Raises:
            DeliveryFailed: the server is not there, is late, or says no.
        """
        parts = urlsplit(self.url)
        connection = self._connection(parts)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        try:
            status, answer, after = self._exchange(connection, target, body, headers)
        except (OSError, http.client.HTTPException) as error:
            # Without the error itself: a traceback of it would show the address.
            raise DeliveryFailed(
                f"{self.sink} cannot be reached: {self._said(_reason(error))}",
                hint="see that it runs and that its address is right",
            ) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise DeliveryFailed(
                f"{self.sink} answered {status}: {self._said(answer) or 'and nothing else'}",
                permanent=status in _PERMANENT,
                retry_after=after,
                hint=_hint(status),
            )

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, parts.port, timeout=self.quiet_seconds, context=context
            )
        return http.client.HTTPConnection(host, parts.port, timeout=self.quiet_seconds)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> tuple[int, str, float | None]:
        with deadline(lambda: connection.sock, seconds=self.seconds) as kept:
            connection.connect()
            kept.check()
            # The answer's headers may make the connection forget its socket; the answer has it.
            connected = connection.sock
            kept.cuts(lambda: connected)
            connection.request("POST", target, body=body, headers=dict(headers))
            with connection.getresponse() as response:
                # No more than this, and of what was taken nothing has to be read.
                answer = response.read(LARGEST_ANSWER) if response.status >= 300 else b""
                after = _seconds(response.getheader("Retry-After"))
                return response.status, answer.decode(errors="replace"), after

    def _said(self, text: str) -> str:
        parts = urlsplit(self.url)
        # Who has the address may be able to post: of Slack its path is the secret, of others a
        # token in the query. What is shorter is a word.
        hidden = [each for each in (parts.query, parts.path.strip("/")) if len(each) >= _SECRET]
        for secret in (self.url, *self.secrets, *hidden):
            text = text.replace(secret, "•••")
        return clean_text(" ".join(text.split()), limit=_SHOWN)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}"


def _hint(status: int) -> str:
    if 300 <= status < 400:
        return "it names another address, which is not followed: correct the one in the settings"
    if status in (401, 403, 404):
        return "correct the address or the secret; until then it is tried again"
    return ""


def _seconds(header: str | None) -> float | None:
    """Read Retry-After: seconds, or a date."""
    if header is None:
        return None
    text = header.strip()[:100]
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None  # it says nothing that can be read, which is as if it said nothing
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
