"""What people and policies decided, and that holds or refuses something."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_assets.errors.base import RegistryError

if TYPE_CHECKING:
    from registry_assets.governance.values import Reason


class PromotionHeld(RegistryError):
    """The gate said no; `reasons` lists everything that is missing, each with its code."""

    code = "promotion_held"

    def __init__(self, message: str, *, reasons: Sequence["Reason"], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reasons = tuple(reasons)


class TagRefused(RegistryError):
    """A tag that the policy does not allow, or asks for and somebody takes away; `names` them."""

    code = "tag_refused"

    def __init__(self, message: str, *, names: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.names = tuple(names)


class RetiringRefused(RegistryError):
    """A version that cannot be archived, unarchived or rejected, as things stand."""

    code = "retiring_refused"


class RollbackRefused(RegistryError):
    """A pointer that cannot be rolled back so: nothing to go back to, or not to that version."""

    code = "rollback_refused"


class ReleaseRefused(RegistryError):
    """A version that cannot be released: the pointer was never rolled back from it."""

    code = "release_refused"


class RecallRefused(RegistryError):
    """A recall that cannot be lifted: that data was never recalled."""

    code = "recall_refused"


class PolicyInvalid(RegistryError):
    """A policy that cannot be read or contradicts itself; `problems` lists every mistake."""

    code = "policy_invalid"

    def __init__(self, message: str, *, problems: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class PolicyRefused(RegistryError):
    """A policy that may not come into force: not signed as the one in force asks."""

    code = "policy_refused"


class ApprovalRefused(RegistryError):
    """A signed statement that does not count, as things stand; nothing was recorded."""

    code = "approval_refused"
