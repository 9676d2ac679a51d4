"""What our things are called in MLflow, whose names are narrower: another name for each."""

from registry_assets.mirroring.aliases import alias_of

PREFIX = "registry_assets."
REGISTRY, MODEL = f"{PREFIX}registry", f"{PREFIX}model"
VERSION, DIGEST = f"{PREFIX}version", f"{PREFIX}digest"
TAGS = f"{PREFIX}tags"
"""The team's own tags, as they were told last: what is none of them is other people's."""
ARTIFACT = "model"
"""The folder of a run's artifacts that the model is in."""
RECORD = "registry_assets.json"
"""The artifact of a run with all that was said, whole."""


def pointer_tag(pointer: str) -> str:
    """Give the tag of the registered model that says which pointer a mangled alias is."""
    return f"{PREFIX}alias.{alias_of(pointer)}"


def experiment_of(name: str) -> str:
    """Give the experiment that holds the runs of a registered model's versions."""
    return f"registry_assets/{name}"
