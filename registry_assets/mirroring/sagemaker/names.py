"""What our things are called in SageMaker, whose names are narrower: another name for each."""

import hashlib
import re
from urllib.parse import quote, unquote

PREFIX = "registry_assets."
REGISTRY, MODEL = f"{PREFIX}registry", f"{PREFIX}model"
VERSION, DIGEST = f"{PREFIX}version", f"{PREFIX}digest"
POINTERS, STAGE = f"{PREFIX}pointers", f"{PREFIX}stage"
DUPLICATE_OF = f"{PREFIX}duplicate_of"
RECORD = "registry_assets.json"
"""The object beside a version's archive with all that was said, whole."""
SPECIFICATION = "inference specification"
"""What is served, and how: compared as if it were a file of the version."""

_POINTER = f"{PREFIX}pointer."
_SIMPLE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 63
_DIGITS = 12


def group_of(model: str) -> str:
    """Give the group of a model: its name with hyphens.

    A name that would become another's, or none that is allowed there, begins with 0- and ends
    with twelve digits of its digest: no model's name begins with a digit.
    """
    if _SIMPLE.fullmatch(model):
        return model.replace("_", "-")
    digest = hashlib.sha256(model.encode()).hexdigest()[:_DIGITS]
    parts = "-".join(part for part in model.split("_") if part)
    return f"0-{parts[: _LONGEST - _DIGITS - 3].rstrip('-')}-{digest}"


def stage_of(pointer: str) -> str:
    """Give the stage that a version is in there while a pointer holds it: `Production`."""
    return group_of(pointer).capitalize()


def pointer_tag(pointer: str) -> str:
    """Give the tag of the group that says which version a pointer holds."""
    return f"{_POINTER}{pointer}"


def pointer_of(tag: str) -> str | None:
    """Give the pointer of a tag; None where it is none of a pointer."""
    return tag.removeprefix(_POINTER) if tag.startswith(_POINTER) else None


def page_of(arn: str) -> str:
    """Give the address by which AWS's console shows what has an ARN."""
    return f"https://console.aws.amazon.com/go/view?arn={quote(arn, safe='')}"


def arn_of(page: str) -> str:
    """Give the ARN that such an address is of."""
    return unquote(page.rpartition("?arn=")[2])
