"""Nobody approves their own version: who trained it is told from its lineage, or is unknown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.active import ActivePolicy
from registry_assets.governance.document import Activation, Person, PolicyDocument
from registry_assets.governance.separation import (
    CODE_AUTHORS,
    WHOLE_HISTORY,
    Trainers,
    code_authors_of,
    trainers_of,
)
from registry_assets.packaging.authors import Author, CodeAuthors
from registry_assets_tests.governance.document.documents import key
from registry_assets_tests.governance.test_decide import version
from registry_assets_tests.packaging.projects import AIRLINE, Project, project_in
from registry_assets_tests.packaging.repositories import BOB, EVE, UNITS, Repository, closure_of
from registry_assets_tests.signing.openssh import new_key

ANN, BOB_KEY, EVE_KEY, OLD_KEY, STRANGE = (key(number) for number in range(5))
NOT_RECORDED = "Who wrote the code was not recorded with this version."


def policy(*more: Person, services: Sequence[str] = ("ci", "noreply@host.example")) -> ActivePolicy:
    """A policy in force: ann owns it; bob and eve have keys, addresses and accounts."""
    people = (
        Person(name="ann", roles=("owner",), keys=(ANN,), emails=("ann@example.com",)),
        Person(
            name="bob",
            keys=(BOB_KEY,),
            emails=("Bob@Airline.example", "bob@home.example"),
            accounts=("bobw", "svc_bob"),
        ),
        Person(name="eve", keys=(EVE_KEY,), revoked_keys=(OLD_KEY,), emails=("eve@example.com",)),
    )
    document = PolicyDocument(
        people=(*people, *more), activation=Activation(roles=("owner",)), services=tuple(services)
    )
    return ActivePolicy(1, document.digest, document, "ann", "2026-01-01T00:00:00.000000Z")


def print_of(line: str) -> str:
    """The fingerprint of a key."""
    from registry_assets.signing.keys import PublicKey

    return PublicKey.parse(line).fingerprint


def author(email: str, *signed_by: str, commits: int = 1) -> Author:
    """Somebody who wrote code."""
    return Author(email.partition("@")[0], email, commits, tuple(map(print_of, signed_by)))


def made(
    *authors: Author, actor: str = "ci", unknown: Sequence[str] = (), pointer: str = WHOLE_HISTORY
) -> VersionRecord:
    """A version whose code these people wrote, and which somebody asked for."""
    wrote = CodeAuthors(None, authors, tuple(unknown))
    return replace(version(), actor=actor, metadata={CODE_AUTHORS: {pointer: wrote.to_json()}})


def trainers(of: VersionRecord, *, pointer: str = "production", **of_policy: Any) -> Trainers:
    """Who trained it."""
    return trainers_of(of, pointer, policy(**of_policy))


def test_authors_are_the_people_whose_addresses_they_commit_under() -> None:
    found = trainers(made(author("bob@home.example", commits=3), author("ann@example.com")))
    assert found == Trainers(
        {
            "bob": "wrote 3 commits of its code as bob@home.example",
            "ann": "wrote a commit of its code as ann@example.com",
        },
        (),
    )


@pytest.mark.parametrize("email", ["bob@airline.example", "BOB@AIRLINE.EXAMPLE"])
def test_an_address_in_other_letters_is_the_same_address(email: str) -> None:
    assert set(trainers(made(author(email))).people) == {"bob"}
    assert trainers(made(author(email))).unknown == ()


@pytest.mark.parametrize(
    "email", ["bob+x@airline.example", "bob@airline.example.org", "bob@a\u0131rline.example", "bob"]
)
def test_an_address_that_is_nobodys_may_be_anybodys(email: str) -> None:
    found = trainers(made(author(email)))
    assert found.people == {}
    assert found.unknown == (f"{email} wrote code of it, and is nobody's e-mail address",)


def test_a_signed_commit_is_of_whose_key_it_is_whatever_address_it_bears() -> None:
    # Under bob's address, under one of nobody's, and under that of a service.
    for email, people in (
        ("bob@home.example", {"bob", "eve"}),
        ("ghost@example.com", {"eve"}),
        ("noreply@host.example", {"eve"}),
    ):
        found = trainers(made(author(email, EVE_KEY)))
        assert set(found.people) == people, email
        assert found.unknown == ()


def test_a_key_that_was_revoked_since_still_says_who_signed() -> None:
    assert set(trainers(made(author("ghost@example.com", OLD_KEY))).people) == {"eve"}


def test_a_key_of_nobody_says_nothing() -> None:
    found = trainers(made(author("ghost@example.com", STRANGE)))
    assert (found.people, len(found.unknown)) == ({}, 1)


def test_everybody_who_took_part_in_a_commit_trained_it() -> None:
    everybody = [author(f"{name}@example.com") for name in ("ann", "eve")]
    found = trainers(made(*everybody, author("bob@home.example")))
    assert set(found.people) == {"ann", "bob", "eve"}


@pytest.mark.parametrize("email", ["noreply@host.example", "NoReply@Host.example"])
def test_a_service_is_no_person_and_not_unknown(email: str) -> None:
    assert trainers(made(author(email))) == Trainers({}, ())
    assert trainers(made(author(email)), services=("ci",)).unknown != ()


@pytest.mark.parametrize("account", ["bob", "bobw", "svc_bob"])
def test_whoever_asked_for_it_trained_it(account: str) -> None:
    assert trainers(made(actor=account)).people == {"bob": "asked for it"}
    both = trainers(made(author("bob@home.example"), actor=account))
    assert both.people == {"bob": "asked for it and wrote a commit of its code as bob@home.example"}


@pytest.mark.parametrize("account", ["root", "Bob", "unknown", "dagster/late__retrain", ""])
def test_an_account_of_nobody_may_be_anybodys(account: str) -> None:
    found = trainers(made(actor=account))
    assert found == Trainers({}, (f"asked for it as {account}, which is nobody's account",))


@pytest.mark.parametrize("actor", ["schedule:late__monthly", "sensor:late__data", "ci"])
def test_what_asks_by_itself_is_nobody(actor: str) -> None:
    assert trainers(made(actor=actor)) == Trainers({}, ())


def test_what_git_does_not_know_is_unknown() -> None:
    said = "model.py has changes that are not committed"
    assert trainers(made(unknown=[said, said])).unknown == (said,)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {CODE_AUTHORS: None},
        {CODE_AUTHORS: "nobody"},
        {CODE_AUTHORS: {}},
        {CODE_AUTHORS: {"canary": CodeAuthors(None, (), ()).to_json()}},
        {CODE_AUTHORS: {WHOLE_HISTORY: None}},
        {CODE_AUTHORS: {WHOLE_HISTORY: {"since": None, "authors": [{}], "unknown": []}}},
        {CODE_AUTHORS: {WHOLE_HISTORY: {"authors": [], "unknown": []}}},
    ],
)
def test_of_a_version_that_says_nothing_of_its_authors_they_are_unknown(
    metadata: Mapping[str, Any],
) -> None:
    found = trainers(replace(version(), actor="ci", metadata=metadata))
    assert found == Trainers({}, (NOT_RECORDED,))


def test_each_pointer_goes_by_what_changed_since_it_moved_last() -> None:
    since = {
        "production": CodeAuthors("c" * 40, (author("eve@example.com"),), ()).to_json(),
        "canary": CodeAuthors("d" * 40, (), ()).to_json(),
        WHOLE_HISTORY: CodeAuthors(None, (author("bob@home.example"),), ()).to_json(),
    }
    record = replace(version(), actor="ci", metadata={CODE_AUTHORS: since})
    assert set(trainers(record).people) == {"eve"}
    assert trainers(record, pointer="canary") == Trainers({}, ())
    # A pointer that came later goes by the whole history.
    assert set(trainers(record, pointer="production_eu").people) == {"bob"}
    assert code_authors_of(record.metadata, "production").since == "c" * 40


def test_a_person_without_an_address_is_found_by_account_alone() -> None:
    zoe = Person(name="zoe", accounts=("zoe.z",))
    found = trainers_of(made(author("zoe@example.com"), actor="zoe.z"), "production", policy(zoe))
    assert found.people == {"zoe": "asked for it"}
    assert len(found.unknown) == 1


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """A project whose code Ada wrote, as a service has it."""
    with project_in(tmp_path / "src") as project:
        yield made_repository(project)


def made_repository(project: Project) -> Repository:
    """Put a project into a repository."""
    repository = Repository(project)
    repository.commit(AIRLINE, by="CI <noreply@host.example>")
    return repository


def real_trainers(repository: Repository, active: ActivePolicy) -> Trainers:
    """Who wrote what is in a real repository."""
    from registry_assets.packaging.authors import code_authors

    wrote = code_authors(closure_of(repository.project), since=None)
    metadata = {CODE_AUTHORS: {WHOLE_HISTORY: wrote.to_json()}}
    record = replace(version(), actor="ci", metadata=metadata)
    return trainers_of(record, "production", active)


def test_a_commit_under_the_address_of_a_colleague_signed_by_its_maker_is_of_both(
    repository: Repository, tmp_path: Path
) -> None:
    file = new_key(tmp_path / "mallory")
    mallory = Person(name="mallory", keys=(Path(f"{file}.pub").read_text().strip(),))
    repository.signs_with(file)
    repository.commit({UNITS: "PER_HOUR = 60\n"}, "-S", by=BOB)
    found = real_trainers(repository, policy(mallory))
    assert set(found.people) == {"bob", "mallory"}
    assert found.unknown == ()


def test_a_co_author_and_who_committed_it_for_another_trained_it_too(
    repository: Repository,
) -> None:
    repository.commit(
        {UNITS: "PER_HOUR = 60\n"},
        f"--author={BOB}",
        by="Ann <ann@example.com>",
        message="change\n\nCo-authored-by: Eve <EVE@example.com>",
    )
    assert set(real_trainers(repository, policy()).people) == {"ann", "bob", "eve"}


def test_changes_that_are_not_committed_are_anybodys(repository: Repository) -> None:
    repository.commit({UNITS: "PER_HOUR = 60\n"}, by=BOB)
    repository.project.write({UNITS: "PER_HOUR = 61\n"})
    found = real_trainers(repository, policy())
    assert set(found.people) == {"bob"}
    assert found.unknown != ()


def test_a_stranger_in_the_history_makes_it_unknown(repository: Repository) -> None:
    repository.commit({UNITS: "PER_HOUR = 60\n"}, by=EVE)
    (said,) = real_trainers(repository, policy()).unknown
    assert said == "eve@airline.example wrote code of it, and is nobody's e-mail address"
