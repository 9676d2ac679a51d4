"""`registry doctor`: what the registry rests on, and what would mend what is not right."""

import click

from registry_assets.cli.reading import json_option, show_page
from registry_assets.cli.text import plural, visible

_STYLES = {"good": "green", "note": "yellow", "wrong": "bold red"}


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Look at what the registry rests on, and what would mend it.

    Tries out what the store must be able to do, in its tmp/ alone; changes nothing else. It
    works where nothing else does. Exit code 1 where something is wrong.
    """
    from rich.text import Text

    from registry_assets.cli.plain import print_json
    from registry_assets.cli.styles import plain_table
    from registry_assets.home import find_home
    from registry_assets.lifecycle.diagnosing import diagnose

    found = diagnose(find_home())
    wrong = [each for each in found if each.health == "wrong"]
    if as_json:
        print_json({"healthy": not wrong, "diagnoses": [each.to_json() for each in found]})
        context.exit(1 if wrong else 0)
    table = plain_table("part", "", "", "found")
    before = ""
    for each in found:
        said = Text(visible(each.found))
        if each.mend:
            said += Text(f"\n{visible(each.mend)}", _STYLES[each.health])
        part = each.part if each.part != before else ""
        before = each.part
        health = Text(each.health, _STYLES[each.health])
        table.add_row(Text(part, "bold"), Text(each.subject), health, said)
    show_page(table)
    if wrong:
        click.echo(f"{plural(len(wrong), 'thing')} wrong: mend from the top, then ask again.")
    else:
        click.echo("Nothing is wrong. `registry verify` checks what is kept in there.")
    context.exit(1 if wrong else 0)
