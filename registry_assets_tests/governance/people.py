"""People with keys of their own, made at run time, and the policies that name them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from registry_assets.catalog.ledger import REGISTRY, change
from registry_assets.catalog.policies import write_key
from registry_assets.decisions import Decided
from registry_assets.governance.approvals import NAMESPACE, ApprovalStatement
from registry_assets.governance.document import (
    Activation,
    ModelRules,
    Person,
    PointerRules,
    PolicyDocument,
    Tier,
)
from registry_assets.lifecycle import activating
from registry_assets.lifecycle.activating import Activated
from registry_assets.lifecycle.approving import Recorded
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.signing.dsse import Envelope, pae, sign_envelope
from registry_assets.signing.signers import Signer, generate_key, open_signer
from registry_assets.signing.statement import MEDIA_TYPE
from registry_assets_tests.catalog.history import MODEL, History

PEOPLE = ("ann", "bob", "cleo", "dan", "eve")
AT_WORK = RunInfo(actor="host", run_id="run-9")


@dataclass(frozen=True, slots=True)
class Signatory:
    """Somebody with a key."""

    name: str
    signer: Signer

    @property
    def line(self) -> str:
        """The public key."""
        return self.signer.public_key.line

    def person(self, *roles: str, accounts: Sequence[str] = ()) -> Person:
        """Give this person as a policy lists them."""
        return Person(
            name=self.name,
            roles=roles,
            keys=(self.line,),
            emails=(f"{self.name}@example.com",),
            accounts=tuple(accounts),
        )

    def sign(self, statement: ApprovalStatement, *, namespace: str = NAMESPACE) -> bytes:
        """Sign a statement, whatever it says."""
        return sign_envelope(statement.to_bytes(), self.signer, namespace=namespace).to_bytes()


def signatory(folder: Path, name: str) -> Signatory:
    """Make somebody with a key of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}_ed25519"
    text, _ = generate_key()
    file.write_text(text)
    file.chmod(0o600)
    return Signatory(name, open_signer(file))


def known_signatory(folder: Path, name: str) -> Signatory:
    """Give somebody whose key was made before."""
    return Signatory(name, open_signer(folder / f"{name}_ed25519"))


@dataclass(frozen=True, slots=True)
class Governed:
    """A registry with an owner and people: `ann` wrote the code, the others may approve."""

    history: History
    owner: Signatory
    people: Mapping[str, Signatory]
    folder: Path

    def __getitem__(self, name: str) -> Signatory:
        return self.people[name]

    def document(
        self,
        rules: PointerRules | None = None,
        *,
        roles: Mapping[str, Sequence[str]] | None = None,
        models: Mapping[str, ModelRules] | None = None,
        more: Sequence[Person] = (),
        services: Sequence[str] = ("host",),
        unlisted: str = "declared",
        canary: PointerRules | None = None,
    ) -> PolicyDocument:
        """Give a policy in which these rules hold for production, in either tier."""
        given = roles or {"ann": ["trainer"], "bob": ["risk"], "cleo": ["risk"], "dan": ["owner"]}
        pointers = {"production": rules or PointerRules(approvals=2, roles=("risk",))}
        if canary is not None:
            pointers["canary"] = canary
        tier = Tier(pointers=pointers)
        return PolicyDocument(
            people=(*(self.people[name].person(*r) for name, r in given.items()), *more),
            activation=Activation(roles=("owner",)),
            tiers={"low": tier, "high": tier},
            models=models or {},
            services=tuple(services),
            unlisted=unlisted,
        )

    def activate(self, document: PolicyDocument, *signers: Signatory) -> Activated:
        """Bring a policy into force, signed by the owner or by those given."""
        backends = self.history.registry.backends
        statement = activating.activation_statement(backends, document)
        by = signers or (
            (self.owner,) if self.history.registry.policy() is None else (self["dan"],)
        )
        message = pae(MEDIA_TYPE, statement)
        signatures = [s.signer.sign(message, namespace=activating.NAMESPACE) for s in by]
        envelope = Envelope.of(statement, *signatures).to_bytes()
        return activating.activate_policy(backends, document, envelope, run=AT_WORK, reason="so")

    def statement(
        self,
        number: int,
        person: str,
        *,
        pointer: str = "production",
        decision: Decided = "approve",
        lasts: timedelta | None = None,
        model: str = MODEL,
    ) -> ApprovalStatement:
        """Give what somebody would sign now."""
        return self.history.registry.prepare_approval(
            model,
            number,
            pointer=pointer,
            decision=decision,
            person=person,
            reason="looked at it",
            lasts=lasts,
        ).statement

    def approve(
        self,
        number: int,
        person: str,
        *,
        pointer: str = "production",
        decision: Decided = "approve",
        lasts: timedelta | None = None,
    ) -> Recorded:
        """Let somebody sign what there is to sign, and record it."""
        said = self.statement(number, person, pointer=pointer, decision=decision, lasts=lasts)
        return self.history.registry.record_approval(self[person].sign(said), run=AT_WORK)


def governed(history: History, folder: Path) -> Governed:
    """Give a registry an owner; no policy is in force yet."""
    owner = signatory(folder, "owner")
    people = {name: signatory(folder, name) for name in PEOPLE}
    key = owner.signer.public_key
    with change(
        history.catalog,
        chain=REGISTRY,
        kind="registry_key_added",
        actor="ann",
        clock=history.clock,
    ) as draft:
        write_key(draft, purpose="owner", fingerprint=key.fingerprint, line=key.line, actor="ann")
        draft.sentence = "the owner's key was added"
    return Governed(history, owner, people, folder)


def governed_again(history: History, folder: Path) -> Governed:
    """Give a registry that has an owner already, with the keys that were made then."""
    people = {name: known_signatory(folder, name) for name in PEOPLE}
    return Governed(history, known_signatory(folder, "owner"), people, folder)
