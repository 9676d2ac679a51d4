"""Where a page goes: into a file that nobody had, to stdout, or into a browser."""

from dataclasses import dataclass
from pathlib import Path

import click

from registry_assets.cli.plain import Document

STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a page.

    Args:
        path: None where it went to stdout.
        written: whether it was written now; otherwise the file held these very bytes.
        opened: whether a browser took it; None where none was asked for.
    """

    path: Path | None
    written: bool
    opened: bool | None

    @property
    def sentence(self) -> str:
        """What a person is told."""
        if self.opened:
            return f"Opened {self.path}."
        said = f"Written to {self.path}." if self.written else f"{self.path} holds it already."
        if self.opened is None:
            return said
        return f"{said}\nNo browser could be started here: open that file yourself."

    def document(self) -> Document:
        """Give it for programs."""
        path = str(self.path.absolute()) if self.path else None
        return {"file": path, "written": self.written, "opened": self.opened}


def deliver(data: bytes, *, name: str, out: Path | None, browse: bool) -> Delivered:
    """Write a page where it is wanted, and never over something else.

    Args:
        name: what the file is called where `out` is not given: in the folder one stands in or,
            to be looked at only, in a temporary one.
        out: a new file; `-` for stdout.

    Raises:
        click.UsageError: something else is there.
        OSError: the folder is missing, or not writable.
    """
    if out == STDOUT:
        if browse:
            raise click.UsageError("--open shows a file, and --out - writes none: choose one")
        click.echo(data, nl=False)
        return Delivered(None, True, None)
    folder = _temporary() if browse and out is None else Path()
    path = out or folder / name
    written = _write(path, data)
    return Delivered(path, written, _opened(path) if browse else None)


def _temporary() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp(prefix="registry-"))


def _write(path: Path, data: bytes) -> bool:
    try:
        file = path.open("xb")
    except FileExistsError:
        # Not of a terminal or a device, whose end may never come.
        if path.is_file() and path.read_bytes() == data:
            return False
        raise click.UsageError(
            f"{path} exists and is something else, and nothing was written:"
            " choose another name, or move it away first"
        ) from None
    try:
        with file:
            file.write(data)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _opened(path: Path) -> bool:
    import webbrowser

    try:
        return webbrowser.open(path.absolute().as_uri())
    except (webbrowser.Error, OSError):
        return False
