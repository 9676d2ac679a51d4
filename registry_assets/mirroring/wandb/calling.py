"""How the client of Weights & Biases is asked: in a process of its own, with bounds, in our words.

The process gets a home folder that is thrown away with all that its client writes there, and of
the environment what it needs: the key, and how to reach the network. What else may be in it,
such as the key to a bucket, is no business of theirs.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable, NotFound
from registry_assets.faults import VARIABLE as FAULT
from registry_assets.mirroring.secrecy import without
from registry_assets.mirroring.wandb.address import KEY, Address, Place
from registry_assets.mirroring.wandb.names import FOLDER
from registry_assets.references import clean_text

LONGEST_ERROR = 600
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_PASSED = (
    *("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", FAULT, KEY),
    *(*_PROXIES, *(name.lower() for name in _PROXIES)),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
_QUIET = {
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_MODE": "online",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "DO_NOT_TRACK": "true",
}
_TIMEOUT, _TRIES, _WITHIN = 30.0, 3, 3600.0
_BRIEF_TIMEOUT, _BRIEF_TRIES, _BRIEF_WITHIN = 10.0, 1, 45.0
_ENDS_WITHIN = 20.0
_PROTECTED = "a protected alias is moved by those alone whom its registry there names"


class Session:
    """A running client: see `Calls.session`.

    Args:
        folder: that it writes to, and that is removed with it.
    """

    def __init__(
        self, process: "subprocess.Popen[bytes]", questions: int, answers: int, folder: Path
    ) -> None:
        self.process = process
        self.folder = folder
        self._questions = os.fdopen(questions, "w", encoding="utf-8")
        self._answers = answers
        self._read = b""
        self.calls: Calls | None = None

    def ask(self, call: str, what: str, **arguments: Any) -> Any:
        """Ask one question.

        Args:
            what: could not be done, for the error: "its files cannot be read".

        Raises:
            MirrorUnreachable, MirrorRefused: it does not answer, or said no.
            NotFound: there is no such version there.
        """
        assert self.calls is not None
        return self.say({"call": call, "arguments": arguments}, what)

    def say(self, question: Mapping[str, Any], what: str) -> Any:
        """Send a line, and give what is answered."""
        assert self.calls is not None
        try:
            self._questions.write(json.dumps(question) + "\n")
            self._questions.flush()
            line = self._line(time.monotonic() + self.calls.within)
        except (BrokenPipeError, TimeoutError, EOFError) as error:
            raise self.calls.ended(what, error) from None
        answer = json.loads(line)
        if "error" in answer:
            raise self.calls.translated(what, answer["error"]) from None
        return answer["answer"]

    def close(self) -> None:
        """Ask no more, and wait until it has ended; it is ended where that takes too long."""
        self._questions.close()
        try:
            self.process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
        os.close(self._answers)

    def kill(self) -> None:
        """End it, and what it started: that looks whether it is still there."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                self.kill()
                raise TimeoutError
            chunk = os.read(self._answers, 1 << 16)
            if not chunk:
                raise EOFError
            self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        return line


class Calls:
    """Calls to one collection of a server.

    Args:
        brief: give up soon, for who looks again in a moment.
    """

    def __init__(self, address: Address, place: Place, *, brief: bool = False) -> None:
        self.address = address
        self.place = place
        self._timeout, self._tries = (_BRIEF_TIMEOUT, _BRIEF_TRIES) if brief else (_TIMEOUT, _TRIES)
        self.within = _BRIEF_WITHIN if brief else _WITHIN

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Run a client until the block ends; nothing that it wrote is left then.

        Raises:
            MirrorRefused: no key is set, or the client is not installed.
        """
        if not os.environ.get(KEY, "").strip():
            raise MirrorRefused(
                f"nobody says how to open Weights & Biases at {self.address.url}",
                hint=f"set {KEY}, of who may write there, where it runs",
            )
        folder = Path(tempfile.mkdtemp(prefix=FOLDER))
        try:
            session = self._started(folder)
            try:
                session.say(self._settings(folder), "it cannot be reached")
                yield session
            finally:
                session.close()
        finally:
            _removed(folder)

    def _started(self, folder: Path) -> Session:
        asked, questions = os.pipe()
        answers, answered = os.pipe()
        module = "registry_assets.mirroring.wandb.program"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(asked), str(answered), str(folder)],
                env=_environment(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(asked, answered),
                start_new_session=True,
            )
        os.close(asked)
        os.close(answered)
        session = Session(process, questions, answers, folder)
        session.calls = self
        return session

    def _settings(self, folder: Path) -> dict[str, Any]:
        return {
            "base_url": self.address.url,
            "entity": self.place.entity,
            "path": self.place.path,
            "project": self.place.project,
            "folder": str(folder),
            "timeout": self._timeout,
            "tries": self._tries,
        }

    def ended(self, what: str, error: Exception) -> MirrorError:
        """Give the error of a client that did not answer."""
        why = "in time" if isinstance(error, TimeoutError) else "and has ended"
        return MirrorUnreachable(
            f"{what}: the client of Weights & Biases at {self.address.url} did not answer {why}",
            hint="what is not done is done by the same call again",
        )

    def translated(self, what: str, error: Mapping[str, Any]) -> MirrorError | NotFound:
        """Give an error of the client as one of ours."""
        kind, status = error["kind"], error["status"]
        text = clean_text(" ".join(str(error["said"]).split()), limit=4000)
        text = without(text, self.address.secrets())[:LONGEST_ERROR]
        server = f"{what}: {self.address.url}"
        if kind == "missing":
            return MirrorRefused(
                "the client of Weights & Biases is not installed",
                hint='pip install "registry_assets[wandb]"',
            )
        if kind == "absent":
            return NotFound(
                f"{what}: {self.place.name} at {self.address.url} has it not: {text}",
                hint=f"{self.address.page()} shows what is there",
            )
        if status == 401:
            return MirrorRefused(
                f"{server} does not let us (401)",
                hint=f"set {KEY}, of who may write there, where it runs",
            )
        if kind == "unreachable":
            how = f"failed with {status}" if status else "does not answer"
            return MirrorUnreachable(
                f"{server} {how}: {_cause(text)}",
                hint="nothing here was changed; repeat once the server can be reached again",
            )
        how = f"refused with {status}" if status else "refused"
        return MirrorRefused(
            f"{server} {how}: {text}",
            hint="nothing here was changed; "
            + (_PROTECTED if status == 403 else "its own words say what it expects"),
        )


def _cause(text: str) -> str:
    """Give what the system said of a wire that broke, out of all that was wrapped around it."""
    _, mark, rest = text.partition("dial tcp ")
    return f"dial tcp {rest.partition(' while retrying')[0]}" if mark else text


def _environment(folder: Path) -> dict[str, str]:
    """Give what the process may know, and folders of its own for all that it writes."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    within = {
        **{name: str(folder) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")},
        **{
            f"WANDB_{name}_DIR": str(folder / name.lower())
            for name in ("CACHE", "CONFIG", "DATA", "ARTIFACT")
        },
        "WANDB_DIR": str(folder),
    }
    return {**passed, **_QUIET, **within}


def _removed(folder: Path) -> None:
    """Remove a folder that the client's own helper may still be writing its last lines into."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
    shutil.rmtree(folder)
