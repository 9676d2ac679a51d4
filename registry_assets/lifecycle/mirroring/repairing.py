"""Repair: what was changed in a mirror behind the gate's back is put as it is here."""

from dataclasses import dataclass

from registry_assets.declaration import RegisteredModel
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.mirroring.observing import Observation, look, observe
from registry_assets.lifecycle.mirroring.publishing import Published, publish
from registry_assets.mirroring.protocol import OutOfStep


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair found, and what stands there now.

    Args:
        amiss: what differed before.
        now: how it was found afterwards; every byte was compared.
    """

    published: Published
    amiss: tuple[OutOfStep, ...]
    now: Observation


def repair(
    backends: Backends,
    declared: RegisteredModel,
    name: str,
    *,
    run: RunInfo,
    reason: str = "",
) -> Repaired:
    """Put a mirror right: missing versions, changed bytes, moved pointers.

    What was amiss is an event of the ledger, with who put it right.

    Raises:
        NotFound: there is no such model here, or it has no such mirror.
        MirrorUnreachable, MirrorRefused, MirrorDiffers: it failed; repeat it.
    """
    before = look(backends, declared, name, verify=True)
    published = publish(backends, declared, name, run=run, again=True)
    amiss = before.differences
    now = observe(backends, declared, name, run=run, verify=True, repaired=amiss, reason=reason)
    return Repaired(published, amiss, now)
