"""Files that people sign and envelopes that they hand on, at the terminal.

What is signed, and whether it counts, is none of this module's business.
"""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.plain import print_json

if TYPE_CHECKING:
    from registry_assets.lifecycle.approving import Prepared

_LARGEST = 1 << 21
"""More bytes than any of these files has: of what is longer the rest is not read."""


def write_to_sign(prepared: "Prepared", path: Path, *, as_json: bool) -> None:
    """Write the bytes that `ssh-keygen -Y sign` signs into a new file."""
    from registry_assets.governance.approvals import NAMESPACE
    from registry_assets.signing.dsse import pae
    from registry_assets.signing.statement import MEDIA_TYPE

    try:
        with path.open("xb") as file:
            file.write(pae(MEDIA_TYPE, prepared.statement.to_bytes()))
    except FileExistsError as error:
        raise click.UsageError(f"{path} is there already: name a new file") from error
    person = prepared.statement.person
    if as_json:
        print_json({"file": str(path), "person": person, "namespace": NAMESPACE})
        return
    typed, signature = shlex.quote(str(path)), shlex.quote(f"{path}.sig")
    click.echo(f"\nWrote what {person} is to sign into {path}.")
    click.echo(f"Next: ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n {NAMESPACE} {typed}")
    click.echo(f"      registry approve --signed {typed} {signature}")


def assembled(file: Path, signature: Path) -> bytes:
    """Put what ssh-keygen signed, and its signature, into an envelope.

    Raises:
        StatementInvalid: the file is not what `write_to_sign` wrote.
        SignatureInvalid: the other is no signature of ssh-keygen.
    """
    from registry_assets.errors import StatementInvalid
    from registry_assets.signing.dsse import Envelope, pae
    from registry_assets.signing.sshsig import SshSignature
    from registry_assets.signing.statement import MEDIA_TYPE

    signed = _bytes_of(file)
    payload = signed[signed.find(b"{") :]
    if pae(MEDIA_TYPE, payload) != signed:
        raise StatementInvalid(
            f"{file} is not what `registry approve --to-sign` wrote",
            hint="give that file first, and the .sig that ssh-keygen made of it second",
        )
    armor = _bytes_of(signature).decode(errors="replace")
    return Envelope.of(payload, SshSignature.from_armor(armor)).to_bytes()


def read_envelope(path: Path | None) -> bytes:
    """Read an envelope from a file, or from standard input where it is `-`."""
    assert path is not None
    if str(path) == "-":
        given: bytes = sys.stdin.buffer.read(_LARGEST)
        return given.strip()
    return _bytes_of(path).strip()


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)
