"""What a signature about a version is bound to; when any of it changes, it is stale."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.recipe import Recipe

_SAID = {
    "registry": "it was signed for another registry",
    "model": "it was signed for another model",
    "version": "it was signed for another version",
    "digest": "it was signed for other bytes",
    "pointer": "it was signed for another pointer",
    "evaluation": "the version was evaluated again since",
    "policy": "the policy changed since",
    "gates": "the gates changed since",
    "upstream": "it was signed for a version made of other data",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """The version, the pointer and the evidence that somebody looked at.

    Args:
        digest: of the version's manifest.
        evaluation: digest of the evaluation that was looked at.
        policy: digest of what was asked for: see `Policy.digest`.
        gates: digest of the suite.
        upstream: digest of the data it was made from: see `upstream_digest`.
    """

    registry: str
    model: str
    version: int
    digest: str
    pointer: str
    evaluation: str
    policy: str
    gates: str
    upstream: str

    @property
    def reference(self) -> str:
        """`loan_approval:1`."""
        return f"{self.model}:{self.version}"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON, but for what stands in a statement's subject."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if name != "digest"}

    @classmethod
    def from_json(cls, value: dict[str, Any], *, digest: str) -> Self:
        """Read back what `to_json` gives."""
        names = (field.name for field in fields(cls) if field.name != "digest")
        return cls(**{name: value[name] for name in names}, digest=digest)

    def changed_since(self, then: "Bound") -> Iterator[str]:
        """Say what is another now than it was when something was signed."""
        for field in fields(self):
            if getattr(self, field.name) != getattr(then, field.name):
                yield _SAID[field.name]


def upstream_digest(recipe: Recipe) -> str:
    """Give one digest of all that a version was made from.

    A snapshot's digest names what it was made from in its turn, so those that the recipe
    names stand for everything above them.
    """
    named = {*recipe.train, *recipe.holdout}
    listed: list[Json] = [
        [ref.asset, ref.partition, ref.digest]
        for ref in sorted(named, key=lambda ref: (ref.asset, ref.partition, ref.digest))
    ]
    return sha256_digest(canonical_json(listed))
