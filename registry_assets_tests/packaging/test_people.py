"""Who made a commit, from its own bytes: names that deceive, and signatures of real keys."""

import time
from pathlib import Path

import pytest

from registry_assets.packaging.people import Person, makers
from registry_assets.signing.keys import read_public_key
from registry_assets_tests.packaging.projects import Project
from registry_assets_tests.packaging.repositories import ADA, UNITS, Repository
from registry_assets_tests.signing.openssh import new_key, signed

SHA1 = "a" * 40
SSH = "-----BEGIN SSH SIGNATURE-----"


def commit(
    *, author: bytes = ADA.encode(), message: bytes = b"change\n", headers: bytes = b""
) -> bytes:
    """Write the object of a commit by somebody, which Ada committed."""
    return (
        b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
        b"author %b 1700000000 +0100\ncommitter %b 1700000000 +0100\n%b\n%b"
        % (author, ADA.encode(), headers, message)
    )


def header(armor: str, *, name: str = "gpgsig") -> bytes:
    """Write a signature among a commit's headers."""
    return f"{name} {armor.strip()}".replace("\n", "\n ").encode() + b"\n"


@pytest.mark.parametrize(
    ("author", "name"),
    [
        (b"Bob <bob@b>", "Bob"),
        (b" <bob@b>", ""),
        (b"<bob@b>", ""),
        (b"B\x1b[31mo\x00b\xe2\x80\xae <bob@b>", "B\ufffd[31mo\ufffdb\ufffd"),
        (b"J\xf6rg <bob@b>", "J\ufffdrg"),
        (b"x" * 100_000 + b" <bob@b>", "x" * 200),
    ],
)
def test_a_name_can_be_kept_and_shown_whatever_it_is(author: bytes, name: str) -> None:
    made = makers(commit(author=author), name=SHA1)
    assert made.people == (Person(name, "bob@b"), Person("Ada Pilot", "ada@airline.example"))
    assert not made.nameless


@pytest.mark.parametrize(
    "author",
    [
        b"Bob <>",
        b"Bob",
        b"",
        b"Bob <bob@b",
        b"Bob <ada@airline.example> <bob@b>",
        b"Bob <bob @b>",
        b"Bob <bob@b\x00>",
        b"Bob <bob\xe2\x80\x8b@b>",
        b"Bob <\xe2\x80\xaebob@b>",
        b"Bob <b\xf6b@b>",
        b"Bob <" + b"b" * 253 + b"@b>",
    ],
)
def test_an_address_that_cannot_be_kept_as_it_is_is_nobodys(author: bytes) -> None:
    made = makers(commit(author=author), name=SHA1)
    assert made.people == (Person("Ada Pilot", "ada@airline.example"),)
    assert made.nameless


def test_bytes_that_are_no_commit_name_nobody() -> None:
    for data in (b"", b"\n\n", b"tree\n", b"\xff" * 1000):
        made = makers(data, name=SHA1)
        assert (made.people, made.nameless, made.signed_by) == ((), True, None)


def test_every_author_that_a_commit_has_counts() -> None:
    made = makers(commit(headers=b"author Bob <bob@b> 1700000000 +0100\n"), name=SHA1)
    assert {person.email for person in made.people} == {"ada@airline.example", "bob@b"}


@pytest.mark.parametrize(
    ("line", "emails", "nameless"),
    [
        ("Co-authored-by: Bob <bob@b>", {"bob@b"}, False),
        ("co-AUTHORED-by:Bob<bob@b>\r", {"bob@b"}, False),
        ("  Co-authored-by : Bob <bob@b> (paired)", {"bob@b"}, False),
        ("Co-authored-by: Bob <bob@b>, Eve <eve@b>", {"bob@b", "eve@b"}, False),
        ("Co-authored-by: Bob <bob@b>, Eve <eve@b", {"bob@b"}, True),
        ("Co-authored-by: Bob", set(), True),
        ("Co-authored-by: Bob\n <bob@b>", set(), True),
        ("Co-authored-by:", set(), True),
        ("Reviewed-by: Bob <bob@b>", set(), False),
        ("as in Co-authored-by: Bob <bob@b>", set(), False),
    ],
)
def test_co_authors_are_read_from_any_line_of_the_message(
    line: str, emails: set[str], nameless: bool
) -> None:
    message = f"change\n\n{line}\n\nand more\n".encode()
    made = makers(commit(message=message), name=SHA1)
    assert {person.email for person in made.people} == {"ada@airline.example", *emails}
    assert made.nameless is nameless


