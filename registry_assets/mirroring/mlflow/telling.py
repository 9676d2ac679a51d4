"""What a version is called, tagged and described as in MLflow; all of it is a copy for people.

What is longer than MLflow keeps is cut here. Whole it stands in the run's artifact
`registry_assets.json`.
"""

import json
from collections.abc import Mapping
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.mirroring.mlflow.names import DIGEST, MODEL, PREFIX, REGISTRY, TAGS, VERSION
from registry_assets.mirroring.protocol import Input, Outgoing

LONGEST_PARAM, LONGEST_RUN_TAG, LONGEST_TAG = 6000, 8000, 100_000
LONGEST_DATASET, LONGEST_SOURCE, LONGEST_DIGEST = 500, 65_000, 36
_MORE = " …"


def identity(outgoing: Outgoing) -> dict[str, str]:
    """Give the tags by which both sides are joined."""
    return {
        REGISTRY: outgoing.registry,
        MODEL: outgoing.model,
        VERSION: str(outgoing.version),
        DIGEST: outgoing.digest,
    }


def version_tags(outgoing: Outgoing) -> dict[str, str]:
    """Give the tags of the version: ours under our prefix, the team's under their own names."""
    said: dict[str, Json] = outgoing.to_json()
    told = {
        TAGS: _own(outgoing),
        f"{PREFIX}committed_at": outgoing.committed_at,
        f"{PREFIX}evaluation": outgoing.evaluation,
        f"{PREFIX}commit": _commit(outgoing),
        f"{PREFIX}run": outgoing.run_url or outgoing.run_id,
        f"{PREFIX}link": outgoing.link,
        **{
            f"{PREFIX}{name}": canonical_json(said[name]).decode() if said[name] else ""
            for name in ("inputs", "verdicts", "approvals", "promotions")
        },
    }
    given = {name: value for name, value in {**outgoing.tags, **told}.items() if value}
    return {name: cut(value, LONGEST_TAG) for name, value in given.items()} | identity(outgoing)


def run_tags(outgoing: Outgoing) -> dict[str, str]:
    """Give the tags of the run, MLflow's own among them."""
    told = {
        "mlflow.runName": outgoing.reference,
        "mlflow.source.git.commit": outgoing.commit,
        "mlflow.source.git.repoURL": outgoing.repository,
        "mlflow.note.content": description(outgoing),
        TAGS: _own(outgoing),
        f"{PREFIX}evaluation": outgoing.evaluation,
        f"{PREFIX}dirty": str(outgoing.dirty).lower(),
        f"{PREFIX}framework": outgoing.framework,
        f"{PREFIX}run": outgoing.run_url or outgoing.run_id,
    }
    given = {name: value for name, value in {**outgoing.tags, **told}.items() if value}
    return {name: cut(value, LONGEST_RUN_TAG) for name, value in given.items()} | identity(outgoing)


def taken_away(there: Mapping[str, str], outgoing: Outgoing) -> list[str]:
    """Give the tags there that were the team's own, as they were told, and are none any more."""
    try:
        before = dict(json.loads(there.get(TAGS, "{}")))
    except (TypeError, ValueError):  # cut, or written by somebody else
        return []
    return [
        name
        for name, value in before.items()
        if not name.startswith(PREFIX) and name not in outgoing.tags and there.get(name) == value
    ]


def params(outgoing: Outgoing) -> dict[str, str]:
    """Give the training's parameters as texts."""
    return {name: cut(_text(value), LONGEST_PARAM) for name, value in outgoing.params.items()}


def description(outgoing: Outgoing) -> str:
    """Describe the version in Markdown, with the way back to it."""
    # Lists there show it as it is written: no stars, no headings.
    what = f"Version {outgoing.version} of {outgoing.model}"
    lines = [f"{what}, published by the registry that decides about it.", f"`{outgoing.digest}`"]
    if outgoing.link:
        lines.append(f"[Its page there]({outgoing.link})")
    lines.append(f"`registry show {outgoing.reference}` says everything about it.")
    if outgoing.description:
        lines.append(outgoing.description)
    return "\n\n".join(lines)


def model_description(model: str, text: str) -> str:
    """Describe the registered model."""
    return (
        f"{text}\n\nPublished from the registered model `{model}` of another registry, which"
        " decides what its pointers hold; aliases that are moved by hand are told there."
    ).strip()


def dataset(given: Input) -> dict[str, str]:
    """Give an input as MLflow keeps one; the whole digest stands in its source."""
    source: dict[str, Json] = {
        "asset": given.asset,
        "partition": given.partition,
        "digest": given.digest,
    }
    return {
        "name": cut(given.name, LONGEST_DATASET),
        "digest": given.digest.removeprefix("sha256:")[:LONGEST_DIGEST],
        "source_type": "registry_assets",
        "source": cut(canonical_json(source).decode(), LONGEST_SOURCE),
    }


def cut(text: str, limit: int) -> str:
    """Give a text that is no longer than MLflow keeps."""
    return text if len(text) <= limit else text[: limit - len(_MORE)] + _MORE


def _own(outgoing: Outgoing) -> str:
    return canonical_json(dict(outgoing.tags)).decode()


def _commit(outgoing: Outgoing) -> str:
    return outgoing.commit + (" (with changes that are in no commit)" if outgoing.dirty else "")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(dict(value) if isinstance(value, Mapping) else value, ensure_ascii=False)
