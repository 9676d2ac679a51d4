"""What is shown of alerts: those that are not over, everything about one, and who was told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from registry_assets.alerting.rendering.text import text
from registry_assets.alerting.rendering.words import subject
from registry_assets.alerting.values import Alert, Occasion
from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.outbox import Delivery, Letter
from registry_assets.cli.described import section
from registry_assets.cli.plain import Document
from registry_assets.cli.styles import joined, plain_grid
from registry_assets.cli.text import moment, plural, visible
from registry_assets.declaration.alerting import SEVERITIES
from registry_assets.lifecycle.monitoring.delivering import Delivered, delivery_document
from registry_assets.lifecycle.monitoring.post import Untold
from registry_assets.lifecycle.monitoring.trying import Tried
from registry_assets.registry import Registry

_STYLES = {"info": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}
_NOTHING_WAITS = Untold(0, 0)


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Everything about one alert.

    Args:
        alert: as people are told of it now.
        letters: what became of it, oldest first, each with its deliveries.
    """

    record: AlertRecord
    alert: Alert
    letters: tuple[tuple[Letter, tuple[Delivery, ...]], ...]

    @property
    def now(self) -> Occasion:
        """What became of it last, with the alert as it is now."""
        last = self.letters[-1][0] if self.letters else None
        return Occasion(
            kind=last.occasion if last else "opened",
            alert=self.alert,
            at=last.created_at if last else self.record.opened_at,
            sentence=_sentence(last) if last else self.record.why,
            sequence=max(len(self.letters), 1),
        )


def most_severe_first(alerts: Sequence[AlertRecord]) -> list[AlertRecord]:
    """Give alerts by what needs somebody most: what is not over, the worst, the newest."""
    return sorted(
        alerts, key=lambda each: (each.state == "resolved", -SEVERITIES.index(each.severity))
    )


def read_alert(registry: Registry, model: str, number: int) -> AlertPage:
    """Read everything about one alert."""
    record = registry.alert(model, number)
    deliveries = registry.deliveries(model, number)
    return AlertPage(
        record=record,
        alert=registry.alert_as_told(model, number),
        letters=tuple(
            (letter, tuple(each for each in deliveries if each.letter.id == letter.id))
            for letter in registry.letters(model, number)
        ),
    )


def alerts_page(alerts: Sequence[AlertRecord], untold: Mapping[tuple[str, int], Untold]) -> Group:
    """Show alerts, a few lines each."""
    parts: list[RenderableType] = []
    for number, alert in enumerate(alerts):
        if number:
            parts.append(Text())
        heading = joined(
            Text(f"{alert.model}/{alert.number}", "bold"),
            Text(alert.severity, _STYLES[alert.severity]),
            alert.check,
            f"version {alert.version} on {alert.pointer}",
        )
        said = _said(alert, untold.get((alert.model, alert.number), _NOTHING_WAITS))
        body = Text("\n".join(visible(each) for each in said))
        parts += [heading, Padding(body, (0, 0, 0, 4))]
    return Group(*parts)


def alert_page(page: AlertPage) -> Group:
    """Show everything about one alert: as its mail says it, what became of it, who was told."""
    heading = Text(visible(subject(page.now)), "bold")
    grid = plain_grid(3, gap=2)
    for letter, deliveries in page.letters:
        told = [_told(each) for each in deliveries] or [_nobody(letter)]
        grid.add_row(
            moment(letter.created_at),
            letter.occasion,
            Text("\n".join(map(visible, [_sentence(letter), *told]))),
        )
    body = Text(visible(text(page.now), lines=True).rstrip("\n"))
    return Group(heading, Text(), body, *section("What became of it, and who was told", grid))


def delivered_lines(done: Delivered) -> Iterator[str]:
    """Say what a round of delivering came to, a line each."""
    for attempt in done.attempts:
        yield visible(attempt.sentence)
    for remark in done.remarks:
        yield visible(f"Note: {remark}.")
    if not done.attempts and not done.remarks:
        yield "Nothing was to be told now."


