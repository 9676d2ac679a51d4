"""A gate before another HTTP server, that lets in who has the right words. A helper, not a test.

Whom it turns away it repeats everything that they said, as careless servers do.
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "host")


@dataclass
class Gate:
    """What it lets in, and what it was shown.

    Args:
        accepted: the whole Authorization header; "" lets in everybody.
        shown: the header of each request.
    """

    accepted: str = ""
    url: str = ""
    shown: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gate: Gate
    port: int

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = self.headers.get("Authorization", "")
        self.gate.shown.append(said)
        if said != self.gate.accepted:
            self._answer(401, f"{said} does not open {self.path}: {self.headers}".encode(), {})
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            upstream.request(self.command, self.path, body, given)
            answer = upstream.getresponse()
            self._answer(answer.status, answer.read(), dict(answer.getheaders()))
        finally:
            upstream.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815  # as the module asks

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def guarded(port: int, *, accepted: str) -> Iterator[Gate]:
    """Give a gate before the server on a port of this machine.

    Args:
        accepted: the Authorization header of whom it lets in.
    """
    gate = Gate(accepted)
    handler = type("BoundHandler", (_Handler,), {"gate": gate, "port": port})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    gate.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
