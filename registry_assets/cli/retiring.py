"""Commands that set a version aside, or take it back: `archive`, `unarchive`, `reject`.

Nothing is deleted by any of them, and none moves a pointer.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.approving import show_evidence, signed_statement, whose_key
from registry_assets.cli.options import confirm, reason_option, require_reason, yes_option
from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.signing import key_option, open_key
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.catalog.versions import VersionRecord
    from registry_assets.lifecycle.approving import Prepared
    from registry_assets.lifecycle.retiring import Retired
    from registry_assets.registry import Registry
    from registry_assets.signing.signers import Signer


@click.command()
@click.argument("reference", metavar="REF")
@reason_option()
@json_option
def archive(reference: str, *, reason: str, as_json: bool) -> None:
    """Keep a version from being promoted, until it is unarchived.

    Its bytes stay, and it can be loaded. What a pointer holds cannot be archived.

    \b
    Example:
      registry archive flight_delay:12 --reason "trained on a broken month"
    """
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    done = registry.archive(reference, run=RunInfo.by_hand(), reason=reason)
    _say(
        registry,
        done,
        f"`registry unarchive {done.version.reference}` takes it back",
        as_json=as_json,
    )


@click.command()
@click.argument("reference", metavar="REF")
@reason_option()
@json_option
def unarchive(reference: str, *, reason: str, as_json: bool) -> None:
    """Take back that a version was archived by hand.

    \b
    Example:
      registry unarchive flight_delay:12 --reason "the month was mended"
    """
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    done = registry.unarchive(reference, run=RunInfo.by_hand(), reason=reason)
    _say(
        registry,
        done,
        f"`registry explain {done.version.reference}` says what holds it",
        as_json=as_json,
    )


@click.command()
@click.argument("reference", metavar="REF")
@key_option
@reason_option(required=True)
@yes_option
@json_option
def reject(reference: str, *, key: Path | None, reason: str, yes: bool, as_json: bool) -> None:
    """Keep a version from ever being promoted: for good.

    With --key it is signed, and the evidence is shown first. Its bytes stay, and it can be
    loaded. What a pointer holds cannot be rejected.

    \b
    Examples:
      registry reject flight_delay:12 --reason "learned from the label" --yes
      registry reject loan_approval:1 --key ~/.ssh/id_ed25519 --reason "unver is known afterwards"
    """
    from registry_assets.lifecycle.backends import RunInfo

    require_reason(reason, what="a rejection is for good, and")
    registry = open_registry()
    version = registry.resolve(reference)
    signer = None if key is None else open_key(key)
    prepared = None if signer is None else _prepared(registry, version, signer, reason)
    if prepared is not None and not as_json:
        show_evidence(registry, prepared)
    if not yes:
        by = f", as {prepared.statement.person}, signed" if prepared else ""
        confirm(f"Reject {version.reference} for good{by}? It can never be promoted then.")
    envelope = signed_statement(prepared, signer) if prepared and signer else None
    done = registry.reject(
        version.reference, run=RunInfo.by_hand(), reason=reason, envelope=envelope
    )
    _say(
        registry,
        done,
        f"`registry show {done.version.reference}` says who rejected it, and why",
        as_json=as_json,
    )


def _prepared(
    registry: "Registry", version: "VersionRecord", signer: "Signer", reason: str
) -> "Prepared":
    """Give what somebody signs to reject a version."""
    return registry.prepare_approval(
        version.model,
        version.number,
        decision="reject",
        person=whose_key(registry, signer),
        reason=reason,
    )


def _say(registry: "Registry", done: "Retired", following: str, *, as_json: bool) -> None:
    from registry_assets.cli.output import identity, mark_document
    from registry_assets.cli.plain import print_json

    model, name = done.version.model, done.version.reference
    kept = registry.retention(model, done.version.number)
    # Whoever sets the newest version aside may let an older one into production: it is said.
    candidate = registry.candidate(model)
    if as_json:
        print_json(
            {
                **identity(done.version),
                "changed": done.changed,
                "mark": mark_document(done.mark),
                "retention": kept.to_json() if kept else None,
                "candidate": candidate,
            }
        )
        return
    if done.changed:
        click.echo(f"{name} is {done.mark.word}. Nothing was deleted.")
    else:
        click.echo(f"Nothing to do: {name} was {visible(done.mark.sentence)}")
    if kept is not None:
        click.echo(f"It is {kept.sentence}.")
    if candidate is None:
        click.echo("No version waits for production now.")
    else:
        click.echo(f"The version that may reach production next is {model}:{candidate}.")
    click.echo(f"Next: {following}.")
