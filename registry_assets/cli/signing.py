"""Keys at the terminal: the option that names one, and its passphrase."""

import warnings
from collections.abc import Callable
from getpass import GetPassWarning
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry_assets.cli.options import was_interrupted

if TYPE_CHECKING:
    from registry_assets.signing.signers import Signer


def key_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--key` to a command that signs."""
    option = click.option(
        "--key",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="An SSH key (Ed25519 or ECDSA); a .pub file signs by the ssh-agent.",
    )
    return option(command)


def open_key(key: Path) -> "Signer":
    """Open a key, asking for its passphrase where it has one."""
    from registry_assets.signing.signers import open_signer

    def ask() -> str:
        try:
            with warnings.catch_warnings():
                # Where there is no terminal, there is none that could show what is typed.
                warnings.simplefilter("ignore", GetPassWarning)
                # On stderr: on stdout a program may expect one JSON document.
                found: str = click.prompt(f"Passphrase of {key}", hide_input=True, err=True)
        except click.Abort as aborted:
            if was_interrupted(aborted):
                click.echo("Nothing was signed.", err=True)
                raise
            raise click.UsageError(
                "nobody gave the key's passphrase, and nothing was signed; ssh-add can hold the"
                " key where nobody is there to ask: then give its .pub file"
            ) from aborted
        return found

    return open_signer(key, passphrase=ask)
