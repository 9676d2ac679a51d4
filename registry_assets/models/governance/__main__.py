"""The governance demo: loan_approval walks the whole way, with real keys, git and Dagster.

    python -m registry_assets.models.governance [--folder DIR]

What happens is told in `story`; this is the command around it.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from registry_assets.models.scratch import run_story


def main() -> None:
    """Live the story in a folder of its own, and say what to look at next."""
    run_story("governance", _live, about=str(main.__doc__))


def _live(folder: Path, console: Console) -> Sequence[str]:
    from registry_assets.models.governance.stage import Stage
    from registry_assets.models.governance.story import live

    live(Stage.build(folder, console))
    return (f"cd {folder}, and any command above",)


if __name__ == "__main__":
    main()
