"""`registry simulate`: a past period lived again in a scratch registry."""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from registry_assets.cli.declarations import find_declaration, read_declaration
from registry_assets.cli.progress import shown_progress
from registry_assets.cli.reading import json_option, open_registry, show_page


@click.command()
@click.argument("model", metavar="MODEL")
@click.option("--from", "start", required=True, metavar="PARTITION", help="The first one.")
@click.option("--to", "end", required=True, metavar="PARTITION", help="The last one.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The policy to live under; by default the one in force.",
)
@click.option(
    "--approve-all", is_flag=True, help="Take it that as many people approve as are asked for."
)
@click.option(
    "--declaration",
    metavar="MODULE:NAME",
    help="Where the model is declared; by default in the code location of the project.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="A new folder for the scratch registry, which is removed otherwise.",
)
@json_option
def simulate(
    model: str,
    *,
    start: str,
    end: str,
    policy_file: Path | None,
    approve_all: bool,
    declaration: str | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Live a past period again: data arrive, versions are trained, judged and promoted.

    The declaration of today is lived with, on the time of the data, in a scratch registry; the
    registry of the project is only read. So a team sees what other triggers, thresholds or rules
    would have done. It takes as long as the trainings do, and needs no Dagster.

    \b
    Examples:
      registry simulate flight_delay --from 2013-02 --to 2013-12
      registry simulate flight_delay --from 2013-06 --to 2013-08 --policy stricter.yaml
      registry simulate loan_approval --from 2013-02 --to 2013-04 --approve-all --keep /tmp/lived
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.replay_page import replay_document, replay_page
    from registry_assets.cli.text import visible
    from registry_assets.governance.document import read_policy
    from registry_assets.lifecycle.replaying import Plan

    registry = open_registry()
    document = None if policy_file is None else read_policy(policy_file)
    folder = registry.home.folder
    hint = "write --declaration package.module:name, as it is imported from the project's folder"
    declared = (
        find_declaration(model, folder)
        if declaration is None
        else read_declaration(declaration, folder, hint=hint, model=model)
    )
    plan = Plan(start, end, document, approve_all)
    with _folder(keep) as place, shown_progress(quiet=as_json, counted=True) as progress:
        found = registry.replay(declared, plan, folder=place, progress=progress)
    if as_json:
        kept = None if keep is None else str(keep.absolute())
        print_json({**replay_document(found), "folder": kept})
        return
    show_page(replay_page(found))
    if keep is not None:
        home = visible(shlex.quote(str(keep)))
        click.echo(f"\nNext: `REGISTRY_HOME={home} registry log {model}` tells all of it.")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder to live in; it is gone afterwards, unless it is to be kept."""
    from registry_assets.errors import FolderTaken
    from registry_assets.home import MARKER

    if keep is not None:
        kept = keep.absolute()
        # That of a registry is refused where it is made. Whoever stood in any other would be taken
        # to this registry instead of the project's.
        if keep.is_dir() and any(keep.iterdir()) and not (keep / MARKER).exists():
            raise FolderTaken(
                f"{kept} is not empty", hint="--keep takes a new folder, or an empty one"
            )
        yield kept  # it is made once it is known that there is something to live
        return
    with tempfile.TemporaryDirectory(prefix="registry-simulate-") as folder:
        yield Path(folder)
