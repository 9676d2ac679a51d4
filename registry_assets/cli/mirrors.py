"""What is shown of the registries that models are published to: for people and for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from registry_assets.catalog.mirrors import MirrorRecord, ReceiptRecord, StateRecord
from registry_assets.cli.plain import Document
from registry_assets.cli.styles import Unfolded, joined
from registry_assets.cli.text import moment, plural, visible
from registry_assets.lifecycle.mirroring.observing import Observation
from registry_assets.lifecycle.mirroring.repairing import Repaired
from registry_assets.registry import Registry

_STYLES = {"in_step": "green", "out_of_step": "bold red", "unreachable": "yellow"}
_INDENT = 4
_WORDS = {
    "in_step": "in step",
    "out_of_step": "out of step",
    "unreachable": "unreachable",
    "unknown": "nobody has looked yet",
}


@dataclass(frozen=True, slots=True)
class MirrorView:
    """One mirror, as the catalog knows it.

    Args:
        receipts: what was published to it, by the number here.
    """

    record: MirrorRecord
    state: StateRecord
    receipts: Mapping[int, ReceiptRecord]

    @property
    def called(self) -> str:
        """`flight_delay/mlflow`."""
        return f"{self.record.model}/{self.record.mirror}"

    @property
    def in_step(self) -> bool:
        """Whether it was found so last."""
        return self.state.state == "in_step"


def read_mirrors(registry: Registry, model: str | None, mirror: str | None) -> list[MirrorView]:
    """Read the mirrors that are declared, of one model or of all."""
    return [
        MirrorView(
            each,
            registry.mirror_state(each.model, each.mirror),
            registry.mirror_receipts(each.model, each.mirror),
        )
        for each in registry.mirrors(model)
        if mirror in (None, each.mirror)
    ]


def mirrors_page(views: Sequence[MirrorView]) -> Group:
    """Show mirrors, a few lines each."""
    parts: list[RenderableType] = []
    for number, view in enumerate(views):
        if number:
            parts.append(Text())
        state = view.state.state
        since = f"since {moment(view.state.since)}" if view.state.since else ""
        heading = joined(
            Text(view.called, "bold"), Text(_WORDS[state], _STYLES.get(state, "dim")), since
        )
        parts.append(heading)
        for line in _lines(view):
            if isinstance(line, Unfolded):
                parts.append(line)
            else:
                parts.append(Padding(Text(visible(line)), (0, 0, 0, _INDENT)))
    return Group(*parts)


def mirror_document(view: MirrorView) -> Document:
    """Give one mirror."""
    state, said = view.state, view.record.definition or {}
    return {
        "mirror": view.called,
        "model": view.record.model,
        "name": view.record.mirror,
        "kind": said.get("kind"),
        "address": said.get("address") or None,
        "publish": said.get("publish"),
        "state": state.state,
        "in_step": view.in_step,
        "since": state.since,
        "verified_at": state.verified_at,
        "differences": [dict(each) for each in state.differences],
        "pointers": {name: dict(each) for name, each in (state.pointers or {}).items()},
        "pointed_at": state.pointed_at,
        "failures": state.failures,
        "error": state.error,
        "failed_at": state.failed_at,
        "next_at": state.next_at,
        "receipts": [receipt_document(each) for each in view.receipts.values()],
    }


def receipt_document(receipt: ReceiptRecord) -> Document:
    """Give that a version is in a mirror."""
    return {
        "version": receipt.version,
        "digest": receipt.version_digest,
        "there": f"{receipt.foreign_name}/{receipt.foreign_number}",
        "url": receipt.url,
        "sent": receipt.sent_digest,
        "published_at": receipt.published_at,
        "actor": receipt.actor,
    }


def receipts_lines(receipts: Sequence[ReceiptRecord]) -> Iterator[RenderableType]:
    """Show where a version was published to."""
    for each in receipts:
        there = f"{each.foreign_name}/{each.foreign_number} since {moment(each.published_at)}"
        line = joined(Text(visible(each.mirror), "bold"), visible(there))
        yield Padding(line, (0, 0, 0, _INDENT // 2))
        if each.url:
            yield Unfolded(f"{' ' * _INDENT}{visible(each.url)}")


def mirrors_document(views: Sequence[MirrorView]) -> Document:
    """Give mirrors, in the order in which they are shown."""
    return {"mirrors": [mirror_document(each) for each in views]}


def repaired_lines(done: Repaired) -> Iterator[str]:
    """Say what a repair found, and how it is now."""
    called = f"{done.now.model}/{done.now.mirror}"
    for each in done.amiss:
        yield visible(f"{called}: {each.sentence}")
    if not done.amiss:
        yield visible(f"{called}: nothing was amiss.")
    yield visible(f"Now {done.now.sentence}.")


def repaired_document(done: Repaired) -> Document:
    """Give what a repair found, and how it is now."""
    return {
        "model": done.now.model,
        "name": done.now.mirror,
        "amiss": [each.to_json() for each in done.amiss],
        **_found(done.now),
    }


def _found(found: Observation) -> Document:
    return {
        "state": found.state,
        "in_step": found.in_step,
        "differences": [each.to_json() for each in found.differences],
        "error": found.error or None,
    }


def _lines(view: MirrorView) -> Iterator[str | Unfolded]:
    said: Mapping[str, Any] = view.record.definition or {}
    yield f"{said.get('kind')} at {_where(view)}, as {said.get('name') or view.record.model}"
    for each in view.state.differences:
        by = f", by {each['by']}" if each.get("by") else ""
        at = f", at {each['at']}" if each.get("at") else ""
        yield f"{each['sentence']}{by}{at}"
    held = [
        f"{name} is version {each['version']} ({each['number']} there)"
        for name, each in sorted((view.state.pointers or {}).items())
    ]
    pointers = ", ".join(held) or "no pointer set"
    yield f"{plural(len(view.receipts), 'version')} published; {pointers}"
    for each in (view.state.pointers or {}).values():
        receipt = view.receipts.get(each["version"])
        if receipt is not None:
            yield Unfolded(f"{' ' * _INDENT}its page: {visible(receipt.url)}")
    if view.state.verified_at:
        yield f"every byte compared {moment(view.state.verified_at)}"
    if view.state.failures:
        yield (
            f"publishing failed {plural(view.state.failures, 'time')}, last"
            f" {moment(view.state.failed_at)}: {view.state.error}"
        )
        yield f"tried again by itself after {moment(view.state.next_at)}"
    if view.state.state == "out_of_step":
        yield f"Next: registry mirrors {view.record.model} --repair"


def _where(view: MirrorView) -> str:
    """Give the declared address, or that of the environment of who published last."""
    address = (view.record.definition or {}).get("address")
    if address:
        return str(address)
    last = max(view.receipts.values(), key=lambda each: each.published_at, default=None)
    by = "the address that the environment says"
    return by if last is None else f"{by} ({last.receipt['address']} at the last publication)"
