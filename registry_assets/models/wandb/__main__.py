"""The story beside Weights & Biases: history comes in, versions go out, somebody moves an alias.

    python -m registry_assets.models.wandb [--folder DIR]

Its server is a double, and its client the real one. What happens is told in `story`; this is the
command around it.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from registry_assets.models.scratch import run_story


def main() -> None:
    """Live the story in a folder of its own, with a double of their server of its own."""
    run_story("wandb", _live, about=str(main.__doc__))


def _live(folder: Path, console: Console) -> Sequence[str]:
    from registry_assets.models.wandb.stage import built
    from registry_assets.models.wandb.story import live

    with built(folder, console) as stage:
        live(stage)
        url, started = stage.server.url, stage.server.command
    return (
        f"cd {folder}, and any command above; the double has ended, and starts again there by",
        f"export WANDB_BASE_URL={url} WANDB_API_KEY=…   # forty characters, any of your own",
        started,
    )


if __name__ == "__main__":
    main()
