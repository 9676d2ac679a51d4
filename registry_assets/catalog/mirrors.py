"""Other registries that a model is published to: which, what went there, and how they were found.

Everything is recorded where it is news, and nothing else: a mirror is looked at every half a
minute, and the ledger is no log of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.mirror_tables import mirror_receipts, mirror_states, mirrors
from registry_assets.catalog.stored import read_json
from registry_assets.clock import Clock
from registry_assets.references import clean_text

DECLARED = "mirrors_declared"
PUBLISHED = "mirror_published"
POINTED = "mirror_pointed"
OBSERVED = "mirror_observed"
REPAIRED = "mirror_repaired"
FAILED = "mirror_failed"
LONGEST_ERROR = 2000

State = Literal["unknown", "in_step", "out_of_step", "unreachable"]


@dataclass(frozen=True, slots=True)
class MirrorRecord:
    """A mirror as it was declared last.

    Args:
        definition: what the declaration's `definition()` gave; None where it is one no more.
    """

    model: str
    mirror: str
    definition: Mapping[str, Any] | None
    digest: str
    actor: str
    set_at: str


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """That a version is there.

    Args:
        receipt: whole, as the client of that registry gave it.
    """

    model: str
    mirror: str
    version: int
    version_digest: str
    foreign_name: str
    foreign_number: str
    url: str
    sent_digest: str
    receipt: Mapping[str, Any]
    actor: str
    run_id: str
    published_at: str


@dataclass(frozen=True, slots=True)
class StateRecord:
    """How a mirror was found last, and what was last attempted there.

    Args:
        differences: what was not there as it is here.
        since: since when it is found so; None where nobody has looked.
        verified_at: when every byte there was compared last.
        pointers: what each pointer there was set to last.
        failures: publications that failed since the last one that did not.
        next_at: before which none is tried by itself.
    """

    model: str
    mirror: str
    state: State = "unknown"
    differences: tuple[Mapping[str, Any], ...] = ()
    since: str | None = None
    verified_at: str | None = None
    pointers: Mapping[str, Mapping[str, Any]] | None = None
    pointed_at: str | None = None
    failures: int = 0
    error: str | None = None
    failed_at: str | None = None
    next_at: str | None = None


def list_mirrors(connection: sa.Connection, model: str | None = None) -> tuple[MirrorRecord, ...]:
    """Give the mirrors that are declared, of one model or of all."""
    query = sa.select(mirrors).order_by(mirrors.c.model, mirrors.c.mirror)
    if model is not None:
        query = query.where(mirrors.c.model == model)
    found = (_mirror(row) for row in connection.execute(query))
    return tuple(each for each in found if each.definition is not None)


def declare_mirrors(
    catalog: Catalog,
    *,
    model: str,
    definitions: Mapping[str, dict[str, Json]],
    actor: str,
    clock: Clock,
) -> None:
    """Record a model's mirrors, if they are new or have changed.

    Args:
        definitions: by the names of the mirrors.
    """
    texts = {name: canonical_json(each).decode() for name, each in definitions.items()}
    with catalog.read() as connection:
        if not _changes(connection, model, texts):
            return
    with change(catalog, chain=model, kind=DECLARED, actor=actor, clock=clock) as draft:
        # Somebody else may have declared the same meanwhile.
        changes = _changes(draft.connection, model, texts)
        for name, text in changes.items():
            values = {
                "definition": text,
                "digest": sha256_digest(text.encode()),
                "actor": actor,
                "set_at": draft.effective_at,
            }
            if not draft.update(mirrors, {"model": model, "mirror": name}, **values):
                draft.insert(mirrors, model=model, mirror=name, **values)
        said = f"is mirrored by {', '.join(sorted(texts))}" if texts else "is mirrored no more"
        draft.sentence = f"{model} {said}, as it was declared now"
        draft.facts = {"mirrors": [*sorted(texts)], "changed": [*changes]}


def read_receipts(connection: sa.Connection, model: str, mirror: str) -> dict[int, ReceiptRecord]:
    """Give what was published to a mirror, by the version's number here."""
    rows = statements.find(connection, mirror_receipts, model=model, mirror=mirror)
    return {row.version: _receipt(row) for row in sorted(rows, key=lambda row: row.version)}


