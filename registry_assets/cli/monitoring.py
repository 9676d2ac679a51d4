"""`registry monitor`: what a model lived through after deployment, as a table and a picture."""

from pathlib import Path

import click

from registry_assets.cli.reading import json_option, open_registry, show_page

FORMS = (".png", ".svg")


@click.command()
@click.argument("model")
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A new file, .png or .svg: the metric promised and lived, moves, alerts, and drift.",
)
@json_option
def monitor(model: str, *, plot: Path | None, as_json: bool) -> None:
    """Show what a model lived through: by partition, promised and lived.

    Each partition as it was observed last: rows, the headline metric promised and lived with its
    95 % interval, how much drifted, whether the rows were sound, which alerts it led to. The
    pages behind it: registry report MODEL --drift PARTITION.

    \b
    Examples:
      registry monitor flight_delay
      registry monitor flight_delay --plot year.png
      registry monitor flight_delay --json
    """
    from registry_assets.cli.lived import history_document, history_page
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.reading import model_name
    from registry_assets.cli.report_output import deliver
    from registry_assets.cli.text import visible

    if plot is not None and plot.suffix not in FORMS:
        raise click.UsageError(f"--plot {plot}: give a file that ends with .png or .svg")
    history = open_registry().history(model_name(model))
    done = None
    if plot is not None:
        from registry_assets.monitoring.report.picture import history_picture

        drawn = history_picture(history, form="svg" if plot.suffix == ".svg" else "png")
        done = deliver(drawn, name=plot.name, out=plot, browse=False)
    if as_json:
        print_json({**history_document(history), **({"plot": done.document()} if done else {})})
        return
    show_page(history_page(history))
    if done is not None:
        click.echo(f"\n{visible(done.sentence)}")
