"""The policy as a team writes it: a value in Python, or a YAML file next to the code.

What stands in it is in `values`, how a file is read in `reading`, what it says in plain
sentences in `sentences`. Which document is in force, and since when, is the catalog's to say:
`governance.active`.
"""

from registry_assets.governance.document.reading import (
    read_policy,
    read_policy_text,
    read_policy_value,
)
from registry_assets.governance.document.values import (
    ANY_POINTER,
    Activation,
    Freeze,
    ModelRules,
    Override,
    Person,
    PointerRules,
    PolicyDocument,
    Rollback,
    Tier,
    WeeklyFreeze,
)

__all__ = [
    "ANY_POINTER",
    "Activation",
    "Freeze",
    "ModelRules",
    "Override",
    "Person",
    "PointerRules",
    "PolicyDocument",
    "Rollback",
    "Tier",
    "WeeklyFreeze",
    "read_policy",
    "read_policy_text",
    "read_policy_value",
]
