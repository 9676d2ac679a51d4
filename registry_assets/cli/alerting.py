"""Commands about alerts: `alerts`, which also delivers what waits to be told, and `ack`.

What they print is made in `alerts`.
"""

from typing import TYPE_CHECKING

import click

from registry_assets.cli.options import reason_option
from registry_assets.cli.reading import PAGE, json_option, limit_option, open_registry, show_page

if TYPE_CHECKING:
    from registry_assets.registry import Registry


@click.command()
@click.argument("reference", metavar="[MODEL[/N]]", required=False)
@click.option("--all", "everything", is_flag=True, help="Also those that are resolved.")
@click.option("--deliver", is_flag=True, help="Tell everybody who may be told now.")
@click.option("--retry", is_flag=True, help="Let what was given up be tried again.")
@click.option(
    "--test",
    "tested",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[SINK]",
    help="Send a test message to the configured sinks, or to this one.",
)
@limit_option("alerts, the newest")
@json_option
@click.pass_context
def alerts(
    context: click.Context,
    reference: str | None,
    *,
    everything: bool,
    deliver: bool,
    retry: bool,
    tested: str | None,
    limit: int = PAGE,
    as_json: bool,
) -> None:
    """List the alerts about deployments that are not over, the worst first.

    With MODEL/N everything about one alert: what moved, what became of it, who was told. Where no
    Dagster daemon delivers, `registry alerts --deliver` in a cron line does. Exit code 1 where a
    delivery was given up, or a test failed.

    \b
    Examples:
      registry alerts
      registry alerts flight_delay --all
      registry alerts flight_delay/3
      registry alerts --deliver
      registry alerts --test oncall
    """
    asked = [name for name, given in _asked(deliver=deliver, retry=retry, tested=tested) if given]
    if len(asked) > 1 or (asked and everything):
        raise click.UsageError(f"{asked[0]} stands alone: leave the others out")
    if (deliver or tested is not None) and reference is not None:
        raise click.UsageError(f"{asked[0]} is about no single model: leave out {reference}")
    model, number = (None, None) if reference is None else _parsed(reference)
    registry = open_registry()
    if deliver:
        context.exit(_deliver(registry, as_json=as_json))
    if tested is not None:
        context.exit(_test(registry, tested, as_json=as_json))
    if retry:
        _retry(registry, model, number, as_json=as_json)
    elif model is not None and number is not None:
        _show(registry, model, number, as_json=as_json)
    else:
        _list(registry, model, everything=everything, limit=limit, as_json=as_json)


@click.command()
@click.argument("reference", metavar="MODEL/N")
@reason_option()
@json_option
def ack(reference: str, *, reason: str, as_json: bool) -> None:
    """Say that you look after an alert, so that nobody else has to.

    It stays open until the next partition is well or the version is replaced; who acknowledged it
    first stays.

    \b
    Example:
      registry ack flight_delay/3 --reason "the airport was closed; watching the next month"
    """
    from registry_assets.cli.alerts import alert_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import visible
    from registry_assets.errors import InvalidReference
    from registry_assets.lifecycle.backends import RunInfo

    model, number = _parsed(reference)
    if number is None:
        raise InvalidReference(
            f"{reference!r} names no alert", hint=f"`registry alerts {model}` lists them: {model}/1"
        )
    registry = open_registry()
    done = registry.acknowledge(model, number, run=RunInfo.by_hand(), reason=reason)
    alert = done.alert
    if as_json:
        untold = registry.untold(model).get((model, number))
        print_json({**alert_document(alert, untold), "changed": done.new})
        return
    said = f"{visible(reference)} is acknowledged by {visible(str(alert.acknowledged_by))}."
    click.echo(said if done.new else f"Nothing to do: {said}")
    click.echo("It resolves by itself when the next partition is well, or the version is replaced.")


def _asked(*, deliver: bool, retry: bool, tested: str | None) -> list[tuple[str, bool]]:
    return [("--deliver", deliver), ("--retry", retry), ("--test", tested is not None)]


