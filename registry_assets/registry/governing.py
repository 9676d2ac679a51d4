"""Who agrees, and under which rules: policies, and what people sign about versions."""

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from registry_assets.catalog.models import PRODUCTION, get_model
from registry_assets.decisions import Decided
from registry_assets.governance.active import ActivePolicy, read_active
from registry_assets.governance.document import PolicyDocument
from registry_assets.governance.policy import Policy
from registry_assets.lifecycle import activating, approving, drafting, noting, reviewing, simulating
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.governance.approvals import ApprovalStatement


class Governing(Part):
    """Activate a policy, approve a version."""

    def policy(self) -> ActivePolicy | None:
        """Give the policy in force; None where none was ever activated."""
        with self.backends.catalog.read() as connection:
            return read_active(connection)

    def draft_policy(self) -> str:
        """Write a policy that pins every model as it is declared now: see `lifecycle.drafting`."""
        return drafting.draft_policy(self.backends)

    def simulate_policy(
        self, document: PolicyDocument, *, model: str | None = None
    ) -> simulating.Simulation:
        """Hold every past promotion against a policy: see `lifecycle.simulating`."""
        return simulating.simulate_policy(self.backends, document, model=model)

    def policy_notes(
        self, document: PolicyDocument, *, signed_by: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Give what somebody has to know of a policy before it is in force: see `noting`."""
        return noting.policy_notes(self.backends, document, signed_by=signed_by)

    def activation_statement(self, document: PolicyDocument) -> bytes:
        """Give what is signed to bring a policy into force: see `lifecycle.activating`."""
        return activating.activation_statement(self.backends, document)

    def check_activation(self, document: PolicyDocument, statement: bytes) -> None:
        """Refuse a statement that somebody else began to sign: see `lifecycle.activating`."""
        activating.check_statement(self.backends, document, statement)

    def check_envelope(self, document: PolicyDocument, envelope: bytes) -> None:
        """Refuse what `activate_policy` would refuse: see `lifecycle.activating`."""
        activating.check_envelope(self.backends, document, envelope)

    def activation_missing(self, envelope: bytes) -> str:
        """Say whose signatures an envelope lacks: see `lifecycle.activating`."""
        return activating.activation_missing(self.backends, envelope)

    def activate_policy(
        self, document: PolicyDocument, envelope: bytes, *, run: RunInfo, reason: str = ""
    ) -> activating.Activated:
        """Bring a signed policy into force: see `lifecycle.activating`."""
        return activating.activate_policy(self.backends, document, envelope, run=run, reason=reason)

    def prepare_approval(
        self,
        model: str,
        number: int,
        *,
        pointer: str = PRODUCTION,
        decision: Decided = "approve",
        person: str,
        reason: str,
        lasts: timedelta | None = None,
    ) -> approving.Prepared:
        """Give what a person would sign about a version: see `lifecycle.approving`."""
        return approving.prepare(
            self.backends,
            model,
            number,
            pointer=pointer,
            decision=decision,
            person=person,
            reason=reason,
            lasts=lasts,
        )

    def record_approval(
        self, envelope: bytes, *, run: RunInfo, model: str | None = None
    ) -> approving.Recorded:
        """Record what somebody signed about a version: see `lifecycle.approving`."""
        return approving.record_signed(self.backends, envelope, run=run, model=model)

    def open_review(self, model: str, pointer: str = PRODUCTION) -> reviewing.Review | None:
        """Give the review that a pointer's last move asks for, or had: see `reviewing`."""
        with self.backends.catalog.read() as connection:
            policy = Policy.of(get_model(connection, model), read_active(connection), pointer)
            return reviewing.review_of(connection, policy, model=model, pointer=pointer)

    def record_unsigned(
        self, statement: "ApprovalStatement", *, run: RunInfo
    ) -> approving.Recorded:
        """Record what somebody says without a signature, where the policy allows it."""
        return approving.record_unsigned(self.backends, statement, run=run)
