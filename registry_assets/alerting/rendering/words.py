"""The pieces of what people read of an alert: one wording for mail, chat and terminal.

Plain texts without a control character or a line feed; who puts them into HTML or a chat escapes
them there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from registry_assets.alerting.values import WASSERSTEIN, Alert, Figure, Moved, Occasion
from registry_assets.evaluation.report.texts import moment, number, plural, short, shown
from registry_assets.recipe import SnapshotRef

_VERSION_MAY_BE_WRONG = ("feature_drift", "prediction_drift", "performance_decay")
_REPORT = {
    "feature_drift": "drift",
    "prediction_drift": "drift",
    "label_quality": "performance",
    "performance_decay": "performance",
}
"""Which page of a partition shows what a check found."""
_MOST_MOVED = 10
_MOST_SNAPSHOTS = 12
_PAGES = {"asset": "asset in Dagster", "run": "run that found it"}
"""What pages are called for people, of those that have a name in the format."""
_STATES = {"acknowledged": "acknowledged", "resolved": "resolved", "retrained": "retrained"}


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type, and what it is for."""

    line: str
    what: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page by name; `url` is an address, or a path where there is no server."""

    name: str
    url: str

    @property
    def is_address(self) -> bool:
        """Whether it may become something to click: nothing but HTTP does."""
        return self.url.startswith(("https://", "http://"))


def subject(occasion: Occasion) -> str:
    """Give one line: `[critical] flight_delay@production: performance_decay, version 2`."""
    alert = occasion.alert
    state = _STATES.get(occasion.kind, alert.severity)
    again = f" (found {plural(alert.count, 'time')})" if occasion.kind == "repeated" else ""
    return f"[{state}] {alert.target}: {alert.check}, version {alert.version}{again}"


def reason(alert: Alert) -> str:
    """Say what an alert's sentence is: of what was found again, that is what was found last."""
    return "It was opened because" if alert.count == 1 else "Found last"


def since(alert: Alert) -> str:
    """Say since when, how often, and where last."""
    said = f"Since {moment(alert.opened_at)}"
    if alert.count > 1:
        said += f", found {plural(alert.count, 'time')}, last {moment(alert.last_at)}"
    return f"{said}, partition {shown(alert.partition)}." if alert.partition else f"{said}."


def holder(alert: Alert) -> str:
    """Say which version it is about, and whether the pointer ever held it."""
    if alert.check == "promotion":
        return f"{alert.reference}, which did not come to {alert.pointer}"
    if not alert.generation:
        return f"{alert.reference}, which {alert.pointer} never held"
    # Not that it holds it: something may predict by a version that was replaced long ago.
    return f"{alert.reference}, which {alert.pointer} held as its generation {alert.generation}"


def standing(alert: Alert) -> Iterator[str]:
    """Say who looks after it, and why it is over."""
    if alert.acknowledged_by:
        when = f" at {moment(alert.acknowledged_at)}" if alert.acknowledged_at else ""
        why = f": {shown(alert.acknowledged_why)}" if alert.acknowledged_why else "."
        yield f"Acknowledged by {shown(alert.acknowledged_by)}{when}{why}"
    if alert.state == "resolved":
        when = f" at {moment(alert.resolved_at)}" if alert.resolved_at else ""
        why = f": {shown(alert.resolved_why)}" if alert.resolved_why else "."
        yield f"Resolved{when}{why}"


def moved(alert: Alert) -> Iterator[str]:
    """Give one line for each thing that moved, the first of them."""
    for each in alert.moved[:_MOST_MOVED]:
        yield _moved(each)
    if (more := len(alert.moved) - _MOST_MOVED) > 0:
        yield f"and {more} more"


def commands(alert: Alert) -> list[Command]:
    """Give what to type, the most likely first."""
    looking = Command(f"registry show {alert.target}", "what is live, and everything about it")
    if alert.state == "resolved":
        return [looking, Command(f"registry alerts {alert.model}", "what else is open")]
    found = [looking]
    if alert.check in _REPORT and alert.partition:
        of = f"--{_REPORT[alert.check]} {quote(shown(alert.partition))}"
        found.append(
            Command(f"registry report {alert.model} {of}", "all that was found, as one page")
        )
    if alert.check == "promotion":
        found.append(Command(f"registry explain {alert.model}", "what the next version waits for"))
    if alert.state == "open":
        found.append(
            Command(f'registry ack {alert.name} --reason "…"', "you look after it: no more notices")
        )
    # Before the first generation there was nothing to go back to.
    if alert.check in _VERSION_MAY_BE_WRONG and alert.generation > 1:
        line = f'registry rollback {alert.target} --reason "…"'
        found.append(Command(line, "back to the version before"))
    return found


def links(alert: Alert) -> list[Link]:
    """Give the pages about it."""
    found = [
        Link(shown(_PAGES.get(name, name)), shown(url, most=None))
        for name, url in alert.links.items()
    ]
    url = alert.lineage.run_url
    if url and url not in alert.links.values():
        found.append(Link("training run", shown(url, most=None)))
    return found


def made_from(alert: Alert) -> Iterator[tuple[str, str]]:
    """Give what the version was made of: what it is, and which."""
    lineage = alert.lineage
    for what, snapshots in (("dataset", lineage.datasets), ("features", lineage.features)):
        for each in snapshots[:_MOST_SNAPSHOTS]:
            yield what, _snapshot(each)
        if (more := len(snapshots) - _MOST_SNAPSHOTS) > 0:
            yield what, f"and {more} more: registry lineage {alert.reference}"
    commit = lineage.code_commit + " (uncommitted changes)" * lineage.code_dirty
    for what, value in (("commit", commit), ("training run", lineage.run_id)):
        if value:
            yield what, shown(value)
    if lineage.trained_at:
        yield "trained", moment(lineage.trained_at)


def _moved(each: Moved) -> str:
    name = shown(each.name, most=60)
    of, unit = ("mean ", " standard deviations") if each.measure == WASSERSTEIN else ("", "")
    parts = []
    if each.before is not None or each.after is not None:
        parts.append(f"{of}{_figure(each.before)} → {_figure(each.after)}")
    if each.value is not None:
        limit = f", limit {_figure(each.threshold)}" if each.threshold is not None else ""
        parts.append(f"{shown(each.measure) or 'by'} {_figure(each.value)}{unit}{limit}")
    return f"{name}: {'; '.join(parts)}" if parts else name


def _figure(figure: Figure) -> str:
    if isinstance(figure, str):
        return shown(figure, most=60)
    if figure is None:
        return "nothing"
    if isinstance(figure, int):
        return f"{figure:,}"
    # Four places of 0.1 say no more than one does.
    text = number(figure)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _snapshot(each: SnapshotRef) -> str:
    return f"{shown(str(each), most=80)} {short(each.digest)}"
