"""The package itself as a wheel, made from what is installed, whichever way it was.

A form of a version that other programs load brings the code that loads it: those need no
index that has it, and load by the very release that checked the version.
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path

import registry_assets
from registry_assets.errors import ConversionRefused

_NAME = "registry_assets"
_KIND = """\
Wheel-Version: 1.0
Generator: registry_assets
Root-Is-Purelib: true
Tag: py3-none-any
"""
_METADATA = ("METADATA", "entry_points.txt")


def wheel_name() -> str:
    """Give the file name of the wheel."""
    return f"{_stem(distribution(_NAME))}-py3-none-any.whl"


@cache
def wheel() -> bytes:
    """Give the wheel; equal code gives equal bytes.

    Raises:
        ConversionRefused: this package runs from a wheel that was not unpacked.
    """
    installed = distribution(_NAME)
    code = dict(_code())
    if not code:
        raise ConversionRefused(
            "registry_assets runs from an archive here, and cannot be put into another",
            hint="install it: pip unpacks it",
        )
    files = {**code, **dict(_information(installed))}
    record = f"{_stem(installed)}.dist-info/RECORD"
    lines = [f"{path},{_recorded(data)}" for path, data in files.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)  # of no time: it would change the bytes
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return target.getvalue()


def _code() -> Iterator[tuple[str, bytes]]:
    top = Path(str(registry_assets.__file__)).parent
    for path in sorted(top.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{_NAME}/{path.relative_to(top).as_posix()}", path.read_bytes()


def _information(installed: Distribution) -> Iterator[tuple[str, bytes]]:
    folder = f"{_stem(installed)}.dist-info"
    for name in _METADATA:
        yield f"{folder}/{name}", (installed.read_text(name) or "").encode()
    yield f"{folder}/WHEEL", _KIND.encode()


def _stem(installed: Distribution) -> str:
    return f"{_NAME}-{installed.version}"


def _recorded(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(data)}"
