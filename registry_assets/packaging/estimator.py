"""Fitted estimators as files of a package and back, each by the format of its framework.

An estimator of scikit-learn may hold others, a pipeline an XGBClassifier: these are its parts,
each a file of its own format. Whatever the framework, what comes back answers `predict` and, of
classes, `predict_proba` and `classes_`, so that nothing else need know it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from registry_assets.canonical import Json
from registry_assets.errors import PackagingRefused, RegistryError
from registry_assets.packaging.formats import (
    SKOPS,
    EstimatorFormat,
    Stored,
    Surroundings,
    all_formats,
    format_named,
    format_of,
    is_foreign,
)
from registry_assets.packaging.formats.parts import cut_out, find_parts
from registry_assets.packaging.formats.protocol import MOST_PARTS, beyond
from registry_assets.packaging.signature import Label

PARTS = "parts/"
"""The folder of a package in which the files of parts lie."""


def store_estimator(estimator: Any) -> Stored:
    """Write a fitted estimator. The bytes of equal estimators may differ from time to time.

    Raises:
        PackagingRefused: its format has no way to write it, or something in it.
    """
    if _is_named(estimator):
        classes = tuple(estimator.classes_.tolist())
        return replace(store_estimator(estimator.estimator_), classes=classes)
    found = format_of(estimator)
    if found.name != SKOPS:
        return _written(found, estimator)
    try:
        outer, parts = cut_out(estimator, is_foreign)
    except Exception as error:  # whatever a foreign __deepcopy__ raises
        kind = type(estimator)
        raise PackagingRefused(
            f"The estimator {kind.__module__}.{kind.__qualname__} cannot be packaged: a copy of "
            f"it cannot be made: {type(error).__name__}: {error}",
            hint="It holds estimators of other frameworks, which are cut out of a copy.",
        ) from error
    stored = tuple(_written(format_of(part), part) for part in parts)
    return replace(found.write(outer), parts=stored)


def check_estimator(stored: Stored, *, own_modules: Collection[str] = ()) -> None:
    """Look through every file of an estimator before anything is built of it.

    Raises:
        PackagingRefused: one is of something else, damaged, or beyond its limits.
        UntrustedTypes: one names types nobody vouched for.
    """
    if len(stored.parts) > MOST_PARTS:
        raise beyond("parts", len(stored.parts), MOST_PARTS)
    for each in (*stored.parts, stored):
        found = format_named(each.format)
        with _framework(found):
            found.check(each, around=Surroundings(own_modules))


def load_estimator(
    stored: Stored,
    *,
    own_modules: Collection[str] = (),
    rename: Callable[[str], str] | None = None,
) -> Any:
    """Build what predicts from the files of an estimator, each of which is looked through first.

    Args:
        own_modules: the packaged modules whose classes may be built.
        rename: gives the private name under which such a module was loaded.

    Raises:
        PackagingRefused: a file is damaged, or what reads it is not installed.
        UntrustedTypes: one names types nobody vouched for.
    """
    around = Surroundings(own_modules, rename)
    if len(stored.parts) > MOST_PARTS:
        raise beyond("parts", len(stored.parts), MOST_PARTS)
    parts = [_built(part, around) for part in stored.parts]
    built = _built(stored, replace(around, parts=parts))
    return _called(_predictor(built), stored.classes)


def classes_kept(predictor: Any) -> tuple[Label, ...] | None:
    """Give the classes that a package has to name, because the estimator does not say them so."""
    return tuple(predictor.classes_.tolist()) if _is_named(predictor) else None


def predictor_of(estimator: Any, *, classes: Sequence[Label] | None = None) -> Any:
    """Give what predicts for a fitted estimator, as its loaded package will.

    Args:
        classes: what the target's are. An estimator whose framework knows no such values, but
            numbers them or writes them as text, is made to answer with these.

    Raises:
        PackagingRefused: it does not predict.
    """
    predictor = _predictor(estimator)
    if _is_named(predictor):
        return predictor
    if classes is not None and _numbers_classes(predictor, estimator, classes):
        return _called(predictor, tuple(classes))
    if _answers_in_columns(predictor, estimator):
        return _called(predictor, predictor.classes_.tolist())
    return predictor


def frameworks_of(stored: Stored) -> tuple[str, ...]:
    """Name the distributions that loading an estimator needs; the first is its framework.

    That of a pipeline with an estimator of another framework is the other one.
    """
    names = [
        name for each in (*stored.parts, stored) for name in format_named(each.format).distributions
    ]
    return tuple(dict.fromkeys(names))


def tolerance_of(stored: Stored) -> float:
    """Give by how much, relatively, its predictions may differ elsewhere."""
    return max(format_named(each.format).relative for each in (*stored.parts, stored))


def estimator_files(stored: Stored) -> dict[str, bytes]:
    """Give the files of an estimator by their paths in a package."""
    return {
        _path(each, number): each.data for number, each in enumerate((stored, *stored.parts), -1)
    }


def describe_estimator(stored: Stored) -> dict[str, Json] | None:
    """Say for `package.json` what these files are; None where it goes without saying.

    That is a single skops file, which is all that the first packages could hold.
    """
    if stored.plain and stored.format == SKOPS:
        return None
    described = _described(stored, -1)
    if stored.parts:
        described["parts"] = [_described(part, at) for at, part in enumerate(stored.parts)]
    return described


def read_estimator(described: object, read: Callable[[str], bytes]) -> Stored:
    """Put together what `describe_estimator` said and the files that it names.

    Raises:
        PackagingRefused: it is not told as it should be, or a file is missing.
    """
    if described is None:
        return Stored(SKOPS, read(format_named(SKOPS).file))
    if not isinstance(described, Mapping):
        raise _undescribed(described)
    parts = described.get("parts", [])
    if not isinstance(parts, list):
        raise _undescribed(described)
    return replace(
        _read(described, read), parts=tuple(_read(part, read) for part in parts[: MOST_PARTS + 1])
    )


def recognise(data: bytes, *, name: str | None = None) -> EstimatorFormat:
    """Tell the format of a file: by its first bytes, unless it is named.

    Raises:
        PackagingRefused: it is of none, or a pickle; says how to save it.
    """
    if name is not None:
        return format_named(name)
    for found in all_formats():
        if found.recognises(data):
            return found
    from registry_assets.packaging.formats.unknown import why_unknown

    raise why_unknown(data)


def _built(stored: Stored, around: Surroundings) -> Any:
    found = format_named(stored.format)
    with _framework(found):
        # skops looks through a file as it builds it: twice would cost 15 ms of 50.
        if found.name != SKOPS:
            found.check(stored, around=around)
        try:
            return found.load(stored, around=around)
        except (RegistryError, ImportError, MemoryError):
            raise
        except Exception as error:  # whatever a framework says of a file that it does not take
            raise PackagingRefused(
                f"The estimator file cannot be read as {found.name}: "
                f"{type(error).__name__}: {error}"[:500],
                hint="It was written by another release of its framework, or damaged.",
            ) from error


def _predictor(estimator: Any) -> Any:
    if _is_named(estimator):
        inner = _predictor(estimator.estimator_)
        if inner is estimator.estimator_:
            return estimator
        return type(estimator).of(inner, estimator.classes_.tolist())
    found = format_of(estimator)
    with _framework(found):
        return found.predictor(estimator)


def _called(predictor: Any, classes: Sequence[Label] | None) -> Any:
    if classes is None:
        return predictor
    from registry_assets.packaging.named_classes import NamedClasses

    fitted = predictor.estimator_ if _is_named(predictor) else predictor
    return NamedClasses.of(fitted, classes)


def _numbers_classes(predictor: Any, estimator: Any, classes: Sequence[Label]) -> bool:
    """Whether an estimator says 0 and 1, or "False" and "True", for values of another type.

    One of scikit-learn alone says what it was fitted on: then 1 for True is another model.
    """
    known = getattr(predictor, "classes_", None)
    if known is None or not find_parts(estimator, is_foreign):
        return False
    said = list(getattr(known, "tolist", lambda: known)())
    if [(type(each), each) for each in said] == [(type(each), each) for each in classes]:
        return False
    return said in (list(range(len(classes))), [str(each) for each in classes])


def _answers_in_columns(predictor: Any, estimator: Any) -> bool:
    """Whether a pipeline hands on what CatBoost gives of several classes: a column, not a row."""
    if is_foreign(estimator) or len(getattr(predictor, "classes_", ())) < 3:
        return False
    return any(_is_named(_predictor(part)) for part in find_parts(estimator, is_foreign))


def _is_named(estimator: object) -> bool:
    """Say whether it is `NamedClasses`, whose module is not imported for it."""
    kind = type(estimator)
    return (kind.__module__, kind.__qualname__) == (
        "registry_assets.packaging.named_classes",
        "NamedClasses",
    )


def _written(found: EstimatorFormat, estimator: Any) -> Stored:
    with _framework(found):
        try:
            return found.write(estimator)
        except (RegistryError, ImportError, MemoryError):
            raise
        except Exception as error:  # whatever a framework says of an estimator that is not fitted
            kind = type(estimator)
            raise PackagingRefused(
                f"The estimator {kind.__module__}.{kind.__qualname__} cannot be packaged: "
                f"{type(error).__name__}: {error}"[:500],
                hint="Return it fitted.",
            ) from error


@contextmanager
def _framework(found: EstimatorFormat) -> Iterator[None]:
    """Say what to install where a format's own library is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        wanted = {name.replace("-", "_") for name in found.distributions}
        if (error.name or "").partition(".")[0] not in wanted:
            raise
        raise PackagingRefused(
            f"An estimator of the format {found.name} needs {error.name}, which is not installed.",
            hint=f"Install {' and '.join(found.distributions)}; of the formats that come with "
            f'this package: pip install "registry_assets[{found.name}]".',
        ) from error


