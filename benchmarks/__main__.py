"""`python -m benchmarks`: measure, print the table; a full run writes `docs/performance.md`."""

import argparse
import json
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import workloads
from benchmarks.cases import FULL, QUICK
from benchmarks.environments import HERE, make_environments
from benchmarks.machine import describe
from benchmarks.results import HEADINGS, Row, cells, missed
from benchmarks.run import run, workspace

RESULTS = HERE / "results"


def main(arguments: list[str]) -> int:
    """Run what was asked for; 1 where a target was missed."""
    options = _parser().parse_args(arguments)
    scale = QUICK if options.quick else FULL
    cases = [
        case for case in workloads.cases(scale) if not options.only or case.workload in options.only
    ]
    if not cases:
        known = ", ".join(workloads.WORKLOADS)
        print(f"there is no such workload; there are: {known}", file=sys.stderr)
        return 2
    make_environments()
    with workspace() as folder:
        machine = describe(folder)
    progress = Console(stderr=True)
    rows = run(cases, scale, say=lambda text: progress.print(f"[dim]{text}[/dim]"))
    _show(rows)
    RESULTS.mkdir(exist_ok=True)
    document = {
        "scale": scale.name,
        "machine": machine.to_json(),
        "rows": [row.to_json() for row in rows],
    }
    (RESULTS / "latest.json").write_text(json.dumps(document, indent=1) + "\n")
    if scale is FULL and not options.only:
        from benchmarks.page import write_page

        write_page(rows, machine)
    return 1 if missed(rows) else 0


def _show(rows: list[Row]) -> None:
    table = Table(*HEADINGS, box=None, pad_edge=False, header_style="bold")
    for place in (1, 2, 4, 5, 6):
        table.columns[place].justify = "right"
    styles = {True: "green", False: "bold red", None: ""}
    for row in rows:
        *texts, verdict = cells(row)
        table.add_row(*texts, f"[{styles[row.reached]}]{verdict}[/]" if verdict else "")
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute, at smaller sizes")
    parser.add_argument("--only", nargs="+", metavar="WORKLOAD", help="these workloads only")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
