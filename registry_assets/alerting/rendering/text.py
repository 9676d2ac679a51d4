"""An occasion for people who were asleep a minute ago: what, which, how much, what to do.

72 columns, but for what must not be broken: a command, an address, a digest.
"""

import textwrap
from collections.abc import Iterable, Iterator

from registry_assets.alerting.rendering import words
from registry_assets.alerting.values import Alert, Occasion
from registry_assets.evaluation.report.texts import shown

COLUMNS = 72


def text(occasion: Occasion) -> str:
    """Give the whole text, without its subject."""
    return "\n".join(_lines(occasion)) + "\n"


def _lines(occasion: Occasion) -> Iterator[str]:
    alert = occasion.alert
    yield from _wrapped(_flat(occasion.sentence))
    if occasion.kind != "opened" and alert.sentence != occasion.sentence:
        yield from _wrapped(f"{words.reason(alert)}: {_flat(alert.sentence)}")
    yield ""
    yield from _wrapped(words.since(alert))
    yield from _wrapped(f"{words.holder(alert)}:")
    yield alert.digest
    for said in words.standing(alert):
        yield from _wrapped(said)
    yield from _section("WHAT MOVED", words.moved(alert))
    yield from _commands(alert)
    yield from _links(alert)
    yield from _section("MADE FROM", (f"{what} {which}" for what, which in words.made_from(alert)))
    yield ""
    yield from _wrapped(f"Alert {alert.name} of the registry {alert.registry}.")


def _commands(alert: Alert) -> Iterator[str]:
    yield from ("", "WHAT TO DO")
    for each in words.commands(alert):
        yield f"  {each.line}"
        yield f"      {each.what}"


def _links(alert: Alert) -> Iterator[str]:
    found = words.links(alert)
    if found:
        yield from ("", "WHERE TO LOOK")
    for each in found:
        yield from _wrapped(each.name, indent="  ")
        yield f"  {each.url}"


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    every = list(items)
    if every:
        yield from ("", title)
    for each in every:
        yield from _wrapped(each, indent="  ")


def _flat(sentence: str) -> str:
    return shown(sentence, most=None)


def _wrapped(said: str, *, indent: str = "") -> list[str]:
    return textwrap.wrap(
        said, COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else ""
    )
