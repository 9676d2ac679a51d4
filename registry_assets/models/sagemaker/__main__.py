"""The story beside SageMaker: history comes in, versions go out, somebody approves another.

    python -m registry_assets.models.sagemaker [--folder DIR]

AWS is a double, and its client the real one. What happens is told in `story`; this is the command
around it.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from registry_assets.models.scratch import run_story


def main() -> None:
    """Live the story in a folder of its own, with a double of AWS of its own."""
    run_story("sagemaker", _live, about=str(main.__doc__))


def _live(folder: Path, console: Console) -> Sequence[str]:
    from registry_assets.models.sagemaker.stage import built
    from registry_assets.models.sagemaker.story import live

    with built(folder, console) as stage:
        live(stage)
    return (
        f"cd {folder}, and any command above that asks nobody there: the double has ended, and",
        "what it kept is gone with it",
    )


if __name__ == "__main__":
    main()
