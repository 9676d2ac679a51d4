"""From a reference to a model that predicts, with nothing but a store."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import registry_assets
from registry_assets.deployment.pulling import pull_version
from registry_assets.deployment.seen import SeenPointers
from registry_assets.deployment.versions import ResolvedVersion, resolve
from registry_assets.errors import (
    BlobCorrupt,
    BlobMissing,
    InvalidReference,
    NoRegistry,
    NotFound,
    PointerFileInvalid,
    PointerMovedBack,
    RegistryError,
    StoreError,
)
from registry_assets.references import Reference
from registry_assets.store import create_store
from registry_assets_tests.deployment.conftest import (
    MODEL,
    OTHER_DIGEST,
    PRODUCTION,
    Shelf,
    pointer_file,
)
from registry_assets_tests.lifecycle.changes import DAMAGE, Damage, refused
from registry_assets_tests.packaging.projects import flights, planes


def test_a_pointer_and_a_digest_are_resolved_and_loaded(shelf: Shelf) -> None:
    digest = shelf.promote(12, generation=3)
    assert registry_assets.resolve(PRODUCTION) == ResolvedVersion(MODEL, 12, digest, 3)
    assert registry_assets.resolve(f"{MODEL}@{digest}") == ResolvedVersion(MODEL, 12, digest)
    for reference in (PRODUCTION, f"{MODEL}@{digest}"):
        model = registry_assets.load(reference)
        assert (model.name, model.version, model.digest) == (MODEL, 12, digest)
        assert model.metadata == {"owner": "alice"}
        assert model.predict(flights(20), planes=planes()).shape == (20,)


def test_a_pointer_that_never_moved_is_said(shelf: Shelf) -> None:
    with refused(NotFound, f"{PRODUCTION} holds no version yet", "registry explain"):
        registry_assets.load(PRODUCTION)
    shelf.promote(1)
    with refused(NotFound, "did you mean flight_delay@production?"):
        registry_assets.load("flight_delays@production")


def test_a_number_needs_the_catalog_and_says_so(shelf: Shelf) -> None:
    digest = shelf.promote(1)
    with refused(NoRegistry, "flight_delay:1", "in the catalog alone", PRODUCTION, "sha256:"):
        registry_assets.load("flight_delay:1")
    with refused(InvalidReference, "names a registered model", PRODUCTION):
        registry_assets.load(MODEL)
    with refused(InvalidReference, "flight_delay:1", "only the catalog knows"):
        resolve(shelf.source, Reference.parse("flight_delay:1"))
    assert registry_assets.resolve(f"{MODEL}@{digest}").version == 1


def test_a_digest_of_nothing_or_of_something_else_names_no_version(shelf: Shelf) -> None:
    with refused(NotFound, OTHER_DIGEST, "no version of flight_delay"):
        registry_assets.load(f"{MODEL}@{OTHER_DIGEST}")
    dataset = shelf.publish(1, kind="dataset")
    with refused(NotFound, dataset, "a dataset manifest"):
        registry_assets.load(f"{MODEL}@{dataset}")
    another = shelf.publish(1, model="seat_credit")
    with refused(NotFound, another, "'seat_credit'"):
        registry_assets.load(f"{MODEL}@{another}")
    estimator = shelf.store.put(b"no manifest")
    with pytest.raises(StoreError, match="no manifest"):
        registry_assets.load(f"{MODEL}@{estimator}")


def another_version(shelf: Shelf) -> str:
    return shelf.publish(2)


def another_model(shelf: Shelf) -> str:
    return shelf.publish(1, model="seat_credit")


def a_dataset(shelf: Shelf) -> str:
    return shelf.publish(1, kind="dataset")


@pytest.mark.parametrize("manifest", [another_version, another_model, a_dataset])
def test_a_pointer_to_the_manifest_of_something_else_is_refused(
    shelf: Shelf, tmp_path: Path, manifest: Callable[[Shelf], str]
) -> None:
    digest = manifest(shelf)
    shelf.point(digest, version=1, generation=1)
    version = registry_assets.resolve(PRODUCTION)
    with refused(StoreError, digest, "expected version 1 of flight_delay"):
        registry_assets.load(PRODUCTION)
    with refused(StoreError, digest, "expected version 1 of flight_delay"):
        pull_version(shelf.store, version, tmp_path / "pulled")
    assert not (tmp_path / "pulled").exists()


def test_a_pointer_file_that_is_not_whole_loads_nothing(shelf: Shelf) -> None:
    shelf.promote(1)
    path = shelf.folder / "pointers" / MODEL / "production.json"
    path.write_bytes(path.read_bytes()[:40])
    with refused(PointerFileInvalid, PRODUCTION):
        registry_assets.load(PRODUCTION)


@DAMAGE
@pytest.mark.parametrize("path", ["estimator.skops", "code/airline/features.py", "signature.json"])
def test_damaged_bytes_never_reach_the_loader(shelf: Shelf, damage: Damage, path: str) -> None:
    digest = shelf.promote(1)
    blob = shelf.blob_of(digest, path)
    damage(blob)
    with refused(damage.error, blob.parent.name + blob.name, "backup"):
        registry_assets.load(PRODUCTION)
    damage(shelf.blob(digest))
    with refused(damage.error, digest):
        registry_assets.load(PRODUCTION)


def test_blobs_that_changed_places_are_found_out(shelf: Shelf) -> None:
    digest = shelf.promote(1)
    first = shelf.blob_of(digest, "code/airline/features.py")
    second = shelf.blob_of(digest, "code/airline/times.py")
    held = first.read_bytes()
    for blob, data in ((first, second.read_bytes()), (second, held)):
        blob.chmod(0o600)
        blob.write_bytes(data)
    with pytest.raises(BlobCorrupt):
        registry_assets.load(PRODUCTION)


def test_the_sample_takes_no_part_in_loading(shelf: Shelf, tmp_path: Path) -> None:
    digest = shelf.promote(1)
    shelf.blob_of(digest, "sample/inputs/planes.parquet").unlink()
    assert registry_assets.load(PRODUCTION).version == 1
    version = registry_assets.resolve(PRODUCTION)
    with pytest.raises(BlobMissing):
        pull_version(shelf.store, version, tmp_path / "pulled")
    assert list(tmp_path.glob("*pull*")) == []


def test_an_older_pointer_file_put_back_is_refused(shelf: Shelf) -> None:
    first = shelf.promote(1)
    shelf.promote(2)
    assert registry_assets.load(PRODUCTION).version == 2
    shelf.point(first, version=1, generation=1)
    with refused(PointerMovedBack, "generation 2 was seen here before", "remove"):
        registry_assets.load(PRODUCTION)
    shelf.point(first, version=1, generation=3)  # a rollback
    assert registry_assets.load(PRODUCTION).version == 1


def test_a_store_reached_by_a_link_is_the_same_store(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shelf.promote(1)
    shelf.promote(2)
    registry_assets.resolve(PRODUCTION)
    shelf.point(first, version=1, generation=1)
    (tmp_path / "link").symlink_to(shelf.folder)
    monkeypatch.setenv("REGISTRY_STORE", str(tmp_path / "link"))
    with pytest.raises(PointerMovedBack):
        registry_assets.resolve(PRODUCTION)


def test_a_move_that_another_process_saw_first_is_no_move_back(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.promote(1)
    accept = SeenPointers.accept

    def overtaken(self: SeenPointers, file: object) -> None:
        """Between reading the pointer file and this, it moved, and somebody saw that."""
        monkeypatch.setattr(SeenPointers, "accept", accept)
        shelf.promote(2)
        accept(self, pointer_file(version=2, generation=2, digest=shelf.publish(2)))
        accept(self, file)  # type: ignore[arg-type]  # the pointer file that was read

    monkeypatch.setattr(SeenPointers, "accept", overtaken)
    assert registry_assets.resolve(PRODUCTION).version == 2


def test_a_bucket_serves_as_a_folder_does(
    shelf: Shelf, tmp_path: Path, s3_location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = shelf.promote(1)
    bucket = create_store(s3_location)
    bucket.put_all([shelf.store.read(each) for each in shelf.store.digests()])
    told = shelf.store.read_pointer(MODEL, "production")
    assert told is not None
    bucket.write_pointer(MODEL, "production", told)
    shelf.folder.rename(tmp_path / "away")
    monkeypatch.setenv("REGISTRY_STORE", s3_location)
    model = registry_assets.load(PRODUCTION)
    assert (model.digest, model.predict(flights(5), planes=planes()).shape) == (digest, (5,))
    with registry_assets.follow(PRODUCTION, every=60.0) as followed:
        assert followed.refresh() is False
        assert followed.problem is None
    pulled = tmp_path / "pulled"
    assert pull_version(bucket, registry_assets.resolve(PRODUCTION), pulled) is True
    assert pull_version(bucket, registry_assets.resolve(PRODUCTION), pulled) is False
    older = pointer_file(digest=digest, generation=1)
    bucket.write_pointer(MODEL, "production", pointer_file(digest=digest, generation=4).to_bytes())
    assert registry_assets.resolve(PRODUCTION).generation == 4
    bucket.write_pointer(MODEL, "production", older.to_bytes())
    with refused(PointerMovedBack, "generation 4"):
        registry_assets.resolve(PRODUCTION)


def test_where_there_is_no_store_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with refused(NoRegistry, str(tmp_path)):
        registry_assets.resolve(PRODUCTION)
    monkeypatch.setenv("REGISTRY_STORE", str(tmp_path / "gone"))
    with refused(StoreError, str(tmp_path / "gone")):
        registry_assets.resolve(PRODUCTION)
    assert list(tmp_path.iterdir()) == []


def test_a_paths_trick_in_a_manifest_is_no_manifest(shelf: Shelf, tmp_path: Path) -> None:
    good = json.loads(shelf.store.read(shelf.publish(1)))
    for path in ("../evil", "/etc/evil", "code/../../evil", "code//evil", "a\\b", "e\u202evil"):
        good["files"][0]["path"] = path
        data = json.dumps(good, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        digest = shelf.store.put(data)
        with pytest.raises(StoreError, match="invalid"):
            registry_assets.load(f"{MODEL}@{digest}")
        with pytest.raises(RegistryError, match="invalid"):
            pull_version(shelf.store, ResolvedVersion(MODEL, 1, digest), tmp_path / "pulled")
    assert not list(tmp_path.rglob("*evil*"))


def absent(program: str, *names: str) -> list[str]:
    """Those of the modules that a fresh process has imported after all."""
    asked = f"import sys\n{program}\nprint(*sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", asked], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_to_resolve_takes_neither_a_database_nor_a_data_library(shelf: Shelf) -> None:
    shelf.promote(1)
    program = f"import registry_assets\nassert registry_assets.resolve({PRODUCTION!r}).version == 1"
    heavy = ("sqlalchemy", "pandas", "numpy", "pyarrow", "sklearn", "skops", "rich", "click")
    pipeline = ("dagster", "evidently", "matplotlib", "boto3", "alembic", "lark")
    assert absent(program, *heavy, *pipeline) == []


def test_to_load_takes_the_models_own_libraries_and_no_more(shelf: Shelf) -> None:
    shelf.promote(1)
    program = f"""
import registry_assets
model = registry_assets.load({PRODUCTION!r})
rows = [{{"tailnum": "N1", "sched_dep_time": 930, "distance": 500.0, "arr_delay": 1.0}}]
import pandas as pd
known = pd.DataFrame({{"tailnum": ["N1"], "seats": [55.0], "year": [1999]}})
assert model.predict(rows, planes=known).shape == (1,)
"""
    needless = ("sqlalchemy", "click", "dagster", "evidently", "boto3", "pyarrow.parquet")
    assert absent(program, *needless) == []
