"""Who trained a version, from its lineage: those people cannot approve it.

Trainers are the authors of the commits that touch the packaged code since the version that the
pointer held last, and whoever asked for the version or registered it. Whoever cannot be told is
unknown, and an unknown author may be anybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry_assets.actors import AUTOMATIC, UNVERIFIED
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.active import ActivePolicy
from registry_assets.packaging.authors import Author, CodeAuthors

CODE_AUTHORS = "code_authors"
"""The fact of a version that says who wrote its code, by pointer."""

WHOLE_HISTORY = "-all"
"""Stands for a pointer that was not there yet when the version was made."""


@dataclass(frozen=True, slots=True)
class Trainers:
    """Who trained a version.

    Args:
        people: by name, each with what they did.
        unknown: sentences: who is not known, and why.
    """

    people: Mapping[str, str]
    unknown: tuple[str, ...]


def trainers_of(version: VersionRecord, pointer: str, active: ActivePolicy) -> Trainers:
    """Tell who trained a version, as far as that can be told."""
    people: dict[str, list[str]] = {}
    unknown: list[str] = []
    for account, what in _actors(version):
        found = _by_account(active, account)
        if found:
            people.setdefault(found, []).append(what)
        elif account.startswith(UNVERIFIED):
            claimed = account.removeprefix(UNVERIFIED)
            unknown.append(f"{what} as {claimed}, which nothing confirms")
        elif account not in active.document.services:
            unknown.append(f"{what} as {account}, which is nobody's account")
    authors = code_authors_of(version.metadata, pointer)
    unknown += authors.unknown
    for author in authors.authors:
        found_all = list(_by_author(active, author))
        for name in found_all:
            commits = "a commit" if author.commits == 1 else f"{author.commits} commits"
            people.setdefault(name, []).append(f"wrote {commits} of its code as {author.email}")
        if not found_all and author.email.lower() not in _lowered(active.document.services):
            unknown.append(f"{author.email} wrote code of it, and is nobody's e-mail address")
    did = {name: " and ".join(dict.fromkeys(said)) for name, said in people.items()}
    return Trainers(did, tuple(dict.fromkeys(unknown)))


def code_authors_of(metadata: Mapping[str, Any], pointer: str) -> CodeAuthors:
    """Give who wrote a version's code since what a pointer held when it was made."""
    recorded = metadata.get(CODE_AUTHORS)
    if not isinstance(recorded, Mapping):
        return CodeAuthors.from_json(None)
    return CodeAuthors.from_json(recorded.get(pointer, recorded.get(WHOLE_HISTORY)))


def _actors(version: VersionRecord) -> Iterator[tuple[str, str]]:
    if not version.actor.startswith(AUTOMATIC):
        yield version.actor, "asked for it"


def _by_account(active: ActivePolicy, account: str) -> str | None:
    for person in active.document.people:
        if account == person.name or account in person.accounts:
            return person.name
    return None


def _by_author(active: ActivePolicy, author: Author) -> Iterator[str]:
    """Give everybody whom an author's address or signatures point to."""
    email = author.email.lower()
    for person in active.document.people:
        if email in _lowered(person.emails):
            yield person.name
    for fingerprint in author.signed_by:
        owner = active.signer(fingerprint) or active.was_revoked(fingerprint)
        if owner is not None:
            yield owner.name


def _lowered(texts: Sequence[str]) -> set[str]:
    return {text.lower() for text in texts}
