"""Notes: what somebody has to know of a policy before it is in force, and no rule refuses."""

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from registry_assets.catalog.models import list_models
from registry_assets.governance.active import ActivePolicy
from registry_assets.governance.document import PolicyDocument
from registry_assets.governance.document.notes import notes
from registry_assets.governance.document.texts import meant
from registry_assets.governance.policy import Policy
from registry_assets.lifecycle.backends import Backends
from registry_assets.signing.keys import PublicKey


def policy_notes(
    backends: Backends, document: PolicyDocument, *, signed_by: Collection[str] = ()
) -> tuple[str, ...]:
    """Give, each with its place, what of a policy can never happen in this registry.

    Args:
        signed_by: fingerprints of the keys that bring it into force, where they are known.
    """
    found = list(notes(document))
    with backends.catalog.read() as connection:
        found += _unknown_models(connection, document)
        found += _held_models(connection, document)
    if signed_by:
        found += _handed_over(document, signed_by)
    return tuple(found)


def _unknown_models(connection: sa.Connection, document: PolicyDocument) -> Iterator[str]:
    """Name models that are pinned and not there: one that is misspelt goes by its tier alone."""
    there = {model.name for model in list_models(connection)}
    for name in document.models:
        if name not in there:
            yield f"models.{name}: no such model is registered here{meant(name, there)}"


def _held_models(connection: sa.Connection, document: PolicyDocument) -> Iterator[str]:
    """Name pinned models of which nothing could be promoted, as they are declared now."""
    proposed = ActivePolicy(0, document.digest, document, "", "")
    for model in list_models(connection):
        if model.name not in document.models:
            continue
        differing = Policy.of(model, proposed).differing
        if differing:
            said = "; ".join(each.sentence for each in differing)
            said = said.replace("the policy in force", "this policy")
            yield f"models.{model.name}: every version is held, as it is declared now: {said}"


def _handed_over(document: PolicyDocument, signed_by: Collection[str]) -> Iterator[str]:
    """Say so where others than now sign the next policy: a wrong key would lock everybody out."""
    rule = document.activation
    able = {
        PublicKey.parse(line).fingerprint: person.name
        for person in document.people
        if set(person.roles) & set(rule.roles)
        for line in person.keys
    }
    if not able.keys() & set(signed_by):
        keys = ", ".join(f"{name} with {mark}" for mark, name in able.items())
        yield (
            f"activation: no key that signs this policy can sign the next one; that takes"
            f" {rule.approvals} of {keys}"
        )