def _path(stored: Stored, number: int) -> str:
    file = format_named(stored.format).file
    return file if number < 0 else f"{PARTS}{number}.{file.partition('.')[2]}"


def _described(stored: Stored, number: int) -> dict[str, Json]:
    said: dict[str, Json] = {"format": stored.format, "file": _path(stored, number)}
    if stored.about:
        said["about"] = dict(stored.about)
    if stored.classes is not None:
        said["classes"] = list(stored.classes)
    return said


def _read(described: object, read: Callable[[str], bytes]) -> Stored:
    if not isinstance(described, Mapping):
        raise _undescribed(described)
    name, file = described.get("format"), described.get("file")
    about, classes = described.get("about", {}), described.get("classes")
    labels = classes is None or (
        isinstance(classes, list) and all(isinstance(x, bool | int | float | str) for x in classes)
    )
    right = isinstance(name, str) and isinstance(file, str) and isinstance(about, dict)
    if not right or not labels:
        raise _undescribed(described)
    return Stored(
        str(name), read(str(file)), about, classes=None if classes is None else tuple(classes)
    )


def _undescribed(described: object) -> PackagingRefused:
    return PackagingRefused(
        f"The package says of its estimator {described!r:.200}; expected its format and file.",
        hint="docs/formats.md says what package.json holds.",
    )
