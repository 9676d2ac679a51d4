"""What tests of the lifecycle do to a world, and what they ask of it afterwards."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from registry_assets.catalog.ledger import REGISTRY, Event
from registry_assets.errors import BlobCorrupt, BlobMissing, RegistryError, StoreError
from registry_assets.registry import Registry
from registry_assets_tests.worlds import SENSOR, World

FEATURES_KEY = "flight_features"


def rewrite(world: World, partition: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Materialize a partition of the features again, changed; the raw rows stay."""
    registry = world.registry
    (held,) = (s for s in registry.snapshots(FEATURES_KEY) if s.partition == partition)
    manifest = registry.manifest(held.digest)
    frame = change(registry.read_frame(held.digest))
    kept = manifest.facts["kept"]
    assert isinstance(kept, list)
    registry.store_snapshot(
        frame,
        asset=FEATURES_KEY,
        partition=partition,
        kind="features",
        parents=manifest.parents,
        facts={
            "kept": [name for name in kept if str(name) in frame.columns],
            "inputs": manifest.facts["inputs"],
        },
        run=SENSOR,
    )


def history(registry: Registry) -> tuple[Event, ...]:
    """Every event there is: equal before and after, nothing was changed."""
    chains = (REGISTRY, *(model.name for model in registry.models()))
    return tuple(event for chain in chains for event in registry.log(chain))


def blob(world: World, digest: str) -> Path:
    """The file that holds a blob."""
    name = digest.removeprefix("sha256:")
    return world.folder / ".registry" / "store" / "objects" / "sha256" / name[:2] / name[2:]


def estimator_of(world: World, number: int) -> str:
    """The digest of a version's estimator."""
    version = world.registry.version(f"flight_delay:{number}").version
    return world.registry.manifest(str(version.digest)).file("estimator.skops").sha256


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that happens to a file, and the error that finds it out."""

    name: str
    happens: Callable[[Path], None]
    error: type[StoreError]

    def __call__(self, path: Path) -> None:
        self.happens(path)

    def __str__(self) -> str:
        return self.name


def _truncate(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path: Path) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


remove = Damage("removed", Path.unlink, BlobMissing)
truncate = Damage("truncated", _truncate, BlobCorrupt)
flip = Damage("flipped", _flip, BlobCorrupt)
DAMAGE = pytest.mark.parametrize("damage", [remove, truncate, flip], ids=str)


def mend(path: Path, content: bytes) -> None:
    """Restore a file from a backup, as the error says."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


@contextmanager
def unchanged(world: World) -> Iterator[None]:
    """Assert that what happens inside leaves catalog and pointer as they are, and sound."""
    before = history(world.registry)
    yield
    assert history(world.registry) == before
    assert world.registry.verify().problems == ()


def refused(
    kind: type[RegistryError], *words: str
) -> "AbstractContextManager[pytest.ExceptionInfo[RegistryError]]":
    """Expect one error of this kind whose text has all these words, and says what to do."""
    return _refused(kind, words)


@contextmanager
def _refused(
    kind: type[RegistryError], words: tuple[str, ...]
) -> "Iterator[pytest.ExceptionInfo[RegistryError]]":
    with pytest.raises(kind) as caught:
        yield caught
    error: Any = caught.value
    assert type(error) is kind
    missing = [word for word in words if word not in str(error)]
    assert not missing, f"{missing} not in: {error}"
    assert error.hint, f"no hint: {error}"
