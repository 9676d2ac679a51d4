"""The HTTP around the double: GraphQL, uploads, and the stream of a run's files."""

import argparse
import base64
import json
import os
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from registry_assets_tests.servers.wandb_double.answers import Answers, Refused, parse_question
from registry_assets_tests.servers.wandb_double.state import State

KEY = "WANDB_API_KEY"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State
    answers: Answers
    key: str

    def do_POST(self) -> None:
        body = self._body()
        if self._refused():
            return
        if self.path == "/graphql":
            self._graphql(body)
        elif self.path.endswith("/file_stream"):
            self._stream(json.loads(body))
        else:
            self._say(404, {"error": f"no {self.path}"})

    def do_PUT(self) -> None:
        body = self._body()
        if self.path.startswith("/blobs/"):
            (self.state.blobs / Path(self.path).name).write_bytes(body)
        self._say(200, {})

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._say(200, {"double": "of Weights & Biases"})
            return
        if self.path.startswith("/artifactsV2/"):
            if self._refused():
                return
            key = self.state.key_of(*self.path.split("/")[-3:-1])
        else:
            key = Path(self.path).name if self.path.startswith("/blobs/") else None
        if key is None or not (self.state.blobs / key).is_file():
            self._say(404, {"error": f"no {self.path}"})
            return
        self._send(200, (self.state.blobs / key).read_bytes(), "application/octet-stream")

    def _graphql(self, body: bytes) -> None:
        operation, variables = parse_question(body)
        try:
            self._say(200, {"data": self.answers.answer(operation, variables)})
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            if not isinstance(error, Refused):
                traceback.print_exc()
            refused = error if isinstance(error, Refused) else Refused(repr(error), status=400)
            print(f"{operation}: {refused}", flush=True)
            said = {"errors": [{"message": str(refused)}], "data": None}
            self._say(refused.status, said)

    def _stream(self, said: dict[str, Any]) -> None:
        *_, entity, project, name, _ = self.path.split("/")
        with self.state.lock:
            run = self.state.run(entity, project, name)
            lines = (said.get("files") or {}).get("wandb-summary.json", {}).get("content", [])
            if run is not None and lines:
                run.summary = lines[-1]
            if run is not None and said.get("complete"):
                run.state = "finished" if said.get("exitcode") == 0 else "failed"
            self.state.save()
        self._say(200, {})

    def _refused(self) -> bool:
        expected = base64.b64encode(f"api:{self.key}".encode()).decode()
        if not self.key or self.headers.get("Authorization") == f"Basic {expected}":
            return False
        # As careless servers do, it repeats what it was shown.
        said = f"permission denied: {self.headers.get('Authorization')}"
        self._say(401, {"errors": [{"message": said}], "data": None})
        return True

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        return body

    def _say(self, status: int, said: Any) -> None:
        self._send(status, json.dumps(said).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def serve(folder: Path, port: int, key: str) -> None:
    """Serve until the process ends."""
    state = State(folder)
    answers = Answers(state, f"http://127.0.0.1:{port}")
    bound = {"state": state, "answers": answers, "key": key}
    server = ThreadingHTTPServer(("127.0.0.1", port), type("_Bound", (_Handler,), bound))
    server.daemon_threads = True
    print(f"a double of Weights & Biases, at http://127.0.0.1:{port}", flush=True)
    server.serve_forever(0.05)


def _end_with_starter() -> None:
    """End where whoever started this has gone, and so let go of the other end of its input."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    threading.Thread(target=_end_with_starter, daemon=True).start()
    serve(given.folder, given.port, os.environ.get(KEY, ""))