def receipts_of_version(
    connection: sa.Connection, model: str, version: int
) -> tuple[ReceiptRecord, ...]:
    """Give where a version was published to."""
    rows = statements.find(connection, mirror_receipts, model=model, version=version)
    return tuple(_receipt(row) for row in sorted(rows, key=lambda row: row.mirror))


def read_state(connection: sa.Connection, model: str, mirror: str) -> StateRecord:
    """Give how a mirror was found last; `unknown` where nobody ever looked."""
    row = statements.find(connection, mirror_states, model=model, mirror=mirror).one_or_none()
    if row is None:
        return StateRecord(model, mirror, pointers={})
    where = f"the state of {model}'s mirror {mirror}"
    read = {name: read_json(getattr(row, name), where=where) for name in _DOCUMENTS}
    return StateRecord(**{**row._asdict(), **read, "differences": tuple(read["differences"])})


def record_receipt(
    catalog: Catalog,
    *,
    model: str,
    mirror: str,
    version: int,
    receipt: Mapping[str, Json],
    actor: str,
    run_id: str,
    clock: Clock,
) -> None:
    """Record that a version is there; the same receipt changes nothing.

    Args:
        receipt: with `name`, `number`, `url`, `digest` and `sent_digest`.
    """
    text = canonical_json(dict(receipt)).decode()
    key = {"model": model, "mirror": mirror, "version": version}
    with change(catalog, chain=model, kind=PUBLISHED, actor=actor, clock=clock) as draft:
        found = statements.find(draft.connection, mirror_receipts, **key).one_or_none()
        if found is not None and found.receipt == text:
            return
        values = {
            "version_digest": receipt["digest"],
            "foreign_name": receipt["name"],
            "foreign_number": receipt["number"],
            "url": receipt["url"],
            "sent_digest": receipt["sent_digest"],
            "receipt": text,
            "actor": actor,
            "run_id": run_id,
            "published_at": draft.effective_at,
        }
        if found is None:
            draft.insert(mirror_receipts, **key, **values)
        else:
            draft.update(mirror_receipts, key, **values)
        again = " again" if found is not None else ""
        there = f"{receipt['name']}/{receipt['number']}"
        draft.sentence = f"version {version} was published to {mirror}{again}, as {there}"
        draft.facts = {
            "mirror": mirror,
            "version": version,
            "digest": receipt["digest"],
            "there": there,
            "url": receipt["url"],
        }


def record_pointers(
    catalog: Catalog,
    *,
    model: str,
    mirror: str,
    pointers: Mapping[str, dict[str, Json]],
    actor: str,
    clock: Clock,
) -> None:
    """Record what the pointers there were set to, and that no attempt has failed since.

    Args:
        pointers: by their names, each with `version`, `generation` and `number`, among others.
    """
    with change(catalog, chain=model, kind=POINTED, actor=actor, clock=clock) as draft:
        before = read_state(draft.connection, model, mirror)
        after = replace(before, failures=0, error=None, failed_at=None, next_at=None)
        if pointers != before.pointers:
            after = replace(after, pointers=pointers, pointed_at=draft.effective_at)
        if after == before:
            return
        _put(draft, after)
        held = [
            f"{name} holds version {each['version']} ({each['number']} there)"
            for name, each in sorted(pointers.items())
        ]
        draft.sentence = f"{mirror} is up to date: {', '.join(held) or 'no pointer holds anything'}"
        draft.facts = {"mirror": mirror, "pointers": dict(pointers)}


