"""`registry convert`: a version for programs that know nothing of this registry."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.reading import json_option, open_registry

if TYPE_CHECKING:
    from registry_assets.converting.targets import Converted


@click.command()
@click.argument("reference", metavar="REF")
@click.option(
    "--to", type=click.Choice(["mlflow", "onnx", "hf", "oci"]), required=True, help="Which form."
)
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder that does not exist, or is empty.",
)
@json_option
def convert(reference: str, *, to: str, folder: Path, as_json: bool) -> None:
    """Write a version as something else, into a new folder: all of it, or nothing.

    \b
      mlflow  an MLflow model: pyfunc loads it and predicts from raw rows
      onnx    the estimator as a graph; features stay Python
      hf      the folder of a Hugging Face repository: card, config, the version's files
      oci     an OCI image layout for container registries, by the CNCF's ModelPack

    An MLflow model and an ONNX graph are compared with the version row by row, and nothing is
    written where they differ. No form holds a pickle; each names the version's digest.

    \b
    Examples:
      registry convert flight_delay@production --to mlflow --out ./model
      registry convert flight_delay:3 --to onnx --out ./graph
      registry convert flight_delay@production --to hf --out ./repository
      registry convert flight_delay:3 --to oci --out ./layout
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.text import plural, short, visible

    done = open_registry().convert(reference, folder, to=to)
    if as_json:
        print_json(_document(done))
        return
    version = done.version
    size = sum(file.size for file in done.files)
    click.echo(
        f"Wrote {version.reference} ({short(version.digest)}) as {to} into {visible(str(folder))}:"
        f" {plural(len(done.files), 'file')}, {size:,} bytes."
    )
    if done.compared is not None:
        click.echo(
            f"Compared on {plural(done.compared.rows, 'row')}: no number differs by more than"
            f" {done.compared.largest:.1g} (allowed: {done.compared.tolerance:g})."
        )
    for line in _next(done):
        click.echo(line)


def _next(done: "Converted") -> list[str]:
    import shlex

    folder = shlex.quote(str(done.folder))
    if done.to == "mlflow":
        return [
            f"Next: mlflow models serve -m {folder} --env-manager local --port 5000",
            f"      or, in Python: mlflow.pyfunc.load_model({str(done.folder)!r}).predict(rows)",
        ]
    if done.to == "onnx":
        return [
            "Not in it: how the features are made of raw rows. That is Python code, which the",
            f"      version carries; {folder}/README.md says what the graph takes and gives.",
        ]
    if done.to == "oci":
        model, number = done.version.model, done.version.version
        return [f"Next: skopeo copy oci:{folder}:{number} docker://HOST/{model}:{number}"]
    return [f"Next: hf upload OWNER/NAME {folder}"]


def _document(done: "Converted") -> dict[str, object]:
    compared = done.compared
    return {
        "reference": done.version.reference,
        "model": done.version.model,
        "version": done.version.version,
        "digest": done.version.digest,
        "to": done.to,
        "folder": str(done.folder.absolute()),
        "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in done.files],
        "compared": None if compared is None else compared.to_json(),
    }
