"""What is declared of a model that only came as history, until somebody's code declares it."""

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration.promotion import RISKS

UNKNOWN = "unknown"


def skeleton() -> tuple[dict[str, Json], dict[str, Json]]:
    """Give suite and policy of a model of which no more is known than that it has a history.

    It asks for as little as can be asked for: a declaration that comes later is never weaker, and
    there is no version that could be promoted before there is one.
    """
    suite: dict[str, Json] = {
        "target": UNKNOWN,
        "task": UNKNOWN,
        "positive": None,
        "evaluation": {"metrics": [UNKNOWN]},
        "gates": [],
    }
    policy: dict[str, Json] = {
        "risk": RISKS[0],
        "approvals": 0,
        "roles": [],
        "suite": sha256_digest(canonical_json(suite)),
    }
    return suite, policy