def record_observation(
    catalog: Catalog,
    *,
    model: str,
    mirror: str,
    state: State,
    differences: Sequence[Mapping[str, Json]],
    said: str,
    verified: bool,
    repaired: Sequence[Mapping[str, Json]] = (),
    actor: str,
    reason: str = "",
    clock: Clock,
) -> StateRecord:
    """Record how a mirror was found, if that is news, or every byte of it was compared.

    Args:
        said: what was found, in a sentence.
        repaired: what differed, and was put right just now: that is news in any case.
    """
    with catalog.read() as connection:
        before = read_state(connection, model, mirror)
    found = tuple(dict(each) for each in differences)
    if not (verified or repaired) and (before.state, before.differences) == (state, found):
        return before
    kind = REPAIRED if repaired else OBSERVED
    with change(catalog, chain=model, kind=kind, actor=actor, reason=reason, clock=clock) as draft:
        before = read_state(draft.connection, model, mirror)
        after = replace(before, state=state, differences=found)
        if after != before:
            after = replace(after, since=draft.effective_at)
        if verified:
            after = replace(after, verified_at=draft.effective_at)
        if after != before or repaired:
            _put(draft, after)
            facts: dict[str, Json] = {"mirror": mirror, "state": state, "differences": [*found]}
            draft.sentence, draft.facts = f"{mirror}: {said}", facts
            if repaired:
                amiss = "; ".join(str(each["sentence"]) for each in repaired)
                draft.sentence = f"{mirror} was put right: {amiss}; now {said}"
                draft.facts = {**facts, "repaired": [dict(each) for each in repaired]}
    return after


def record_failure(
    catalog: Catalog,
    *,
    model: str,
    mirror: str,
    error: str,
    next_at: str,
    actor: str,
    clock: Clock,
) -> None:
    """Record that a publication failed.

    Args:
        error: in which no secret is.
        next_at: before which none is tried by itself.
    """
    said = clean_text(error, limit=LONGEST_ERROR)
    with change(catalog, chain=model, kind=FAILED, actor=actor, clock=clock) as draft:
        before = read_state(draft.connection, model, mirror)
        after = replace(
            before,
            failures=before.failures + 1,
            error=said,
            failed_at=draft.effective_at,
            next_at=next_at,
        )
        _put(draft, after)
        draft.sentence = f"publishing to {mirror} failed: {said}"
        draft.facts = {"mirror": mirror, "failures": after.failures, "next_at": next_at}


_DOCUMENTS = ("differences", "pointers")


def _put(draft: Change, after: StateRecord) -> None:
    key = {"model": after.model, "mirror": after.mirror}
    names = [c.name for c in mirror_states.columns if c.name not in key]
    values = {name: getattr(after, name) for name in names}
    documents = {
        "differences": canonical_json(list(after.differences)).decode(),  # type: ignore[arg-type]
        "pointers": canonical_json(dict(after.pointers or {})).decode(),  # type: ignore[arg-type]
    }
    if not draft.update(mirror_states, key, **{**values, **documents}):
        draft.insert(mirror_states, **key, **{**values, **documents})


def _changes(connection: sa.Connection, model: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Give the definitions to be written, with JSON's null for a mirror that is one no more."""
    rows = {row.mirror: row.definition for row in statements.find(connection, mirrors, model=model)}
    wanted = {**dict.fromkeys(rows, "null"), **texts}
    return {name: text for name, text in sorted(wanted.items()) if rows.get(name) != text}


def _mirror(row: sa.Row[Any]) -> MirrorRecord:
    definition = read_json(row.definition, where=f"{row.model}'s mirror {row.mirror}")
    return MirrorRecord(row.model, row.mirror, definition, row.digest, row.actor, row.set_at)


def _receipt(row: sa.Row[Any]) -> ReceiptRecord:
    where = f"the receipt of {row.model}:{row.version} at {row.mirror}"
    return ReceiptRecord(**{**row._asdict(), "receipt": read_json(row.receipt, where=where)})
