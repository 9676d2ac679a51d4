"""Adopt: a version that somebody else made in a mirror is proposed as a candidate here.

It becomes a version as every estimator does that was trained elsewhere (`registering`): packaged
with our code, loaded in a fresh process, evaluated, and judged by the same gate. No pointer moves.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from registry_assets.catalog.versions import find_by_digest
from registry_assets.clock import parse_timestamp
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import AdoptionRefused, NotFound
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.mirroring.declared import mirror_of, open_client
from registry_assets.lifecycle.registering import Registered, Registration, register_version
from registry_assets.mirroring.estimators import find_estimator
from registry_assets.mirroring.protocol import Fetched

LARGEST_ESTIMATOR = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Adopted:
    """A version that came from a mirror.

    Args:
        there: what it is there.
    """

    registered: Registered
    there: Fetched


def adopt(
    backends: Backends,
    declared: RegisteredModel,
    name: str,
    number: str,
    *,
    run: RunInfo,
    reason: str = "",
) -> Adopted:
    """Register a version of a mirror as a candidate here.

    Adopting the same one again gives the version that it became.

    Args:
        number: what it is called there.

    Raises:
        NotFound: there is no such mirror, or no such version there.
        AdoptionRefused: it is a version of this registry, or no estimator that is safe to read.
        MirrorUnreachable, MirrorRefused: it could not be fetched.
        PackagingRefused, UntrustedTypes, LoadCheckFailed: it cannot be shipped; says why.
    """
    mirror = mirror_of(declared, name)
    client = open_client(declared.name, mirror)
    with tempfile.TemporaryDirectory(prefix="registry-adopt-") as folder:
        there = client.fetch(number, Path(folder))
        where = f"{there.name}/{there.number} at {client.address}"
        _refuse_ours(backends, declared.name, there, where)
        path = find_estimator(Path(folder), there.files, where=where)
        file = Path(folder) / path
        if file.stat().st_size > LARGEST_ESTIMATOR:
            raise AdoptionRefused(
                f"{path} of {where} has {file.stat().st_size:,} bytes; at most"
                f" {LARGEST_ESTIMATOR:,} are read",
                hint="register it by hand where it was trained",
            )
        data = file.read_bytes()
    if there.started_at is None or there.finished_at is None:
        raise AdoptionRefused(
            f"{where} does not say when it was trained",
            hint="register its estimator here by `registry register`, which asks for that",
        )
    told = Registration(
        started_at=parse_timestamp(there.started_at),
        finished_at=max(parse_timestamp(there.started_at), parse_timestamp(there.finished_at)),
        reason=f"adopted from {name}, {there.name}/{there.number}" + (f": {reason}" * bool(reason)),
        experiment_url=there.url,
    )
    return Adopted(register_version(backends, declared, data, told, run=run), there)


def _refuse_ours(backends: Backends, model: str, there: Fetched, where: str) -> None:
    """Refuse what was published from here; a digest that is none of ours says nothing."""
    if there.digest is None:
        return
    try:
        with backends.catalog.read() as connection:
            found = find_by_digest(connection, model, there.digest)
    except NotFound:
        return
    raise AdoptionRefused(
        f"{where} is {found.reference}, which was published from here",
        hint=f"`registry explain {model}` says what it waits for, `registry promote"
        f" {found.reference}` promotes it",
    )
