"""A way to a server that can be cut at one message, or that says something else. Not a test."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """What goes through it, and what is done to it.

    Args:
        cut_before: the connection ends in the place of the first message that holds this.
        once: only the first such message is cut at.
        cut_after: it ends once the server has answered that message; the answer is lost.
        instead: bytes of the server's, and what the client gets in their place.
    """

    target: tuple[str, int]
    cut_before: bytes = b""
    cut_after: bytes = b""
    once: bool = False
    instead: dict[bytes, bytes] = field(default_factory=dict)
    port: int = 0
    cuts: int = 0

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server, suppress(OSError):
            muted, answered = threading.Event(), threading.Event()
            back = threading.Thread(
                target=self._answer, args=(server, client, muted, answered), daemon=True
            )
            back.start()
            while data := client.recv(65536):
                if self.cut_before and self.cut_before in data:
                    self.cuts += 1
                    if self.once:
                        self.cut_before = b""
                    break
                if self.cut_after and self.cut_after in data:
                    self.cuts += 1
                    muted.set()
                    server.sendall(data)
                    answered.wait(10)
                    break
                server.sendall(data)
            for end in (server, client):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join(10)

    def _answer(
        self,
        server: socket.socket,
        client: socket.socket,
        muted: threading.Event,
        answered: threading.Event,
    ) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if muted.is_set():
                    answered.set()
                    continue
                for was, becomes in self.instead.items():
                    data = data.replace(was, becomes)
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """Give a proxy in front of a server, on a port of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        proxy = Proxy((host, port), port=listener.getsockname()[1])
        thread = threading.Thread(target=proxy._serve, args=(listener,), daemon=True)
        thread.start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
