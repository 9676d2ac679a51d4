"""`registry collect`: blobs that nothing names, to the trash and out of it."""

from datetime import timedelta
from typing import Any

import click

from registry_assets.cli.reading import json_option, open_registry, show_page

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Age(click.ParamType[timedelta]):
    """A length of time: 90m, 12h, 7d, 2w."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read one; of none but these units, and no fraction."""
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if not number.isdecimal() or unit not in _UNITS or len(number) > 5:
            self.fail(f"{value!r} is no length of time: write 90m, 12h, 7d or 2w", param, ctx)
        return timedelta(**{_UNITS[unit]: int(number)})


@click.command()
@click.option("--yes", is_flag=True, help="Do it. Without, it is only shown.")
@click.option(
    "--older-than",
    type=Age(),
    default="7d",
    show_default=True,
    help="Leave alone what was put more recently: its publisher may still be at work.",
)
@click.option(
    "--purge-after",
    type=Age(),
    default="30d",
    show_default=True,
    help="Remove from the trash what came there before that.",
)
@click.option("--reason", default="", help="Why, for the ledger.")
@json_option
def collect(
    *, yes: bool, older_than: timedelta, purge_after: timedelta, reason: str, as_json: bool
) -> None:
    """Move blobs that nothing names to the trash, and empty it.

    No row, no version and no data is touched: only bytes that no manifest of any of them
    names, as a crash or a refused package leaves them. What is in the trash comes back by
    itself where something turns out to name it.

    \b
    Examples:
      registry collect          show what would be moved
      registry collect --yes    move it
    """
    from rich.filesize import decimal
    from rich.text import Text

    from registry_assets.cli.plain import print_json
    from registry_assets.cli.styles import plain_table
    from registry_assets.cli.text import plural

    found = open_registry().collect(
        act=yes, older_than=older_than, purge_after=purge_after, reason=reason
    )
    parts = {
        "discarded": (found.discarded, "to the trash"),
        "purged": (found.purged, "out of the trash, for ever"),
        "restored": (found.restored, "back from the trash: something names it"),
    }
    if as_json:
        listed = {
            verb: [{"digest": blob.digest, "size": blob.size} for blob in blobs]
            for verb, (blobs, _) in parts.items()
        }
        counts = {"named": found.named, "retained": found.retained, "young": found.young}
        print_json({"acted": found.acted, **counts, **listed})
        return
    kept = f"{plural(found.named, 'blob')} named by rows and manifests"
    if found.retained:
        kept += f" ({plural(found.retained, 'version')} among them under retention)"
    if found.young:
        kept += f", {plural(found.young, 'blob')} named by nothing and too young"
    if found.nothing:
        click.echo(f"Nothing to collect: {kept}.")
        return
    table = plain_table("what", "blobs", "size")
    for blobs, where in parts.values():
        if blobs:
            table.add_row(where, f"{len(blobs):,}", decimal(sum(blob.size for blob in blobs)))
    show_page(table)
    click.echo(f"{'Kept' if found.acted else 'To be kept'}: {kept}.")
    if not found.acted:
        show_page(Text("Nothing was moved. Next: `registry collect --yes` does it."))
