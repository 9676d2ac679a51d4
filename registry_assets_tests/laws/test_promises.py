"""The promises of docs/promises.md, each on every pair of a catalog and a store.

No version here was trained: these are the catalog's and the store's own functions, on real
manifests. A version that was trained, and what loads of it, is `test_lives.py`.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.ledger import REGISTRY, Event
from registry_assets.catalog.models import get_model
from registry_assets.errors import (
    BlobCorrupt,
    BlobMissing,
    CatalogBehind,
    CatalogError,
    PromotionHeld,
    RetiringRefused,
    VersionFailed,
)
from registry_assets.lifecycle.promoting import Promoted
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import Manifest, file_entries
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, PERSON, History, fail_training, reopened
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.laws.publishing import bind, publish
from registry_assets_tests.store.places import CLOCKS, object_name

AT_ONCE = -CLOCKS
STRAY = b"what nothing names"


def events(registry: Registry) -> list[Event]:
    """Everything that was ever recorded."""
    chains = (REGISTRY, *(model.name for model in registry.models()))
    return [event for chain in chains for event in registry.log(chain)]


def kinds(history: History) -> Counter[str]:
    """How often each kind of thing happened to the model."""
    return Counter(event.kind for event in history.registry.log(MODEL))


def pointer_file(history: History) -> dict[str, object]:
    """What the store tells deployments."""
    data = history.registry.backends.store.read_pointer(MODEL, "production")
    return dict(json.loads(data or b"{}"))


def digest_of(history: History, number: int) -> str:
    """The digest of a version's manifest."""
    return str(history.registry.resolve(f"{MODEL}:{number}").digest)


def state(history: History, number: int) -> str:
    """Whether a version is reserved, committed or failed."""
    return history.registry.version_numbered(MODEL, number).version.state


def codes(history: History) -> set[str]:
    """What verify finds."""
    return {problem.code for problem in history.registry.verify().problems}


def held(history: History, number: int) -> set[str]:
    """Why a version may not take production."""
    with pytest.raises(PromotionHeld) as caught:
        history.promote(number)
    assert caught.value.hint
    return {reason.code for reason in caught.value.reasons}


def test_p1_what_was_acknowledged_is_there_for_whoever_comes_next(history: History) -> None:
    history.promote(2)
    history.registry.tag(f"{MODEL}:2", {"team": "ops"}, run=PERSON)
    blob = history.registry.backends.store.put(b"bytes")
    before = events(history.registry)
    later = Registry.open(history.registry.home.folder)
    assert events(later) == before
    assert later.pointer(MODEL).version == 2
    assert later.words(f"{MODEL}:2").tags["team"] == "ops"
    assert later.backends.store.read(blob) == b"bytes"
    assert later.verify().clean


def test_p2_a_version_is_seen_only_when_all_of_its_bytes_are_there(history: History) -> None:
    number = history.reserve("slow", seed=9).version.number
    publication = Publication.begin(history.registry.backends)
    contents = {"estimator.skops": b"an estimator"}
    publication.put(Manifest("model", file_entries(contents)), contents)
    assert state(history, number) == "reserved"
    assert history.registry.verify().clean
    publish(history, number, {"estimator.skops": b"an estimator"})
    assert state(history, number) == "committed"
    assert history.registry.verify().clean


def test_p2_a_row_never_names_bytes_that_were_collected_meanwhile(history: History) -> None:
    registry, number = history.registry, history.reserve("slow", seed=9).version.number
    publication = Publication.begin(registry.backends)
    manifest = Manifest("model", (), (), {"model": MODEL, "version": number, "content": 0})
    digest = publication.put(manifest, {})
    for _ in range(2):
        registry.collect(act=True, older_than=AT_ONCE, purge_after=AT_ONCE, run=PERSON)
    assert not registry.backends.store.has(digest)
    with pytest.raises(BlobMissing, match="repeat"):
        bind(history, number, digest, publication)
    assert state(history, number) == "reserved"
    history.commit(number)
    assert registry.verify().clean


def test_p3_a_number_is_given_out_once_whatever_became_of_it(history: History) -> None:
    broken = history.reserve("broken", seed=3).version.number
    fail_training(history, broken)
    again = history.reserve("again", seed=3).version.number
    assert (broken, again) == (3, 4)
    with pytest.raises(VersionFailed):
        history.commit(broken)
    history.registry.archive(f"{MODEL}:2", run=PERSON)
    assert history.reserve("another", seed=4).version.number == 5
    assert history.registry.verify().clean


def test_p3_the_bytes_behind_a_number_never_change(history: History) -> None:
    first = digest_of(history, 1)
    assert history.commit(1, content=99).digest == first
    store = history.registry.backends.store
    data = store.read(first)
    assert store.put(data) == first
    assert store.read(first) == data
    assert history.registry.verify().clean


