"""An export that anybody had in hand is read as a stranger's: believed in nothing, and whole."""

import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.catalog.ledger import sealed
from registry_assets.errors import ExportUnreadable, StoreUnwritable
from registry_assets.store import FolderStore
from registry_assets.transfer.layout import DESCRIPTION, Description
from registry_assets_tests.catalog.history import MODEL, PERSON, History
from registry_assets_tests.sometimes import some
from registry_assets_tests.transfer.moves import rows


def refused(target: History, path: Path) -> str:
    """What an import says of an export that is not taken; nothing has changed."""
    before = rows(target.registry)
    with pytest.raises(ExportUnreadable) as error:
        target.registry.import_from(path, run=PERSON)
    assert error.value.hint
    assert rows(target.registry) == before
    assert list(target.registry.backends.store.digests()) == []
    return error.value.message


def files(folder: Path) -> Iterator[Path]:
    """Every file of an export."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Take the last byte away."""
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    """Add a line that says nothing."""
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize("damage", some([flip, cut, lengthen, Path.unlink], always=[flip]))
def test_damage_to_any_file_is_found(
    exported: Path, target: History, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    whole = list(files(exported))
    assert len(whole) > 20
    for number, file in enumerate(whole):
        if damage in (flip, cut) and not file.stat().st_size:
            continue
        copy = Path(shutil.copytree(exported, tmp_path / str(number)))
        damaged = copy / file.relative_to(exported)
        damage(damaged)
        assert damaged.name in refused(target, copy) or damaged.name == DESCRIPTION
        shutil.rmtree(copy)


def test_a_tar_cut_off_anywhere_is_found(packed: Path, target: History, tmp_path: Path) -> None:
    data, short = packed.read_bytes(), tmp_path / "short.tar"
    for length in {*range(0, len(data) - 1024, 4096), 511, 513, len(data) - 1024}:
        short.write_bytes(data[:length])
        refused(target, short)


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "rows/people.jsonl", "events/Late.jsonl", "objects/sha256/zz/" + "0" * 62],
)
def test_a_file_of_another_name_is_refused(
    exported: Path, target: History, tmp_path: Path, name: str
) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("{}")
    assert name in refused(target, copy)


@pytest.mark.parametrize("name", ["objects/sha256/ab/" + "0" * 62, "pointers/late/other.json"])
def test_a_file_too_many_of_a_right_name_is_refused(
    exported: Path, target: History, tmp_path: Path, name: str
) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("{}")
    assert name in refused(target, copy)


