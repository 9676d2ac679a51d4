"""OpenLineage's own schemas, and ours of our facets: what every event is held against."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

FOLDER = Path(__file__).parents[1] / "schemas" / "openlineage"


def valid(document: dict[str, Any]) -> dict[str, Any]:
    """Hold an event, and each of its facets, against the schema that it names; give it back."""
    _validator(document["schemaURL"]).validate(document)
    for facet in _facets(document):
        _validator(facet["_schemaURL"]).validate(facet)
    return document


def _facets(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [facet for each in value for facet in _facets(each)]
    if not isinstance(value, dict):
        return []
    own = [value] if "_schemaURL" in value else []
    return own + [facet for each in value.values() for facet in _facets(each)]


@cache
def _validator(url: str) -> jsonschema.Draft202012Validator:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(
        {"$ref": url}, registry=_schemas(), format_checker=checker
    )


@cache
def _schemas() -> Any:
    ours = files("registry_assets.openlineage").joinpath("facets.json").read_text()
    texts = [path.read_text() for path in FOLDER.glob("*.json")]
    documents = [json.loads(text) for text in (*texts, ours)]
    known: Any = Registry()
    return known.with_resources((each["$id"], Resource.from_contents(each)) for each in documents)