Act = Callable[[History], object]
REPEATS: dict[str, Act] = {
    "reserve": lambda h: h.reserve("a request", seed=7).version,
    "commit": lambda h: h.commit(2),
    "promote": lambda h: h.registry.promote(MODEL, 1, run=PERSON).promotion,
    "archive": lambda h: h.registry.archive(f"{MODEL}:2", run=PERSON).mark,
    "reject": lambda h: h.registry.reject(f"{MODEL}:2", run=PERSON, reason="worse").mark,
    "tag": lambda h: h.registry.tag(f"{MODEL}:2", {"team": "x"}, run=PERSON).words.tags,
    "snapshot": lambda h: h.snapshot("2013-09").digest,
    "declare": lambda h: h.declare().suite_digest,
}


@pytest.mark.parametrize("name", REPEATS)
def test_p4_repeating_gives_the_one_true_answer(history: History, name: str) -> None:
    first = REPEATS[name](history)
    story = events(history.registry)
    assert REPEATS[name](history) == first
    assert REPEATS[name](reopened(history.registry.home.folder)) == first
    assert events(history.registry) == story
    assert history.registry.verify().clean


def test_p4_what_is_refused_has_changed_nothing(history: History) -> None:
    history.evaluate(2, failing=["good_enough"])
    story, told = events(history.registry), pointer_file(history)
    assert held(history, 2) == {"check_failed"}
    with pytest.raises(RetiringRefused):
        history.registry.archive(f"{MODEL}:1", run=PERSON)
    assert (events(history.registry), pointer_file(history)) == (story, told)
    assert history.registry.verify().clean


def test_p5_a_move_is_one_generation_one_event_and_one_pointer_file(history: History) -> None:
    history.promote(2)
    history.evaluate(history.version(3))
    history.promote(3)
    registry = history.registry
    assert [move.generation for move in registry.promotions(MODEL)] == [1, 2, 3]
    assert kinds(history)["pointer_moved"] == 3
    told = pointer_file(history)
    assert (told["version"], told["generation"]) == (3, 3)
    assert told["digest"] == digest_of(history, 3)
    assert registry.verify().clean


def test_p5_of_two_who_move_on_what_they_saw_the_second_is_told(history: History) -> None:
    # Both saw version 1 in production; 3 was compared with it, and 2 takes its place.
    third = history.version(3)
    other = reopened(history.registry.home.folder)
    other.promote(2)
    assert held(history, third) == {"check_stale"}
    assert history.registry.pointer(MODEL).version == 2
    history.evaluate(third)
    moved: Promoted = history.registry.promote(MODEL, third, run=PERSON)
    assert (moved.moved, moved.promotion.generation) == (True, 3)
    assert history.registry.verify().clean


TAMPERED: dict[str, tuple[str, str]] = {
    "an edited row": ("UPDATE versions SET actor = 'bob' WHERE number = 1", "row_changed"),
    "a removed row": ("DELETE FROM promotions WHERE generation = 1", "row_missing"),
    "an edited event": (
        f"UPDATE events SET kind = 'x' WHERE chain = '{MODEL}' AND sequence = 2",
        "event_changed",
    ),
    "a removed event": (
        f"DELETE FROM events WHERE chain = '{MODEL}' AND sequence = 2",
        "event_missing",
    ),
    "a moved pointer": ("UPDATE pointers SET version = 2", "row_changed"),
}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("name", TAMPERED)
def test_p7_whoever_edits_the_past_is_found(site: Site, name: str) -> None:
    statement, code = TAMPERED[name]
    with site.project.tampering() as connection:
        assert connection.execute(sa.text(statement)).rowcount == 1
    assert code in codes(reopened(site.folder))


@pytest.mark.usefixtures("settled")
def test_p7_a_past_that_was_cut_off_is_found_by_an_earlier_checkpoint(
    backends: Combination, site: Site, tmp_path: Path
) -> None:
    earlier = backends.copy(site, tmp_path / "earlier")
    history = reopened(site.folder)
    history.version(3)
    checkpoint = history.registry.checkpoint()
    assert history.registry.verify(checkpoint=checkpoint).clean
    with earlier.settings():
        found = reopened(earlier.folder).registry.verify(checkpoint=checkpoint).problems
    assert {problem.code for problem in found} == {"history_truncated"}
    backends.drop(earlier)


@pytest.mark.usefixtures("settled")
def test_p7_a_catalog_older_than_its_store_is_refused_and_found(
    backends: Combination, site: Site, tmp_path: Path
) -> None:
    earlier = backends.copy(site, tmp_path / "earlier")
    reopened(site.folder).promote(2)
    told = backends.place(site).read(f"pointers/{MODEL}/production.json")
    with earlier.settings():
        backends.place(earlier).write(f"pointers/{MODEL}/production.json", told)
        history = reopened(earlier.folder)
        with pytest.raises(CatalogBehind):
            history.promote(2)
        assert codes(history) == {"catalog_behind"}
        assert history.registry.pointer(MODEL).version == 1
    backends.drop(earlier)


