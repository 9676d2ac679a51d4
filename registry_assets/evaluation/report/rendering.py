"""Values into HTML by the templates beside this module: everything escaped, nothing fetched.

A page is one file: its style is inside, its pictures are data URIs, and it has no script.
Templates hold what is seen; what is computed for them stands in `page` and `scales`.
"""

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from registry_assets.evaluation.report import texts

if TYPE_CHECKING:
    from jinja2 import Environment

# With it a browser refuses whatever a page would fetch or run, should anything slip through.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'"
)
_FILTERS = (
    "chance", "count", "interval", "moment", "number", "plural", "share", "short", "signed",
    "striking",
)  # fmt: skip


class Whole(str):
    """Text that is shown to its end, such as a description."""

    __slots__ = ()


def render(template: str, **values: object) -> bytes:
    """Give the page that a template makes of some values."""
    page = _environment().get_template(template).render(**values, policy=POLICY)
    return page.encode("utf-8", errors="backslashreplace")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("registry_assets.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FILTERS:
        made.filters[name] = getattr(texts, name)
    made.filters["breakable"] = _breakable
    made.filters["data_uri"] = _data_uri
    made.filters["whole"] = Whole
    return made


def _finalize(value: Any) -> Any:
    """Clean every text on its way into a page; a label of 10 kB must not bury the rest."""
    from markupsafe import Markup

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    if isinstance(value, Whole):
        return texts.shown(value, most=None, lines=True)
    return texts.shown(value)


def _breakable(text: str) -> Any:
    """Let a line end after an underscore: a gate's name may be longer than its column."""
    from markupsafe import Markup

    return Markup("_<wbr>").join(texts.shown(text, most=None).split("_"))


def _data_uri(png: bytes) -> str:
    from markupsafe import Markup

    # Base64 has no sign that HTML reads as its own.
    return Markup("data:image/png;base64," + base64.b64encode(png).decode())  # noqa: S704