def test_links_and_pipes_in_a_folder_are_refused(
    exported: Path, target: History, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    file = copy / "rows" / "tags.jsonl"
    file.unlink()
    file.symlink_to(exported / "rows/tags.jsonl")
    assert "rows/tags.jsonl" in refused(target, copy)
    file.unlink()
    os.mkfifo(file)
    assert "rows/tags.jsonl" in refused(target, copy)
    file.unlink()
    shutil.copyfile(exported / "rows/tags.jsonl", file)
    shutil.move(copy / "events", tmp_path / "events")
    (copy / "events").symlink_to(tmp_path / "events")
    assert "'events'" in refused(target, copy)


def test_what_is_no_export_is_said_to_be_none(target: History, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar").write_text("hello\n" * 200)
    (tmp_path / "zeros.tar").write_bytes(bytes(10240))
    for name in ("empty", "text.tar", "zeros.tar", "missing"):
        assert str(tmp_path / name) in refused(target, tmp_path / name)


Member = Callable[[tarfile.TarInfo], None]


def _kind(kind: bytes, link: str = "") -> Member:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = kind, link, 0

    return change


def _named(name: str) -> Member:
    return lambda info: setattr(info, "name", name)


HOSTILE: dict[str, Member] = {
    "a symbolic link": _kind(tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link": _kind(tarfile.LNKTYPE, "rows/versions.jsonl"),
    "a device": _kind(tarfile.CHRTYPE),
    "a pipe": _kind(tarfile.FIFOTYPE),
    "a folder": _kind(tarfile.DIRTYPE),
    "a sparse file": _kind(tarfile.GNUTYPE_SPARSE),
    "an extended header": _kind(tarfile.XHDTYPE),
    "a long name": _kind(tarfile.GNUTYPE_LONGNAME),
    "a name upwards": _named("../../etc/passwd"),
    "a name upwards inside": _named("rows/../rows/tags.jsonl"),
    "an absolute name": _named("/etc/passwd"),
    "a dot before the name": _named("./rows/tags.jsonl"),
    "a name twice": _named("rows/versions.jsonl"),
}


@pytest.mark.parametrize("member", HOSTILE)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_tar_with_what_has_no_business_there_is_refused(
    packed: Path, target: History, tmp_path: Path, member: str, first: bool
) -> None:
    hostile = tarfile.TarInfo("rows/tags.jsonl")
    HOSTILE[member](hostile)
    header = hostile.tobuf(tarfile.GNU_FORMAT)
    data = packed.read_bytes()
    at = 0 if first else len(data) - 1024
    (tmp_path / "hostile.tar").write_bytes(data[:at] + header + data[at:])
    refused(target, tmp_path / "hostile.tar")


@pytest.mark.parametrize("size", [-1, -512, 1 << 40, (1 << 63) - 1])
def test_a_size_that_cannot_be_is_refused(
    packed: Path, target: History, tmp_path: Path, size: int
) -> None:
    info = tarfile.TarInfo("rows/tags.jsonl")
    info.size = size
    data = info.tobuf(tarfile.GNU_FORMAT) + packed.read_bytes()
    (tmp_path / "hostile.tar").write_bytes(data)
    assert "ends within" in refused(target, tmp_path / "hostile.tar")


def test_what_follows_the_end_of_a_tar_is_refused(
    packed: Path, target: History, tmp_path: Path
) -> None:
    (tmp_path / "long.tar").write_bytes(packed.read_bytes() + bytes(512) + b"!")
    assert "something follows its end" in refused(target, tmp_path / "long.tar")


def test_a_compressed_tar_is_refused(exported: Path, target: History, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "all.tar", "w:gz") as packed:
        packed.add(exported, ".")
    assert "no plain tar" in refused(target, tmp_path / "all.tar")


def resealed(folder: Path, name: str, data: bytes) -> None:
    """Replace a file, and say so in the description, as somebody does who knows the format."""
    (folder / name).write_bytes(data)
    path = folder / DESCRIPTION
    document = json.loads(path.read_bytes())
    document["files"][name] = sha256_digest(data)
    path.write_bytes(canonical_json(document))


EDITS: dict[str, tuple[str, str, str, str]] = {
    "a metric": ("rows/evaluations.jsonl", "0.7}", "0.9}", "evaluations 1 is not as"),
    "an outcome": ("rows/verdicts.jsonl", '"passed"', '"failed"', "verdicts 1 is not as"),
    "an actor": ("events/late.jsonl", r"\"ann\"", r"\"bob\"", "was edited"),
    "a promotion": ("rows/promotions.jsonl", '"it is better"', '"because"', "promotions late"),
    "a policy": ("rows/registered_models.jsonl", r"\"low\"", r"\"l0w\"", "registered_models late"),
    "an owner": ("rows/registered_models.jsonl", "team:ops", "team:0ps", "registered_models"),
    "a pointer file": ("pointers/late/production.json", '"version":2', '"version":1', "pointers"),
    "a size": ("objects.jsonl", '"size":1', '"size":2', "objects.jsonl"),
    "a type": ("rows/snapshots.jsonl", '"rows":5', '"rows":"5"', "snapshots.rows cannot be"),
    "a column": ("rows/tags.jsonl", '"name":', '"nome":', "other columns"),
    "a number": ("rows/versions.jsonl", '"number":1,', '"number":7,', ""),
    "a line": ("rows/marks.jsonl", "{", "{ ", "not in the form"),
    "a JSON": ("rows/marks.jsonl", "{", "[", "is no row"),
    "a NUL": ("rows/marks.jsonl", "it is old", r"it is\u0000old", "cannot be"),
    "a constraint": ("rows/marks.jsonl", '"archived"', '"deleted"', "refused"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_somebody_who_knows_the_format_is_found(
    exported: Path, target: History, tmp_path: Path, edit: str
) -> None:
    name, was, becomes, words = EDITS[edit]
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    text = (copy / name).read_text()
    assert was in text
    resealed(copy, name, text.replace(was, becomes, 1).encode())
    assert words in refused(target, copy)


@pytest.mark.parametrize("chain", ["-registry", MODEL])
@pytest.mark.parametrize("cut_off", [1, 3])
def test_a_chain_that_was_cut_off_is_found(
    exported: Path, target: History, tmp_path: Path, chain: str, cut_off: int
) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    name = f"events/{chain}.jsonl"
    lines = (copy / name).read_bytes().splitlines(keepends=True)[:-cut_off]
    resealed(copy, name, b"".join(lines))
    assert "does not verify" in refused(target, copy)
    # And when the description is made to agree.
    document = json.loads((copy / DESCRIPTION).read_bytes())
    last = json.loads(lines[-1])
    document["heads"][chain] = {"sequence": last["sequence"], "digest": last["digest"]}
    (copy / DESCRIPTION).write_bytes(canonical_json(document))
    assert "does not verify" in refused(target, copy)


def test_a_history_written_anew_in_one_event_contradicts_its_promotions(
    exported: Path, target: History, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    name, previous, lines = f"events/{MODEL}.jsonl", "", []
    for line in (copy / name).read_bytes().splitlines():
        event = json.loads(line)
        body = json.loads(event["body"])
        body["actor"] = "somebody else"
        again = sealed(MODEL, event["sequence"], previous or event["previous"], event["kind"], body)
        previous = again.digest
        text = canonical_json(body).decode()
        fields = {"previous": again.previous, "digest": again.digest, "body": text}
        lines.append(canonical_json({**event, **fields}))
    resealed(copy, name, b"\n".join(lines) + b"\n")
    document = json.loads((copy / DESCRIPTION).read_bytes())
    document["heads"][MODEL]["digest"] = previous
    (copy / DESCRIPTION).write_bytes(canonical_json(document))
    assert "it is another one now" in refused(target, copy)


DESCRIPTIONS: dict[str, Callable[[dict[str, object]], object]] = {
    "another format": lambda said: said.update(format="registry_assets/export/2"),
    "no format": lambda said: said.pop("format"),
    "a name that is none": lambda said: said.update(models=["../late"]),
    "an identity that is none": lambda said: said.update(origin="../../elsewhere"),
    "a flag that is none": lambda said: said.update(whole=1),
    "one field more": lambda said: said.update(extra=1),
    "a model too many": lambda said: said.update(models=["late", "more", "other"]),
    "a model too few": lambda said: said.update(models=["late"]),
    "a count that is none": lambda said: said.update(counts={"events": -1}),
}


@pytest.mark.parametrize("change", DESCRIPTIONS)
def test_a_description_that_says_something_else_is_refused(
    exported: Path, target: History, tmp_path: Path, change: str
) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    document = json.loads((copy / DESCRIPTION).read_bytes())
    DESCRIPTIONS[change](document)
    (copy / DESCRIPTION).write_bytes(canonical_json(document))
    refused(target, copy)


def test_a_description_is_read_as_it_was_written(exported: Path) -> None:
    data = (exported / DESCRIPTION).read_bytes()
    assert Description.from_bytes(data).to_bytes() == data
    with pytest.raises(ExportUnreadable):
        Description.from_bytes(data + b" ")


def test_the_same_state_gives_the_same_bytes(
    exported: Path, packed: Path, origin: History, tmp_path: Path
) -> None:
    origin.registry.export(tmp_path / "again.tar")
    origin.registry.export(tmp_path / "again")
    assert (tmp_path / "again.tar").read_bytes() == packed.read_bytes()
    first = {path.relative_to(exported): path.read_bytes() for path in files(exported)}
    again = {path.relative_to(tmp_path / "again"): path for path in files(tmp_path / "again")}
    assert {name: path.read_bytes() for name, path in again.items()} == first
    with tarfile.open(packed) as found:
        read = {info.name: found.extractfile(info) for info in found}
        assert {name: (io.BytesIO() if f is None else f).read() for name, f in read.items()} == {
            str(name): data for name, data in first.items()
        }


def test_a_store_that_takes_nothing_is_not_said_to_be_the_exports_fault(
    packed: Path, target: History
) -> None:
    store = target.registry.backends.store
    assert isinstance(store, FolderStore)
    shutil.rmtree(store.root / "tmp")
    before = rows(target.registry)
    with pytest.raises(StoreUnwritable):
        target.registry.import_from(packed, run=PERSON)
    assert rows(target.registry) == before
