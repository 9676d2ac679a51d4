"""The story beside MLflow: history comes in, a version goes out, and somebody moves an alias.

    python -m registry_assets.models.mlflow [--folder DIR]

What happens is told in `story`; this is the command around it.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from registry_assets.models.scratch import run_story


def main() -> None:
    """Live the story in a folder of its own, with an MLflow server of its own."""
    run_story("mlflow", _live, about=str(main.__doc__))


def _live(folder: Path, console: Console) -> Sequence[str]:
    from registry_assets.models.mlflow.stage import built
    from registry_assets.models.mlflow.story import live

    with built(folder, console) as stage:
        live(stage)
        started = stage.server.command
    return (
        f"cd {folder}, and any command above; MLflow has ended, and starts again there by",
        f"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false {started}",
    )


if __name__ == "__main__":
    main()
