"""The model card of a model package, in the fields that SageMaker has for it.

That of a package is simpler than a card of its own: of its overview it has creator and artifacts
alone. What has no field stands in its additional information.
"""

import json
from typing import Any

from registry_assets.mirroring.protocol import Outgoing

LONGEST, _TEXT, _MOST = 100_000, 1024, 50
DRAFT, APPROVED = "Draft", "Approved"
"""Of the others, and of a version that production holds."""


def card_of(outgoing: Outgoing, *, archive: str) -> str:
    """Give the content of the card of a version.

    Args:
        archive: the address of its archive.
    """
    content = json.dumps(_content(outgoing, archive), ensure_ascii=False, sort_keys=True)
    if len(content) > LONGEST:
        content = json.dumps(_overview(outgoing, archive), ensure_ascii=False, sort_keys=True)
    return content


def _overview(outgoing: Outgoing, archive: str) -> dict[str, Any]:
    return {
        "model_overview": {
            "model_creator": _cut(f"{outgoing.reference} of registry {outgoing.registry}"),
            "model_artifact": [_cut(archive)],
        },
        "intended_uses": {
            "purpose_of_model": _cut(outgoing.description),
            "explanations_for_risk_rating": _cut(
                f"Regulatory class: {outgoing.tags.get('regulatory_class', 'not said')}"
            ),
        },
    }


def _content(outgoing: Outgoing, archive: str) -> dict[str, Any]:
    inputs = [_cut(f"{each.role} {each.name} {each.digest}") for each in outgoing.inputs]
    held_out = [_cut(f"{e.name} {e.digest}") for e in outgoing.inputs if e.role == "holdout"]
    metrics = [
        {"name": _cut(name), "type": "number", "value": value}
        for name, value in sorted(outgoing.metrics.items())
    ]
    return {
        **_overview(outgoing, archive),
        "training_details": {
            "training_observations": _cut(
                f"Trained from {outgoing.started_at} to {outgoing.finished_at} at commit"
                f" {outgoing.commit or 'unknown'}{' with uncommitted changes' * outgoing.dirty}"
            ),
            "training_job_details": {
                "training_datasets": inputs[:_MOST],
                "user_provided_hyper_parameters": [
                    {"name": _cut(name), "value": _cut(_text(value))}
                    for name, value in sorted(outgoing.params.items())
                ][:_MOST],
            },
        },
        "evaluation_details": [
            {
                "name": "holdout",
                "evaluation_observation": _cut(f"Evaluation {outgoing.evaluation or 'none'}"),
                "datasets": held_out[:10],
                "metric_groups": [{"name": "metrics", "metric_data": metrics[:_MOST]}],
            }
        ],
        "additional_information": {
            "caveats_and_recommendations": _cut(
                "A copy for people: what it says is decided and proven by the registry it names."
            ),
            "custom_details": {
                "digest": outgoing.digest,
                "framework": _cut(outgoing.framework),
                "run": _cut(outgoing.run_url or outgoing.run_id),
                "link": _cut(outgoing.link),
                **{
                    _cut(f"gate {each.gate}"): _cut(f"{each.outcome}: {each.why}")
                    for each in outgoing.verdicts[:_MOST]
                },
            },
        },
    }


def _cut(text: str) -> str:
    return text[:_TEXT]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
