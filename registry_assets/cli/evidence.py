"""`registry evidence`: everything about one version in one file, for somebody else to judge."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.text import plural, visible

if TYPE_CHECKING:
    from registry_assets.cli.plain import Document
    from registry_assets.lifecycle.evidence_pack import Written


@click.command()
@click.argument("reference", metavar="REF")
@click.option(
    "--out",
    "target",
    metavar="FILE.zip",
    required=True,
    type=click.Path(path_type=Path),
    help="A new file; nothing is ever replaced.",
)
@json_option
def evidence(reference: str, *, target: Path, as_json: bool) -> None:
    """Write all the evidence about a version into one zip.

    What it is and where it is live, who approved it on what evidence, who made it, the policy,
    verdicts, evaluations, lineage down to the data, what differs from the version before, and
    the ledger. A page for people, JSON for programs, and what was signed as it was signed:
    `sha256sum` and `ssh-keygen` check it without this program. Every byte is verified.

    \b
    Examples:
      registry evidence loan_approval@production --out pack.zip
      registry evidence loan_approval:1 --out why-not.zip
    """
    from rich.filesize import decimal

    from registry_assets.cli.plain import print_json

    done = open_registry().evidence(reference, target)
    if as_json:
        print_json(_document(done))
        return
    files, size = plural(len(done.files), "file"), decimal(done.path.stat().st_size)
    about = done.evidence.version.reference
    click.echo(f"Wrote the evidence about {about} to {visible(str(target))}: {files}, {size}.")
    click.echo(f"Its digest, for whoever gets it: {done.sha256}")
    checked = plural(done.signatures, "signature")
    click.echo(f"With README.txt in it {checked} can be checked without this program.")
    kept = done.evidence.retention
    if kept is not None:
        click.echo(f"The version is {kept.sentence}.")
    click.echo(f"Note: its page names {plural(len(done.not_known), 'thing')} that it cannot show.")
    click.echo("Next: unpack it, and open index.html.")


def _document(done: "Written") -> "Document":
    version = done.evidence.version
    return {
        "reference": version.reference,
        "model": version.model,
        "version": version.number,
        "digest": version.digest,
        "file": str(done.path),
        "sha256": done.sha256,
        "size": done.path.stat().st_size,
        "made_at": done.evidence.made_at,
        "signatures": done.signatures,
        "retention": done.evidence.retention.to_json() if done.evidence.retention else None,
        "not_known": list(done.not_known),
        "files": [file.to_json() for file in done.files],
    }
