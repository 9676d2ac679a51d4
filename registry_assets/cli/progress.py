"""A bar for what takes its time, on stderr, and only where somebody looks at a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def shown_progress(
    *, quiet: bool = False, counted: bool = False
) -> Iterator[Callable[[str, int, int], None]]:
    """Give what is to be told: what is being done, how many bytes of it are, and of how many.

    Args:
        quiet: show nothing, for a program reads.
        counted: things are told of, and not bytes; there is one bar, whatever is being done.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    count = MofNCompleteColumn() if counted else DownloadColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count)
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bars:
        known: dict[str, int] = {}

        def told(what: str, done: int, total: int) -> None:
            bar = "" if counted else what
            if bar not in known:
                known[bar] = int(bars.add_task(what, total=total))
            place = bars.task_ids[known[bar]]
            bars.update(place, description=what, completed=done, total=total)

        yield told
