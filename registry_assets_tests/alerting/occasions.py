"""Alerts as a monitoring of flights makes them. A helper for tests, not a test."""

from dataclasses import replace
from typing import Any

from registry_assets.alerting import Alert, Lineage, Moved, Occasion
from registry_assets.recipe import SnapshotRef

REGISTRY = "0123456789abcdef" * 2
DIGEST = f"sha256:{'a' * 64}"

HOSTILE = {
    "two lines": "late\r\nBcc: everybody@example.org\r\n\r\nHello",
    "HTML": "<script>alert(1)</script><img src=x onerror=y>\"'&amp;",
    "mrkdwn": "<!channel> <https://evil.example|here> *bold* `code` @here ```",
    "NUL": "a\0b",
    "RTL": "abc\u202egnp.exe\u2066",
    "half a pair": "\ud800 and more",
    "terminal": "\x1b[2J\x1b]0;title\x07",
    "hidden": "zero\u200bwidth\u2028line",
    "long": "x" * 10_000,
    "long words": "wörter " * 2_000,
}


def an_alert(**changed: Any) -> Alert:
    """Version 2 of the flight delays is not as good as it was promised to be."""
    given: dict[str, Any] = {
        "registry": REGISTRY,
        "model": "flight_delay",
        "number": 3,
        "version": 2,
        "digest": DIGEST,
        "pointer": "production",
        "generation": 5,
        "check": "performance_decay",
        "severity": "error",
        "sentence": "roc_auc is 0.6812 where 0.7431 was promised",
        "opened_at": "2013-07-31T06:00:00.000000Z",
        "last_at": "2013-08-31T06:00:00.000000Z",
        "count": 2,
        "partition": "2013-08",
        "moved": (Moved("roc_auc", 0.7431, 0.6812, 0.0619, 0.03, "decay"),),
        "lineage": Lineage(
            datasets=(SnapshotRef("flights", "2013-05", f"sha256:{'b' * 64}"),),
            features=(SnapshotRef("flight_features", "2013-05", f"sha256:{'c' * 64}"),),
            code_commit="d" * 40,
            run_id="8c1b3c1e",
            run_url="https://dagster.example/runs/8c1b3c1e",
            trained_at="2013-06-01T06:00:00.000000Z",
        ),
        "links": {
            "report": "https://dagster.example/report",
            "Grafana": "https://grafana.example/d/x?var-version=2",
        },
    }
    return Alert(**{**given, **changed})


def an_occasion(kind: str = "opened", *, sequence: int = 1, **changed: Any) -> Occasion:
    """What happened to that alert."""
    states = {"acknowledged": "acknowledged", "resolved": "resolved"}
    alert = an_alert(**{"state": states.get(kind, "open"), **changed})
    return Occasion(
        kind=kind,
        alert=alert,
        at="2013-08-31T06:00:00.000000Z",
        sentence=alert.sentence if kind == "opened" else f"it was {kind}",
        sequence=sequence,
    )


def hostile(text: str) -> Occasion:
    """An occasion in which everything that users write is this text."""
    # What a snapshot is called was in the catalog before, which has its own rules.
    stored = text.replace("\0", "").encode(errors="ignore").decode()[:500]
    alert = an_alert(
        sentence=text,
        partition=text,
        moved=(Moved(text, text, text, 1.5, 0.1, text),),
        lineage=Lineage(
            datasets=(SnapshotRef("flights", stored, DIGEST),),
            code_commit=text,
            run_id=text,
            run_url=text,
        ),
        links={text: text, "address": f"https://a.example/{text}", "script": f"javascript:{text}"},
        state="resolved",
        acknowledged_by=text,
        acknowledged_why=text,
        resolved_why=text,
    )
    told = an_occasion("repeated", sequence=2)
    return replace(told, alert=alert, sentence=text)
