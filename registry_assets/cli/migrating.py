"""`registry migrate`: models of other kinds of registries come in, with their history."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from registry_assets.cli.migrated import beside, show_migrated, told_progress
from registry_assets.cli.options import confirm, reason_option, yes_option
from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.lifecycle.migrating.values import Migrated, Progress
    from registry_assets.registry import Registry


_as_option = click.option(
    "--as", "model", metavar="MODEL", default="", help="What it is to be called here."
)
_largest_option = click.option(
    "--largest",
    metavar="MIB",
    type=click.IntRange(min=1),
    help="Copy the files of a version up to so many MiB; by default 5120.",
)


@click.group()
def migrate() -> None:
    """Bring in a model of another kind of registry, as history.

    From a registry of this kind: `registry export`, and `registry import`.
    """


@migrate.command("mlflow")
@click.argument("name", metavar="NAME")
@_as_option
@click.option(
    "--tracking-uri",
    metavar="URL",
    default="",
    help="Where the server is; by default MLFLOW_TRACKING_URI.",
)
@click.option(
    "--also-from",
    "allowed",
    metavar="URL",
    multiple=True,
    help="Read artifacts below this address by oneself, too: s3://bucket/mlruns. Repeatable.",
)
@_largest_option
@reason_option()
@yes_option
@json_option
def mlflow(
    name: str,
    *,
    model: str,
    tracking_uri: str,
    allowed: tuple[str, ...],
    largest: int | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring in registered model NAME of an MLflow server.

    Its versions get numbers here in the order they have there, and keep metrics, parameters,
    tags, description, run, data, stage and files. They are history: none can be loaded,
    evaluated or promoted, no file of theirs is ever opened, and aliases and stages are noted and
    move no pointer. A version that was published from here is linked to the one that it is.
    Repeating it, also after it was interrupted, adds only what is new.

    Who may read there is told by MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and
    MLFLOW_TRACKING_PASSWORD. Artifacts are read from that server alone, unless --also-from names
    another place.

    \b
    Examples:
      registry migrate mlflow churn --tracking-uri https://mlflow.example.com
      registry migrate mlflow "Churn Model" --as churn --yes --json
    """
    from registry_assets.mirroring.mlflow.address import Address

    def bring_in(registry: "Registry", progress: "Progress") -> "Migrated":
        return registry.migrate_mlflow(
            name,
            model=model,
            tracking_uri=tracking_uri,
            allowed=allowed,
            largest=_bytes(largest),
            reason=reason,
            progress=progress,
        )

    _bring_in(
        bring_in,
        name,
        model,
        there="MLflow",
        place=lambda: f"at {Address.find(tracking_uri).url}",
        yes=yes,
        as_json=as_json,
    )


@migrate.command("wandb")
@click.argument("name", metavar="COLLECTION")
@_as_option
@click.option(
    "--base-url", metavar="URL", default="", help="Where it is; by default WANDB_BASE_URL."
)
@click.option("--entity", metavar="TEAM", default="", help="By default the one of the key.")
@click.option(
    "--organization",
    metavar="NAME",
    default="",
    help="That the registry is of; by default the one of the team.",
)
@click.option(
    "--registry",
    "where",
    metavar="NAME",
    default="model",
    show_default=True,
    help="The registry that the collection is in, without `wandb-registry-`.",
)
@_largest_option
@reason_option()
@yes_option
@json_option
def wandb(
    name: str,
    *,
    model: str,
    base_url: str,
    entity: str,
    organization: str,
    where: str,
    largest: int | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring in a COLLECTION of a registry at Weights & Biases.

    Its versions get numbers here in the order they have there, and keep metadata, tags,
    description, files, and their run's summary and configuration. They are history, as those
    of MLflow are: none can be loaded, evaluated or promoted, no file of theirs is ever opened, and
    aliases are noted and move no pointer. Files that are only references to elsewhere stay there.

    Who may read there is told by WANDB_API_KEY.

    \b
    Examples:
      registry migrate wandb churn --base-url https://api.wandb.ai --entity crm
      registry migrate wandb "Churn Model" --as churn --yes --json
    """
    from registry_assets.mirroring.wandb.address import Address

    def bring_in(registry: "Registry", progress: "Progress") -> "Migrated":
        return registry.migrate_wandb(
            name,
            model=model,
            base_url=base_url,
            entity=entity,
            organization=organization,
            registry=where,
            largest=_bytes(largest),
            reason=reason,
            progress=progress,
        )

    _bring_in(
        bring_in,
        name,
        model,
        there="Weights & Biases",
        place=lambda: f"at {Address.find(base_url).url}",
        yes=yes,
        as_json=as_json,
    )


@migrate.command("sagemaker")
@click.argument("group", metavar="GROUP")
@_as_option
@click.option(
    "--region",
    metavar="REGION",
    default="",
    help="Where the group is; by default as AWS's own settings say.",
)
@click.option(
    "--from",
    "allowed",
    metavar="URL",
    multiple=True,
    help="Read what versions name below this address: s3://bucket/prefix. Repeatable.",
)
@_largest_option
@reason_option()
@yes_option
@json_option
def sagemaker(
    group: str,
    *,
    model: str,
    region: str,
    allowed: tuple[str, ...],
    largest: int | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring in model package GROUP of Amazon SageMaker.

    As `migrate mlflow` does: history, of which nothing is opened, loaded or promoted. Archives,
    metrics and baselines come from below the addresses that --from names and from nowhere else:
    a version may name whatever this process may read. What is Approved is noted, and moves no
    pointer.

    Who may read there is told by AWS's own means: a role, AWS_PROFILE, or AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY.

    \b
    Examples:
      registry migrate sagemaker churn --region eu-west-1 --from s3://ml-artifacts/churn
      registry migrate sagemaker Churn-Model --as churn --from s3://ml-artifacts --yes --json
    """

    def bring_in(registry: "Registry", progress: "Progress") -> "Migrated":
        return registry.migrate_sagemaker(
            group,
            model=model,
            region=region,
            allowed=allowed,
            largest=_bytes(largest),
            reason=reason,
            progress=progress,
        )

    _bring_in(
        bring_in,
        group,
        model,
        there="SageMaker",
        place=lambda: "in SageMaker",
        yes=yes,
        as_json=as_json,
    )


def _bring_in(
    bring_in: "Callable[[Registry, Progress], Migrated]",
    name: str,
    model: str,
    *,
    there: str,
    place: Callable[[], str],
    yes: bool,
    as_json: bool,
) -> None:
    """Ask, bring a model in, and show what came.

    Args:
        there: what people call that kind of registry.
        place: says where it is, once it is known that the name can be one here.
    """
    from registry_assets.lifecycle.migrating.importing import our_name

    registry = open_registry()
    called = our_name(name, model, there=there)
    where = place()
    note = beside(registry, called, name)
    if not yes:
        if note:
            click.echo(note, err=True)
        confirm(f"Import the history of {visible(name)} {where} as {called}, for good?")
    with told_progress(quiet=as_json) as progress:
        done = bring_in(registry, progress)
    show_migrated(done, as_json=as_json, note=note)


def _bytes(largest: int | None) -> int | None:
    return None if largest is None else largest << 20
