"""What the story's people do with the real client, as they would at their own desks.

    python -m registry_assets.models.wandb.people history|move|fetch ...

A program of its own each time: that client keeps one state for all that is done in a process.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

TEAM, COLLECTION = "grove-team", "iris-species"
PATH = f"wandb-registry-model/{COLLECTION}"
STRENGTHS = (0.003, 0.03)
"""Of the two versions that the team had before."""
_SEED = 0


def history() -> None:
    """Log two versions and link them; the second is in production there."""
    import skops.io as sio
    import wandb
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    data = load_iris(as_frame=True).frame.sample(frac=1.0, random_state=_SEED)
    train, test = data.head(100), data.tail(50)
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=500)
        model.fit(train.drop(columns="target"), train["target"])
        accuracy = float(model.score(test.drop(columns="target"), test["target"]))
        with wandb.init(
            entity=TEAM,
            project="irises",
            name=f"strength {strength}",
            config={"C": strength, "features": [str(name) for name in train.columns[:-1]]},
            settings=_quiet(),
        ) as run:
            run.summary["accuracy"] = accuracy
            artifact = wandb.Artifact("iris-model", type="model", metadata={"field": "meadow"})
            with artifact.new_file("model.skops", mode="wb") as file:
                file.write(sio.dumps(model))
            logged = run.log_artifact(artifact, tags=["field-guide"]).wait()
            aliases = ["production"] if strength == STRENGTHS[-1] else []
            run.link_artifact(logged, PATH, aliases=aliases)
    wandb.teardown()


def move(alias: str, number: str) -> None:
    """Let an alias be at a version, as anybody does who may write there."""
    found = _api().artifact(f"{PATH}:{number}")
    found.aliases.append(alias)
    found.save()


def fetch(alias: str, folder: str) -> None:
    """Download what an alias is at, and say which version of ours it says that it is."""
    found = _api().artifact(f"{PATH}:{alias}")
    for path in found.manifest.entries:
        found.get_entry(path).download(root=folder, skip_cache=True)
    print(found.metadata["registry_assets_digest"], found.name.rpartition(":")[2])


def _api() -> Any:
    import wandb

    wandb.setup(_quiet())
    return wandb.Api(overrides={"entity": TEAM})


def _quiet() -> Any:
    import wandb

    return wandb.Settings(
        console="off",
        silent=True,
        disable_git=True,
        disable_code=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_disable_machine_info=True,
        x_save_requirements=False,
    )


_DOES: dict[str, Callable[..., None]] = {"history": history, "move": move, "fetch": fetch}

if __name__ == "__main__":
    os.environ["WANDB_ERROR_REPORTING"] = "false"
    _DOES[sys.argv[1]](*sys.argv[2:])
