"""`registry policy`: write, check, explain and try out a policy, and bring it into force."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.envelopes import read_envelope
from registry_assets.cli.options import confirm, reason_option
from registry_assets.cli.reading import json_option, open_registry
from registry_assets.cli.signing import key_option, open_key
from registry_assets.cli.text import plural, visible

if TYPE_CHECKING:
    from registry_assets.governance.document import PolicyDocument
    from registry_assets.registry import Registry
    from registry_assets.signing.dsse import Envelope
    from registry_assets.signing.sshsig import SshSignature

file_argument = click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE"
)
envelope_option = click.option(
    "--envelope",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True),
    metavar="FILE",
    help="What others signed already, as `registry policy sign` wrote it; - is standard input.",
)


@click.group()
def policy() -> None:
    """Who may sign, and what moving a pointer takes.

    A policy is a file; the one in force is state of the registry, and only people whom it names
    can replace it.
    """


@policy.command()
@json_option
def draft(*, as_json: bool) -> None:
    """Print a policy to start from: every model pinned as it is declared now.

    \b
    Example:
      registry policy draft > policy.yaml
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.governance.document.plain import parse_yaml

    drafted = open_registry().draft_policy()
    print_json(parse_yaml(drafted)) if as_json else click.echo(drafted, nl=False)


@policy.command()
@file_argument
@json_option
def check(file: Path, *, as_json: bool) -> None:
    """Check a policy file, and say everything that is wrong with it.

    \b
    Example:
      registry policy check policy.yaml
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.governance.document.notes import notes

    document = _read(file)
    found = notes(document)
    if as_json:
        said = {"file": str(file), "digest": document.digest, "valid": True, "notes": list(found)}
        print_json(said)
        return
    people = "1 person" if len(document.people) == 1 else f"{len(document.people)} people"
    models = plural(len(document.models), "model")
    click.echo(f"{file} is sound: {people}, {models} pinned, {document.digest}")
    _note(found)
    click.echo(f"Next: `registry policy simulate {file}` holds every past promotion against it;")
    click.echo(f"      `registry policy activate {file} --key KEY` brings it into force.")


@policy.command()
@click.argument(
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="[FILE]",
    required=False,
)
@json_option
def explain(file: Path | None, *, as_json: bool) -> None:
    """Say in sentences what a policy asks: the one in force, or that of FILE.

    \b
    Examples:
      registry policy explain
      registry policy explain policy.yaml
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.governance.document.notes import notes
    from registry_assets.governance.document.sentences import sentences

    if file is not None:
        document, head = _read(file), f"{file}, which is not in force by being a file:"
    else:
        active = open_registry().policy()
        if active is None and as_json:
            print_json({"digest": None, "policy": None})
            return
        if active is None:
            click.echo(
                "No policy is in force. A version goes by its declaration: its gates, and for"
                " high risk one approval, which nobody can give until a policy names people.\n"
                "Next: `registry policy draft` prints one to start with."
            )
            return
        document = active.document
        head = f"In force since {active.activated_at[:16]}Z, activated by {active.person}:"
    if as_json:
        print_json({"digest": document.digest, "policy": document.to_json()})
        return
    click.echo(visible(head))
    for title, lines in sentences(document):
        click.echo(f"\n{visible(title)}")
        for line in lines:
            click.echo(f"  - {visible(line)}")
    if found := notes(document):
        click.echo()
        _note(found)


@policy.command()
@file_argument
@key_option
@envelope_option
@click.option("--json", is_flag=True, expose_value=False, help="An envelope is JSON either way.")
def sign(file: Path, *, key: Path | None, envelope: Path | None) -> None:
    """Sign a policy without bringing it into force, and print the envelope.

    Where the policy in force asks for several people, each signs what the one before printed.

    \b
    Example:
      registry policy sign policy.yaml --key ~/.ssh/id_ed25519 > signed.json
      registry policy sign policy.yaml --key K --envelope signed.json > signed-twice.json
    """
    registry = open_registry()
    made = _signed(registry, _read(file), key, envelope)
    if missing := registry.activation_missing(made.to_bytes()):
        _note([missing], err=True)
    click.echo(made.to_bytes().decode())


