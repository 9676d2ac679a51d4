"""What a version is called and described as in SageMaker; all of it is a copy for people.

What is longer than SageMaker keeps, or has signs that it takes nowhere, is changed here. Whole it
stands in the object `registry_assets.json` beside the version's archive.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.converting.sagemaker import CONTENT_TYPES, environment
from registry_assets.mirroring.protocol import Outgoing, Pointing, Promotion
from registry_assets.mirroring.sagemaker.names import DIGEST, MODEL, PREFIX, REGISTRY, VERSION

MOST_PROPERTIES = 50
_OURS_AT_MOST = 32
"""So many properties may be ours; the others are the team's tags, and what people there set."""
LONGEST_KEY, LONGEST_VALUE, LONGEST_TEXT = 128, 256, 1024
_MORE = " …"
_TAKEN = "_.:/=+-@"
_QUALITY = {
    "binary": "binary_classification_metrics",
    "multiclass": "multiclass_classification_metrics",
    "regression": "regression_metrics",
}


def identity(outgoing: Outgoing) -> dict[str, str]:
    """Give the properties by which both sides are joined."""
    return {
        REGISTRY: outgoing.registry,
        MODEL: outgoing.model,
        VERSION: str(outgoing.version),
        DIGEST: outgoing.digest,
    }


def properties(outgoing: Outgoing, *, record: str) -> dict[str, str]:
    """Give the customer metadata of a version: ours under our prefix, the team's tags by name.

    Args:
        record: where all that is said of it stands.
    """
    told = {
        "started_at": outgoing.started_at,
        "finished_at": outgoing.finished_at,
        "committed_at": outgoing.committed_at,
        "framework": outgoing.framework,
        "task": outgoing.task,
        "evaluation": outgoing.evaluation,
        "commit": outgoing.commit + (" with changes that are in no commit" * outgoing.dirty),
        "run": outgoing.run_url or outgoing.run_id,
        "link": outgoing.link,
        "inputs": f"{len(outgoing.inputs)} snapshots",
        "verdicts": _counted(outgoing),
        "approvals": f"{len(outgoing.approvals)} by people",
        "record": record,
        "sent": outgoing.sent_digest,
    }
    ours = {f"{PREFIX}{name}": value for name, value in told.items() if value} | identity(outgoing)
    kept = {name: allowed(value, LONGEST_VALUE) for name, value in ours.items()}
    for name, value in sorted(outgoing.tags.items()):
        if len(kept) < _OURS_AT_MOST and value and not name.startswith(PREFIX):
            kept[allowed(name, LONGEST_KEY)] = allowed(value, LONGEST_VALUE)
    return kept


def description(outgoing: Outgoing) -> str:
    """Describe the version in one line; it is written once and for all there."""
    said = f"{outgoing.reference} {outgoing.digest} of the registry that decides about it."
    return line(f"{said} {outgoing.description}")


def group_description(model: str, text: str) -> str:
    """Describe the group."""
    return line(
        f"{text} Published from the registered model {model} of another registry, which decides"
        " which version is Approved; what is approved by hand is told there."
    )


def specification(outgoing: Outgoing, *, image: str, archive: str) -> dict[str, Any]:
    """Say what is served, and how.

    Args:
        archive: the address of `model.tar.gz`.
    """
    return {
        "Containers": [
            {
                "Image": image,
                "ModelDataUrl": archive,
                "Environment": environment(outgoing.digest),
            }
        ],
        "SupportedContentTypes": list(CONTENT_TYPES),
        "SupportedResponseMIMETypes": list(CONTENT_TYPES),
    }


def specified(found: Mapping[str, Any], source: object = None) -> bytes:
    """Give what counts of a specification as bytes, which AWS has added things to.

    Args:
        source: the address of its source, which we never set.
    """
    told: list[Json] = [
        {
            "image": each.get("Image"),
            "data": each.get("ModelDataUrl"),
            "environment": dict(sorted((each.get("Environment") or {}).items())),
        }
        for each in found.get("Containers") or ()
    ]
    return canonical_json({"containers": told, "source": str(source) if source else None})


