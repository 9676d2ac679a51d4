"""`registry report`: the page of an evaluation or an observation, from the store, verified."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from registry_assets.cli.reading import json_option, model_name, open_registry
from registry_assets.cli.report_output import STDOUT, deliver

if TYPE_CHECKING:
    from registry_assets.registry import Registry


@dataclass(frozen=True, slots=True)
class _Report:
    """A page, what its file is called, and what programs are told of it.

    Args:
        remark: what a person has to know about it; "" if there is nothing.
    """

    html: bytes
    name: str
    document: dict[str, Any]
    remark: str = ""


@click.command()
@click.argument("reference", metavar="REF")
@click.option("--drift", metavar="PARTITION", help="The page of what drifted in this partition.")
@click.option(
    "--performance", metavar="PARTITION", help="That of what was lived in it, beside the promised."
)
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="A new file; - for stdout."
)
@click.option("--open", "browse", is_flag=True, help="Show it in a browser.")
@click.option("--evidently", is_flag=True, help="Evidently's page, where one was kept.")
@json_option
def report(
    reference: str,
    *,
    drift: str | None,
    performance: str | None,
    out: Path | None,
    browse: bool,
    evidently: bool,
    as_json: bool,
) -> None:
    """Write the page of a version's evaluation: one HTML file.

    Metrics, gates, comparison, slices, fairness, speed, data and curves, as they were recorded,
    each byte verified. With --drift or --performance, what was observed of a model in a partition
    after deployment. The file needs no network and has no script; without --out it is
    written into this folder or, with --open alone, into a temporary one.

    \b
    Examples:
      registry report flight_delay@production --open
      registry report flight_delay:3 --out report.html
      registry report flight_delay:3 --evidently --open
      registry report flight_delay --drift 2013-06 --open
    """
    from registry_assets.canonical import sha256_digest
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import visible

    if as_json and out == STDOUT:
        raise click.UsageError("--json and --out - both write to stdout: choose one")
    if drift is not None and performance is not None:
        raise click.UsageError("--drift and --performance are two pages: choose one")
    if performance is not None and evidently:
        raise click.UsageError("Evidently has no page of the performance: leave --evidently out")
    registry = open_registry()
    if drift is not None:
        found = _observed(registry, reference, "drift", drift, evidently=evidently)
    elif performance is not None:
        found = _observed(registry, reference, "performance", performance, evidently=False)
    else:
        found = _evaluated(registry, reference, evidently=evidently)
    done = deliver(found.html, name=found.name, out=out, browse=browse)
    if as_json:
        print_json(
            {
                **found.document,
                "sha256": sha256_digest(found.html),
                "size": len(found.html),
                **done.document(),
            }
        )
    elif done.path is not None:
        click.echo(visible(done.sentence, lines=True))
        if found.remark:
            click.echo(found.remark)


def _evaluated(registry: "Registry", reference: str, *, evidently: bool) -> _Report:
    from registry_assets.evaluation.report.page import dated

    found = registry.page(reference, evidently=evidently)
    # What stands in the store can name neither its own digest nor its time.
    html = found.html
    if found.stored and not evidently:
        html = dated(html, digest=found.evaluation, at=found.evaluated_at)
    kind = "evidently" if evidently else "report"
    made = "It was made now, from the figures of an evaluation without a page."
    return _Report(
        html,
        f"{found.version.model}-{found.version.number}.{kind}.html",
        {
            "reference": found.version.reference,
            "model": found.version.model,
            "version": found.version.number,
            "digest": found.version.digest,
            "evaluation": found.evaluation,
            "stored": found.stored,
        },
        remark="" if found.stored else made,
    )


def _observed(
    registry: "Registry",
    reference: str,
    kind: Literal["drift", "performance"],
    partition: str,
    *,
    evidently: bool,
) -> _Report:
    from registry_assets.evaluation.report.page import dated

    model = model_name(reference)
    found = registry.observation_page(model, kind, partition, evidently=evidently)
    html = found.html
    if not evidently:
        html = dated(html, digest=found.digest, at=found.observed_at, what="Observation")
    # A partition's key may hold anything; a file's name may not.
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in partition)
    what = f"{kind}.evidently" if evidently else kind
    return _Report(
        html,
        f"{model}-{plain}.{what}.html" if plain else f"{model}.{what}.html",
        {
            "model": model,
            "kind": kind,
            "partition": partition,
            "observation": found.digest,
            "observed_at": found.observed_at,
        },
    )
