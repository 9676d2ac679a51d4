"""Artifacts that an MLflow server leaves in a bucket beside it, which this process reaches itself.

MLflow reads and writes them by the client of that bucket's kind, whose errors are as many as there
are kinds, and may quote what opens it. They are told in our words, with the code that it gave.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable

SCHEMES = ("s3", "gs", "wasbs", "abfss", "hdfs")
_NO_WIRE = ("Connection", "Timeout", "ConnectError", "ServiceRequestError", "TransportError")
_LONGEST_CODE = 60


class BucketRepository:
    """MLflow's own repository of artifacts, whose errors are ours.

    Args:
        uri: where the files are.
        repository: MLflow's, of that address.
    """

    def __init__(self, uri: str, repository: Any) -> None:
        parts = urlsplit(uri)
        # Without whoever opens it, who may stand before the @.
        self._where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._repository = repository
        self.artifact_uri = uri

    def list_artifacts(self, path: str | None) -> Sequence[Any]:
        """List what is in a folder."""
        with self._told("listed"):
            return list(self._repository.list_artifacts(path))

    def download_artifacts(self, path: str, dst_path: str) -> str:
        """Write a file into a folder of this machine; give where it is."""
        with self._told("read"):
            return str(self._repository.download_artifacts(path, dst_path=dst_path))

    def log_artifacts(self, folder: str) -> None:
        """Write every file of a folder of this machine."""
        with self._told("written to"):
            self._repository.log_artifacts(folder)

    def log_artifact(self, file: str) -> None:
        """Write one file of this machine."""
        with self._told("written to"):
            self._repository.log_artifact(file)

    def delete_artifacts(self, path: str) -> None:
        """Remove a file."""
        with self._told("changed"):
            self._repository.delete_artifacts(path)

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except MirrorError:
            raise
        except Exception as error:  # noqa: BLE001 - of whichever client reads that bucket
            said = self._translated(done, error)
        else:
            return
        raise said  # of no cause: its words may quote what opens it

    def _translated(self, done: str, error: Exception) -> MirrorError:
        causes = list(_causes(error))
        what = f"{self._where} cannot be {done} by this process"
        for each in causes:
            if isinstance(each, ImportError):
                return MirrorRefused(
                    f"{what}: {each.name or 'the client of such buckets'} is not installed",
                    hint='for s3://, pip install "registry_assets[s3]"; for others, what'
                    " MLflow asks for",
                )
        for each in causes:
            if code := _code(each):
                return MirrorRefused(f"{what}: {code}", hint=_RIGHTS)
        names = [type(each).__name__ for each in causes]
        if any(part in name for name in names for part in _NO_WIRE):
            return MirrorUnreachable(
                f"{what}: it does not answer ({names[-1]})",
                hint="nothing here was changed; repeat once it can be reached again",
            )
        return MirrorRefused(f"{what}: {names[-1]}", hint=_RIGHTS)


_RIGHTS = (
    "nothing here was changed; give this process what opens that bucket, with the right to list,"
    " read, write and delete there, as its own client takes it: for s3://, AWS's own variables"
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and what it came of, the first cause last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _code(error: BaseException) -> str:
    """Give the code of an answer of AWS or of who speaks as it does; "" where there is none."""
    response = getattr(error, "response", None)
    said = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return str(said)[:_LONGEST_CODE] if str(said).isprintable() else ""
