"""A small S3-like server that can be told to keep only some promises. A helper, not a test.

There are such services: some store an object whatever its conditions say, some keep them only
while nobody else writes. No signature is checked here and nothing is durable.
"""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote


@dataclass
class Careless:
    """What the server holds, and how it behaves."""

    conditions: Literal["kept", "kept_when_alone", "ignored"] = "kept"
    checksums: bool = True
    refusals: list[int] = field(default_factory=list)
    """Statuses with which the next writes are answered, before they are carried out."""
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def client(self) -> Any:
        """A boto3 client that asks each thing once."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            "s3",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
            region_name="us-east-1",
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Careless

    def do_GET(self) -> None:
        self.behaviour.requests.append(self.command)
        data = self.behaviour.objects.get(unquote(self.path.partition("?")[0]))
        if data is None:
            self.answer(404, "NoSuchKey")
        else:
            self.answer(200, data=data)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.behaviour.objects.pop(unquote(self.path), None)
        self.answer(204)

    def do_PUT(self) -> None:
        self.behaviour.requests.append(self.command)
        data = self.rfile.read(int(self.headers["Content-Length"]))
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        if self.behaviour.refusals:
            self.answer(self.behaviour.refusals.pop(0), "ByOrder")
        elif (
            self.behaviour.checksums and self.headers.get("x-amz-checksum-sha256", digest) != digest
        ):
            self.answer(400, "BadDigest")
        elif self.stored(unquote(self.path.partition("?")[0]), data):
            self.answer(200)
        else:
            self.answer(412, "PreconditionFailed")

    def stored(self, path: str, data: bytes) -> bool:
        if self.behaviour.conditions == "kept":
            with self.behaviour.lock:
                return self.allowed(path) and self.behaviour.objects.update({path: data}) is None
        if self.behaviour.conditions == "kept_when_alone":
            if not self.allowed(path):
                return False
            time.sleep(0.2)
        self.behaviour.objects[path] = data
        return True

    def allowed(self, path: str) -> bool:
        there = self.behaviour.objects.get(path)
        if self.headers.get("If-None-Match") == "*":
            return there is None
        wanted = (self.headers.get("If-Match") or "").strip('"')
        return not wanted or (there is not None and _etag(there) == wanted)

    def answer(self, status: int, code: str = "", data: bytes = b"") -> None:
        body = f"<Error><Code>{code}</Code></Error>".encode() if code else data
        self.send_response(status)
        self.send_header("ETag", f'"{_etag(data)}"')
        self.send_header("Last-Modified", self.date_time_string())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def careless(behaviour: Careless) -> Iterator[Careless]:
    """The server, listening until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_", (_Handler,), {"behaviour": behaviour}))
    server.daemon_threads = True
    behaviour.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield behaviour
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _etag(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()
