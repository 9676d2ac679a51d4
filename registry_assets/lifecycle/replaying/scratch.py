"""The registry that a period is lived again in: new, empty, with a policy and people of its own.

Its people are made up, with keys that nobody else has: what they sign is worth nothing anywhere
else, for it names this registry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from registry_assets.catalog.engine import Catalog
from registry_assets.clock import Clock
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import FolderTaken
from registry_assets.governance.approvals import NAMESPACE as APPROVAL
from registry_assets.governance.document import (
    Activation,
    Person,
    PointerRules,
    PolicyDocument,
    Tier,
)
from registry_assets.governance.document.values import ANY_POINTER
from registry_assets.home import MARKER, Home
from registry_assets.lifecycle import reindexing
from registry_assets.lifecycle.activating import NAMESPACE as ACTIVATION
from registry_assets.lifecycle.activating import activate_policy, activation_statement
from registry_assets.lifecycle.approving import prepare, record_signed
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.checkpoints import identify
from registry_assets.lifecycle.registry_keys import begin_keys
from registry_assets.signing.keys import PublicKey
from registry_assets.signing.signers import Signer, generate_key, open_signer
from registry_assets.store import create_store

ROLE = "simulated"
"""The role that everybody who is made up has, beside those that are asked for."""

WHY = "simulated: nobody looked at it"


@dataclass(frozen=True, slots=True)
class Scratch:
    """A registry for one replay.

    Args:
        signers: of the people who approve whatever is asked of them, by name; none where nobody
            does.
        policy: the digest of the policy in force; None: there is none.
    """

    backends: Backends
    signers: Mapping[str, Signer]
    policy: str | None

    def approve(self, model: str, number: int, pointer: str, *, run: RunInfo) -> None:
        """Have everybody sign that a version may take a pointer."""
        from registry_assets.signing.dsse import Envelope, pae
        from registry_assets.signing.statement import MEDIA_TYPE

        for name, signer in self.signers.items():
            made = prepare(
                self.backends, model, number, pointer=pointer, person=name, reason=WHY
            ).statement.to_bytes()
            signature = signer.sign(pae(MEDIA_TYPE, made), namespace=APPROVAL)
            record_signed(self.backends, Envelope.of(made, signature).to_bytes(), run=run)


def make_scratch(
    folder: Path,
    model: RegisteredModel,
    *,
    clock: Clock,
    document: PolicyDocument | None,
    approve_all: bool,
    run: RunInfo,
) -> Scratch:
    """Make the registry, in a folder that has none.

    Whatever the environment says of catalog, store and keys is of the real one, and not heeded.

    Raises:
        FolderTaken: there is a registry already.
        StoreUnwritable: the folder cannot be written.
    """
    home = folder / MARKER
    if home.exists():
        raise FolderTaken(
            f"{folder} has a registry already",
            hint="name a folder that has none: a period is lived from its beginning",
        )
    Home(folder).make()
    store = create_store(home / "store")
    catalog = Catalog.create(home / "catalog.sqlite")
    backends = Backends(catalog, store, clock, home / "keys" / "attestation")
    store.claim(identify(catalog, claimed=store.identity()))
    reindexing.reindex(backends)
    keys = _Keys(home / "keys")
    wanted = _with_people(document, model, keys) if approve_all else document
    owner = None if wanted is None else keys.make("owner")
    begin_keys(backends, owner=owner, run=run)
    if wanted is not None:
        _activate(backends, wanted, keys.signer("owner"), run=run)
    signers = {name: keys.signer(name) for name in keys.names if name != "owner"}
    return Scratch(backends, signers, wanted.digest if wanted else None)


class _Keys:
    """Keys in files that nobody else reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: list[str] = []

    def make(self, name: str) -> PublicKey:
        text, public = generate_key()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        self.names.append(name)
        return public

    def signer(self, name: str) -> Signer:
        return open_signer(self._folder / name)


def _activate(backends: Backends, document: PolicyDocument, owner: Signer, *, run: RunInfo) -> None:
    from registry_assets.signing.dsse import Envelope, pae
    from registry_assets.signing.statement import MEDIA_TYPE

    statement = activation_statement(backends, document)
    signature = owner.sign(pae(MEDIA_TYPE, statement), namespace=ACTIVATION)
    activate_policy(backends, document, Envelope.of(statement, signature).to_bytes(), run=run)


def _with_people(
    document: PolicyDocument | None, model: RegisteredModel, keys: _Keys
) -> PolicyDocument:
    """Add people to a policy who sign whatever is asked of them, and who trained nothing."""
    rules = [*_all_rules(document)] if document else []
    most = max(1, model.promotion.required_approvals, *(each.approvals for each in rules))
    known = {role for person in (document.people if document else ()) for role in person.roles}
    asked = {role for each in rules for role in each.roles} | set(model.promotion.roles)
    roles = tuple(sorted(known | asked | {ROLE}))
    people = tuple(
        Person(name=f"{ROLE}_{number}", roles=roles, keys=(keys.make(f"{ROLE}_{number}").line,))
        for number in range(1, most + 1)
    )
    if document is None:
        document = PolicyDocument(people=people, activation=Activation(roles=(ROLE,)))
    else:
        document = replace(document, people=(*document.people, *people))
    # A tier that says nothing of a pointer leaves it to the rules that there are without any.
    tiers = {model.promotion.risk: Tier(), **document.tiers}
    return replace(
        document,
        tiers={name: replace(each, pointers=_open(each.pointers)) for name, each in tiers.items()},
        models={
            name: replace(each, pointers={p: _known(it) for p, it in each.pointers.items()})
            for name, each in document.models.items()
        },
    )


def _open(pointers: Mapping[str, PointerRules]) -> dict[str, PointerRules]:
    given = {ANY_POINTER: PointerRules(), **pointers}
    return {name: _known(rules) for name, rules in given.items()}


def _all_rules(document: PolicyDocument) -> Iterator[PointerRules]:
    for tier in document.tiers.values():
        yield from tier.pointers.values()
    for model in document.models.values():
        yield from model.pointers.values()


def _known(rules: PointerRules) -> PointerRules:
    # An author of code who is nobody in the policy may be anybody, but for who was just made up.
    return replace(rules, unknown_author="nobody")
