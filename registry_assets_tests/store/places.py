"""A store, and what lies behind it: for looking at it, and for damaging it. Not a test."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from registry_assets.store import FolderStore, Store, open_store
from registry_assets.store.layout import blob_name

CLOCKS = timedelta(seconds=2)  # a service tells times by the second


def object_name(digest: str) -> str:
    return f"objects/sha256/{blob_name(digest)}"


def trash_name(digest: str) -> str:
    return f"trash/sha256/{blob_name(digest)}"


class Place(Protocol):
    """Where a store keeps its bytes, by names relative to the store."""

    store: Store

    def opened(self) -> Store:
        """The same store once more, as another process would open it."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Put bytes behind the store's back."""
        ...

    def read(self, name: str) -> bytes: ...

    def remove(self, name: str) -> None: ...

    def names(self) -> list[str]:
        """Everything that is not a folder."""
        ...


class Folder:
    """A folder on the disk."""

    def __init__(self, root: Path) -> None:
        self.store = FolderStore.create(root)

    def opened(self) -> Store:
        return open_store(self.store.root)

    def path(self, name: str) -> Path:
        return self.store.root / name

    def write(self, name: str, data: bytes) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.chmod(0o644)
        path.write_bytes(data)

    def read(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def remove(self, name: str) -> None:
        self.path(name).unlink()

    def names(self) -> list[str]:
        return _sorted(
            path.relative_to(self.store.root).as_posix()
            for path in self.store.root.rglob("*")
            if not path.is_dir()
        )


class Prefix:
    """A prefix in a bucket of a real server."""

    def __init__(self, location: str, client: Any) -> None:
        from registry_assets.store.s3 import S3Store

        self.client = client
        self.store = S3Store.create(location, client=client)
        self._bucket, _, prefix = location.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/"

    def opened(self) -> Store:
        return open_store(self.store.location, s3_client=self.client)

    def write(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data)

    def read(self, name: str) -> bytes:
        answer = self.client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        data: bytes = answer["Body"].read()
        return data

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def names(self) -> list[str]:
        answer = self.client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix)
        return _sorted(
            entry["Key"].removeprefix(self._prefix)
            for entry in answer.get("Contents", ())
            if not entry["Key"].endswith("/store.json")
        )


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names)
