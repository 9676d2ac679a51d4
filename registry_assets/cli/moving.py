"""Commands that bring versions to where they are used: from the store alone, without a catalog.

Only a version named by its number takes the catalog. Nothing here may import the database,
or tables: a container starts with these.
"""

import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from registry_assets.cli.plain import print_json, print_json_line
from registry_assets.cli.reading import json_option
from registry_assets.cli.text import plural, short, visible

if TYPE_CHECKING:
    from registry_assets.deployment.folders import FollowedFolder
    from registry_assets.deployment.polling import Pauses
    from registry_assets.deployment.versions import ResolvedVersion
    from registry_assets.errors import RegistryError


@click.command()
@click.argument("reference", metavar="REF")
@json_option
def resolve(reference: str, *, as_json: bool) -> None:
    """Say which version a reference names now.

    \b
    Examples:
      registry resolve flight_delay@production
      registry resolve flight_delay@production --json
    """
    from registry_assets.loading import resolve as find

    with _notes():
        version = find(reference)
    if as_json:
        print_json(_document(version))
        return
    moved = f"  generation {version.generation}" if version.generation else ""
    click.echo(f"{version.reference}  {version.digest}{moved}")


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--sign",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="Sign it with this ECDSA key, into DIR/model.sig.",
)
@json_option
def pull(reference: str, target: Path, *, sign: Path | None, as_json: bool) -> None:
    """Write a version's files into a new folder, every byte verified.

    All of them or none: DIR must not exist, or be empty; where it holds that very version
    already, it is verified. With the files comes manifest.json, whose sha256 is the
    version's digest; and of what a pointer holds the folder attestation, with what the registry
    and its people signed about that promotion.

    With --sign the tool model_signing of OpenSSF verifies DIR/model.sig. KEY is in PEM; what it
    vouches for are the version's files, whatever was promoted.

    \b
    Examples:
      registry pull flight_delay@production ./model
      registry pull flight_delay@production ./model --sign key.pem
      model_signing verify key --signature ./model/model.sig --public_key key.pub ./model
    """
    from registry_assets.deployment.model_signature import open_signing_key, sign_folder
    from registry_assets.deployment.pulling import pull_version
    from registry_assets.deployment.versions import read_version
    from registry_assets.loading import find_version

    key = None if sign is None else open_signing_key(sign)
    with _notes():
        source, version = find_version(reference)
    written = pull_version(source.store, version, target)
    signed = None if key is None else sign_folder(source.store, version, target, key)
    files = read_version(source.store, version).files
    if as_json:
        print_json(
            {
                **_document(version),
                "folder": str(target.absolute()),
                "written": written,
                "signature": str(signed.absolute()) if signed else None,
                "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in files],
            }
        )
        return
    what = f"{version.reference} ({short(version.digest)})"
    size = f"{plural(len(files), 'file')}, {_bytes(sum(file.size for file in files))}"
    by_key = f"Signed with {sign}, in {signed}: `model_signing verify key` checks it."
    if not written:
        click.echo(f"{target} holds {what} already: {size}, all verified.")
        if signed is not None:
            click.echo(by_key)
        return
    beside = " With it: what was signed about its promotion." if version.attestation else ""
    click.echo(f"Pulled {what} into {target}: {size}, all verified.{beside}")
    if signed is not None:
        click.echo(by_key)
    _say_next(reference, target, attested=version.attestation is not None)


