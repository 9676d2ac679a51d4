"""What is shown of a migration: while it goes on, and afterwards, for people and for programs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from registry_assets.cli.progress import shown_progress
from registry_assets.cli.text import plural, visible

if TYPE_CHECKING:
    from registry_assets.cli.plain import Document
    from registry_assets.lifecycle.migrating.values import Migrated, Outcome
    from registry_assets.registry import Registry

_EVERY = 100
_SHOWN = 20
_FEW = 3
_OUTCOMES: "dict[Outcome, str]" = {
    "imported": "imported",
    "completed": "completed: their files came this time",
    "linked": "linked: they are versions of this registry",
    "known": "here already",
    "absent": "here already, and their files did not come this time either",
}


def beside(registry: "Registry", called: str, name: str) -> str:
    """Say that a model here has versions of another model there: its name may be a slip."""
    from registry_assets.errors import NotFound

    try:
        records = registry.imported_versions(called, linked=True)
    except NotFound:
        return ""
    others = {each.foreign_name for each in records} - {name}
    if not others:
        return ""
    said = ", ".join(visible(each) for each in sorted(others)[:_FEW])
    more = f" and {len(others) - _FEW} more" if len(others) > _FEW else ""
    return (
        f"Note: {called} has the history of {said}{more} already: these versions are numbered on"
        " behind it, as one model's; --as gives them a model of their own"
    )


def show_migrated(done: "Migrated", *, as_json: bool, note: str = "") -> None:
    """Show what a migration did."""
    from registry_assets.cli.plain import print_json

    if as_json:
        print_json(migrated_document(done))
        return
    for line in migrated_lines(done):
        click.echo(line)
    if note:
        click.echo(note)


@contextmanager
def told_progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar where somebody looks at a terminal, and elsewhere a line now and then."""
    if quiet or sys.stderr.isatty():
        with shown_progress(quiet=quiet, counted=True) as progress:
            yield progress
        return

    def line(what: str, done: int, total: int) -> None:
        if total and (done % _EVERY == 0 or done == total):
            click.echo(f"{what}: {done:,} of {plural(total, 'version')}", err=True)

    yield line


def migrated_document(done: "Migrated") -> "Document":
    """Give what a migration did, for programs."""
    return {
        "model": done.model,
        "foreign_name": done.name,
        "address": done.address,
        "declared": done.declared,
        "changed": done.changed,
        "counts": {outcome: done.count(outcome) for outcome in _OUTCOMES},
        "versions": [each.to_json() for each in done.versions],
        "aliases": [
            {"alias": each.alias, "foreign_number": each.foreign_number, "seen_at": each.seen_at}
            for each in done.aliases
        ],
        "never_carried": list(done.always_lost),
    }


def migrated_lines(done: "Migrated") -> Iterator[str]:
    """Say what a migration did."""
    from rich.filesize import decimal

    model = done.model
    total = plural(len(done.versions), "version")
    yield f"{visible(done.name)} at {done.address} has {total}; here it is {model}."
    for outcome, said in _OUTCOMES.items():
        if count := done.count(outcome):
            yield f"  {count:,} {said}"
    files = sum(each.files for each in done.versions)
    if files:
        size = decimal(sum(each.size for each in done.versions))
        yield f"{plural(files, 'file')} copied and digested, {size}; none was opened."
    unsafe = sum(bool(each.record.unsafe) for each in done.versions)
    if unsafe:
        marked = plural(unsafe, "version")
        yield f"Note: {marked} with pickles, marked `unsafe: pickle`: kept, and never loaded."
    yield from _lost(done)
    yield from _changed(done)
    for alias in done.aliases:
        if alias.foreign_number is not None:
            yield f"Alias {visible(alias.alias)} is at {alias.foreign_number} there; noted."
    yield f"Of no version: {'; '.join(done.always_lost)}."
    if done.declared:
        yield f"Next: declare a RegisteredModel named {model}: its versions go on after these."
    yield f"Next: `registry versions {model}` lists them, `registry log {model}` tells all of it."


def _lost(done: "Migrated") -> Iterator[str]:
    lost = [each for each in done.versions if each.lost]
    if lost:
        yield "Did not come:"
    for each in lost[:_SHOWN]:
        name = f"{done.model}:{each.record.number} (there {each.record.foreign_number})"
        yield from (f"  {name}: {visible(sentence)}" for sentence in each.lost)
    if len(lost) > _SHOWN:
        yield f"  and of {len(lost) - _SHOWN:,} more versions: --json lists all"


def _changed(done: "Migrated") -> Iterator[str]:
    changed = [each for each in done.versions if each.changed]
    for each in changed[:_SHOWN]:
        yield (
            f"Note: what is said there of version {each.record.foreign_number} has changed since it"
            " came; what came stays"
        )
    if len(changed) > _SHOWN:
        yield f"Note: so it has of {len(changed) - _SHOWN:,} more versions: --json lists all"