def test_a_long_line_takes_no_longer_than_it_is() -> None:
    started = time.monotonic()
    for part in (b"a", b" ", b"<", b">", b"a,", b"Co-authored-by:"):
        makers(commit(message=b"Co-authored-by:" + part * 200_000), name=SHA1)
        makers(commit(author=part * 200_000), name=SHA1)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("kind", "message"),
    [("ed25519", "change\n\ngpgsig no header\n continued\n"), ("ecdsa-256", "")],
)
def test_a_signature_that_git_made_is_of_its_key(
    repository: Repository, tmp_path: Path, kind: str, message: str
) -> None:
    key = new_key(tmp_path / "key", kind)
    repository.signs_with(key)
    name = repository.commit({}, "--gpg-sign", "--allow-empty-message", message=message)
    made = makers(repository.read(name), name=name)
    assert made.signed_by == read_public_key(key).fingerprint
    assert made.committer in made.people
    assert not made.forged


def test_a_repository_that_names_by_sha256_is_read_as_well(
    project: Project, tmp_path: Path
) -> None:
    repository = Repository(project, "--object-format=sha256")
    key = new_key(tmp_path / "key")
    repository.signs_with(key)
    name = repository.commit({UNITS: "PER_HOUR = 60\n"}, "--gpg-sign")
    assert b"gpgsig-sha256" in repository.read(name)
    assert makers(repository.read(name), name=name).signed_by == read_public_key(key).fingerprint


def test_a_signature_of_another_commit_or_purpose_is_forged(tmp_path: Path) -> None:
    key = new_key(tmp_path / "key")
    good = signed(key, commit(), namespace="git")
    assert makers(commit(headers=header(good)), name=SHA1).signed_by
    body = commit(headers=header(good))
    forgeries = {
        "another author": body.replace(b"author Ada", b"author Bob"),
        "another message": body.replace(b"change", b"chance"),
        "another tree": body.replace(b"tree 4b", b"tree 4c"),
        "a header more": commit(headers=b"encoding UTF-8\n" + header(good)),
        "another purpose": commit(headers=header(signed(key, commit(), namespace="file"))),
        "twice": commit(headers=header(good) * 2),
        "cut short": commit(headers=header(good[:200])),
        "none": commit(headers=header(SSH)),
        "not text": commit(headers=header(good).replace(b"U1NI", b"U\xffNI")),
    }
    for what, forged in forgeries.items():
        made = makers(forged, name=SHA1)
        assert (made.forged, made.signed_by) == (True, None), what


def test_signatures_of_other_kinds_say_no_more_than_none(tmp_path: Path) -> None:
    rsa = signed(new_key(tmp_path / "key", "rsa-2048"), commit(), namespace="git")
    pgp = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----"
    for armor in (rsa, pgp, "anything"):
        made = makers(commit(headers=header(armor)), name=SHA1)
        assert (made.forged, made.signed_by, made.nameless) == (False, None, False)


def test_a_signature_over_another_name_of_the_commit_is_left_out(tmp_path: Path) -> None:
    good = signed(new_key(tmp_path / "key"), commit(), namespace="git")
    other = header("anything", name="gpgsig-sha256")
    assert makers(commit(headers=header(good) + other), name=SHA1).signed_by
    assert makers(commit(headers=other), name=SHA1).signed_by is None