def _parsed(text: str) -> tuple[str, int | None]:
    """Give the model, and the alert's number if one is named.

    Raises:
        InvalidReference: it names neither.
    """
    from registry_assets.errors import InvalidReference
    from registry_assets.references import Reference

    name, slash, number = text.partition("/")
    parsed = Reference.parse(name)
    only = (parsed.version, parsed.pointer, parsed.digest) == (None, None, None)
    counted = number.isascii() and number.isdecimal() and 0 < int(number[:10]) < 2**31
    if not only or (slash and not counted):
        raise InvalidReference(
            f"{text!r} names no alert and no model",
            hint=f"write {parsed.model}, or {parsed.model}/1 for its first alert",
        )
    return parsed.model, int(number) if slash else None


def _list(
    registry: "Registry", model: str | None, *, everything: bool, limit: int, as_json: bool
) -> None:
    from registry_assets.cli.alerts import alerts_document, alerts_page, most_severe_first
    from registry_assets.cli.plain import print_json
    from registry_assets.registry.alerts import EVERY_STATE, UNRESOLVED

    states = EVERY_STATE if everything else UNRESOLVED
    found = most_severe_first(registry.alerts(model, states=states, limit=limit))
    untold = registry.untold(model)
    total = registry.count_alerts(model, states=states)
    if as_json:
        print_json(alerts_document(found, untold, total=total))
        return
    of = f" of {model}" if model else ""
    if not found:
        click.echo(f"There was never an alert{of}." if everything else f"No alert{of} is open.")
    else:
        show_page(alerts_page(found, untold))
        first = f"{found[0].model}/{found[0].number}"
        if len(found) < total:
            same = f"{f' {model}' if model else ''}{' --all' if everything else ''}"
            click.echo(f"\n{total - len(found):,} older: registry alerts{same} --limit {total}")
        click.echo(f"\nNext: `registry alerts {first}` says everything about that one.")
    _say_given_up(registry, model)


def _say_given_up(registry: "Registry", model: str | None) -> None:
    from registry_assets.cli.alerts import deliveries_text

    given_up = len(registry.deliveries(model, states=("given_up",)))
    if given_up:
        said = f"{deliveries_text(given_up)} given up: nobody was told"
        click.echo(f"{said}; `registry alerts --retry` has them tried again.")


def _show(registry: "Registry", model: str, number: int, *, as_json: bool) -> None:
    from registry_assets.cli.alerts import alert_page, alert_page_document, read_alert
    from registry_assets.cli.plain import print_json

    page = read_alert(registry, model, number)
    if as_json:
        untold = registry.untold(model).get((model, number))
        print_json(alert_page_document(page, untold))
    else:
        show_page(alert_page(page))


def _deliver(registry: "Registry", *, as_json: bool) -> int:
    from registry_assets.cli.alerts import delivered_document, delivered_lines
    from registry_assets.cli.plain import print_json

    done = registry.deliver()
    if as_json:
        print_json(delivered_document(done))
    else:
        for line in delivered_lines(done):
            click.echo(line)
    return 1 if done.given_up else 0


def _retry(registry: "Registry", model: str | None, number: int | None, *, as_json: bool) -> None:
    from registry_assets.cli.alerts import deliveries_text
    from registry_assets.cli.plain import print_json
    from registry_assets.lifecycle.monitoring.delivering import delivery_document

    again = registry.retry_deliveries(model, number)
    if as_json:
        print_json({"deliveries": [delivery_document(each) for each in again]})
    elif again:
        click.echo(f"{deliveries_text(len(again))} to be tried again from now on.")
        click.echo("Next: the sensor registry__alerts does so, or `registry alerts --deliver`.")
    else:
        click.echo("Nothing to do: no delivery was given up.")


def _test(registry: "Registry", name: str, *, as_json: bool) -> int:
    from registry_assets.cli.alerts import tried_document
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import visible
    from registry_assets.lifecycle.monitoring.delivering import no_sinks

    tried = registry.try_sinks([name] if name else [])
    if as_json:
        print_json(tried_document(tried))
    for each in () if as_json else tried:
        click.echo(visible(f"{each.sink} ({each.type}): {each.error or 'took a test message'}"))
    if not tried and not as_json:
        click.echo(visible(f"Nobody can be told: {no_sinks(registry.alert_settings())}."))
    return 1 if any(each.error for each in tried) or not tried else 0