def _say_next(reference: str, target: Path, *, attested: bool) -> None:
    import shlex

    folder, manifest = (shlex.quote(str(path)) for path in (target, target / "manifest.json"))
    if attested:
        click.echo(f"Next: `registry verify --offline {folder} --trusted FILE` proves it by the")
        click.echo("      keys in a file that `registry keys` printed, where the catalog is.")
        click.echo(f"      `sha256sum {manifest}` gives its digest again. In Python, where")
    else:
        click.echo(f"Next: `sha256sum {manifest}` gives its digest again. In Python, where")
    click.echo(f'      the store is at hand: registry_assets.load("{reference}")')


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds between two readings of the pointer; more after failures.",
)
@click.option("--once", is_flag=True, help="Read the pointer once, and end.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many versions stay in DIR, the current one among them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document for each change.")
def follow(
    reference: str, folder: Path, *, every: float, once: bool, keep: int, as_json: bool
) -> None:
    """Keep DIR/current on the version that a pointer holds.

    REF is a pointer. Each version gets a folder of its own in DIR, every byte verified;
    DIR/current is a link to the newest and is replaced in one step. A version that cannot be
    had, or does not verify, changes nothing; it is tried again. Ctrl-C or SIGTERM ends it.

    \b
    Example:
      registry follow flight_delay@production /srv/flight_delay --every 10
    """
    from registry_assets.deployment.folders import followed_folder
    from registry_assets.deployment.polling import Pauses, parse_pointer
    from registry_assets.deployment.versions import Source

    parsed = parse_pointer(reference)
    # As Ctrl-C does, so that whatever is half done is cleared away on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _notes(), followed_folder(Source.find(), parsed, folder, keep=keep) as followed:
            reporter = _Reporter(followed, as_json=as_json)
            if once:
                reporter.tell(followed.refresh())
            else:
                _follow(followed, Pauses(every), reporter)
    except KeyboardInterrupt:
        return


def _follow(followed: "FollowedFolder", pauses: "Pauses", reporter: "_Reporter") -> None:
    """Refresh until a signal ends it."""
    from registry_assets.errors import RegistryError

    never = threading.Event()
    while True:
        failed = False
        try:
            reporter.tell(followed.refresh())
        except RegistryError as error:
            failed = True
            reporter.tell_problem(error)
        never.wait(pauses.next(failed=failed))


class _Reporter:
    """Prints a line for each change: another version, a problem, the end of a problem."""

    def __init__(self, followed: "FollowedFolder", *, as_json: bool) -> None:
        self._followed = followed
        self._as_json = as_json
        self._begun = False
        self._problem = ""

    def tell(self, version: "ResolvedVersion | None") -> None:
        """Tell what a refresh brought, if that is news."""
        held = self._followed.current()
        recovered, self._problem = bool(self._problem), ""
        news = version is not None or recovered or not self._begun
        self._begun = True
        if not news:
            return
        reference = str(self._followed.reference)
        if self._as_json:
            event = "moved" if version else "recovered" if recovered else "unchanged"
            told = _document(version) if version else {}
            print_json_line(
                {"event": event, "pointer": reference, "current": held, "problem": None, **told}
            )
        elif version is not None:
            moved = f"generation {version.generation}, {short(version.digest)}"
            click.echo(f"{reference} is {version.reference} ({moved}): {held}, all verified.")
        else:
            again = "again " if recovered else ""
            click.echo(f"{reference} is {again}what {self._followed.folder} holds: {held}.")

    def tell_problem(self, error: "RegistryError") -> None:
        """Tell what went wrong, unless the line before said the same."""
        held = self._followed.current()
        self._begun = True
        if self._problem == error.message:
            return
        self._problem = error.message
        if self._as_json:
            print_json_line(
                {
                    "event": "problem",
                    "pointer": str(self._followed.reference),
                    "current": held,
                    "problem": error.message,
                    "code": error.code,
                    "hint": error.hint,
                }
            )
        stays = f"{held} stays." if held else "There is no version yet."
        hint = f" {error.hint}" if error.hint else ""
        click.echo(f"Error: {visible(error.message)}. {stays}{visible(hint)}", err=True)


@contextmanager
def _notes() -> Iterator[None]:
    """Print what this process cannot keep as a note, and not as Python's warning."""
    from registry_assets.deployment.seen import StateNotKept

    with warnings.catch_warnings():
        warnings.simplefilter("always", StateNotKept)
        show = warnings.showwarning

        def note(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, StateNotKept):
                click.echo(f"Note: {visible(str(message))}", err=True)
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = note
        yield


def _document(version: "ResolvedVersion") -> dict[str, object]:
    return {
        "reference": version.reference,
        "model": version.model,
        "version": version.version,
        "digest": version.digest,
        "generation": version.generation,
        "attestation": version.attestation,
    }


def _bytes(size: int) -> str:
    """Give a size as people read it: `877.0 kB`."""
    if size < 1000:
        return plural(size, "byte")
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000 or unit == "GB":
            return f"{value:,.1f} {unit}"
    raise AssertionError("the last unit takes whatever is left")
