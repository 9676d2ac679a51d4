"""A wire to a server that loses what a test tells it to lose. A helper for tests, not a test.

It forwards bytes as they come, so whatever is signed stays signed.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Loss = Literal["request", "answer", "connection"]
"""The request never arrives; it is carried out, and no answer comes; or the wire is cut then."""


class Proxy:
    """Listens on a port of its own and forwards to another."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._losses: list[tuple[bytes, Loss, bool]] = []
        self._held: list[bytes] = []
        self._open: list[socket.socket] = []
        self._listen()

    def lose(self, method: str, what: Loss, *, times: int = 1, then_close: bool = False) -> None:
        """Lose the next requests of a method, or their answers; then perhaps everything."""
        self._losses += [(method.encode(), what, then_close)] * times

    def deliver(self) -> None:
        """Let the requests that were lost arrive after all, when nobody waits for them."""
        for request in self._held:
            with socket.create_connection(("127.0.0.1", self._server)) as late:
                late.settimeout(10)
                late.sendall(request)
                answer = b""
                while answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 100"):
                    answer += late.recv(1 << 16)
        self._held.clear()

    def close(self) -> None:
        """Refuse new connections and cut those that there are."""
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self) -> None:
        def accept() -> None:
            with suppress(OSError):  # it was closed
                while True:
                    client, _ = self._listening.accept()
                    server = socket.create_connection(("127.0.0.1", self._server))
                    self._open += [client, server]
                    loss: list[tuple[Loss, bool]] = []
                    _start(self._forward_requests, client, server, loss)
                    _start(self._forward_answers, client, server, loss)

        _start(accept)

    def _forward_requests(
        self, client: socket.socket, server: socket.socket, loss: list[tuple[Loss, bool]]
    ) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                if self._losses and data.startswith(self._losses[0][0]):
                    _, what, then_close = self._losses.pop(0)
                    loss.append((what, then_close))
                    if what == "request":
                        self._held.append(data)
                        if b"100-continue" in data:
                            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                        while rest := client.recv(1 << 16):
                            self._held[-1] += rest
                        return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _forward_answers(
        self, client: socket.socket, server: socket.socket, loss: list[tuple[Loss, bool]]
    ) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                if loss and not data.startswith(b"HTTP/1.1 100"):
                    what, then_close = loss[0]
                    if then_close:
                        self.close()
                    elif what == "connection":
                        client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)


@contextmanager
def proxy_to(url: str) -> Iterator[Proxy]:
    """A proxy to the server at a URL, until the end of the block."""
    proxy = Proxy(int(url.rpartition(":")[2]))
    try:
        yield proxy
    finally:
        proxy.close()


def _start(run: Callable[..., None], *args: object) -> None:
    threading.Thread(target=run, args=args, daemon=True).start()
