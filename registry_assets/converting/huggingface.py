"""A version as the folder of a repository of Hugging Face: its card, and the files it consists of.

    README.md         the card, with the header that the Hub reads, and how to load the folder
    config.json       which version it is, what it takes and gives
    manifest.json …   the version's own files, as they are stored
    .gitattributes    which of them the Hub keeps as large files

No pickle is in it, and nothing is sent anywhere.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.canonical import Json
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import ConversionRefused

if TYPE_CHECKING:
    from registry_assets.converting.contents import VersionContents

CARD = "README.md"
_CONFIG = "config.json"
_ATTRIBUTES = ".gitattributes"
_LARGE = ("*.skops", "*.parquet", "*.profile", "*.profiles", "*.onnx", "*.safetensors", "*.cbm")


def write_huggingface(contents: "VersionContents", folder: Path, *, card: str) -> None:
    """Write a version as a repository's folder into an empty one.

    Args:
        card: its model card, as Markdown under its header.

    Raises:
        ConversionRefused: the version has a file in the place of one of the repository's own.
    """
    own = {
        CARD: (card.rstrip() + _loading(contents)).encode(errors="backslashreplace"),
        _CONFIG: json.dumps(_config(contents), indent=2).encode(),
        _ATTRIBUTES: "".join(
            f"{name} filter=lfs diff=lfs merge=lfs -text\n" for name in _LARGE
        ).encode(),
        MANIFEST_FILE: contents.stored,
    }
    if taken := sorted(own.keys() & contents.files.keys()):
        raise ConversionRefused(
            f"{contents.version.reference} has a file {taken[0]}, where a repository has its own"
        )
    for path, data in {**contents.files, **own}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _config(contents: "VersionContents") -> dict[str, Json]:
    signature = contents.package.signature
    return {
        "format": "registry_assets/huggingface/1",
        **contents.identity,
        "task": signature.output.task,
        "classes": list(signature.output.classes),
        "signature": signature.to_json(),
    }


def _loading(contents: "VersionContents") -> str:
    signature = contents.package.signature
    references = "".join(f", {name}={name}" for name in signature.references)
    return f"""

## Load it from this repository

Every byte is verified against the version's digest; then the packaged Python code runs in your
process.

```python
from huggingface_hub import snapshot_download
from registry_assets.converting.folder import load_folder

folder = snapshot_download("OWNER/NAME")  # a name of yours
model = load_folder(folder, digest="{contents.version.digest}")
model.predict({signature.rows_input}{references})
```
"""
