"""scikit-learn's estimators as bytes and back, by skops; pickle never.

A skops file names the types it is made of, and each must be vouched for before anything
is built: the model's own packaged classes, and what scikit-learn, numpy and scipy define.
That keeps a file from calling whatever is installed. It does not make its content safe:
a crafted tree of trusted types can still crash the process, which is why a package is
first loaded in `load_check`.

What other frameworks define is never built from a skops file: it is cut out (`parts`).
"""

import importlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Collection
from typing import Any

from registry_assets.errors import PackagingRefused, UntrustedTypes
from registry_assets.packaging.collector import collector_paused
from registry_assets.packaging.formats.parts import PLACEHOLDER, put_back
from registry_assets.packaging.formats.protocol import Stored, Surroundings

# A file of a few kilobytes can inflate to anything. Forests of 200 deep trees take 25 MB
# in ten thousand members; these limits are far above any estimator that fits in memory.
_MAX_INFLATED = 4 * 2**30
_MAX_MEMBERS = 100_000

_TRUSTED_LIBRARIES = ("sklearn.", "numpy.", "scipy.")
# Functions are trusted by module: elsewhere these libraries define some that write files,
# fetch addresses, or run text as code, and a pipeline step would call them.
_TRUSTED_FUNCTIONS = (
    "sklearn.feature_selection.",
    "sklearn.metrics.",
    "sklearn.utils.validation.",
)
# A partial calls only the function inside it, and that is named and judged by itself.
# Gradient boosting keeps one for its categorical columns.
_TRUSTED_NAMES = frozenset(
    {"functools.partial", "registry_assets.packaging.named_classes.NamedClasses"}
)
# What estimators of scikit-learn are made of beyond what skops trusts by itself. A file of
# these alone is audited and built in one pass; `_is_trusted` says the same of each.
_USUAL_NAMES = (
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
# Those that `_is_trusted` was asked about since this process began: what a service loads again
# and again is audited and built in one pass too, 1.3 ms instead of 3.4 at a small pipeline.
_vouched_for: set[str] = set()
_UNTRUSTED_PARTS = frozenset({"tests", "testing", "conftest", "_testing", "f2py", "distutils"})
_SCHEMA = "schema.json"
_NO_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError)
_ARCHIVE = b"PK\x03\x04"
# The three records of a zip archive: at its end, of each member in its directory, and
# before each member. Of those fields alone that are looked at.
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s4x2H8x2L3H8xL")
_HEADER = struct.Struct("<26x2H")
_WIDE = 0xFFFFFFFF


class Skops:
    """Estimators of scikit-learn, of own classes in packaged modules, and pipelines of them.

    Can make a reader build objects of the trusted types, with any content, and no other; not
    import, call or open anything else. Limits: 4 GiB inflated, 100,000 members. Tried against
    it: other archives, bombs flat and nested, types and functions of all sorts, placeholders
    without parts, truncated and edited files.
    """

    name = "skops"
    file = "estimator.skops"
    distributions = ("scikit-learn", "skops")
    relative = 1e-9

    def takes(self, estimator: object) -> bool:
        return True

    def predictor(self, estimator: Any) -> Any:
        return estimator

    def write(self, estimator: Any) -> Stored:
        return Stored(self.name, dump_estimator(estimator))

    def recognises(self, data: bytes) -> bool:
        if not data.startswith(_ARCHIVE):
            return False
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return _SCHEMA in archive.namelist()
        except _NO_ARCHIVE:
            return False

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        _check_size(stored.data)
        check_trust(stored.data, own_modules=around.modules, placeholders=bool(stored.parts))

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        built = load_estimator(
            stored.data,
            own_modules=around.modules,
            rename=around.private_name,
            placeholders=bool(stored.parts),
        )
        return put_back(built, around.parts) if stored.parts else built


FORMAT = Skops()


def dump_estimator(estimator: object) -> bytes:
    """Serialise a fitted estimator. The bytes of equal estimators differ from dump to dump.

    Raises:
        PackagingRefused: skops has no way to write it, or something in it.
    """
    import skops.io

    kind = type(estimator)
    try:
        return bytes(skops.io.dumps(estimator))
    except Exception as error:  # whatever a foreign __getstate__ raises
        raise PackagingRefused(
            f"The estimator {kind.__module__}.{kind.__qualname__} cannot be packaged: "
            f"skops says {type(error).__name__}: {error}",
            hint="Return an estimator of scikit-learn, or of classes that keep plain attributes.",
        ) from error


