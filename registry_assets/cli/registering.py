"""`registry register`: a folder with an estimator that was trained elsewhere becomes a version."""

from pathlib import Path

import click

from registry_assets.cli.declarations import read_declaration
from registry_assets.cli.reading import json_option, open_registry


@click.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--estimator",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The estimator's file, where it lies elsewhere or has another name.",
)
@click.option(
    "--format",
    "format_name",
    metavar="NAME",
    help="Its format: skops, xgboost, lightgbm, catboost, onnx, torch; else the file tells it.",
)
@json_option
def register(folder: Path, *, file: Path | None, format_name: str | None, as_json: bool) -> None:
    """Register an estimator that was trained by hand.

    DIR holds registration.toml, as below, and the estimator in its framework's own format, which
    is never a pickle:

    \b
      estimator.skops           scikit-learn: skops.io.dump(model, "estimator.skops")
      estimator.ubj             XGBoost: model.save_model("estimator.ubj")
      estimator.lightgbm.txt    LightGBM: model.booster_.save_model("estimator.lightgbm.txt")
      estimator.cbm             CatBoost: model.save_model("estimator.cbm")
      estimator.onnx            ONNX: onnx.save(model, "estimator.onnx")
      estimator.safetensors     PyTorch: safetensors.torch.save_file(module.state_dict(), …)

    \b
      declaration = "airline.flight_delay:flight_delay"
      started_at = 2026-03-01T10:00:00Z
      finished_at = 2026-03-01T10:20:00Z
      reason = "tuned by hand"                              # optional, as all below
      experiment_url = "https://experiments.example/run/17"
      partitions = ["2013-01", "2013-02", "2013-03"]
      classes = ["no", "yes"]           # what it numbers 0 and 1, where it names no others
      [params]
      learning_rate = 0.1
      [about]                           # of PyTorch: the packaged class, and what it is made with
      class = "airline.net:Net"
      arguments = { width = 8 }

    The declaration says how features are made, what is held out, and which gates there are;
    its data must be in the registry. The package is checked in a fresh process before a
    number is taken. Registering the same folder again changes nothing.
    """
    from registry_assets.cli.output import identity
    from registry_assets.cli.plain import print_json
    from registry_assets.lifecycle.backends import RunInfo
    from registry_assets.lifecycle.registering import read_folder, register_version

    declaration, stored, told = read_folder(folder, file=file, named=format_name)
    registry = open_registry()
    hint = 'write declaration = "package.module:name", as it is imported from the project\'s folder'
    model = read_declaration(declaration, registry.home.folder, hint=hint)
    done = register_version(registry.backends, model, stored, told, run=RunInfo.by_hand())
    if as_json:
        print_json({**identity(done.version), "created": done.committed})
        return
    name = done.version.reference
    if not done.committed:
        click.echo(f"Nothing to do: this estimator is {name} already.")
        return
    click.echo(f"Registered {name}: packaged, loaded in a fresh process, committed.")
    click.echo(
        f"Next: materialize partition {done.version.number} of {model.name}/evaluation in Dagster,"
        f"\n      which shows it within a minute; `registry explain {name}` says what it waits for."
    )
