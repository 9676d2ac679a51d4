"""A real mail server (aiosmtpd) that keeps what it takes. A helper for tests, not a test."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal, cast

from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class MailServer:
    """What it took, and how it behaves.

    Args:
        user, password: who may send; empty lets everybody.
        refused: recipients that it does not know, each with what it says of them.
        instead: what it says in the place of taking the next mails.
    """

    port: int = 0
    user: str = ""
    password: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    instead: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    by_tls: list[bool] = field(default_factory=list)
    protocols: list[SMTP] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if said := self.refused.get(address):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's own name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if self.instead:
            return self.instead.pop(0)
        message = message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.by_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 taken"

    def _authenticated(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any
    ) -> AuthResult:
        wanted = (self.user.encode(), self.password.encode())
        return AuthResult(success=(given.login, given.password) == wanted, handled=False)

    def protocol(
        self, loop: asyncio.AbstractEventLoop, starttls: ssl.SSLContext | None, *, by_tls: bool
    ) -> SMTP:
        """One connection's side of the server."""
        needs_user = bool(self.user)
        made = SMTP(
            self,
            loop=loop,
            hostname="localhost",
            tls_context=starttls,
            require_starttls=starttls is not None,
            # Of TLS from the first byte on it does not know: it would offer no login, and warn
            # of one that it requires.
            auth_required=needs_user and not by_tls,
            auth_require_tls=not by_tls,
            authenticator=self._authenticated if needs_user else None,
        )
        self.protocols.append(made)
        return made

    async def end(self, listening: asyncio.Server) -> None:
        """Hang up on everybody, and take no calls."""
        listening.close()
        for each in self.protocols:
            if each.transport is not None:
                cast("asyncio.Transport", each.transport).abort()
        # They are closed by what the loop does next.
        await asyncio.sleep(0.05)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def mail_server(
    security: Literal["starttls", "tls", "none"],
    certificate: Path | None = None,
    **given: Any,
) -> Iterator[MailServer]:
    """Give a mail server on a free port of this machine, until the end of the block.

    Args:
        certificate: with its key, in PEM; needed unless it is to speak no TLS.
    """
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = MailServer(**given)
    loop = asyncio.new_event_loop()
    starttls = context if security == "starttls" else None
    listening = loop.run_until_complete(
        loop.create_server(
            lambda: server.protocol(loop, starttls, by_tls=security == "tls"),
            "127.0.0.1",
            0,
            ssl=context if security == "tls" else None,
        )
    )
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.end(listening), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