def alert_document(alert: AlertRecord, untold: Untold | None) -> Document:
    """Give one alert."""
    return {
        "alert": f"{alert.model}/{alert.number}",
        "model": alert.model,
        "number": alert.number,
        "version": alert.version,
        "digest": alert.version_digest,
        "pointer": alert.pointer,
        "generation": alert.generation,
        "check": alert.check,
        "severity": alert.severity,
        "state": alert.state,
        "count": alert.count,
        "partition": alert.partition,
        "why": alert.why,
        "opened_at": alert.opened_at,
        "last_at": alert.last_at,
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_why": alert.acknowledged_why,
        "resolved_at": alert.resolved_at,
        "resolved_why": alert.resolved_why,
        "waiting": untold.waiting if untold else 0,
        "given_up": untold.given_up if untold else 0,
    }


def alert_summary(alert: AlertRecord) -> Document:
    """Give what an alert is about; everything else is with `registry alerts`."""
    names = ("check", "severity", "state", "count", "partition", "why", "opened_at")
    about = {name: getattr(alert, name) for name in names}
    return {"alert": f"{alert.model}/{alert.number}", "version": alert.version, **about}


def alerts_document(
    alerts: Sequence[AlertRecord], untold: Mapping[tuple[str, int], Untold], *, total: int
) -> Document:
    """Give alerts, in the order in which they are shown, and how many there are in all."""
    found = [alert_document(each, untold.get((each.model, each.number))) for each in alerts]
    return {"alerts": found, "total": total}


def alert_page_document(page: AlertPage, untold: Untold | None) -> Document:
    """Give everything about one alert."""
    whole = page.alert.to_json()
    return {
        **alert_document(page.record, untold),
        **{name: whole[name] for name in ("moved", "lineage", "links")},
        "occasions": [
            {
                "key": letter.key,
                "occasion": letter.occasion,
                "at": letter.created_at,
                "sentence": _sentence(letter),
                "addressed_at": letter.addressed_at,
                "deliveries": [delivery_document(each) for each in deliveries],
            }
            for letter, deliveries in page.letters
        ],
    }


def delivered_document(done: Delivered) -> Document:
    """Give what a round of delivering came to."""
    return {
        "addressed": done.addressed,
        "attempts": [each.to_json() for each in done.attempts],
        "remarks": list(done.remarks),
    }


def tried_document(tried: Sequence[Tried]) -> Document:
    """Give what came of trying sinks."""
    return {
        "sinks": [
            {"sink": each.sink, "type": each.type, "error": each.error or None} for each in tried
        ]
    }


def _said(alert: AlertRecord, untold: Untold) -> Iterator[str]:
    since = f"since {moment(alert.opened_at)}"
    again = f", {plural(alert.count, 'time')}, last {moment(alert.last_at)}"
    where = f", partition {alert.partition}" if alert.partition else ""
    yield f"{since}{again if alert.count > 1 else ''}{where}"
    yield alert.why
    if alert.acknowledged_by:
        why = f": {alert.acknowledged_why}" if alert.acknowledged_why else ""
        yield f"acknowledged by {alert.acknowledged_by}, {moment(alert.acknowledged_at)}{why}"
    if alert.state == "resolved":
        yield f"resolved {moment(alert.resolved_at)}: {alert.resolved_why}"
    if untold.waiting:
        yield f"not told yet: {deliveries_text(untold.waiting)} waiting"
    if untold.given_up:
        yield f"{deliveries_text(untold.given_up)} given up"


def deliveries_text(count: int) -> str:
    """Give `1 delivery`, `2 deliveries`."""
    return f"{count:,} {'delivery' if count == 1 else 'deliveries'}"


def _told(delivery: Delivery) -> str:
    tried = f", attempt {delivery.attempts}" if delivery.attempts > 1 else ""
    failed = f": {delivery.error}" if delivery.error and delivery.state != "delivered" else ""
    if delivery.state == "waiting":
        return f"  {delivery.sink}: waits until {moment(delivery.next_at)}{tried}{failed}"
    if delivery.state == "given_up":
        return f"  {delivery.sink}: given up{tried}{failed}"
    return f"  {delivery.sink}: told {moment(delivery.updated_at)}{tried}"


def _nobody(letter: Letter) -> str:
    if letter.addressed_at is None:
        return "  not settled yet who is told"
    return "  nobody was to be told"


def _sentence(letter: Letter) -> str:
    # Of what a newer release wrote, or somebody changed, what can be read.
    return str(letter.body.get("sentence", ""))
