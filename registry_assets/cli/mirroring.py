"""`registry mirrors`: the registries that models are published to, and what is put right there.

What is printed is made in `mirrors`.
"""

from typing import TYPE_CHECKING

import click

from registry_assets.cli.declarations import find_declaration, read_declaration
from registry_assets.cli.options import reason_option
from registry_assets.cli.reading import json_option, open_registry, show_page
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.declaration import RegisteredModel
    from registry_assets.registry import Registry


@click.command()
@click.argument("model", metavar="[MODEL]", required=False)
@click.option("--mirror", metavar="NAME", help="This one of the model's mirrors only.")
@click.option("--look", is_flag=True, help="Ask the other registries what stands there now.")
@click.option("--verify", is_flag=True, help="The same, and compare every byte there.")
@click.option("--publish", is_flag=True, help="Publish what is not there yet.")
@click.option("--repair", is_flag=True, help="Put right what was changed there.")
@click.option(
    "--adopt",
    metavar="N",
    help="Propose version N of the other registry as a candidate here, by the same gate.",
)
@click.option(
    "--declaration",
    metavar="MODULE:NAME",
    help="Where the model is declared; by default in the code location of the project.",
)
@reason_option()
@json_option
@click.pass_context
def mirrors(
    context: click.Context,
    model: str | None,
    *,
    mirror: str | None,
    look: bool,
    verify: bool,
    publish: bool,
    repair: bool,
    adopt: str | None,
    declaration: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """List the registries that models are published to, and whether they are in step.

    As they were found last: nobody is asked. With MODEL and --look they are asked now, and the
    answer is recorded. --repair lets pointers there hold what they hold here, and brings back
    missing versions and changed bytes. --adopt registers a version that somebody made there; no
    pointer moves. Where they are is told by the declaration or the environment alone. Exit code 1
    where one is not in step.

    \b
    Examples:
      registry mirrors
      registry mirrors flight_delay --look
      registry mirrors flight_delay --repair
      registry mirrors flight_delay --adopt 12 --reason "tuned by the other team"
    """
    given = {
        "--look": look,
        "--verify": verify,
        "--publish": publish,
        "--repair": repair,
        "--adopt": adopt is not None,
    }
    asked = [name for name, is_given in given.items() if is_given]
    if len(asked) > 1:
        raise click.UsageError(f"{asked[0]} stands alone: leave out {', '.join(asked[1:])}")
    if asked and model is None:
        raise click.UsageError(f"{asked[0]} is about one model: say which")
    if reason and not repair and adopt is None:
        raise click.UsageError("--reason is kept with --repair and --adopt: nothing else has one")
    registry = open_registry()
    if not asked or model is None:
        context.exit(_list(registry, model, mirror, as_json=as_json))
    registry.model(model)  # one that is misspelt is no model of any declaration
    declared = _declared(registry, model, declaration)
    names = _chosen(declared, mirror)
    if adopt is not None:
        context.exit(_adopt(registry, declared, names, adopt, reason, as_json=as_json))
    if repair:
        context.exit(_repair(registry, declared, names, reason, as_json=as_json))
    if publish:
        _publish(registry, declared, names)
    context.exit(_look(registry, declared, names, verify=verify, as_json=as_json))


def _declared(registry: "Registry", model: str, declaration: str | None) -> "RegisteredModel":
    folder = registry.home.folder
    if declaration is None:
        return find_declaration(model, folder)
    hint = "write --declaration package.module:name, as it is imported from the project's folder"
    return read_declaration(declaration, folder, hint=hint, model=model)


def _chosen(declared: "RegisteredModel", mirror: str | None) -> list[str]:
    from registry_assets.errors import NotFound
    from registry_assets.lifecycle.mirroring.declared import mirror_of

    if mirror is not None:
        return [mirror_of(declared, mirror).mirror]
    if not declared.mirrors:
        raise NotFound(
            f"{declared.name} declares no mirror",
            hint='declare one: mirrors=[MLflow(tracking_uri="https://mlflow.example.com")]',
        )
    return [each.mirror for each in declared.mirrors]


def _list(registry: "Registry", model: str | None, mirror: str | None, *, as_json: bool) -> int:
    from registry_assets.cli.mirrors import mirrors_document, mirrors_page, read_mirrors
    from registry_assets.cli.plain import print_json
    from registry_assets.errors import NotFound

    views = read_mirrors(registry, model, mirror)
    if not views and mirror is not None:
        known = ", ".join(f"{each.model}/{each.mirror}" for each in registry.mirrors(model))
        raise NotFound(
            f"no mirror is called {mirror!r:.100}", hint=f"there are: {known or 'none at all'}"
        )
    if as_json:
        print_json(mirrors_document(views))
    elif views:
        show_page(mirrors_page(views))
    else:
        of_what = model or "no model here"
        click.echo(f"{of_what} is published to no other registry.")
        click.echo("mirrors=[MLflow(tracking_uri=…)] in a declaration does that.")
    return 0 if all(each.in_step for each in views) else 1


def _look(
    registry: "Registry",
    declared: "RegisteredModel",
    names: list[str],
    *,
    verify: bool,
    as_json: bool,
) -> int:
    from registry_assets.lifecycle.backends import RunInfo

    for name in names:
        found = registry.observe_mirror(
            declared, name, run=RunInfo.by_hand(), verify=verify or None
        )
        if found.error:  # of what is kept nothing says why it could not be looked at this time
            click.echo(visible(f"{declared.name}/{name}: {found.sentence}"), err=True)
            if found.hint:
                click.echo(visible(f"Hint: {found.hint}"), err=True)
    only = names[0] if len(names) == 1 else None
    return _list(registry, declared.name, only, as_json=as_json)


def _publish(registry: "Registry", declared: "RegisteredModel", names: list[str]) -> None:
    from registry_assets.lifecycle.backends import RunInfo

    for name in names:
        registry.publish_to_mirror(declared, name, run=RunInfo.by_hand())


def _repair(
    registry: "Registry",
    declared: "RegisteredModel",
    names: list[str],
    reason: str,
    *,
    as_json: bool,
) -> int:
    from registry_assets.cli.mirrors import repaired_document, repaired_lines
    from registry_assets.cli.plain import print_json

    done = [registry.repair_mirror(declared, name, reason=reason) for name in names]
    if as_json:
        print_json({"mirrors": [repaired_document(each) for each in done]})
    else:
        for each in done:
            for line in repaired_lines(each):
                click.echo(line)
    return 0 if all(each.now.in_step for each in done) else 1


def _adopt(
    registry: "Registry",
    declared: "RegisteredModel",
    names: list[str],
    number: str,
    reason: str,
    *,
    as_json: bool,
) -> int:
    from registry_assets.cli.output import identity
    from registry_assets.cli.plain import print_json

    if len(names) > 1:
        raise click.UsageError(f"--adopt is about one mirror: --mirror {' or '.join(names)}")
    done = registry.adopt_from_mirror(declared, names[0], number, reason=reason)
    version = done.registered.version
    there = f"{done.there.name}/{done.there.number}"
    if as_json:
        document = {**identity(version), "created": done.registered.committed, "there": there}
        print_json({**document, "url": done.there.url})
        return 0
    if not done.registered.committed:
        click.echo(f"Nothing to do: {there} is {version.reference} already.")
        return 0
    click.echo(
        f"{there} is {version.reference} now: packaged, loaded in a fresh process, committed."
    )
    click.echo(
        f"Next: materialize partition {version.number} of {declared.name}/evaluation in Dagster;"
        f"\n      `registry explain {version.reference}` says what it waits for. No pointer moved."
    )
    return 0