def load_estimator(
    data: bytes,
    *,
    own_modules: Collection[str] = (),
    rename: Callable[[str], str] | None = None,
    placeholders: bool = False,
) -> Any:
    """Build the estimator that a file describes.

    Args:
        own_modules: the packaged modules whose classes may be built.
        rename: gives the private name under which such a module was loaded.
        placeholders: whether it may hold such of `parts`.

    Raises:
        PackagingRefused: no skops file, or one that inflates beyond the limits.
        UntrustedTypes: it names types nobody vouched for.
    """
    with collector_paused():
        _check_size(data)
        return _build(data, own_modules=own_modules, rename=rename, placeholders=placeholders)


def _build(
    data: bytes,
    *,
    own_modules: Collection[str],
    rename: Callable[[str], str] | None,
    placeholders: bool,
) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        # skops audits the whole file before it builds anything. Asking it for the types first
        # costs 15 ms of 50 at a boosting of 100 trees, because it reads the file twice.
        known = [*_USUAL_NAMES, *_vouched_for]
        return skops.io.loads(data, trusted=[*known, PLACEHOLDER] if placeholders else known)
    except UntrustedTypesFoundException:
        types = check_trust(data, own_modules=own_modules, placeholders=placeholders)
    except Exception:
        # Says what is wrong with the file.
        check_trust(data, own_modules=own_modules, placeholders=placeholders)
        raise
    own = [name for name in types if name.rpartition(".")[0] in own_modules]
    _vouched_for.update(name for name in types if name not in own and name != PLACEHOLDER)
    if rename and own:
        data = _renamed(data, {module: rename(module) for module in own_modules})
        types = [_rename_type(name, own_modules, rename) for name in types]
    return skops.io.loads(data, trusted=types)


def check_trust(
    data: bytes, *, own_modules: Collection[str], placeholders: bool = False
) -> list[str]:
    """Give the types a file names, all of them from trusted libraries or own modules.

    Raises:
        UntrustedTypes: with all of them.
    """
    types = _named_types(data)
    untrusted = [
        name
        for name in types
        if not _is_trusted(name)
        and not (placeholders and name == PLACEHOLDER)
        # A lambda of an own module has no name under which it could be found again.
        and (name.rpartition(".")[0] not in own_modules or name.endswith("<lambda>"))
    ]
    if untrusted:
        raise UntrustedTypes(
            f"The estimator is made of types nobody vouched for: {', '.join(untrusted)}.",
            types=untrusted,
            hint=_where_to_define(untrusted),
        )
    return types


def _where_to_define(untrusted: Collection[str]) -> str:
    if PLACEHOLDER in untrusted:
        return (
            "The file is one part of an estimator that also holds some of other frameworks; "
            "`registry pull` gives a version with all its parts."
        )
    nameless = [name for name in untrusted if "<lambda>" in name or "<locals>" in name]
    module = "a module that make_features or train imports"
    hints = []
    if len(nameless) < len(untrusted):
        hints.append(
            f"Define such classes and functions in {module}: then they are packaged with the model."
        )
    if nameless:
        hints.append(
            f"A lambda, or what is defined inside a function, cannot be found again: give it a "
            f"name with def at the top of {module}."
        )
    return " ".join(hints)


def _named_types(data: bytes) -> list[str]:
    """List the types beyond those that skops trusts by itself."""
    import skops.io

    try:
        return list(skops.io.get_untrusted_types(data=data))
    except Exception as error:  # a crafted file fails in any way it likes
        raise PackagingRefused(
            f"The estimator file cannot be read: {type(error).__name__}: {error}",
            hint="Write it with skops.io.dump.",
        ) from error


