"""Versions written as something else, for programs that know nothing of this registry."""

from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.errors import InvalidReference
from registry_assets.lifecycle import deploying
from registry_assets.references import Reference
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.converting.targets import Converted


class Exits(Part):
    """Convert: an MLflow model, ONNX, a repository of Hugging Face, an OCI image layout."""

    def convert(self, reference: str, folder: Path | str, *, to: str) -> "Converted":
        """Write the version that a reference names as something else, into a new folder.

        Args:
            to: `mlflow`, `onnx`, `hf` or `oci`.

        Raises:
            ConversionRefused: it cannot be, or would say something else; says why.
            FolderTaken: the folder exists and is not empty.
            InvalidReference: there is no such form.
        """
        from registry_assets.converting.contents import read_version_contents
        from registry_assets.converting.targets import TARGETS, convert

        target = next((each for each in TARGETS if each == to), None)
        if target is None:
            raise InvalidReference(
                f"{to!r:.100} is no form that a version can be written in",
                hint=f"name one of: {', '.join(TARGETS)}",
            )
        with self.backends.catalog.read() as connection:
            version = deploying.resolve(connection, Reference.parse(reference))
        contents = read_version_contents(self.backends.store, deploying.as_resolved(version))
        card = self._card(version.reference) if target == "hf" else ""
        return convert(contents, to=target, folder=Path(folder), card=card)

    def _card(self, reference: str) -> str:
        from registry_assets.evaluation.report.card import card_markdown
        from registry_assets.lifecycle.carding import read_card

        return card_markdown(read_card(self.backends, Reference.parse(reference)))
