"""One run: workers started, registries made, every case measured in turns."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.cases import Case, Scale
from benchmarks.driver import Worker, environment_of, measure
from benchmarks.environments import HERE, python_of, variables
from benchmarks.results import Row, rows_of

WORK = HERE / ".work"

Say = Callable[[str], None]


def run(cases: Sequence[Case], scale: Scale, *, say: Say) -> list[Row]:
    """Measure cases one after the other; give the rows of the table."""
    with workspace() as folder, ExitStack() as stack:
        needed = sorted({environment_of(side) for case in cases for side in case.sides})
        workers = {name: stack.enter_context(_worker(name, folder)) for name in needed}
        made: dict[tuple[str, str], Path] = {}
        rows: list[Row] = []
        for case in cases:
            folders = {}
            for name in sorted({environment_of(side) for side in case.sides}):
                key = (case.fixture, name)
                if key not in made:
                    say(f"making {case.fixture} ({name})")
                    made[key] = _make(workers[name], case.fixture, folder / "-".join(key))
                folders[name] = made[key]
            say(case.title)
            rows += rows_of(case, measure(workers, case, folders, scale=scale))
        return rows


@contextmanager
def workspace() -> Iterator[Path]:
    """Give a folder on the disk that the project is on; gone afterwards."""
    WORK.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=WORK, prefix="run-"))
    try:
        yield folder
    except BaseException:
        _show_logs(folder)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _worker(environment: str, folder: Path) -> Worker:
    log = folder / f"{environment}.log"
    return Worker(python_of(environment), log=log, environment=variables(folder))


def _make(worker: Worker, fixture: str, folder: Path) -> Path:
    function = f"benchmarks.fixtures:make_{folder.name.rpartition('-')[2]}"
    arguments = {"name": fixture, "folder": str(folder)}
    worker.tell("call", function=function, arguments=arguments)
    return folder


def _show_logs(folder: Path) -> None:
    """Let the last words of each worker be seen before they are gone."""
    for log in sorted(folder.glob("*.log")):
        for line in log.read_text(errors="replace").splitlines()[-5:]:
            print(f"{log.stem}: {line}", file=sys.stderr)
