"""An occasion as mail: plain text, and the same as HTML; each alert is a thread.

The Message-ID is made of the occasion's key, so that a mail that comes twice is shown once.
"""

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING

from registry_assets.alerting.rendering import words
from registry_assets.alerting.rendering.text import text
from registry_assets.alerting.values import Occasion
from registry_assets.clock import parse_timestamp
from registry_assets.evaluation.report.texts import shown

if TYPE_CHECKING:
    from jinja2 import Environment


def mail(occasion: Occasion, *, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """Give the message, ready to be sent.

    Args:
        sender, recipients: plain addresses, without a name.
    """
    alert = occasion.alert
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("registry alerts", addr_spec=sender)
    message["To"] = [Address(addr_spec=each) for each in recipients]
    # One line without control characters: nothing in it can begin another header.
    message["Subject"] = words.subject(occasion)
    message["Date"] = format_datetime(parse_timestamp(occasion.at))
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = _id(occasion, occasion.sequence, domain)
    if occasion.sequence > 1:
        first = _id(occasion, 1, domain)
        message["In-Reply-To"] = first
        message["References"] = first
    # So that nobody's absence is answered to us.
    message["Auto-Submitted"] = "auto-generated"
    if alert.severity == "critical" and alert.state == "open":
        message["Importance"] = "high"
    # Not 8 bits: a server may take seven alone, and no line of more than 998.
    message.set_content(text(occasion), cte="quoted-printable")
    message.add_alternative(html(occasion), subtype="html", cte="quoted-printable")
    # Folded, a subject would begin with a blank, and a filter for `[critical]` miss it.
    message.policy = SMTP.clone(max_line_length=998)
    return message


def html(occasion: Occasion) -> str:
    """Give the page: everything escaped, nothing fetched."""
    alert = occasion.alert
    return (
        _environment()
        .get_template("mail.html")
        .render(
            subject=words.subject(occasion),
            sentence=shown(occasion.sentence, most=None),
            reason=words.reason(alert),
            opened_because="" if occasion.sentence == alert.sentence else shown(alert.sentence),
            alert=alert,
            since=words.since(alert),
            holder=words.holder(alert),
            standing=list(words.standing(alert)),
            moved=list(words.moved(alert)),
            commands=words.commands(alert),
            links=words.links(alert),
            made_from=list(words.made_from(alert)),
        )
    )


def _id(occasion: Occasion, sequence: int, domain: str) -> str:
    alert = occasion.alert
    return f"<{alert.model}.{alert.number}.{sequence}.{alert.registry}@{domain}>"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("registry_assets.alerting.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
