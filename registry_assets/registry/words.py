"""What people say about models and versions: each edit is an event with its author."""

from collections.abc import Mapping

from registry_assets.catalog import words as said
from registry_assets.lifecycle import describing, retiring
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.references import Reference
from registry_assets.registry.part import Part


class Words(Part):
    """Tag, describe, archive, unarchive, reject."""

    def words(self, reference: str) -> said.Words:
        """Give the tags and the description of a model or a version, and who said what."""
        with self.backends.catalog.read() as connection:
            return describing.find_words(connection, Reference.parse(reference))

    def tag(
        self,
        reference: str,
        tags: Mapping[str, str | None],
        *,
        run: RunInfo,
        reason: str = "",
    ) -> describing.Described:
        """Set tags, and take away those that are None: see `lifecycle.describing`."""
        parsed = Reference.parse(reference)
        return describing.tag(self.backends, parsed, tags, run=run, reason=reason)

    def describe(
        self, reference: str, text: str, *, run: RunInfo, reason: str = ""
    ) -> describing.Described:
        """Describe a model or a version: see `lifecycle.describing`."""
        parsed = Reference.parse(reference)
        return describing.describe(self.backends, parsed, text, run=run, reason=reason)

    def archive(self, reference: str, *, run: RunInfo, reason: str = "") -> retiring.Retired:
        """Archive a version until it is unarchived: see `lifecycle.retiring`."""
        parsed = Reference.parse(reference)
        return retiring.archive(self.backends, parsed, run=run, reason=reason)

    def unarchive(self, reference: str, *, run: RunInfo, reason: str = "") -> retiring.Retired:
        """Take back that a version was archived by hand: see `lifecycle.retiring`."""
        parsed = Reference.parse(reference)
        return retiring.unarchive(self.backends, parsed, run=run, reason=reason)

    def reject(
        self, reference: str, *, run: RunInfo, reason: str = "", envelope: bytes | None = None
    ) -> retiring.Retired:
        """Reject a version for good: see `lifecycle.retiring`."""
        parsed = Reference.parse(reference)
        return retiring.reject(self.backends, parsed, run=run, reason=reason, envelope=envelope)
