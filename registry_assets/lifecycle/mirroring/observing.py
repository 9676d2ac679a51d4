"""Observe: look at what stands in a mirror, and say what is not there as it is here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from registry_assets.catalog import mirrors
from registry_assets.catalog.mirrors import State, StateRecord
from registry_assets.clock import parse_timestamp
from registry_assets.declaration import Mirror, RegisteredModel
from registry_assets.errors import MirrorError
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.mirroring.declared import mirror_of, open_client, record_mirrors
from registry_assets.lifecycle.mirroring.wanted import Wanted, read_wanted
from registry_assets.mirroring.comparing import find_differences
from registry_assets.mirroring.protocol import ForeignState, OutOfStep


@dataclass(frozen=True, slots=True)
class Observation:
    """How a mirror was found.

    Args:
        before: how it was found the time before.
        found: what stands there; None where it could not be looked at.
        error: why it could not.
        hint: what to do about that.
        verified: whether every byte there was compared.
    """

    model: str
    mirror: str
    address: str
    name: str
    state: State
    before: StateRecord
    differences: tuple[OutOfStep, ...] = ()
    found: ForeignState | None = None
    error: str = ""
    hint: str = ""
    verified: bool = False

    @property
    def in_step(self) -> bool:
        """Whether all is there as it is here."""
        return self.state == "in_step"

    @property
    def is_news(self) -> bool:
        """Whether it was found otherwise the time before."""
        said = tuple(each.to_json() for each in self.differences)
        return (self.state, said) != (self.before.state, self.before.differences)

    @property
    def is_lag(self) -> bool:
        """Whether all that differs was only not told yet."""
        return bool(self.differences) and all(each.is_lag for each in self.differences)

    @property
    def sentence(self) -> str:
        """How it was found, for people."""
        if self.error:
            return f"it cannot be looked at: {self.error}"
        if not self.differences:
            every = "; every byte was compared" if self.verified else ""
            return f"all is there as it is here{every}"
        return "; ".join(each.sentence for each in self.differences)


def look(
    backends: Backends,
    declared: RegisteredModel,
    name: str,
    *,
    verify: bool = False,
    brief: bool = False,
) -> Observation:
    """Look at a mirror; nothing is recorded.

    Args:
        verify: read every byte of what pointers hold there.
        brief: give up soon, for who looks again in a moment.

    Raises:
        NotFound: there is no such model here, or it has no such mirror.
    """
    mirror, model = mirror_of(declared, name), declared.name
    with backends.catalog.read() as connection:
        wanted = read_wanted(connection, model, mirror)
    address = foreign = ""
    try:
        client = open_client(model, mirror, brief=brief)
        address, foreign = client.address, client.name
        held = {each.version for each in wanted.holding.values()}
        looked_at = {number: each for number, each in wanted.receipts.items() if number in held}
        found = client.observe(wanted.pointers, tuple(looked_at.values()), verify=verify)
    except MirrorError as error:
        # What differed before may differ still: it is not known, and not forgotten.
        kept = tuple(OutOfStep(**each) for each in wanted.state.differences)
        return Observation(
            model,
            name,
            address,
            foreign,
            "unreachable",
            wanted.state,
            kept,
            error=error.message,
            hint=error.hint,
        )
    differences = find_differences(
        found,
        pointers=wanted.pointers,
        holding=wanted.holding,
        told=wanted.told,
        receipts=looked_at,
    )
    if not verify:
        differences += tuple(_unseen(wanted, differences))
    return Observation(
        model,
        name,
        address,
        foreign,
        "out_of_step" if differences else "in_step",
        wanted.state,
        differences,
        found,
        verified=verify,
    )


def observe(
    backends: Backends,
    declared: RegisteredModel,
    name: str,
    *,
    run: RunInfo,
    verify: bool | None = None,
    repaired: tuple[OutOfStep, ...] = (),
    reason: str = "",
) -> Observation:
    """Look at a mirror, and record how it was found where that is news.

    Args:
        repaired: what differed before, and was put right.
        reason: why that was done.
        verify: read every byte of what pointers hold there; by default where that was not done
            for as long as the mirror allows, or something was amiss.
    """
    mirror = mirror_of(declared, name)
    with backends.catalog.read() as connection:
        wanted = read_wanted(connection, declared.name, mirror)
    record_mirrors(backends, declared, actor=run.actor)
    if verify is None:
        amiss = wanted.state.state == "out_of_step" and not wanted.behind and not wanted.missing
        verify = amiss or is_verification_due(backends, mirror, wanted)
    found = look(backends, declared, name, verify=verify)
    mirrors.record_observation(
        backends.catalog,
        model=declared.name,
        mirror=name,
        state=found.state,
        differences=[each.to_json() for each in found.differences],
        said=found.sentence,
        verified=found.verified and bool(wanted.receipts),
        repaired=[each.to_json() for each in repaired],
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    )
    return found


def _unseen(wanted: Wanted, seen: tuple[OutOfStep, ...]) -> Iterator[OutOfStep]:
    """Give what was found by reading every byte, and nobody sees who does not: it is so still."""
    held = {str(each.version) for each in wanted.holding.values()}
    known = {(each.kind, each.subject) for each in seen}
    for said in wanted.state.differences:
        found = OutOfStep(**said)
        here = found.subject in held and int(found.subject) in wanted.receipts
        if found.kind == "artifact_changed" and here and (found.kind, found.subject) not in known:
            yield found


def is_verification_due(backends: Backends, mirror: Mirror, wanted: Wanted) -> bool:
    """Tell whether every byte there is to be compared again."""
    if not wanted.receipts:
        return False
    last = wanted.state.verified_at
    if last is None:
        return True
    return backends.clock() - parse_timestamp(last) >= timedelta(hours=mirror.verify_hours)
