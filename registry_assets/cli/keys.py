"""`registry keys`: whose signatures count, as a file that `ssh-keygen` and deployments read."""

from typing import TYPE_CHECKING, Any

import click

from registry_assets.cli.options import confirm, reason_option, require_reason
from registry_assets.cli.reading import json_option, open_registry

if TYPE_CHECKING:
    from registry_assets.signing.allowed_signers import AllowedSigner


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def keys(context: click.Context, *, as_json: bool) -> None:
    """Print the public keys of the registry and of its people.

    One line for each, as OpenSSH's allowed_signers files have them: who, for which purpose,
    which key. A deployment that keeps them in a file checks by it what it pulls, with or
    without this program. Keys that were revoked are not among them.

    \b
    Examples:
      registry keys > trusted
      registry verify --offline ./model --trusted trusted
    """
    if context.invoked_subcommand is not None:
        return
    from registry_assets.cli.plain import print_json
    from registry_assets.signing.allowed_signers import write_allowed_signers

    signers = open_registry().signers()
    if as_json:
        print_json({"signers": [_document(signer) for signer in signers]})
        return
    click.echo(write_allowed_signers(signers), nl=False)


@keys.command()
@reason_option(required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def rotate(*, reason: str, yes: bool, as_json: bool) -> None:
    """Sign promotions with a new key from now on.

    The new private key takes the place of the old one on this machine: every other machine that
    promotes needs it too, and is refused until it has it. What the old key signed stays signed.

    \b
    Example:
      registry keys rotate --reason "the host was rebuilt"
    """
    from registry_assets.cli.plain import print_json
    from registry_assets.lifecycle.backends import RunInfo

    registry = open_registry()
    require_reason(reason, what="another key")
    if not yes:
        confirm(f"Sign with another key than that in {registry.home.signing_key} from now on?")
    done = registry.rotate_key(reason=reason, run=RunInfo.by_hand())
    if as_json:
        print_json(
            {"fingerprint": done.key.fingerprint, "key": done.key.line, "file": f"{done.path}"}
        )
        return
    click.echo(f"Promotions are signed with {done.key.fingerprint} from now on.")
    click.echo(f"Its private half is in {done.path}: keep a copy with your secrets.")
    click.echo("Next: bring it to every machine that promotes, and the list that")
    click.echo("      `registry keys` prints to every deployment that checks by one.")


def _document(signer: "AllowedSigner") -> dict[str, Any]:
    return {
        "principal": signer.principal,
        "namespaces": list(signer.namespaces),
        "fingerprint": signer.key.fingerprint,
        "key": signer.key.line,
    }