def _is_trusted(name: str) -> bool:
    """Say whether a trusted library *defines* `name`.

    To be reachable there is not enough: `from shutil import rmtree` makes it reachable.
    """
    if name in _TRUSTED_NAMES:
        return True
    module_name, _, attribute = name.rpartition(".")
    if not name.startswith(_TRUSTED_LIBRARIES):
        return False
    parts = module_name.split(".")
    if not _UNTRUSTED_PARTS.isdisjoint(parts) or any(part.startswith("__") for part in parts):
        return False
    try:
        found = getattr(importlib.import_module(module_name), attribute, None)
    except ImportError:
        return False
    defined_in = f"{getattr(found, '__module__', '')}."
    if isinstance(found, type):
        return defined_in.startswith(_TRUSTED_LIBRARIES)
    return callable(found) and defined_in.startswith(_TRUSTED_FUNCTIONS)


def _check_size(data: bytes) -> None:
    """Hold what a file would inflate to against the limits, before inflating any of it.

    `zipfile` stops reading a member at the size its directory states, so the directory
    binds. Members that are archives themselves (sparse matrices are) count with theirs.
    """
    try:
        sizes = plain_sizes(data) or _all_sizes(data)
    except _NO_ARCHIVE as error:
        raise PackagingRefused(f"The estimator file is not a skops file: {error}.") from error
    if _excessive(sizes):
        raise PackagingRefused(
            f"The estimator file of {len(data):,} bytes would inflate to {sum(sizes):,} bytes "
            f"in {len(sizes):,} members; the limits are {_MAX_INFLATED:,} and {_MAX_MEMBERS:,}."
        )


def _all_sizes(data: bytes) -> list[int]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = _sizes(archive)
        if not _excessive(sizes):
            for member in archive.infolist():
                with archive.open(member) as stream:
                    if stream.read(4) != _ARCHIVE:
                        continue
                with archive.open(member) as stream, zipfile.ZipFile(stream) as inner:
                    sizes += _sizes(inner)
    return sizes


def plain_sizes(data: bytes) -> list[int] | None:
    """Give the members' sizes as `zipfile` would; None unless the archive is of the plainest kind.

    That is what skops writes: nothing compressed, no archive inside, nothing before, between
    or after. Its directory is read here in a fifth of the time that `zipfile` takes for the
    hundreds of members of a boosting, and then takes again as skops reads it.
    """
    end = len(data) - _END.size
    if end < 0:
        return None
    mark, _, _, _, _, length, at, comment = _END.unpack_from(data, end)
    # Where a 64-bit directory is announced before it, `zipfile` reads that one.
    wide = data[max(end - 20, 0) : end].startswith(b"PK\x06\x07")
    if mark != b"PK\x05\x06" or comment or wide or at + length != end:
        return None
    sizes: list[int] = []
    while at + _ENTRY.size <= end:
        mark, flags, method, stored, size, name, extra, note, start = _ENTRY.unpack_from(data, at)
        known = mark == b"PK\x01\x02" and method == zipfile.ZIP_STORED and not flags & 1
        if not known or _WIDE in (stored, size, start) or start + _HEADER.size > len(data):
            return None
        # Where a member begins, its own header says.
        begin = start + _HEADER.size + sum(_HEADER.unpack_from(data, start))
        if data[begin : begin + 4] == _ARCHIVE:
            return None
        sizes.append(size)
        at += _ENTRY.size + name + extra + note
    return sizes if at == end else None


def _sizes(archive: zipfile.ZipFile) -> list[int]:
    return [member.file_size for member in archive.infolist()]


def _excessive(sizes: list[int]) -> bool:
    return len(sizes) > _MAX_MEMBERS or sum(sizes) > _MAX_INFLATED


def _renamed(data: bytes, names: dict[str, str]) -> bytes:
    """Rewrite the file so that own classes are looked up under their private names.

    The alternative, lending the private modules their public names in `sys.modules` for a
    moment, would give another thread's import the wrong version.
    """

    def private(node: dict[str, Any]) -> dict[str, Any]:
        module = node.get("__module__")
        if isinstance(module, str) and module in names:
            node["__module__"] = names[module]
        return node

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == _SCHEMA:
                content = json.dumps(json.loads(content, object_hook=private)).encode()
            new.writestr(member.filename, content)
    return target.getvalue()


def _rename_type(name: str, own_modules: Collection[str], rename: Callable[[str], str]) -> str:
    module, _, attribute = name.rpartition(".")
    return f"{rename(module)}.{attribute}" if module in own_modules else name
