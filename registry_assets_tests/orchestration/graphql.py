"""One GraphQL request to a Dagster webserver. A helper for tests, not a test."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

SECONDS = 60


def ask(url: str, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
    """Give the `data` of one request; a GraphQL error is raised with its text."""
    request = urllib.request.Request(
        f"{url}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"GraphQL refused: {error.read().decode()}") from error
    if answer.get("errors"):
        raise AssertionError(f"GraphQL errors: {json.dumps(answer['errors'], indent=2)}")
    data: dict[str, Any] = answer["data"]
    return data
