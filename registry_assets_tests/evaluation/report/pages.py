"""Pages as a browser takes them apart: what they are made of, and what they point to."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

# A browser fetches what stands in these; `content` is of a policy, and looked at on its own.
FETCHING = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "ping")
_IN_STYLE = re.compile(r"url\s*\(|@import|image-set|src\s*:", re.IGNORECASE)


@dataclass
class Taken(HTMLParser):
    """A page taken apart.

    Args:
        elements: every start tag with its attributes, in order; where a word may break is none.
        texts: what is between them, outside of styles.
    """

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    _inside: str = ""
    _broken: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "wbr":
            self._broken = True
            return
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside, self._broken = "", False

    def handle_data(self, data: str) -> None:
        if self._broken:
            self.texts[-1] += data
        else:
            (self.styles if self._inside == "style" else self.texts).append(data)
        self._broken = False

    @property
    def text(self) -> str:
        """All that is read, in one line."""
        return " ".join(" ".join(self.texts).split())

    @property
    def shape(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """The elements, with the names of their attributes."""
        return Counter((tag, tuple(sorted(attributes))) for tag, attributes in self.elements)


def taken(page: bytes) -> Taken:
    """Take a page apart."""
    found = Taken()
    found.feed(page.decode())
    found.close()
    return found


def outside(page: bytes) -> list[str]:
    """Everything on a page that would leave it, or run."""
    found = taken(page)
    wrong = []
    for tag, attributes in found.elements:
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form", "frame"):
            wrong.append(tag)
        for name, value in attributes.items():
            said = value or ""
            inside = said.startswith(("#", "data:image/png;base64,"))
            if name in FETCHING and not inside:
                wrong.append(f"{tag} {name}={said[:80]}")
            if name.startswith("on") or ("javascript:" in said.lower() and name in FETCHING):
                wrong.append(f"{tag} {name}")
            if name == "style" and _IN_STYLE.search(said):
                wrong.append(f"{tag} style={said[:80]}")
    return wrong + [match[0] for style in found.styles for match in _IN_STYLE.finditer(style)]
