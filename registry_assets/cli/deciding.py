"""Commands by which people move a pointer: `promote`, `rollback`; and `release`.

Each asks the registry, which decides as it does for a job: none has a way round a gate. What a
rollback shows before it asks is `rollback_page`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.options import (
    confirm,
    pointer_flag,
    pointer_option,
    reason_option,
    require_reason,
)
from registry_assets.cli.reading import json_option, open_registry, show_page
from registry_assets.cli.signing import key_option, open_key
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.catalog.versions import VersionRecord
    from registry_assets.errors import PromotionHeld
    from registry_assets.lifecycle.promoting import Promoted
    from registry_assets.lifecycle.rolling_back import RolledBack
    from registry_assets.registry import Registry

unasked_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
@click.argument("reference", metavar="REF")
@pointer_option
@reason_option(required=True)
@unasked_option
@json_option
def promote(reference: str, *, pointer: str, reason: str, yes: bool, as_json: bool) -> None:
    """Move a pointer to a version, if nothing holds it.

    It is decided as the promotion job decides; what holds the version is listed, with what to do
    about it.

    \b
    Example:
      registry promote flight_delay:12 --reason "the board agreed"
    """
    from registry_assets.errors import PromotionHeld
    from registry_assets.lifecycle.backends import RunInfo

    require_reason(reason, what="a promotion by hand")
    registry = open_registry()
    version = registry.resolve(reference)
    decision = registry.decision(version.model, version.number, pointer=pointer)
    held = registry.pointer(version.model, pointer)
    # What is held is refused below, and whoever is refused need not be asked.
    if not yes and decision is not None and decision.ready:
        before = f"version {held.version}" if held.version else "nothing"
        where = f"{version.model}@{pointer}"
        confirm(f"Move {where} from {before} to version {version.number}?")
    try:
        done = registry.promote(
            version.model, version.number, run=RunInfo.by_hand(), pointer=pointer, reason=reason
        )
    except PromotionHeld as refused:
        raise _with_steps(refused, version, pointer) from refused
    _say_promoted(registry, version, done, as_json=as_json)


def _with_steps(
    refused: "PromotionHeld", version: "VersionRecord", pointer: str
) -> "PromotionHeld":
    """Give the refusal with what to do about each reason."""
    from registry_assets.cli.remedies import next_step
    from registry_assets.errors import PromotionHeld

    lines = [f"{version.reference} may not take {pointer}:"]
    for reason in refused.reasons:
        lines.append(f"  - {reason.sentence}")
        step = next_step(reason, version.model, version=version.number)
        lines += [f"    → {step}"] * bool(step)
    return PromotionHeld("\n".join(lines), reasons=refused.reasons, hint=refused.hint)


def _say_promoted(
    registry: "Registry", version: "VersionRecord", done: "Promoted", *, as_json: bool
) -> None:
    from registry_assets.cli.output import identity
    from registry_assets.cli.plain import print_json

    made = done.promotion
    file = _pointer_file(registry, made.model, made.pointer)
    if as_json:
        print_json(
            {
                **identity(version),
                "pointer": made.pointer,
                "moved": done.moved,
                "from_version": made.from_version,
                "generation": made.generation,
                "pointer_file": file,
            }
        )
        return
    where = f"{made.model}@{made.pointer}"
    if done.moved:
        before = f"version {made.from_version}" if made.from_version else "nothing"
        click.echo(f"{where} moved from {before} to version {made.version}.")
    else:
        click.echo(f"Nothing to do: {where} holds version {made.version} already.")
    click.echo(f"Deployments read it in {visible(file)}")
    following = f"`registry show {where}` shows what it holds"
    if made.from_version:
        following += f"; `registry rollback {where} --reason …` goes back to what it held"
    click.echo(f"Next: {following}.")


def _pointer_file(registry: "Registry", model: str, pointer: str) -> str:
    from registry_assets.store.layout import POINTERS, pointer_name

    return f"{registry.home.store}/{POINTERS}/{pointer_name(model, pointer)}"


@click.command()
@click.argument("reference", metavar="MODEL[@POINTER]")
@click.option(
    "--to",
    type=click.IntRange(1, 2**31 - 1),
    metavar="N",
    help="The version to go back to; by default the one before.",
)
@key_option
@reason_option(required=True)
@unasked_option
@json_option
def rollback(
    reference: str, *, to: int | None, key: Path | None, reason: str, yes: bool, as_json: bool
) -> None:
    """Go back to the version that a pointer held before.

    No gate is asked: what does not hold any more is recorded as waived. The version that is left
    is held on that pointer until `registry release`. Where the policy says who may roll back, it
    is signed, with --key.

    \b
    Examples:
      registry rollback flight_delay --reason "it flags every flight"
      registry rollback flight_delay@production --to 9 --reason "as in March" --yes
    """
    from registry_assets.cli.rollback_page import rollback_page
    from registry_assets.lifecycle.backends import RunInfo
    from registry_assets.lifecycle.rolling_back import RolledBack

    model, pointer = _pointer_of(reference)
    require_reason(reason, what="a rollback")
    registry = open_registry()
    found = registry.plan_rollback(model, pointer=pointer, to=to)
    leaving = None
    # Who repeats one that was made is asked nothing: it is given back.
    if not isinstance(found, RolledBack):
        to, leaving = found.earlier.version, found.leaving.version
        if not as_json:
            show_page(rollback_page(registry, found))
            click.echo()
        if not yes:
            confirm(f"Roll {model}@{pointer} back from version {leaving} to version {to}?")
        if key is not None:
            _sign_rollback(registry, f"{model}:{to}", key, pointer=pointer, reason=reason)
    done = registry.rollback(
        model, pointer=pointer, to=to, leaving=leaving, reason=reason, run=RunInfo.by_hand()
    )
    _say_rolled_back(registry, done, as_json=as_json)


def _sign_rollback(
    registry: "Registry", reference: str, key: Path, *, pointer: str, reason: str
) -> None:
    """Sign that a pointer goes back to a version, and record that: the rollback rests on it."""
    from registry_assets.cli.approving import signed_statement, whose_key
    from registry_assets.lifecycle.backends import RunInfo
    from registry_assets.references import Reference

    parsed, signer = Reference.parse(reference), open_key(key)
    prepared = registry.prepare_approval(
        parsed.model,
        parsed.version or 0,
        pointer=pointer,
        decision="rollback",
        person=whose_key(registry, signer),
        reason=reason,
    )
    registry.record_approval(signed_statement(prepared, signer), run=RunInfo.by_hand())


def _pointer_of(text: str) -> tuple[str, str]:
    """Give model and pointer.

    Raises:
        InvalidReference: it names a version.
    """
    from registry_assets.errors import InvalidReference
    from registry_assets.references import Reference

    parsed = Reference.parse(text)
    if parsed.version is not None or parsed.digest is not None:
        raise InvalidReference(
            f"{text!r} names a version, and a rollback is about a pointer",
            hint=f"write {parsed.model}@production, and the version to go back to as --to"
            f" {parsed.version or 'N'}",
        )
    return parsed.model, parsed.pointer or "production"


def _say_rolled_back(registry: "Registry", done: "RolledBack", *, as_json: bool) -> None:
    from registry_assets.cli.output import hold_document, identity
    from registry_assets.cli.plain import print_json

    made = done.promotion
    candidate = registry.candidate(made.model, pointer=made.pointer)
    if as_json:
        version = registry.version_numbered(made.model, made.version).version
        print_json(
            {
                **identity(version),
                "pointer": made.pointer,
                "moved": done.moved,
                "from_version": made.from_version,
                "generation": made.generation,
                "decided_at": made.evidence["rollback"]["decided_at"],
                "seconds": round(done.seconds, 3),
                "waived": list(done.waived),
                "hold": hold_document(done.hold) if done.hold else None,
                "pointer_file": _pointer_file(registry, made.model, made.pointer),
                "candidate": candidate,
            }
        )
        return
    where, left = f"{made.model}@{made.pointer}", f"{made.model}:{made.from_version}"
    if done.moved:
        click.echo(
            f"{where} holds version {made.version} again: deployments were told"
            f" {done.seconds:.2f} seconds after it was asked for."
        )
    else:
        click.echo(
            f"Nothing to do: {where} was rolled back from version {made.from_version} to version"
            f" {made.version} by {visible(made.actor)}, and deployments are told."
        )
    if done.hold is not None:
        click.echo(f"Version {made.from_version} is held there: nobody and nothing promotes it.")
    if candidate is not None:
        click.echo(f"The version that may reach {made.pointer} next is {made.model}:{candidate}.")
    if done.hold is not None:
        command = f"registry release {left}{pointer_flag(made.pointer)} --reason …"
        click.echo(f"Next: once it may come back, `{command}` says so.")


@click.command()
@click.argument("reference", metavar="REF")
@pointer_option
@reason_option(required=True)
@json_option
def release(reference: str, *, pointer: str, reason: str, as_json: bool) -> None:
    """Let a version come back that a pointer was rolled back from.

    No pointer moves: the version can be promoted again, by its number, if nothing else holds it.

    \b
    Example:
      registry release flight_delay:12 --reason "the data was wrong, not the model"
    """
    from registry_assets.cli.output import hold_document, identity
    from registry_assets.cli.plain import print_json
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    done = registry.release(reference, pointer=pointer, reason=reason, run=RunInfo.by_hand())
    name = done.version.reference
    if as_json:
        hold = hold_document(done.hold)
        print_json({**identity(done.version), "changed": done.changed, "hold": hold})
        return
    if done.changed:
        click.echo(f"{name} is released for {pointer}. No pointer was moved.")
    else:
        click.echo(f"Nothing to do: {visible(done.hold.sentence)}")
    click.echo(
        f"Next: `registry explain {name}` says what else holds it;"
        f" `registry promote {name}{pointer_flag(pointer)} --reason …` promotes it."
    )
