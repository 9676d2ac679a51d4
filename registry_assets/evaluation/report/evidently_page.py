"""Evidently's widgets as one HTML file: safe to open, without a network, the same every time.

The widgets are made in `evidently_report`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

import numpy as np

# With it a browser refuses whatever the page would fetch; all its scripts are inside.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'; form-action 'none'"
)
_STYLE = (
    "font:14px/1.5 sans-serif;margin:16px;padding:8px 16px;"
    "border-left:4px solid #4d4d4d;background:#f5f5f5;color:#1c2126"
)
# Evidently's widgets overlap on less, and its script hides what does not fit.
_WIDTH = (
    "<style>body{min-width:1200px}"
    "body>section{max-width:calc(100vw - 64px);box-sizing:border-box}</style>"
)

_BY_CLASS = ("precision", "recall", "f1-score", "roc-auc")


def page(sections: Sequence[tuple[str, list[Any]]], *, title: str, lines: Iterable[str]) -> bytes:
    """Give the page: the lines, and under them each section's widgets.

    Args:
        sections: titles and Evidently's widgets, which this puts in order.
    """
    from evidently.core.metric_types import render_widgets
    from evidently.legacy.renderers.html_widgets import group_widget

    for _, widgets in sections:
        for widget in widgets:
            _order_classes(widget)
    groups = [group_widget(title=title, widgets=widgets) for title, widgets in sections]
    html = render_widgets(groups).strip()
    # Written as JSON the data have no line breaks, so nothing in them looks like this end.
    start = html.index("<script>\n    var ") + len("<script>")
    end = html.index(";\n</script>", start)
    # Evidently does not escape: a category "</script>" would end the script, and could start one.
    data = html[start:end].replace("<", "\\u003c")
    html = f"{html[:start]}{data}{html[end:]}"
    dashboard = re.compile(r"var (metric_\w+) =").search(html, start)
    assert dashboard is not None
    html = html.replace(dashboard[1], "report")
    ids = {each: f"widget-{number}" for number, each in enumerate(_ids(groups))}
    html = re.sub("|".join(ids), lambda match: ids[match[0]], html)
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title>{_WIDTH}"
    )
    html = html.replace("<head>", f"<head>{head}", 1)
    shown = "".join(f"<div>{escape(line)}</div>" for line in lines)
    banner = f'<section style="{_STYLE}">{shown}</section>'
    return html.replace("<body>", f"<body>{banner}", 1).encode()


def _ids(widgets: Iterable[Any]) -> Iterator[str]:
    for widget in widgets:
        yield widget.id
        yield from (graph.id for graph in widget.get_additional_graphs())
        yield from _ids(widget.widgets)


def _order_classes(widget: Any) -> None:
    """Put the classes of Evidently's heat map in order.

    It has them as they come out of a set, in another order in each process, and with a row too
    many: the areas under the curves once more, in the order of the probabilities.
    """
    traces = widget.params["data"] if widget.type == "big_graph" else ()
    for trace in traces:
        if trace.get("type") != "heatmap" or tuple(trace["y"][:3]) != _BY_CLASS[:3]:
            continue
        order = np.argsort(np.asarray(trace["x"], dtype=str))
        rows = np.asarray(trace["z"], dtype=float)[: len(_BY_CLASS), order]
        rows = rows[~np.isnan(rows).all(axis=1)]
        trace["x"] = [trace["x"][position] for position in order]
        trace["y"] = list(_BY_CLASS[: len(rows)])
        trace["z"] = rows
        trace["text"] = [[f"{cell:.3g}" for cell in row] for row in rows]
