"""The people of a policy: each has names, addresses and keys of their own.

Who could be taken for another could sign, or be kept from signing, in the other's place.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from registry_assets.errors import RegistryError
from registry_assets.governance.document.texts import named, texts

if TYPE_CHECKING:
    from registry_assets.governance.document.values import Person, PolicyDocument


def check_people(people: "Sequence[Person]") -> Iterator[str]:
    """Say what of the people of a policy cannot be: two who cannot be told apart, no key."""
    if not people:
        yield "people is empty: nobody could sign anything"
    owner: dict[tuple[str, str], str] = {}
    for person in people:
        where = f"people.{person.name or '?'}"
        yield from named(where, person.name)
        for role in person.roles:
            yield from named(f"{where}.roles", role)
        yield from texts(where, (person.full_name, *person.emails, *person.accounts))
        for kind, value in _marks(person):
            if (kind, value) in owner:
                also = owner[kind, value]
                yield f"{where}: the {kind} {value!r:.120} stands twice, also of {also}"
            owner.setdefault((kind, value), person.name)
        yield from _keys(f"{where}.keys", person.keys)
        yield from _keys(f"{where}.revoked_keys", person.revoked_keys)
    names = {person.name for person in people}
    for person in people:
        # Who works under the name of another would be taken for that person.
        for account in sorted(names & set(person.accounts) - {person.name}):
            yield f"people.{person.name}: the account {account!r:.80} is the name of another"


def _marks(person: "Person") -> "Iterator[tuple[str, str]]":
    """Give everything by which a person is told from others."""
    yield "name", person.name
    for key in (*person.keys, *person.revoked_keys):
        # Without its comment: under another one it is the same key.
        yield "key", " ".join(key.split()[:2])
    for email in person.emails:
        yield "e-mail", email.lower()
    for account in person.accounts:
        yield "account", account


def check_services(document: "PolicyDocument") -> Iterator[str]:
    """Say which of the services of a policy stand for a person after all."""
    yield from texts("services", document.services)
    of_people = {
        mark: person.name
        for person in document.people
        for mark in (person.name, *person.accounts, *(email.lower() for email in person.emails))
    }
    for service in document.services:
        person = of_people.get(service) or of_people.get(service.lower())
        if person is not None:
            yield f"services: {service!r:.80} stands for a person, {person}"


def _keys(where: str, keys: Sequence[str]) -> Iterator[str]:
    from registry_assets.signing.keys import PublicKey

    for number, key in enumerate(keys, start=1):
        try:
            PublicKey.parse(key)
        except RegistryError as error:
            yield f"{where}[{number}]: {error.message}"
        else:
            # Its comment, that is: of what is no key the text is not shown.
            yield from texts(f"{where}[{number}]", (key,))
