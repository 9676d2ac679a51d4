"""strace, put on a process that is about to perform a step. Not a test."""

import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

from registry_assets_tests.faults.steps import ended, processes, start
from registry_assets_tests.laws.combinations import Site

_CALL = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)\(")


def traced(step: str, site: Site, *options: str) -> int:
    """Perform a step in a process under strace; give its exit code.

    Args:
        options: of strace, beside those that attach it.
    """
    program = shutil.which("strace")
    assert program, "no strace on PATH; Debian: apt-get install strace"
    context = processes()
    ready, go = context.Event(), context.Event()
    process = start(step, site, ready=ready, go=go)
    assert ready.wait(60)
    command = [program, "-f", "-qq", *options, "-p", str(process.pid)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as tracer:
        try:
            _wait_until_attached(Path(f"/proc/{process.pid}/status"), tracer)
            go.set()
            return ended(process)
        finally:
            process.kill()  # where strace did not attach; and it ends with what it traces
            ended(process)


def calls_of(step: str, site: Site, log: Path, names: tuple[str, ...]) -> Counter[str]:
    """Give how often each system call is made, by the thread that makes it most often."""
    assert traced(step, site, "-e", f"trace={','.join(names)}", "-o", str(log)) == 0
    found = Counter(_CALL.findall(log.read_text()))
    calls: Counter[str] = Counter()
    for (_, name), number in found.items():
        calls[name] = max(calls[name], number)
    return calls


def _wait_until_attached(status: Path, tracer: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while "TracerPid:\t0\n" in status.read_text():
        if tracer.poll() is not None or time.monotonic() > deadline:
            said = tracer.stderr.read() if tracer.stderr else b""
            raise AssertionError(f"strace does not attach: {said!r}")
        time.sleep(0.005)
