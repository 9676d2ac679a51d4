"""The card of a version: a header that Hugging Face reads, then the same document in two forms.

What stands on it is put together in `card_sections` from a `Card`, which
`registry_assets.lifecycle.carding` gathers.
"""

import math
import re
from typing import Any

from registry_assets.evaluation.report.blocks import Pictures
from registry_assets.evaluation.report.card_sections import sections_of
from registry_assets.evaluation.report.markdown import document
from registry_assets.evaluation.report.pictures import pictures_of
from registry_assets.evaluation.report.rendering import render
from registry_assets.evaluation.report.texts import shown
from registry_assets.evaluation.report.values import Card

__all__ = ["Card", "card_header", "card_html", "card_markdown"]

_LIBRARIES = {"scikit-learn": "sklearn"}
_LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def card_markdown(card: Card) -> str:
    """Give the card as Markdown under a YAML header, in the format of Hugging Face's cards."""
    import yaml

    header = yaml.safe_dump(
        card_header(card), sort_keys=False, allow_unicode=True, width=math.inf
    ).strip()
    body = document(card.reference, card.description, sections_of(card))
    return f"---\n{header}\n---\n\n{body}"


def card_html(card: Card) -> bytes:
    """Give the same document as one HTML file in UTF-8, with the evaluation's pictures."""
    result = card.result
    pictures = pictures_of(result) if result else {}
    sections = sections_of(card)
    named = {
        name
        for section in sections
        for block in section.blocks
        if isinstance(block, Pictures)
        for name in block.names
    }
    return render(
        "card.html",
        card=card,
        sections=sections,
        pictures={name: pictures[name] for name in named if name in pictures},
        kind=lambda block: type(block).__name__,
    )


def card_header(card: Card) -> dict[str, Any]:
    """Give what a program reads of a card: library, task, tags, and the metrics measured.

    Of a dataset the type is its asset, the config its partitions, the revision the digests of
    its snapshots.
    """
    library = card.training.framework
    task = "tabular-regression" if card.task == "regression" else "tabular-classification"
    header: dict[str, Any] = {
        **_license(card),
        "library_name": _LIBRARIES.get(library, _line(library)),
        "pipeline_tag": task,
        "tags": ["registry_assets", *(_line(f"{n}:{v}") for n, v in sorted(card.tags.items()))],
    }
    metrics = _metrics(card)
    if not metrics:
        return header
    header["metrics"] = [metric["type"] for metric in metrics]
    result = {
        "task": {"type": task, "name": f"predict {_line(card.target)}"},
        "dataset": _dataset(card),
        "metrics": metrics,
    }
    header["model-index"] = [{"name": card.reference, "results": [result]}]
    return header


def _license(card: Card) -> dict[str, str]:
    if not card.license.strip():
        return {}
    if _LICENSE.fullmatch(card.license):
        return {"license": card.license.lower()}
    return {"license": "other", "license_name": _line(card.license)}


def _metrics(card: Card) -> list[dict[str, Any]]:
    if card.result is None:
        return []
    return [
        {"type": _line(name), "value": found.value, "name": _line(name)}
        for name, found in card.result.metrics.items()
        if found.defined
    ]


def _dataset(card: Card) -> dict[str, str]:
    assets = dict.fromkeys(part.name.partition("[")[0] for part in card.holdout)
    partitions = [
        part.name.partition("[")[2].removesuffix("]") for part in card.holdout if "[" in part.name
    ]
    asset = _line(", ".join(assets)) or "holdout"
    named = _line(", ".join(part.name for part in card.holdout)) or asset
    rule = f" ({_line(card.holdout_rule)})" if card.holdout_rule else ""
    return {
        "name": f"{named}{rule}",
        "type": asset,
        **({"config": _line(", ".join(partitions))} if partitions else {}),
        "split": "holdout",
        "revision": ", ".join(part.digest for part in card.holdout),
    }


def _line(text: str) -> str:
    """Give a text of one line: a line of three hyphens would end the header."""
    return " ".join(shown(text, most=1000).split())
