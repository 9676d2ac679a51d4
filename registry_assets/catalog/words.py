"""Tags and descriptions: what people say about a model, or about one of its versions.

What was declared stays where it is: in the model's row, or in the metadata that a version was
committed with. What people change later stands beside it and hides it, so no word is ever part
of a digest. Which tags hold is asked of `indexing`, which derives them for the index, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.indexing import OF_THE_MODEL, edited_description, effective_tags
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.models import get_model
from registry_assets.catalog.tables import descriptions, tags
from registry_assets.catalog.versions import get_version

Edit = tuple[str | None, str | None]
"""A value before and after; None where there was none, or is none any more."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What holds, and who said it and when; neither where it is as it was declared.

    `text` is None for a tag that was taken away.
    """

    text: str | None
    actor: str | None = None
    said_at: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about a model, or about one version of it.

    Args:
        number: the version's, or 0 for the model itself.
        sayings: every tag that was declared or edited, also one that was taken away.
    """

    model: str
    number: int
    sayings: Mapping[str, Saying]
    description: Saying

    @property
    def reference(self) -> str:
        """`flight_delay:12`, or `flight_delay`."""
        return self.model if self.number == OF_THE_MODEL else f"{self.model}:{self.number}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags that hold, by name."""
        return {name: said.text for name, said in self.sayings.items() if said.text is not None}


def read_words(connection: sa.Connection, model: str, number: int) -> Words:
    """Give what is said about a model (number 0), or about a version in whatever state.

    Raises:
        NotFound: no such model or version.
    """
    declared, description = _declared(connection, model, number)
    key = {"model": model, "number": number}
    edited = connection.execute(sa.select(tags).filter_by(**key))
    sayings = {name: Saying(value) for name, value in declared.items()}
    sayings |= {row.name: Saying(row.value, row.actor, row.set_at) for row in edited}
    said = Saying(description)
    row = connection.execute(sa.select(descriptions).filter_by(**key)).one_or_none()
    if row is not None and row.text:
        said = Saying(row.text, row.actor, row.set_at)
    return Words(model, number, dict(sorted(sayings.items())), said)


def write_tags(
    draft: Change, model: str, number: int, wanted: Mapping[str, str | None], *, actor: str
) -> dict[str, Edit]:
    """Set tags, and take away those that are None; give what that changed.

    What holds already is not said again: a repeated edit writes nothing.
    """
    declared = _declared(draft.connection, model, number)[0]
    now = effective_tags(draft.connection, model, number, declared)
    changed = {
        name: (now.get(name), value)
        for name, value in sorted(wanted.items())
        if now.get(name) != value
    }
    for name, (_, value) in changed.items():
        key = {"model": model, "number": number, "name": name}
        _put(draft, tags, key, value=value, actor=actor)
    return changed


def write_description(draft: Change, model: str, number: int, text: str, *, actor: str) -> Edit:
    """Describe a model or a version; an empty text goes back to what was declared.

    Gives the description before and after: where they are equal, nothing was written.
    """
    declared = _declared(draft.connection, model, number)[1]
    before = edited_description(draft.connection, model, number) or declared
    after = text or declared
    if before != after:
        _put(draft, descriptions, {"model": model, "number": number}, text=text, actor=actor)
    return before, after


def _put(draft: Change, table: sa.Table, key: Mapping[str, Any], **values: Any) -> None:
    said = {**values, "set_at": draft.effective_at}
    if not draft.update(table, key, **said):
        draft.insert(table, **key, **said)


def _declared(connection: sa.Connection, model: str, number: int) -> tuple[Mapping[str, str], str]:
    if number == OF_THE_MODEL:
        record = get_model(connection, model)
        return record.tags, record.description
    facts = get_version(connection, model, number).metadata
    return facts.get("tags", {}), str(facts.get("description", ""))
