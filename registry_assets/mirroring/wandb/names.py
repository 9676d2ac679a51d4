"""What our things are called at Weights & Biases, whose names are narrower."""

from registry_assets.canonical import sha256_digest

PREFIX = "registry_assets_"
"""Of our keys in the metadata. No dots: a webhook names a key as `${artifact_metadata.KEY}`."""
REGISTRY, MODEL = f"{PREFIX}registry", f"{PREFIX}model"
VERSION, DIGEST = f"{PREFIX}version", f"{PREFIX}digest"
SENT, TAGS = f"{PREFIX}sent", f"{PREFIX}tags"
TYPE = "model"
"""Of the artifacts, and of the collections that they are linked to."""
FOLDER = "registry-wandb-"
"""What a folder begins with that the client writes to, and that is thrown away."""
REGISTRY_PREFIX = "wandb-registry-"
"""What the project of a registry is called there."""


def artifact_of(model: str, registry: str) -> str:
    """Give the artifact that the versions of a model are logged as, before they are linked.

    No two models have one, nor have those of two registries: no model has a dot in its name. Equal
    bytes are one version there, so they must be one version here.
    """
    return f"{model}.{registry}"


def run_of(registry: str, digest: str, attempt: int) -> str:
    """Give the id of the run about a version: the same whenever it is published.

    Args:
        attempt: how many runs about it were deleted there; an id is given out once.
    """
    named = sha256_digest(f"{registry}:{digest}:{attempt}".encode())
    return f"ra{named.removeprefix('sha256:')[:30]}"
