"""Frozen values as JSON and back: the one place that knows how they are written down.

An evaluation is kept for ever, so its document is read by every later release: what an
older one wrote is brought into today's shape here, before it is read.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin

import cattrs

from registry_assets.canonical import Json
from registry_assets.evaluation.results.estimates import Estimate


def write(value: object) -> dict[str, Json]:
    """Give a frozen value as JSON."""
    document: dict[str, Json] = converter().unstructure(value)
    return document


@cache
def converter() -> cattrs.Converter:
    """Give the converter of all values of an evaluation."""
    made = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    made.register_unstructure_hook(Estimate, Estimate.to_json)
    made.register_structure_hook(Estimate, lambda value, _: Estimate.from_json(value))
    # A list, because canonical JSON sorts the members of an object and the first metric is
    # the headline.
    made.register_unstructure_hook_func(_are_estimates, _estimates_to_json)
    made.register_structure_hook_func(_are_estimates, _estimates_from_json)
    return made


def _are_estimates(kind: Any) -> bool:
    return get_origin(kind) is Mapping and get_args(kind) == (str, Estimate)


def _estimates_to_json(estimates: Mapping[str, Estimate]) -> list[Json]:
    return [{"metric": name, **found.to_json()} for name, found in estimates.items()]


def _estimates_from_json(values: list[dict[str, Any]], _: object) -> dict[str, Estimate]:
    return {value["metric"]: Estimate.from_json(value) for value in values}


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document of format 1 in the shape of format 2."""
    rows, positives = document["rows"], document["positives"]
    return {
        **document,
        "task": "binary",
        "classes": ["False", "True"],
        "class_rows": [rows - positives, positives],
        # Of the three metrics that there were.
        "less_is_better": ["log_loss"],
    }
