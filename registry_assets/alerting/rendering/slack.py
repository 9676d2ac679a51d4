"""An occasion as a message of Slack's blocks.

What users wrote goes into blocks of plain text, in which nothing has a meaning. Only addresses
and commands are marked up; and nobody is ever mentioned.
"""

from collections.abc import Iterator
from typing import Any

from registry_assets.alerting.rendering import words
from registry_assets.alerting.values import Alert, Occasion
from registry_assets.evaluation.report.texts import shown

_LONGEST_HEADER = 150
_LONGEST = 3000
"""Characters; of more Slack refuses the whole message."""


def slack_message(occasion: Occasion) -> dict[str, Any]:
    """Give the message as JSON."""
    subject, sentence = words.subject(occasion), shown(occasion.sentence, most=None)
    # What a notification shows, and all that others than Slack show.
    fallback = f"{subject}\n{sentence}\n{words.since(occasion.alert)}"
    return {
        "text": escaped(fallback, most=_LONGEST),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": list(_blocks(occasion.alert, subject, sentence)),
    }


def escaped(text: str, *, most: int = _LONGEST) -> str:
    """Give a text so that no `<` in it begins an address or a mention, and no longer."""
    written, length = [], 0
    for character in text:
        sign = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        length += len(sign)
        if length > most:
            break
        written.append(sign)
    return "".join(written)


def _blocks(alert: Alert, subject: str, sentence: str) -> Iterator[dict[str, Any]]:
    yield {"type": "header", "text": _plain(subject, most=_LONGEST_HEADER)}
    yield _section(_plain(sentence))
    about = [words.since(alert), f"{words.holder(alert)}: {alert.digest}", *words.standing(alert)]
    yield _section(_plain("\n".join(about)))
    if moved := list(words.moved(alert)):
        yield _section(_plain("\n".join(moved)))
    lines = "\n".join(each.line for each in words.commands(alert))
    yield _section(_marked_up(f"```\n{escaped(lines)}\n```"))
    if links := " · ".join(_links(alert)):
        yield _section(_marked_up(links))
    made_from = [f"{what} {which}" for what, which in words.made_from(alert)]
    if made_from:
        yield _section(_plain("\n".join(made_from)))


def _links(alert: Alert) -> Iterator[str]:
    left = _LONGEST
    for each in words.links(alert):
        if not each.is_address:
            continue
        url = escaped(each.url.replace("|", "%7C"))
        link = f"<{url}|{escaped(each.name.replace('|', '/'))}>"
        # A link that is cut in the middle is none, and would swallow what follows.
        if (left := left - len(link) - 3) >= 0:
            yield link


def _section(text: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": text}


def _plain(text: str, *, most: int = _LONGEST) -> dict[str, Any]:
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _marked_up(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
