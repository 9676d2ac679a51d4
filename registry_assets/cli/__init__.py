"""The `registry` command: the registry, read and changed from a terminal or a script.

Everything it knows comes from `registry_assets.registry`, or from the store alone by
`registry_assets.deployment`; nothing is decided here. Commands are in `reading`, `changing`
and `moving`; what people see is made in `tables`, `show` and `lineage`, what programs read in
`output`. Whatever is heavy is imported inside a command, so that
`registry --help` and the reading commands start at once.
"""

import os
import signal
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    # `registry log | head` ends the reader first: die of it quietly, as other tools do,
    # and not with an exit code that means something else here.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign must not turn an answer into a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        from registry_assets.cli.app import run

        code = run()
        _discard_unwritten()
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(130)


def _discard_unwritten() -> None:
    """Drop output that cannot be written: it has been said, and the exit code tells it.

    Python would try once more at the end of the process, and end it with 120.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
