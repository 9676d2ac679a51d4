"""Mail: plain text and HTML, each alert a thread of its own."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field

from registry_assets.alerting.rendering.mail import mail
from registry_assets.alerting.settings import SmtpSettings
from registry_assets.alerting.sinks.deadline import QUIET_SECONDS, SECONDS, deadline
from registry_assets.alerting.values import Occasion
from registry_assets.errors import DeliveryFailed
from registry_assets.references import clean_text

_SHOWN = 200
_READY = 220


@dataclass(frozen=True, slots=True)
class SmtpSink:
    """Hands mail to a server.

    Args:
        password: empty for a server that asks for none.
        seconds: for one mail.
        quiet_seconds: without a byte.
    """

    settings: SmtpSettings
    password: str = field(default="", repr=False)
    seconds: float = SECONDS
    quiet_seconds: float = QUIET_SECONDS

    @property
    def name(self) -> str:
        """What deliveries are recorded under."""
        return self.settings.name

    def send(self, occasion: Occasion) -> None:
        """Send one mail to all recipients.

        Raises:
            DeliveryFailed: the server did not take it, or not for all of them.
        """
        to = self.settings
        message = mail(occasion, sender=to.sender, recipients=to.recipients)
        client = self._client()
        try:
            with deadline(lambda: client.sock, seconds=self.seconds) as kept:
                code, said = client.connect(*to.server)
                kept.check()
                if code != _READY:
                    raise smtplib.SMTPConnectError(code, said)
                self._introduce(client)
                refused = client.send_message(message, to.sender, list(to.recipients))
        except (OSError, smtplib.SMTPException) as error:
            # Without the error itself: what a server says may hold what it was sent.
            raise self._failed(error) from None
        finally:
            with suppress(OSError, smtplib.SMTPException):
                client.close()
        if refused:
            raise DeliveryFailed(
                f"{self.name} took the mail, and not for {', '.join(sorted(refused))[:_SHOWN]}",
                # Those who got it get it again, under its one Message-ID.
                permanent=all(500 <= code < 600 for code, _ in refused.values()),
                hint="correct recipients",
            )

    def _client(self) -> smtplib.SMTP:
        host, _ = self.settings.server
        if self.settings.security == "tls":
            return _ClientByTls(host, timeout=self.quiet_seconds)
        return _Client(host, timeout=self.quiet_seconds)

    def _introduce(self, client: smtplib.SMTP) -> None:
        if self.settings.security == "starttls":
            client.ehlo()
            # Raises where the server does not offer it: never on in the clear.
            client.starttls(context=ssl.create_default_context())
        if self.settings.user:
            client.login(self.settings.user, self.password)

    def _failed(self, error: Exception) -> DeliveryFailed:
        hint = "see that the server runs, and that the settings are right"
        return DeliveryFailed(
            f"{self.name} did not take the mail: {self._said(error)}",
            permanent=_is_permanent(error),
            hint=hint,
        )

    def _said(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return "it took too long"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {error.verify_message}"
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            text = "; ".join(f"{who}: {_reply(*said)}" for who, said in error.recipients.items())
        elif isinstance(error, smtplib.SMTPResponseException):
            text = _reply(error.smtp_code, error.smtp_error)
        elif isinstance(error, smtplib.SMTPException):
            text = str(error)
        else:
            text = getattr(error, "strerror", None) or type(error).__name__
        if self.password:
            text = text.replace(self.password, "•••")
        return clean_text(" ".join(text.split()), limit=_SHOWN)


class _Client(smtplib.SMTP):
    """Connects when it is told to, and verifies TLS by the name it was made with.

    Python's own connects while it is made, before there is anything to hold to a time.
    """

    def __init__(self, host: str, *, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._host = host


class _ClientByTls(smtplib.SMTP_SSL):
    """The same, by TLS from the start on."""

    def __init__(self, host: str, *, timeout: float) -> None:
        super().__init__(timeout=timeout, context=ssl.create_default_context())
        self._host = host


def _reply(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def _is_permanent(error: Exception) -> bool:
    """Tell a refusal of the mail itself from one of who sends it, which somebody may mend."""
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600
