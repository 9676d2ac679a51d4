"""The demo's policy: the draft that the registry prints, with people and rules written in.

A team edits the file by hand. The lines come from here, because the keys are made at run time.
"""

from pathlib import Path
from typing import Any

from registry_assets.models.governance.cast import PEOPLE, Person, public_line

POLICY = "policy.yaml"

_PRODUCTION = {
    "approvals": 2,
    "roles": ["risk"],
    "gates": ["rows_apart"],
    "tags": {"use_case": []},
    "metadata": ["limits", "license"],
    "evaluation_max_age": "30 days",
    "approval_expires": "30 days",
    "override": {"roles": ["governor"], "waives": ["evaluation_age"], "expires": "1 day"},
    "rollback": {"roles": ["risk"], "review": "7 days"},
}


def fill_in(draft: str, folder: Path) -> str:
    """Give a drafted policy with the demo's people, and its rules for high risk."""
    import yaml

    document: dict[str, Any] = yaml.safe_load(draft)
    document["people"] = [_listed(person, folder) for person in PEOPLE]
    document["activation"] = {"roles": ["governor"], "approvals": 1}
    document["tiers"]["high"] = {"retention_years": 10, "pointers": {"production": _PRODUCTION}}
    return str(yaml.safe_dump(document, sort_keys=False, width=100))


def let_in(policy: str, person: Person, role: str) -> str:
    """Give a policy in which somebody has one role more."""
    import yaml

    document: dict[str, Any] = yaml.safe_load(policy)
    (listed,) = [each for each in document["people"] if each["name"] == person.name]
    listed["roles"].append(role)
    return str(yaml.safe_dump(document, sort_keys=False, width=100))


def _listed(person: Person, folder: Path) -> dict[str, Any]:
    return {
        "name": person.name,
        "full_name": person.full_name,
        "roles": list(person.roles),
        "keys": [public_line(folder, person)],
        "emails": [person.email],
        "accounts": [person.name],
    }
