"""What has no peer: the ledger verified, the package imported, the command's help."""

import subprocess
import sys
from pathlib import Path

from benchmarks.cases import Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import EMPTY, line

HELP = "registry --help"
IMPORT = "import registry_assets"


def cases(scale: Scale) -> list[Case]:
    """Verification per event, and two starts of a process."""
    size = scale.sizes[-2]
    verification = Case(
        workload="alone",
        title=f"verify the ledger of {size:,} versions, each event with its rows",
        fixture=line(size),
        size=size,
        peers={},
        samples=scale.processes,
        warm_up=1,
        arguments={"what": "ledger"},
    )
    starts = [
        Case(
            workload="alone",
            title=f"fresh process: {what}",
            fixture=EMPTY,
            size=0,
            peers={},
            samples=scale.processes * 2,
            warm_up=1,
            arguments={"what": what},
        )
        for what in (IMPORT, HELP)
    ]
    return [verification, *starts]


def ours(setting: Setting, what: str) -> Operation:
    """One of the three."""
    if what == "ledger":
        return _ledger(setting)
    commands: dict[str, list[str]] = {
        IMPORT: [sys.executable, "-c", IMPORT],
        HELP: [str(Path(sys.executable).with_name("registry")), "--help"],
    }
    command = commands[what]

    def run(_: None) -> None:
        subprocess.run(command, check=True, cwd=setting.folder, stdout=subprocess.DEVNULL)

    return Operation(run)


def _ledger(setting: Setting) -> Operation:
    from registry_assets import Registry
    from registry_assets.lifecycle.auditing import Findings, audit

    registry = Registry.open(setting.folder)

    def verify(_: None) -> Findings:
        found = Findings()
        with registry.backends.catalog.read() as connection:
            audit(connection, found)
        return found

    return Operation(
        verify,
        check=lambda found: require(found.problems, []),
        units=verify(None).events,
    )
