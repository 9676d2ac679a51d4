"""What a model lived through, for people and for programs: promised and lived, drift, alerts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.versions import VersionRecord
from registry_assets.cli.plain import Document
from registry_assets.cli.styles import console, joined, plain_grid, plain_table
from registry_assets.cli.text import moment, plural, visible
from registry_assets.evaluation.report.texts import distance, interval, number, share
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.monitoring.results.history import History, PartitionLived, PointerMove
from registry_assets.registry import Registry

_OUTCOMES = {"passed": "green", "failed": "red", "undecided": "yellow"}
NARROW = 80
"""Columns of a terminal below which partitions stand one below the other."""

_ABOUT = {
    "performance_decay": "decayed",
    "prediction_drift": "predictions drifted",
    "label_quality": "labels",
}
"""Checks that have no column of their own, and what is said where one failed."""


def history_page(history: History) -> Group:
    """Show what a model lived through, a line for each version in each partition."""
    heading = Text(visible(f"{history.model}@{history.pointer}"), "bold")
    if not history.rows:
        return Group(heading, Text("Nothing was observed of it yet.", "dim"))
    many = plural(len(history.partitions), "partition")
    waiting = len(history.open_alerts)
    are = "is" if waiting == 1 else "are"
    alerts = f"{plural(waiting, 'alert')} {are} not resolved" if waiting else "no alert is open"
    said = Text(f"{many} observed; {alerts}.")
    body = _blocks(history) if console().width < NARROW else _table(history)
    parts: list[RenderableType] = [heading, said, Text(), body]
    if moves := _moves(history.moves):
        parts += [Text(), moves]
    return Group(*parts)


def _table(history: History) -> Table:
    metric = visible(history.metric)
    table = plain_table(
        "partition", "version", "rows", f"{metric} promised", "lived", "drifted", "rows are",
        "alerts",
    )  # fmt: skip
    for at in (1, 2):
        table.columns[at].justify = "right"
    for each in history.rows:
        table.add_row(
            Text(visible(each.partition)),
            str(each.version),
            f"{each.rows:,}",
            _estimate(each.promised),
            _lived(each),
            _drift(each),
            _quality(each),
            _alerts(each),
        )
    return table


def _blocks(history: History) -> Group:
    """Show the same one below the other, where the columns of a table would cut words."""
    parts: list[RenderableType] = []
    metric = visible(history.metric)
    for each in history.rows:
        if parts:
            parts.append(Text())
        grid = plain_grid(2, gap=2)
        grid.add_row(f"{metric} promised", _estimate(each.promised))
        grid.add_row("lived", _lived(each))
        grid.add_row("drifted", _drift(each))
        grid.add_row("rows are", _quality(each))
        grid.add_row("alerts", _alerts(each))
        about = f"version {each.version}, {plural(each.rows, 'row')}"
        heading = joined(Text(visible(each.partition), "bold"), about)
        parts += [heading, Padding(grid, (0, 0, 0, 4))]
    return Group(*parts)


def _estimate(found: Estimate | None) -> Text:
    if found is None:
        return Text("–", "dim")
    if not found.defined:
        return Text(visible(found.reason), "dim")
    return Text(f"{number(found.value)} {interval(found)}")


def _lived(each: PartitionLived) -> Text:
    decay = each.findings.get("performance_decay")
    text = Text("not yet", "dim") if each.lived is None else _estimate(each.lived)
    if decay is not None and decay.outcome != "passed":
        said = _ABOUT[decay.check] if decay.outcome == "failed" else "decay undecided"
        text = text + Text(f"\n{said}", _OUTCOMES[decay.outcome])
    return text


def _drift(each: PartitionLived) -> Text:
    if each.compared is None:
        return Text("–" if "feature_drift" not in each.findings else "undecided", "dim")
    found = each.findings.get("feature_drift")
    text = Text(f"{each.drifted} of {each.compared}", _OUTCOMES[found.outcome] if found else "")
    if each.worst:
        columns = ", ".join(
            f"{worst.column} {distance(worst.value, digits=2)}" for worst in each.worst
        )
        text = text + Text(visible(f"\n{columns}"), "dim")
    said = each.findings.get("prediction_drift")
    if said is not None and said.outcome == "failed":
        text = text + Text(f"\n{_ABOUT[said.check]}", "red")
    return text


def _quality(each: PartitionLived) -> Text:
    text = Text(_words(each.quality), _OUTCOMES.get(each.quality, "dim"))
    labels = each.findings.get("label_quality")
    if labels is not None and labels.outcome == "failed":
        text = text + Text("\nlabels are not", "red")
    return text


def _words(outcome: str) -> str:
    return {"passed": "sound", "failed": "not sound", "": "–"}.get(outcome, outcome)


def _alerts(each: PartitionLived) -> Text:
    if not each.alerts:
        return Text("–", "dim")
    return Text(", ".join(map(str, each.alerts)), "red")


def _moves(moves: Sequence[PointerMove]) -> Text:
    lines = [
        f"{moment(each.moved_at)}  {'rolled back to' if each.rollback else 'promoted'}"
        f" version {each.version}"
        for each in moves
    ]
    return Text("\n".join(lines), "dim")


def history_document(history: History) -> Document:
    """Give what a model lived through."""
    return {
        "model": history.model,
        "pointer": history.pointer,
        "metric": history.metric,
        "partitions": [partition_document(each) for each in history.rows],
        "moves": [
            {
                "version": each.version,
                "generation": each.generation,
                "moved_at": each.moved_at,
                "rollback": each.rollback,
            }
            for each in history.moves
        ],
        "alerts": list(history.open_alerts),
    }


def partition_document(each: PartitionLived) -> Document:
    """Give what one version lived in one partition."""
    numbers = ("value", "low", "high", "threshold", "rows")
    return {
        "partition": each.partition,
        "version": each.version,
        "digest": each.digest,
        "generation": each.generation,
        "rows": each.rows,
        "labelled": each.labelled,
        "observed_at": each.observed_at,
        "promised": each.promised.to_json() if each.promised else None,
        "lived": each.lived.to_json() if each.lived else None,
        "drifted": each.drifted,
        "compared": each.compared,
        "share": each.share,
        "worst": [
            {"column": worst.column, "value": worst.value, "threshold": worst.threshold}
            for worst in each.worst
        ],
        "results": [
            {
                "check": check,
                "outcome": found.outcome,
                "why": found.why,
                **{name: getattr(found, name) for name in numbers},
            }
            for check, found in each.findings.items()
        ],
        "alerts": list(each.alerts),
    }


@dataclass(frozen=True, slots=True)
class InUse:
    """What is known of a version in use.

    Args:
        pages: those declared for its deployment, filled in, by name.
    """

    history: History
    pages: Mapping[str, str]

    @property
    def rows(self) -> tuple[PartitionLived, ...]:
        """What it lived, in the order of the partitions."""
        return self.history.rows


def read_in_use(registry: Registry, version: VersionRecord) -> InUse | None:
    """Read what is known of a version in use; None of one that was not committed."""
    if version.state != "committed":
        return None
    return InUse(
        history=registry.history(version.model, version=version.number),
        pages=registry.deployment_pages(version.model, version.number),
    )


def in_use_document(found: InUse | None) -> Document | None:
    """Give what a version lived; null where nothing was seen of it, and no page is declared."""
    if found is None or not (found.rows or found.pages):
        return None
    return {
        "metric": found.history.metric,
        "partitions": [partition_document(each) for each in found.rows],
        "dashboards": dict(found.pages),
    }


def in_use_lines(found: InUse) -> Iterator[str]:
    """Say what a version lived last, and how far its rows had drifted; nothing of one not seen."""
    rows, metric = found.rows, found.history.metric
    lived = next((each for each in reversed(rows) if each.lived and each.lived.defined), None)
    if lived is not None and lived.lived is not None:
        promised = ""
        if lived.promised is not None and lived.promised.defined:
            promised = f", promised {number(lived.promised.value)} {interval(lived.promised)}"
        yield (
            f"{lived.partition}: {metric} lived {number(lived.lived.value)}"
            f" {interval(lived.lived)}{promised}"
        )
    drift = next((each for each in reversed(rows) if each.compared is not None), None)
    if drift is not None:
        worst = ", ".join(f"{each.column} {distance(each.value, digits=2)}" for each in drift.worst)
        yield (
            f"{drift.partition}: {drift.drifted} of {plural(drift.compared or 0, 'column')} drifted"
            f" ({share(drift.share)})" + (f": {worst}" if worst else "")
        )
    if rows and lived is None and drift is None:
        yield f"{rows[-1].partition}: {plural(rows[-1].rows, 'row')} predicted"
    for name, url in found.pages.items():
        yield f"{name}: {url}"
