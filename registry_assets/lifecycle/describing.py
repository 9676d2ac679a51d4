"""Describe: tags and descriptions that people give a model, or a version in whatever state.

None of them is part of a digest, so saying another thing never makes another version. What a
policy asks of tags is held here at once, and again by the decision before a pointer moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.indexing import OF_THE_MODEL
from registry_assets.catalog.ledger import change
from registry_assets.catalog.models import get_model
from registry_assets.catalog.versions import get_version
from registry_assets.catalog.words import (
    Edit,
    Words,
    read_words,
    write_description,
    write_tags,
)
from registry_assets.declaration.checks import require
from registry_assets.declaration.model import REQUIRED_TAGS
from registry_assets.declaration.promotion import LONGEST_TAG
from registry_assets.errors import TagRefused
from registry_assets.governance.active import read_active
from registry_assets.governance.policy import Policy, allowed_values
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.deploying import resolve
from registry_assets.references import Reference, check_name, check_text

LONGEST_DESCRIPTION = 10_000
MOST_TAGS = 100


@dataclass(frozen=True, slots=True)
class Described:
    """What is said now, and what the edit changed: nothing where all of it was said already."""

    words: Words
    changes: Mapping[str, Edit]

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.changes)


def find_words(connection: sa.Connection, reference: Reference) -> Words:
    """Give what is said about the model or the version that a reference names.

    Raises:
        NotFound: there is nothing of that name.
    """
    return read_words(connection, reference.model, _number(connection, reference))


def tag(
    backends: Backends,
    reference: Reference,
    tags: Mapping[str, str | None],
    *,
    run: RunInfo,
    reason: str = "",
) -> Described:
    """Set tags of a model or a version, and take away those that are None: all or none.

    Raises:
        NotFound: there is nothing of that name.
        InvalidName, DeclarationError: a name or value that cannot be kept.
        TagRefused: the policy does not allow a value, or asks for what would be taken away.
    """
    _refuse_too_many(sum(value is not None for value in tags.values()), reference)
    for name, value in tags.items():
        check_name(name, what="tag")
        if value is not None:
            check_text(value, what=f"tag {name}", limit=LONGEST_TAG)
            require(
                bool(value.strip()),
                f"tag {name} has a blank value",
                f"give a value, or take it away: `--remove {name}`, None in Python",
            )
    with change(
        backends.catalog,
        chain=reference.model,
        kind="tags_changed",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        model, connection = reference.model, draft.connection
        _hold_against(Policy.of(get_model(connection, model), read_active(connection)), tags)
        number = _number(connection, reference)
        changes = write_tags(draft, model, number, tags, actor=run.actor)
        words = read_words(connection, model, number)
        added = sum((before is None) - (after is None) for before, after in changes.values())
        if added > 0:  # a declaration may have given more: those can be changed and taken away
            _refuse_too_many(len(words.tags), reference)
        draft.sentence = f"{words.reference} was tagged: {', '.join(map(_said, changes.items()))}"
        draft.facts = {
            "version": number or None,
            "tags": {name: _facts(edit) for name, edit in changes.items()},
        }
        return Described(words, changes)


def describe(
    backends: Backends, reference: Reference, text: str, *, run: RunInfo, reason: str = ""
) -> Described:
    """Describe a model or a version; an empty text goes back to what was declared.

    Raises:
        NotFound: there is nothing of that name.
        DeclarationError: the text cannot be kept.
    """
    check_text(text, what="description", limit=LONGEST_DESCRIPTION)
    text = text if text.strip() else ""
    with change(
        backends.catalog,
        chain=reference.model,
        kind="description_changed",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        model, number = reference.model, _number(draft.connection, reference)
        edit = write_description(draft, model, number, text, actor=run.actor)
        words = read_words(draft.connection, model, number)
        draft.sentence = f"{words.reference} was described anew"
        draft.facts = {"version": number or None, "description": _facts(edit)}
        return Described(words, {"description": edit} if edit[0] != edit[1] else {})


def _number(connection: sa.Connection, reference: Reference) -> int:
    """Give the number that words about a reference stand under, whatever became of it."""
    if reference.version is not None:
        return get_version(connection, reference.model, reference.version).number
    if reference.pointer is None and reference.digest is None:
        get_model(connection, reference.model)
        return OF_THE_MODEL
    return resolve(connection, reference).number


def _hold_against(policy: Policy, tags: Mapping[str, str | None]) -> None:
    asked: Mapping[str, tuple[str, ...]] = {**dict.fromkeys(REQUIRED_TAGS, ()), **policy.tags}
    refused = {
        name: (
            f"{name} cannot be taken away: every version must have it"
            if value is None
            else f"{name}={value} is not allowed; the policy asks for {allowed_values(asked[name])}"
        )
        for name, value in tags.items()
        if name in asked and (value is None or (asked[name] and value not in asked[name]))
    }
    if refused:
        raise TagRefused(
            f"tag {'; tag '.join(refused.values())}",
            names=tuple(refused),
            hint="give another value; nothing was changed. What a policy asks for is declared:"
            " Promotion(tags=…)",
        )


def _refuse_too_many(count: int, reference: Reference) -> None:
    require(
        count <= MOST_TAGS,
        f"{reference} would have {count:,} tags; at most {MOST_TAGS} are kept",
        "take some away, or write it into the description; nothing was changed",
    )


def _said(change: tuple[str, Edit]) -> str:
    name, (before, after) = change
    was = "" if before is None else f" (it was {_short(before)})"
    return f"{name} was taken away{was}" if after is None else f"{name}={_short(after)}{was}"


def _short(value: str) -> str:
    """The whole of it is in the event's facts."""
    return value if len(value) <= 60 else f"{value[:59]}…"


def _facts(edit: Edit) -> dict[str, Json]:
    before, after = edit
    return {"before": before, "after": after}
