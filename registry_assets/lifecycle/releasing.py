"""Release: a version that a pointer was rolled back from may come back to it, by the gate.

No pointer moves. Until it is released, nothing brings such a version back: no sensor and no
person. Afterwards it is promoted like any other, if it is asked for by its number.
"""

from dataclasses import dataclass

from registry_assets.catalog.holds import HoldRecord, list_holds, read_hold, write_hold
from registry_assets.catalog.ledger import change
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import get_pointer
from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration.checks import require
from registry_assets.errors import ReleaseRefused
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.deploying import resolve
from registry_assets.references import Reference


@dataclass(frozen=True, slots=True)
class Released:
    """A version that is not held any more; `changed` is False where it was released before."""

    version: VersionRecord
    hold: HoldRecord
    changed: bool


def release(
    backends: Backends,
    reference: Reference,
    *,
    pointer: str = PRODUCTION,
    reason: str,
    run: RunInfo,
) -> Released:
    """Release a version that is held on a pointer since that was rolled back from it.

    Raises:
        DeclarationError: no reason is given.
        NotFound, VersionFailed: there is no such version or pointer, or it was never committed.
        ReleaseRefused: the pointer was never rolled back from that version.
    """
    require(
        bool(reason.strip()),
        "a release needs a reason",
        "say why it may come back, with `--reason`, or reason=… in Python; nothing was changed",
    )
    with change(
        backends.catalog,
        chain=reference.model,
        kind="version_released",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        connection = draft.connection
        version = resolve(connection, reference)
        name = get_pointer(connection, version.model, pointer).name
        before = read_hold(connection, version.model, name, version.number)
        if before is None:
            held = [hold for hold in list_holds(connection, version.model, name) if hold.in_force]
            raise ReleaseRefused(
                f"{version.reference} is not held on {name}: that was never rolled back from it",
                hint=f"{_listed(held)}; nothing was changed",
            )
        if not before.in_force:
            return Released(version, before, changed=False)
        after = write_hold(
            draft, version.model, name, version.number, "released", actor=run.actor, reason=reason
        )
        draft.sentence = f"version {version.number} was released for {name}: it may come back"
        draft.facts = {"version": version.number, "pointer": name}
        return Released(version, after, changed=True)


def _listed(held: list[HoldRecord]) -> str:
    if not held:
        return "no version is held there"
    return "held there: " + ", ".join(f"version {hold.number}" for hold in held)
