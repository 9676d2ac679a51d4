"""What gates are called: Dagster's checks take `[a-z][a-z0-9_]*`, and columns anything."""

import hashlib
import re
import unicodedata
from dataclasses import asdict
from typing import Any, cast

from registry_assets.canonical import Json
from registry_assets.declaration.checks import a_name
from registry_assets.errors import DeclarationError, InvalidName
from registry_assets.references import check_name

_LONGEST = 63


def name_gate(gate: Any, usual: str) -> None:
    """Give a gate its usual name, unless its declaration gave it one.

    Raises:
        DeclarationError: what was given is no name.
    """
    given = gate.name
    if given == "":
        object.__setattr__(gate, "name", usual)
        return
    kind = type(gate).__name__
    a_name(given, f"{kind}'s name", example=usual)
    try:
        check_name(given, what="gate name")
    except InvalidName as error:
        raise DeclarationError(error.message, hint=error.hint) from error


def rule(gate: Any, kind: str) -> dict[str, Json]:
    """Give what a gate demands as JSON; not its name, which makes no other rule of it."""
    fields = cast("dict[str, Json]", asdict(gate))
    return {"gate": kind, **{name: fields[name] for name in fields if name != "name"}}


def name_by(stem: str, by: str) -> str:
    """Give the name of a gate on what slices go by: `roc_auc_floor_by_carrier`.

    What ASCII cannot say, or would take too long, ends in a digest: other columns, other names.
    """
    slug = "".join(sign if sign.isalnum() else "_" for sign in by.lower()).strip("_")
    if slug.isascii() and slug and len(stem) + 1 + len(slug) <= _LONGEST:
        return f"{stem}_{slug}"
    digest = hashlib.sha256(by.encode(errors="surrogatepass")).hexdigest()[:8]
    folded = unicodedata.normalize("NFKD", slug).encode("ascii", "ignore").decode().lower()
    room = max(0, _LONGEST - len(stem) - len(digest) - 2)
    kept = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[:room]
    return "_".join(part for part in (stem, kept, digest) if part)
