"""Laws of manifests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.canonical import Json, sha256_digest
from registry_assets.errors import DeclarationError, NotFound, StoreError
from registry_assets.manifest import KINDS, FileEntry, Manifest, Parent
from registry_assets_tests.test_canonical import texts, values

A = sha256_digest(b"a")
B = sha256_digest(b"b")

digests = st.binary(max_size=4).map(sha256_digest)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
files = st.lists(
    st.builds(
        FileEntry,
        path=st.lists(names, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".bin"),
        sha256=digests,
        size=st.integers(0, 2**40),
    ),
    max_size=5,
    unique_by=lambda entry: entry.path,
).map(tuple)
parents = st.lists(st.builds(Parent, role=names, digest=digests), max_size=4).map(tuple)
manifests = st.builds(
    Manifest,
    kind=st.sampled_from(KINDS),
    files=files,
    parents=parents,
    facts=st.dictionaries(texts, values, max_size=4),
)


def entry(path: str) -> FileEntry:
    return FileEntry(path=path, sha256=A, size=1)


def example() -> Manifest:
    return Manifest(
        kind="model",
        files=(entry("estimator.skops"), entry("code/features.py")),
        parents=(Parent("features", A), Parent("dataset", B), Parent("features", B)),
        facts={"params": {"max_iter": 200, "rate": 0.1}, "owner": "tëam", "wide": 1e20},
    )


@given(manifests)
def test_reading_what_was_written_gives_an_equal_manifest(manifest: Manifest) -> None:
    again = Manifest.from_bytes(manifest.to_bytes())
    assert again == manifest
    assert again.digest == manifest.digest == sha256_digest(manifest.to_bytes())


@given(manifests)
def test_the_order_in_which_files_are_given_is_not_content(manifest: Manifest) -> None:
    turned = Manifest(
        manifest.kind, tuple(reversed(manifest.files)), manifest.parents, manifest.facts
    )
    assert turned == manifest
    assert turned.digest == manifest.digest


def test_the_order_of_parents_is_content() -> None:
    one, two = Parent("features", A), Parent("features", B)
    assert (
        Manifest("model", parents=(one, two)).digest != Manifest("model", parents=(two, one)).digest
    )


def test_bytes_and_digest_of_a_manifest_never_change_between_releases() -> None:
    assert (
        example().to_bytes()
        == (
            '{"facts":{"owner":"tëam","params":{"max_iter":200,"rate":0.1},'
            '"wide":100000000000000000000},'
            f'"files":[{{"path":"code/features.py","sha256":"{A}","size":1}},'
            f'{{"path":"estimator.skops","sha256":"{A}","size":1}}],'
            '"format":"registry_assets/manifest/1","kind":"model",'
            f'"parents":[{{"digest":"{A}","role":"features"}},{{"digest":"{B}","role":"dataset"}},'
            f'{{"digest":"{B}","role":"features"}}]}}'
        ).encode()
    )
    assert (
        example().digest
        == "sha256:9000658c51fd2c9689a7b5dd0a4f6a023b52ea14787bbb99b6c8410abe71273e"
    )


def test_a_change_of_the_callers_facts_does_not_reach_the_manifest() -> None:
    facts: dict[str, Json] = {"params": {"max_iter": 200}}
    manifest = Manifest("model", facts=facts)
    digest = manifest.digest
    facts["params"] = None
    assert manifest.digest == digest


def test_files_and_parents_are_found_by_path_and_role() -> None:
    manifest = example()
    assert manifest.file("estimator.skops") == entry("estimator.skops")
    assert manifest.parents_of("features") == (A, B)
    assert manifest.parents_of("evaluation") == ()
    with pytest.raises(NotFound, match=r"has no file 'card\.md'"):
        manifest.file("card.md")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "./a",
        "a//b",
        "a/",
        "a\\b",
        "a\0b",
        "a\nb",
        "x" * 1025,
        "\u202egpj.exe",
    ],
)
def test_a_path_that_could_leave_its_folder_or_deceive_is_refused(path: str) -> None:
    with pytest.raises(DeclarationError):
        entry(path)


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b"), ("a/b/c", "a/b")])
def test_paths_that_could_not_stand_side_by_side_in_a_folder_are_refused(
    paths: tuple[str, ...],
) -> None:
    with pytest.raises(DeclarationError):
        Manifest("model", files=tuple(map(entry, paths)))


@pytest.mark.parametrize("size", [-1, 1.0, True, "1"])
def test_a_size_that_is_no_byte_count_is_refused(size: Any) -> None:
    with pytest.raises(DeclarationError, match="byte count"):
        FileEntry("a", A, size)


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(DeclarationError, match="'pickle' is no kind of manifest"):
        Manifest("pickle")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b" ",
        lambda data: data.replace(b'"kind"', b' "kind"'),
        lambda data: data.replace("ë".encode(), b"\\u00eb"),
        lambda data: data.replace(b"200", b"200.0"),
        lambda data: data.replace(b'"size":1', b'"size":1,"size":1', 1),
        lambda data: data.replace(b'"size":1', b'"mode":1,"size":1', 1),
        lambda data: data.replace(b'"kind":"model",', b""),
        lambda data: data.replace(b"model", b"pickle"),
        lambda data: data.replace(b"code/features.py", b"../../features.py"),
        lambda data: data.replace(b"0.1", b"NaN"),
        lambda data: data.replace(b"0.1", b"1e999"),
        lambda data: data[:-1],
        lambda _: b"",
        lambda _: b"\xff",
        lambda _: b"[" * 100_000,
        lambda _: b'"text"',
        lambda data: data.decode().encode("utf-16"),
    ],
)
def test_bytes_that_no_manifest_writes_are_refused(change: Any) -> None:
    data = example().to_bytes()
    assert change(data) != data
    with pytest.raises(StoreError):
        Manifest.from_bytes(change(data))


@given(manifest=manifests, where=st.integers(min_value=0), byte=st.integers(0, 255))
def test_no_two_spellings_are_read_as_manifests(manifest: Manifest, where: int, byte: int) -> None:
    data = bytearray(manifest.to_bytes())
    data[where % len(data)] = byte
    try:
        read = Manifest.from_bytes(bytes(data))
    except StoreError:
        return
    assert read.to_bytes() == data


def test_a_manifest_of_a_newer_format_says_to_upgrade() -> None:
    data = example().to_bytes().replace(b"manifest/1", b"manifest/2")
    with pytest.raises(StoreError, match=r"found 'registry_assets/manifest/2'") as refusal:
        Manifest.from_bytes(data)
    assert "upgrade" in refusal.value.hint
