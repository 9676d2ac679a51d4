"""What stands in another registry, held against what should: every difference, in words."""

from collections.abc import Iterator, Mapping, Sequence

from registry_assets.mirroring.protocol import (
    ForeignFile,
    ForeignPointer,
    ForeignState,
    ForeignVersion,
    OutOfStep,
    Pointing,
    Receipt,
)

_SHOWN = 3


def find_differences(
    state: ForeignState,
    *,
    pointers: Sequence[str],
    holding: Mapping[str, Pointing],
    told: Mapping[str, Pointing],
    receipts: Mapping[int, Receipt],
) -> tuple[OutOfStep, ...]:
    """Find all that is not there as it is here; empty where it is in step.

    Args:
        pointers: all that the model has here.
        holding: what each holds here; those that hold nothing are absent.
        told: what each was last set to there.
        receipts: by the version's number here.
    """
    if not state.exists:
        if not receipts:
            return tuple(_unpublished(holding, receipts))
        said = "the model is not there any more, nor any version of it"
        return (OutOfStep("model_missing", "model", said),)
    found = [*_unpublished(holding, receipts), *_versions(state, receipts)]
    for name in pointers:
        there = state.pointers.get(name)
        moved = _pointer(name, there, holding.get(name), told.get(name), receipts)
        found += [moved] if moved else []
    return tuple(found)


def _unpublished(
    holding: Mapping[str, Pointing], receipts: Mapping[int, Receipt]
) -> Iterator[OutOfStep]:
    waiting = {each.version: each for each in holding.values() if each.version not in receipts}
    for version, each in sorted(waiting.items()):
        said = f"version {version}, which {each.pointer} holds here, was not published yet"
        yield OutOfStep("not_published", str(version), said)


def _versions(state: ForeignState, receipts: Mapping[int, Receipt]) -> Iterator[OutOfStep]:
    for version, receipt in sorted(receipts.items()):
        there = state.versions.get(receipt.number)
        if there is None:
            said = f"version {version} was published as {receipt.number}, which is gone there"
            yield OutOfStep("version_missing", str(version), said)
        elif there.digest != receipt.digest:
            said = (
                f"version {version} was published as {receipt.number}, which is tagged as"
                f" {_digest(there.digest)} there now; expected {_digest(receipt.digest)}"
            )
            yield OutOfStep("digest_changed", str(version), said)
        else:
            yield from _files(version, receipt, there)


def _files(version: int, receipt: Receipt, there: ForeignVersion) -> Iterator[OutOfStep]:
    if there.files is None:
        return
    where = f"the artifact of version {version} ({receipt.number} there)"
    missing = sorted(receipt.files.keys() - there.files.keys())
    added = sorted(there.files.keys() - receipt.files.keys())
    changed = [
        path
        for path in sorted(receipt.files.keys() & there.files.keys())
        if is_changed(receipt.files[path], there.files[path])
    ]
    if missing:
        yield OutOfStep("artifact_missing", str(version), f"{where} lacks {_listed(missing)}")
    if changed:
        said = f"{where} has other bytes than were published: {_listed(changed)}"
        yield OutOfStep("artifact_changed", str(version), said)
    if added:
        said = f"{where} has files that were not published: {_listed(added)}"
        yield OutOfStep("artifact_added", str(version), said)


def is_changed(sent: ForeignFile, found: ForeignFile) -> bool:
    """Tell whether a file is another than was sent, as far as anybody has looked."""
    if found.sha256 is not None:
        return found.sha256 != sent.sha256
    return None not in (found.size, sent.size) and found.size != sent.size


def _pointer(
    pointer: str,
    there: ForeignPointer | None,
    holding: Pointing | None,
    told: Pointing | None,
    receipts: Mapping[int, Receipt],
) -> OutOfStep | None:
    by, at = (there.by, there.at) if there else (None, None)
    if holding is None:
        if there is None:
            return None
        said = f"{pointer} holds {_there(there)} there, and nothing here"
        return OutOfStep("pointer_unexpected", pointer, said, by, at)
    number = there.number if there else None
    receipt = receipts.get(holding.version)
    is_right = receipt is not None and number == receipt.number
    if told is not None and number != told.number and not is_right:
        expected = f"version {told.version} ({told.number} there)"
        if there is None:
            said = f"{pointer} holds nothing there; expected {expected}"
            return OutOfStep("pointer_missing", pointer, said)
        said = f"{pointer} was moved there to {_there(there)}; expected {expected}"
        return OutOfStep("pointer_moved", pointer, said, by, at)
    if told is None or told.generation != holding.generation or not is_right:
        now = _there(there) if there else "nothing"
        said = f"{pointer} holds version {holding.version} here, and {now} there: not told yet"
        return OutOfStep("pointer_behind", pointer, said)
    return None


def _there(pointer: ForeignPointer) -> str:
    ours = f"{_digest(pointer.digest)}, a version of ours" if pointer.digest else "none of ours"
    return f"{pointer.number} ({ours})"


def _digest(digest: str | None) -> str:
    return "nothing" if digest is None else digest[:19]


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more}"