DAMAGES: dict[str, tuple[Callable[[bytes], bytes | None], type[Exception]]] = {
    "flipped": (lambda data: bytes([data[0] ^ 1]) + data[1:], BlobCorrupt),
    "truncated": (lambda data: data[:-1], BlobCorrupt),
    "swapped": (lambda _: b"the bytes of another version", BlobCorrupt),
    "removed": (lambda _: None, BlobMissing),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_p8_bytes_that_are_not_those_of_their_name_are_given_to_nobody(
    backends: Combination, site: Site, name: str
) -> None:
    damage, error = DAMAGES[name]
    history, place = reopened(site.folder), backends.place(site)
    digest = digest_of(history, 2)
    data = damage(place.read(object_name(digest)))
    if data is None:
        place.remove(object_name(digest))
    else:
        place.write(object_name(digest), data)
    with pytest.raises(error, match=digest):
        history.registry.backends.store.read(digest)
    with pytest.raises(error):
        history.promote(2)
    assert history.registry.pointer(MODEL).version == 1
    found = history.registry.verify().problems
    assert [problem.subject for problem in found] == [digest]
    assert f"{MODEL}:2" in found[0].touches


def test_p10_what_is_retired_keeps_its_number_and_its_bytes(history: History) -> None:
    registry, digest = history.registry, digest_of(history, 2)
    registry.archive(f"{MODEL}:2", run=PERSON)
    assert held(history, 2) == {"archived"}
    registry.collect(act=True, older_than=AT_ONCE, purge_after=AT_ONCE, run=PERSON)
    assert registry.backends.store.has(digest)
    registry.unarchive(f"{MODEL}:2", run=PERSON)
    history.promote(2)
    assert [v.version.number for v in registry.versions(MODEL)] == [1, 2]
    assert registry.verify().clean


def test_p10_collecting_shows_first_and_goes_by_a_trash(history: History) -> None:
    store, registry = history.registry.backends.store, history.registry
    store.put(STRAY)
    stray = sha256_digest(STRAY)
    shown = registry.collect(older_than=AT_ONCE)
    assert (shown.acted, [blob.digest for blob in shown.discarded]) == (False, [stray])
    assert store.has(stray)
    registry.collect(act=True, older_than=AT_ONCE, run=PERSON)
    assert [blob.digest for blob in store.trashed()] == [stray]
    assert store.restore(stray)
    assert store.read(stray) == STRAY
    assert registry.verify().clean


def test_p11_verify_changes_nothing_and_counts_everything(
    backends: Combination, site: Site
) -> None:
    history, place = reopened(site.folder), backends.place(site)
    before = (place.names(), events(history.registry))
    found = history.registry.verify()
    assert (found.clean, found.events) == (True, len(before[1]))
    assert found.manifests >= 5  # a snapshot, two versions, two evaluations
    assert (place.names(), events(history.registry)) == before


def test_p12_what_is_not_finite_is_recorded_as_no_verdict(history: History) -> None:
    with history.catalog.read() as connection:
        gate = get_model(connection, MODEL).suite["gates"][0]
    for number in (float("nan"), float("inf"), float("-inf")):
        finding = Finding(gate["name"], gate["digest"], "passed", "it is so", value=number)
        with pytest.raises(CatalogError, match="no verdict can rest on"):
            measured(history, 2, finding)
    assert history.registry.verify().clean


@pytest.mark.usefixtures("settled")
def test_p12_a_number_made_infinite_behind_our_back_does_not_pass(site: Site) -> None:
    with site.project.tampering() as connection:
        infinite = {"sqlite": "9e999", "postgresql": "'NaN'::float8"}[connection.dialect.name]
        connection.execute(
            sa.text(f"UPDATE verdicts SET value = {infinite} WHERE version = 2 AND value > 0")
        )
    history = reopened(site.folder)
    assert held(history, 2) == {"check_failed"}
    assert "row_changed" in codes(history)


def measured(history: History, number: int, finding: Finding) -> None:
    """Record an evaluation that consists of one finding."""
    from registry_assets.catalog.evaluations import record_evaluation

    version = history.registry.version_numbered(MODEL, number).version
    record_evaluation(
        history.catalog,
        model=MODEL,
        version=number,
        version_digest=str(version.digest),
        digest=history.snapshot("2013-01").digest,
        suite_digest=history.registry.model(MODEL).suite_digest,
        metrics={"roc_auc": {"value": 0.7}},
        findings=[finding],
        parents=(),
        passed=lambda _: None,
        run_id="run-1",
        actor="ann",
        clock=history.clock,
    )


def test_p12_missing_failed_and_stale_evidence_does_not_pass(history: History) -> None:
    missing = history.reserve("missing", seed=5).version.number
    assert held(history, missing) == {"not_committed"}
    history.commit(missing)
    assert "no_evaluation" in held(history, missing)
    history.evaluate(missing, failing=["not_worse"])
    assert held(history, missing) == {"check_failed"}
    history.evaluate(missing)
    history.declare(gates={"good_enough": False, "not_worse": True, "a_new_one": False})
    assert "no_evaluation" in held(history, missing)
    history.evaluate(missing)
    history.promote(missing)
    assert history.registry.verify().clean
