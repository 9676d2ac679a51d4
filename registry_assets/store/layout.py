"""Which digest and which pointer goes by which name: the same in a folder and in a bucket."""

import re

from registry_assets.references import check_digest, check_name

OBJECTS = "objects/sha256"
POINTERS = "pointers"
TMP = "tmp"
TRASH = "trash/sha256"

FANOUT = re.compile(r"[0-9a-f]{2}")
REST = re.compile(r"[0-9a-f]{62}")
MODEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
POINTER_FILE = re.compile(rf"{MODEL.pattern}\.json")


def blob_name(digest: str) -> str:
    """Give `ab/cdef…` of a digest.

    Raises:
        InvalidReference: it is no digest.
    """
    name = check_digest(digest).removeprefix("sha256:")
    return f"{name[:2]}/{name[2:]}"


def pointer_name(model: str, pointer: str) -> str:
    """Give `<model>/<pointer>.json`.

    Raises:
        InvalidName: one of them is no name.
    """
    check_name(model, what="model name")
    check_name(pointer, what="pointer name")
    return f"{model}/{pointer}.json"
