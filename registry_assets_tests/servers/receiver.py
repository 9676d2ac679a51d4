"""A receiver of webhooks that can be told to answer as bad ones do. A helper, not a test."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Received:
    """One request: its headers with small names, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and how the next requests are answered.

    Args:
        answers: for each of the next requests; after them, 202.
    """

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    answers: list[Callable[["Handler"], None]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers one request as the receiver was told to."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.requests.append(Received(self.path, headers, body))
        if self.receiver.answers:
            with suppress(OSError):  # nobody waits for the answer any more
                self.receiver.answers.pop(0)(self)
        else:
            self.answer(202)

    def do_GET(self) -> None:
        """Come here only by a redirect that was followed."""
        self.receiver.requests.append(Received(self.path, {}, b""))
        self.answer(200)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    """Answer with a status; `Retry_After` becomes `Retry-After`."""
    return lambda handler: handler.answer(code, body, **headers)


def silent(seconds: float) -> Callable[[Handler], None]:
    """Say nothing for a while."""
    return lambda _: time.sleep(seconds)


def dripping(first: bytes, *, every: float, times: int) -> Callable[[Handler], None]:
    """Begin an answer, and send one byte of it now and then."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(first)
        for _ in range(times):
            time.sleep(every)
            handler.wfile.write(b"x")
        handler.close_connection = True

    return answer


def hanging_up(handler: Handler) -> None:
    """End the connection without an answer."""
    handler.close_connection = True


def babbling(handler: Handler) -> None:
    """Answer with what is not HTTP."""
    handler.wfile.write(b"\x15\x03\x01 hello\r\n\r\n")
    handler.close_connection = True


def endless(handler: Handler) -> None:
    """Refuse, with a body of a gigabyte."""
    handler.wfile.write(b"HTTP/1.1 500 Sorry\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1000):
        handler.wfile.write(b"x" * 1_000_000)


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """Give a receiver on a free port of this machine.

    Args:
        certificate: with its key, in PEM; without, it speaks no TLS.
    """
    receiver = Receiver()
    handler = type("BoundHandler", (Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    # What it is told to do may last longer than the test.
    server.block_on_close = False
    # A client that hangs up at the handshake is no failure of the server.
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    receiver.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
