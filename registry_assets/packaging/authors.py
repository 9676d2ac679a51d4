"""Who wrote the code of a version, as far as git can tell.

Nobody approves their own model, so a version records the authors of its code while the
repository is at hand. What git does not vouch for is said as well: who has authors and no
`unknown` knows everybody. Which commits count is `history`, who made them `people`; whose
address or key it is, is decided where approvals are.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from registry_assets.canonical import Json
from registry_assets.errors import CodeCommitUnknown
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.git import CODE_COMMIT, ask, objects
from registry_assets.packaging.history import history
from registry_assets.packaging.people import Makers, is_address, makers
from registry_assets.packaging.tracked import some, tracked_files
from registry_assets.references import clean_text

CODE_AUTHORS = "REGISTRY_CODE_AUTHORS"
"""The variable that names the authors, beside the one that names the commit."""

_MOST_AUTHORS = 1_000
_LONGEST_REASON = 1_000
_SHORT = 12  # digits of a commit, for people
_NOT_RECORDED = "Who wrote the code was not recorded with this version."


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who took part in commits: as author, committer or co-author.

    Args:
        commits: how many; 0 for one whom REGISTRY_CODE_AUTHORS names.
        signed_by: fingerprints of the keys that signed commits which this person committed.
    """

    name: str
    email: str
    commits: int = 0
    signed_by: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Give the author as JSON."""
        return {
            "name": self.name,
            "email": self.email,
            "commits": self.commits,
            "signed_by": list(self.signed_by),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read back what `to_json` gave."""
        return cls(value["name"], value["email"], value["commits"], tuple(value["signed_by"]))


@dataclass(frozen=True, slots=True)
class CodeAuthors:
    """The authors of all changes since a commit.

    Args:
        since: the commit whose history does not count; None where all of it does.
        unknown: why there may be others, a sentence each; empty if everybody is known.
    """

    since: str | None
    authors: tuple[Author, ...]
    unknown: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Give the authors as JSON."""
        return {
            "since": self.since,
            "authors": [author.to_json() for author in self.authors],
            "unknown": list(self.unknown),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Self:
        """Read back what `to_json` gave; whatever else is there, the authors are unknown."""
        match value:
            case {"since": None | str() as since, "authors": [*authors], "unknown": [*unknown]}:
                if all(map(_is_author, authors)) and _are_texts(unknown):
                    return cls(since, tuple(map(Author.from_json, authors)), tuple(unknown))
        return cls(None, (), (_NOT_RECORDED,))


def code_authors(closure: CodeClosure, *, since: str | None) -> CodeAuthors:
    """Tell who changed the files of a closure in commits that `since` does not reach.

    REGISTRY_CODE_AUTHORS, e-mail addresses with commas between them, tells it where there is no
    history to ask.

    Args:
        since: the commit of the version before; None for one that has none before it.
    """
    if CODE_COMMIT in os.environ:
        return _declared(since, f"{CODE_COMMIT} names the commit, and not who wrote the code.")
    folder = closure.file_of(closure.functions[0]).origin.resolve().parent
    try:
        top = Path(ask(folder, "rev-parse", "--show-toplevel"))
    except CodeCommitUnknown as error:
        return _declared(since, error.message)
    try:
        return _committed(closure, top=top, since=since)
    except CodeCommitUnknown as error:
        return CodeAuthors(since, (), (clean_text(error.message, limit=_LONGEST_REASON),))


def _declared(since: str | None, why: str) -> CodeAuthors:
    """Believe what the image says of itself, where there is nothing else to ask."""
    said = os.environ.get(CODE_AUTHORS, "").split(",")
    addresses = dict.fromkeys(each.strip() for each in said if each.strip())
    wrong = [each for each in addresses if "@" not in each or not is_address(each)]
    unknown = []
    if not addresses:
        unknown.append(f"{why} {CODE_AUTHORS}, with their e-mail addresses, would.")
    if wrong:
        unknown.append(f"{CODE_AUTHORS} holds what is no e-mail address: {some(wrong)}.")
    authors = tuple(Author(name="", email=each) for each in addresses if each not in wrong)
    return CodeAuthors(
        since, authors, tuple(clean_text(each, limit=_LONGEST_REASON) for each in unknown)
    )


def _committed(closure: CodeClosure, *, top: Path, since: str | None) -> CodeAuthors:
    head = ask(top, "rev-parse", "--verify", "HEAD")
    tracked = tracked_files(closure, top=top, head=head)
    if not tracked.paths:
        return CodeAuthors(since, (), tracked.unknown)
    found = history(top, tracked.paths, head=head, since=since)
    held = objects(top, found.commits)
    made = {name: makers(held.get(name, b""), name=name) for name in found.commits}
    authors = _counted(made.values())
    problems = {
        "Somebody has no usable e-mail address in these commits": [
            name[:_SHORT] for name, each in made.items() if each.nameless
        ],
        "These commits bear a signature that does not verify": [
            name[:_SHORT] for name, each in made.items() if each.forged
        ],
        f"More than {_MOST_AUTHORS:,} authors, among them": [
            author.email for author in authors[_MOST_AUTHORS:]
        ],
    }
    unknown = [f"{what}: {some(names)}." for what, names in problems.items() if names]
    return CodeAuthors(since, authors[:_MOST_AUTHORS], (*tracked.unknown, *found.unknown, *unknown))


def _counted(commits: Iterable[Makers]) -> tuple[Author, ...]:
    """Put together what the commits, newest first, say of each address."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for commit in commits:
        for person in commit.people:
            names.setdefault(person.email, person.name)
        counts.update({person.email for person in commit.people})
        if commit.signed_by and commit.committer:
            keys[commit.committer.email].add(commit.signed_by)
    return tuple(
        Author(names[email], email, count, tuple(sorted(keys[email])))
        for email, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _is_author(value: object) -> bool:
    match value:
        case {"name": str(), "email": str(), "commits": int(), "signed_by": [*keys]}:
            return _are_texts(keys)
    return False


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
