"""One registered model of an MLflow server, as `mirroring.protocol` asks for it.

The order of a publication is: run, files, version, what is said of it, aliases. Whatever ends it
between two of them, the next one finds what is there by the version's digest and goes on. Where
two did it at once all the same, the lowest number stays, on both sides.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.clock import timestamp
from registry_assets.errors import MirrorDiffers, MirrorRefused, NotFound
from registry_assets.faults import reached
from registry_assets.mirroring.aliases import alias_of
from registry_assets.mirroring.files import files_in, unlike
from registry_assets.mirroring.mlflow import models, runs
from registry_assets.mirroring.mlflow.address import Address
from registry_assets.mirroring.mlflow.artifacts import Artifacts
from registry_assets.mirroring.mlflow.calling import Calls
from registry_assets.mirroring.mlflow.names import ARTIFACT, DIGEST, pointer_tag
from registry_assets.mirroring.protocol import (
    Fetched,
    ForeignFile,
    ForeignPointer,
    ForeignState,
    ForeignVersion,
    Outgoing,
    Pointing,
    Receipt,
)

if TYPE_CHECKING:
    from registry_assets.mirroring.protocol import OpenContents

_READY, _PENDING = "READY", ("PENDING_REGISTRATION",)
_READY_WITHIN = 60.0
"""Seconds in which a server has a new version ready; most have it at once."""


class MLflowClient:
    """A client of one registered model.

    Args:
        address: of the server.
        name: of the registered model there.
        direct: whether artifacts may be written to a bucket that the server names.
        brief: give up soon, for who looks again in a moment.
    """

    def __init__(
        self, address: Address, name: str, *, direct: bool = False, brief: bool = False
    ) -> None:
        self._calls = Calls(address, brief=brief)
        self._name = name
        self._direct = direct

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._calls.address.url

    @property
    def name(self) -> str:
        """What the model is called there."""
        return self._name

    def publish_version(
        self,
        outgoing: Outgoing,
        contents: "OpenContents",
        *,
        known: Receipt | None = None,
        again: bool = False,
    ) -> Receipt:
        """Bring a version there: see `mirroring.protocol`."""
        models.claim_model(self._calls, self._name, outgoing)
        reached("mirror.claimed")
        found = models.find_versions(self._calls, self._name, outgoing)
        version = found[0] if found else None
        files = self._known_files(version, known)
        if version is not None and files and not again:
            if known is not None and known.sent_digest == outgoing.sent_digest:
                return known
            self._tell(version, outgoing)
        else:
            version, files = self._bring(version, outgoing, contents)
        self._remove_others(version, outgoing)
        self._read_back(version, outgoing)
        return Receipt(
            address=self.address,
            name=self._name,
            number=str(version.version),
            url=self._page(str(version.version)),
            digest=outgoing.digest,
            files=files,
            sent_digest=outgoing.sent_digest,
        )

    def set_pointers(self, pointings: Sequence[Pointing], *, clear: Sequence[str] = ()) -> None:
        """Let the aliases there be what the pointers are here: see `mirroring.protocol`."""
        wanted = {alias_of(each.pointer): each.number for each in pointings}
        mangled = [each.pointer for each in pointings if alias_of(each.pointer) != each.pointer]
        gone = [alias_of(pointer) for pointer in clear]
        tags = {pointer_tag(pointer): pointer for pointer in mangled}
        models.set_aliases(self._calls, self._name, wanted, clear=gone, tags=tags)
        reached("mirror.pointed")
        found = models.find_model(self._calls, self._name)
        there: Mapping[str, str] = found.aliases if found else {}
        wrong = [alias for alias, number in wanted.items() if str(there.get(alias)) != number]
        wrong += [alias for alias in gone if alias in there]
        if wrong:
            held = ", ".join(f"{alias} is at {there.get(alias, 'nothing')}" for alias in wrong)
            raise MirrorDiffers(
                f"the aliases of {self._name} at {self.address} were set, and then {held}; expected"
                f" {wanted}",
                hint="somebody else sets them: find out who; repeat to set them again",
            )

    def observe(
        self,
        pointers: Sequence[str],
        receipts: Sequence[Receipt],
        *,
        verify: bool = False,
    ) -> ForeignState:
        """Look at what stands there: see `mirroring.protocol`."""
        found = models.find_model(self._calls, self._name)
        if found is None:
            return ForeignState(exists=False, verified=verify)
        versions = {}
        for receipt in receipts:
            version = models.get_version(self._calls, self._name, receipt.number)
            if version is not None:
                versions[receipt.number] = self._observed(version, verify=verify)
        return ForeignState(
            exists=True,
            pointers=dict(self._pointers(found.aliases, pointers, versions)),
            versions=versions,
            verified=verify,
        )

    def fetch(self, number: str, folder: Path) -> Fetched:
        """Write the files of a version there into a folder: see `mirroring.protocol`."""
        version = models.get_version(self._calls, self._name, number)
        if version is None:
            raise NotFound(
                f"{self._name} at {self.address} has no version {number!r:.100}",
                hint=f"{self._calls.address.page('models', self._name)} lists those there are",
            )
        with self._calls.to(f"the files of version {number} cannot be read") as client:
            uri = client.get_model_version_download_uri(self._name, str(version.version))
            files = Artifacts(self._calls.address, uri, direct=self._direct)
            names = tuple(files.fetch(folder))
        if not names:
            raise MirrorRefused(
                f"version {number} of {self._name} at {self.address} has no files",
                hint="its artifact was deleted there, or never written",
            )
        run = runs.get_run(self._calls, version.run_id or "")
        began, ended = (run.info.start_time, run.info.end_time) if run else (None, None)
        made = version.creation_timestamp
        return Fetched(
            name=self._name,
            number=str(version.version),
            digest=version.tags.get(DIGEST),
            files=names,
            url=self._page(str(version.version)),
            started_at=_instant(began or made),
            finished_at=_instant(ended or made),
        )

    def _known_files(self, version: Any, known: Receipt | None) -> Mapping[str, ForeignFile]:
        """Give the files that are known to be there, as every byte of them was read before."""
        if version is None or known is None or known.number != str(version.version):
            return {}
        there = self._artifacts(version.source).sizes() if version.source else {}
        sizes = {path: file.size for path, file in there.items()}
        sent = {path: file.size for path, file in known.files.items()}
        return known.files if sizes == sent else {}

    def _bring(
        self, version: Any, outgoing: Outgoing, contents: "OpenContents"
    ) -> tuple[Any, Mapping[str, ForeignFile]]:
        """Bring files there, and make a version of them where there is none."""
        run = runs.get_run(self._calls, version.run_id or "") if version is not None else None
        if version is not None and run is None:
            # Its run was deleted for good, and the files with it: nothing can be put back there.
            models.delete_version(self._calls, self._name, str(version.version))
            version = None
        if run is None:
            run = runs.find_run(self._calls, self._name, outgoing)
        if run is None:
            run = runs.create_run(self._calls, self._name, outgoing)
        reached("mirror.run_made")
        runs.tell_run(self._calls, run, outgoing, direct=self._direct)
        reached("mirror.run_told")
        source = (
            str(version.source) if version is not None else f"{run.info.artifact_uri}/{ARTIFACT}"
        )
        files = self._write_files(source, outgoing, contents)
        runs.finish_run(self._calls, run, outgoing)
        reached("mirror.run_finished")
        if version is None:
            models.create_version(self._calls, self._name, run, source, outgoing)
            reached("mirror.version_made")
            version = models.find_versions(self._calls, self._name, outgoing)[0]
            if version.run_id != run.info.run_id:
                # Somebody else was faster, and theirs stays.
                return self._bring(version, outgoing, contents)
        self._tell(version, outgoing)
        return version, files

    def _write_files(
        self, source: str, outgoing: Outgoing, contents: "OpenContents"
    ) -> Mapping[str, ForeignFile]:
        """Let the artifact hold exactly our files, and read every byte of it back."""
        from registry_assets.converting.mlflow import write_mlflow_model

        with tempfile.TemporaryDirectory(prefix="registry-mirror-") as folder:
            write_mlflow_model(contents(), Path(folder))
            files = files_in(Path(folder))
            artifacts = self._artifacts(source)
            sizes = artifacts.sizes()
            there = artifacts.hashes() if sizes else {}
            wrong, extra = unlike(files, there)
            with self._calls.to("its files cannot be written"):
                if wrong:
                    artifacts.write(Path(folder))
                for path in extra:
                    artifacts.delete(path)
            reached("mirror.files_written")
        if wrong or extra:
            wrong, extra = unlike(files, artifacts.hashes())
        if wrong or extra:
            raise MirrorDiffers(
                f"the files of {outgoing.reference} were written to {self._name} at"
                f" {self.address}, and other bytes were read back: {', '.join(wrong or extra)}",
                hint="repeat it; where that does not help, look at the server's artifact store",
            )
        return files

    def _tell(self, version: Any, outgoing: Outgoing) -> None:
        models.tell_version(self._calls, version, outgoing)
        reached("mirror.version_told")

    def _remove_others(self, kept: Any, outgoing: Outgoing) -> None:
        """Delete what another publication at the same time, or a repeated call, made besides."""
        for each in models.find_versions(self._calls, self._name, outgoing):
            if str(each.version) == str(kept.version):
                continue
            models.delete_version(self._calls, self._name, str(each.version))
            if each.run_id and each.run_id != kept.run_id:
                runs.delete_run(self._calls, each.run_id)

    def _read_back(self, version: Any, outgoing: Outgoing) -> None:
        number = str(version.version)
        there = models.get_version(self._calls, self._name, number)
        until = time.monotonic() + _READY_WITHIN
        while there is not None and there.status in _PENDING and time.monotonic() < until:
            time.sleep(0.5)
            there = models.get_version(self._calls, self._name, number)
        said = "it is not there"
        if there is not None:
            if there.status == _READY and there.tags.get(DIGEST) == outgoing.digest:
                return
            said = f"its status is {there.status}, and its digest {there.tags.get(DIGEST)}"
        raise MirrorDiffers(
            f"{outgoing.reference} was published as version {number} of {self._name} at"
            f" {self.address}, and then {said}; expected READY, {outgoing.digest}",
            hint="repeat it; where that does not help, find out who else changes it there",
        )

    def _artifacts(self, source: str) -> "_Bounded":
        return _Bounded(self._calls, source, direct=self._direct)

    def _observed(self, version: Any, *, verify: bool) -> ForeignVersion:
        artifacts = self._artifacts(str(version.source))
        files = artifacts.hashes() if verify else artifacts.sizes()
        return ForeignVersion(str(version.version), version.tags.get(DIGEST), files)

    def _pointers(
        self,
        aliases: Mapping[str, str],
        pointers: Sequence[str],
        versions: Mapping[str, ForeignVersion],
    ) -> Iterator[tuple[str, ForeignPointer]]:
        for pointer in pointers:
            number = aliases.get(alias_of(pointer))
            if number is None:
                continue
            known = versions.get(str(number))
            if known is None:
                found = models.get_version(self._calls, self._name, str(number))
                digest = found.tags.get(DIGEST) if found is not None else None
            else:
                digest = known.digest
            # Who set an alias, and when, its server does not keep.
            yield pointer, ForeignPointer(pointer, str(number), digest)

    def _page(self, number: str) -> str:
        return self._calls.address.page("models", self._name, "versions", number)


class _Bounded:
    """Artifacts whose every call is one of `Calls`."""

    def __init__(self, calls: Calls, source: str, *, direct: bool) -> None:
        self._calls = calls
        with calls.to("its files cannot be looked at"):
            self._artifacts = Artifacts(calls.address, source, direct=direct)

    def sizes(self) -> dict[str, ForeignFile]:
        with self._calls.to("its files cannot be listed"):
            return self._artifacts.sizes()

    def hashes(self) -> dict[str, ForeignFile]:
        with self._calls.to("its files cannot be read"):
            return self._artifacts.hashes()

    def write(self, folder: Path) -> None:
        with self._calls.to("its files cannot be written"):
            self._artifacts.write(folder)

    def delete(self, path: str) -> None:
        with self._calls.to(f"the file {path} cannot be removed"):
            self._artifacts.delete(path)


def _instant(milliseconds: int | None) -> str | None:
    if not milliseconds:
        return None
    return timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC))