@policy.command()
@file_argument
@key_option
@envelope_option
@reason_option()
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def activate(
    file: Path, *, key: Path | None, envelope: Path | None, reason: str, yes: bool, as_json: bool
) -> None:
    """Bring a policy into force, signed as the one in force asks.

    The first takes the owner's key, which `registry init --owner-key` was given.

    \b
    Examples:
      registry policy activate policy.yaml --key ~/.ssh/id_ed25519 --reason "first policy"
      registry policy activate policy.yaml --envelope signed-twice.json --reason "two signed"
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.lifecycle.backends import RunInfo

    registry, document = open_registry(), _read(file)
    active = registry.policy()
    if active is not None and active.digest == document.digest:
        click.echo(f"Nothing to do: {document.digest} is in force.", err=as_json)
        if as_json:
            print_json({"digest": document.digest, "changed": False})
        return
    made = _signed(registry, document, key, envelope) if key else _opened(envelope)
    registry.check_envelope(document, made.to_bytes())
    notes = registry.policy_notes(document, signed_by=_fingerprints(made))
    _note(notes, err=True)
    if not yes:
        instead = f" in place of {active.digest[:19]}" if active else ", the first one"
        confirm(f"Bring {file} ({document.digest[:19]}) into force{instead}?")
    done = registry.activate_policy(document, made.to_bytes(), run=RunInfo.by_hand(), reason=reason)
    if as_json:
        print_json(
            {
                "digest": done.active.digest,
                "changed": done.changed,
                "position": done.active.sequence,
                "person": done.active.person,
                "notes": list(notes),
            }
        )
        return
    click.echo(f"{document.digest} is in force, activated by {visible(done.active.person)}.")
    click.echo("What was approved under other rules is stale now.")
    click.echo(
        "Next: `registry policy explain` says what is asked, `registry explain MODEL` for one."
    )


@policy.command()
@file_argument
@click.option("--model", help="Only the promotions of this model.")
@json_option
def simulate(file: Path, *, model: str | None, as_json: bool) -> None:
    """Hold every past promotion against a policy: which would have been held, and for what.

    Nothing is changed.

    \b
    Example:
      registry policy simulate policy.yaml
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.cli.simulating import simulation_document, simulation_page

    registry, document = open_registry(), _read(file)
    found, notes = registry.simulate_policy(document, model=model), registry.policy_notes(document)
    if as_json:
        print_json({**simulation_document(found), "notes": list(notes)})
        return
    from registry_assets.cli.reading import show_page

    show_page(simulation_page(found))
    _note(notes)


def _read(file: Path) -> "PolicyDocument":
    from registry_assets.governance.document import read_policy

    return read_policy(file)


def _note(notes: Sequence[str], *, err: bool = False) -> None:
    for note in notes:
        click.echo(f"Note: {visible(note)}", err=err)


def _signed(
    registry: "Registry", document: "PolicyDocument", key: Path | None, envelope: Path | None
) -> "Envelope":
    """Sign a policy's activation; add the signature to those that are there already."""
    from registry_assets.lifecycle.activating import NAMESPACE
    from registry_assets.signing.dsse import Envelope, pae
    from registry_assets.signing.statement import MEDIA_TYPE

    if key is None:
        raise click.UsageError("with which key? Give --key ~/.ssh/id_ed25519")
    others = None if envelope is None else _opened(envelope)
    if others is not None:
        # What is signed is what stands in there, and not the file that is named beside it.
        registry.check_activation(document, others.payload)
    signer = open_key(key)
    if others is not None and signer.public_key.fingerprint in _fingerprints(others):
        click.echo(f"Note: {envelope} is signed with {key} already.", err=True)
        return others
    statement = registry.activation_statement(document) if others is None else others.payload
    mine = signer.sign(pae(MEDIA_TYPE, statement), namespace=NAMESPACE)
    return Envelope.of(statement, *(_signatures(others) if others else ()), mine)


def _signatures(envelope: "Envelope") -> list["SshSignature"]:
    from registry_assets.signing.sshsig import SshSignature

    return [SshSignature.from_blob(each.sig) for each in envelope.signatures]


def _fingerprints(envelope: "Envelope") -> list[str]:
    return [each.public_key.fingerprint for each in _signatures(envelope)]


def _opened(envelope: Path | None) -> "Envelope":
    from registry_assets.signing.dsse import Envelope

    if envelope is None:
        raise click.UsageError("signed by whom? Give --key KEY, or --envelope FILE")
    return Envelope.from_bytes(read_envelope(envelope))