def metadata_properties(outgoing: Outgoing) -> dict[str, str]:
    """Say where the version comes from, in the fields that SageMaker has for it."""
    given = {
        "CommitId": outgoing.commit,
        "Repository": outgoing.repository,
        "GeneratedBy": outgoing.run_url or outgoing.run_id,
        "ProjectId": outgoing.model,
    }
    return {name: value[:LONGEST_TEXT] for name, value in given.items() if value}


def metrics_document(outgoing: Outgoing) -> bytes:
    """Give the metrics as SageMaker's model quality statistics, bounds beside each value."""
    found: dict[str, Json] = {}
    for name, value in sorted(outgoing.metrics.items()):
        base, _, bound = name.rpartition(".")
        if bound in ("low", "high") and base in outgoing.metrics:
            continue
        entry: dict[str, Json] = {"value": value, "standard_deviation": "NaN"}
        for side in ("low", "high"):
            if (edge := outgoing.metrics.get(f"{name}.{side}")) is not None:
                entry[side] = edge
        found[name] = entry
    kind = _QUALITY.get(outgoing.task, "regression_metrics")
    return canonical_json({"version": 0.0, kind: found, "evaluation": outgoing.evaluation})


def record_document(outgoing: Outgoing) -> bytes:
    """Give all that is said as a document, of which nothing is cut."""
    said = json.dumps(json.loads(canonical_json(outgoing.to_json())), indent=2, sort_keys=True)
    return f"{said}\n".encode()


def token_of(outgoing: Outgoing, group: str, *, before: str) -> str:
    """Give the token by which the same request, sent twice, makes one version.

    Args:
        before: the number under which it was there before, if it was: one that was deleted is
            to be made anew.
    """
    named = "\n".join((outgoing.registry, group, outgoing.digest, before))
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def approved(outgoing: Outgoing | None, pointing: Pointing) -> str:
    """Say who let a pointer hold a version, and why."""
    made = _promotion(outgoing, pointing)
    held = f"{pointing.pointer} holds it, generation {pointing.generation}"
    if made is None or outgoing is None:
        return line(f"{held}.")
    why = f": {made.reason}" if made.reason else ""
    said = f"{held}, by {made.actor} at {made.at}{why}. Policy {made.policy or 'none'}."
    people = ", ".join(
        f"{each.person} ({each.decision}{', signed' if each.signed else ''})"
        for each in outgoing.approvals
        if each.pointer == pointing.pointer
    )
    return line(f"{said} Approvals: {people or 'none are asked for'}. {_counted(outgoing)}.")


def retired(outgoing: Outgoing | None, pointing: Pointing) -> str:
    """Say what took a version's place."""
    made = _promotion(outgoing, pointing)
    by = f", by {made.actor} at {made.at}" if made else ""
    why = f": {made.reason}" if made and made.reason else ""
    now = f"version {pointing.version} ({pointing.number} here)"
    return line(f"Retired: {pointing.pointer} holds {now}{by}{why}.")


def line(text: str) -> str:
    """Give a text as one line that SageMaker takes as a description."""
    flat = " ".join(text.split())
    kept = "".join(c if unicodedata.category(c)[0] in "LMZSNP" else "_" for c in flat)
    return kept if len(kept) <= LONGEST_TEXT else kept[: LONGEST_TEXT - len(_MORE)] + _MORE


def allowed(text: str, limit: int) -> str:
    """Give a text with the signs that a property may have; the others become _."""
    kept = "".join(c if unicodedata.category(c)[0] in "LZN" or c in _TAKEN else "_" for c in text)
    return " ".join(kept.split())[:limit] or "_"


def _promotion(outgoing: Outgoing | None, pointing: Pointing) -> Promotion | None:
    for each in outgoing.promotions if outgoing else ():
        if (each.pointer, each.generation) == (pointing.pointer, pointing.generation):
            return each
    return None


def _counted(outgoing: Outgoing) -> str:
    counts: dict[str, int] = {}
    for each in outgoing.verdicts:
        counts[each.outcome] = counts.get(each.outcome, 0) + 1
    said = " and ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return f"Gates: {said or 'none'}"
