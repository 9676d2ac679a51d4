"""What a rollback would do, shown before it is done: from where, to where, what differs."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.tenures import Tenure
from registry_assets.cli.answers import VersionAnswer, read_version
from registry_assets.cli.styles import plain_grid, plain_table
from registry_assets.cli.text import estimate, moment, short, visible
from registry_assets.lifecycle.way_back import WayBack
from registry_assets.registry import Registry


def rollback_page(registry: Registry, way: WayBack) -> Group:
    """Show both versions side by side, and what is waived."""
    model, pointer = way.pointer.model, way.pointer.name
    left, right = (
        read_version(registry, f"{model}:{number}")
        for number in (way.leaving.version, way.earlier.version)
    )
    names = left.version.reference, right.version.reference
    parts: list[RenderableType] = [
        Text.assemble(
            (f"{model}@{pointer}", "bold"),
            f" goes back from version {left.version.number} to version {right.version.number}",
        ),
        Text(),
        _side_by_side(left, right, pointer),
        Text(),
        Text(f"Everything that differs: registry compare {names[1]} {names[0]}", "dim"),
    ]
    if way.waived:
        grid = plain_grid(2)
        for reason in way.waived:
            grid.add_row("-", Text(visible(reason.sentence)))
        parts += [Text(), Text("Waived, because it is a rollback", "bold"), grid]
    return Group(*parts)


def _side_by_side(left: VersionAnswer, right: VersionAnswer, pointer: str) -> Table:
    table = plain_table("", f"from {left.version.number}", f"to {right.version.number}")

    def row(name: str, *said: str) -> None:
        table.add_row(Text(visible(name)), *(Text(visible(each)) for each in said))

    row("held", _live(left, pointer), _live(right, pointer))
    row("trained", *(moment(side.version.finished_at) for side in (left, right)))
    row("digest", short(left.version.digest), short(right.version.digest))
    for name in dict.fromkeys([*left.metrics, *right.metrics]):
        row(name, *(_measured(side, name) for side in (left, right)))
    return table


def _measured(side: VersionAnswer, metric: str) -> str:
    if not side.metrics:
        return "not evaluated as declared now"
    return estimate(side.metrics.get(metric)) or "not measured"


def _live(side: VersionAnswer, pointer: str) -> str:
    """Say since when the pointer has held it; of one that it left, when it did last."""
    tenures = [tenure for tenure in side.tenures if tenure.promotion.pointer == pointer]
    last: Tenure = max(tenures, key=lambda tenure: tenure.promotion.generation)
    since = f"since {moment(last.promotion.created_at)}"
    return f"{since} until {moment(last.until)}" if last.until else since
