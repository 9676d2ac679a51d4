"""What a version is called and described as at Weights & Biases; all of it is a copy for people.

Everything stands at the top level of the artifact's metadata: a webhook of theirs carries the
keys there, and none from deeper down.
"""

import json
from collections.abc import Mapping
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.mirroring.protocol import Outgoing
from registry_assets.mirroring.wandb.names import (
    DIGEST,
    MODEL,
    PREFIX,
    REGISTRY,
    SENT,
    TAGS,
    VERSION,
)

MOST_KEYS = 50
"""Of the hundred that one artifact may have there: the others are for other people."""
_WITHOUT = ("registry", "model", "version", "digest", "description", "tags")


def metadata(outgoing: Outgoing) -> dict[str, Json]:
    """Give the metadata: ours under our prefix, the team's own tags under their own names.

    Of tags that would be too many, the first by name are there; all are in
    `registry_assets_tags`.
    """
    # As it comes back from there: lists, where values here have tuples.
    said: dict[str, Json] = json.loads(canonical_json(outgoing.to_json()))
    told: dict[str, Json] = {
        REGISTRY: outgoing.registry,
        MODEL: outgoing.model,
        VERSION: outgoing.version,
        DIGEST: outgoing.digest,
        SENT: outgoing.sent_digest,
        TAGS: dict(outgoing.tags),
        **{f"{PREFIX}{name}": value for name, value in said.items() if name not in _WITHOUT},
    }
    room = max(0, MOST_KEYS - len(told))
    own = sorted((k, v) for k, v in outgoing.tags.items() if not k.startswith(PREFIX))
    return {**dict(own[:room]), **told}


def description(outgoing: Outgoing) -> str:
    """Describe the version, with the way back to it."""
    what = f"Version {outgoing.version} of {outgoing.model}"
    lines = [f"{what}, published by the registry that decides about it.", outgoing.digest]
    lines += [f"Its page there: {outgoing.link}"] if outgoing.link else []
    lines.append(f"`registry show {outgoing.reference}` says everything about it.")
    lines += [outgoing.description] if outgoing.description else []
    return "\n\n".join(lines)


def run(outgoing: Outgoing) -> dict[str, Any]:
    """Give the run that logs it: the training's parameters, and how good it was found."""
    told: Mapping[str, Json] = {
        REGISTRY: outgoing.registry,
        MODEL: outgoing.model,
        VERSION: outgoing.version,
        DIGEST: outgoing.digest,
        f"{PREFIX}started_at": outgoing.started_at,
        f"{PREFIX}finished_at": outgoing.finished_at,
        f"{PREFIX}commit": outgoing.commit,
        f"{PREFIX}run": outgoing.run_url or outgoing.run_id,
    }
    return {
        "name": outgoing.reference,
        "notes": description(outgoing),
        "config": {**outgoing.params, **told},
        "summary": dict(outgoing.metrics),
    }
