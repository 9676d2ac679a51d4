"""Several processes at one moment: one of them does it, and all of them learn the outcome.

What the catalog decides alone is raced on both databases in `catalog/test_races.py`, and what
the store does in `store/test_races.py`; here is what takes both.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

import pytest

from registry_assets.catalog.driver import Driver
from registry_assets.errors import CatalogBusy, PromotionHeld, RetiringRefused
from registry_assets.lifecycle.reserving import Request
from registry_assets.registry import Registry
from registry_assets.store.manifests import read_manifest
from registry_assets_tests.catalog.history import MODEL, new_history, reopened
from registry_assets_tests.faults.conftest import RACED, Choice
from registry_assets_tests.faults.lives import Life, wrong_after_repeating
from registry_assets_tests.faults.steps import REFUSED, STEPS, ended, processes, run, start
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.laws.publishing import publish
from registry_assets_tests.store.places import CLOCKS
from registry_assets_tests.worlds import PERSON, SENSOR, opened_world

EIGHT = 8
MOVES = 6

Act = Callable[[Site, int], object]


@pytest.fixture(scope="session", params=RACED, ids=str)
def choice(request: pytest.FixtureRequest) -> Choice:
    """PostgreSQL and S3 in every test run: that is where writers meet."""
    found: Choice = request.param
    return found


@pytest.fixture
def published(backends: Combination, tmp_path: Path) -> Iterator[Site]:
    """A project in which eight versions are reserved, and none was trained."""
    site = backends.site(tmp_path / "published")
    with site.settings():
        history = new_history(site.folder)
        history.declare(gates={"good_enough": False})
        for number in range(EIGHT):
            history.reserve(f"request {number}", seed=number)
    yield site
    backends.drop(site)


def promote(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        done = world.registry.promote("flight_delay", 1, run=SENSOR)
        return [done.moved, done.promotion.generation]


def roll_back(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        done = world.registry.rollback("flight_delay", reason="it was slow", run=SENSOR)
        return [done.moved, done.promotion.version, done.promotion.generation]


def promote_or_archive(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        try:
            if number % 2:
                return ["moved", world.registry.promote("flight_delay", 1, run=SENSOR).moved]
            return ["archived", world.registry.archive("flight_delay:1", run=PERSON).changed]
        except PromotionHeld as held:
            return [held.reasons[0].code, False]
        except RetiringRefused as refused:
            return [refused.code, False]


def reserve(site: Site, number: int) -> object:
    with opened_world(site.folder) as world:
        asked = Request(f"request {number}", params={"C": 3.0})
        done = world.registry.reserve(world.model(), asked, run=PERSON)
        return [done.outcome, done.version.number]


def train(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        return world.registry.train(world.model(), 2, run=SENSOR).digest


def commit(site: Site, _number: int) -> object:
    with opened_world(site.folder) as world:
        STEPS["commit"](world)
        return world.registry.resolve("flight_delay:1").digest


def publish_own(site: Site, number: int) -> object:
    files = {"shared": b"what all of them have", "own": b"%d" % number}
    return publish(reopened(site.folder), number + 1, files).digest


def publish_one(site: Site, number: int) -> object:
    return publish(reopened(site.folder), 1, {"own": b"%d" % number}).digest


def move_or_follow(site: Site, number: int) -> object:
    """Move production on and on, or look at its file as a deployment does meanwhile."""
    history = reopened(site.folder)
    if not number:
        for version in range(1, MOVES + 1):
            history.commit(version)
            history.evaluate(version)
            history.promote(version)
        return MOVES
    store, seen = history.registry.backends.store, 0
    while seen < MOVES:
        data = store.read_pointer(MODEL, "production")
        if data is not None:
            told = json.loads(data)
            assert told["generation"] >= seen
            assert read_manifest(store, told["digest"]).facts["version"] == told["version"]
            seen = told["generation"]
    return seen


def at_once(site: Site, act: Act, folder: Path, *, count: int = EIGHT) -> list[object]:
    """Let processes do one thing at the same moment; give what each got."""
    context = processes()
    barrier = context.Barrier(count)
    answers = [folder / f"{act.__name__} {number}.json" for number in range(count)]
    everyone = [
        context.Process(target=_act, args=(site, act, barrier, number, answer))
        for number, answer in enumerate(answers)
    ]
    for process in everyone:
        process.start()
    assert [ended(process) for process in everyone] == [0] * count
    return [json.loads(answer.read_text()) for answer in answers]


def _act(site: Site, act: Act, barrier: Barrier, number: int, answer: Path) -> None:
    site.enter()
    barrier.wait(timeout=60)
    answer.write_text(json.dumps(act(site, number)))


def test_eight_promoters_move_the_pointer_once(
    backends: Combination, life: Life, copied: Callable[[Site], Site], tmp_path: Path
) -> None:
    site = copied(life["promote"].before)
    answers = at_once(site, promote, tmp_path)
    assert Counter(map(str, answers)) == {"[True, 1]": 1, "[False, 1]": EIGHT - 1}
    registry = backends.registry(site)
    assert registry.pointer("flight_delay").generation == 1
    assert len(registry.promotions("flight_delay")) == 1
    moved = [e for e in registry.log("flight_delay") if e.kind == "pointer_moved"]
    assert [event.body["facts"]["version"] for event in moved] == [1]
    assert registry.verify().problems == ()


def test_eight_who_roll_back_go_back_once(
    backends: Combination, life: Life, copied: Callable[[Site], Site], tmp_path: Path
) -> None:
    site = copied(life["roll_back"].before)
    answers = at_once(site, roll_back, tmp_path)
    assert Counter(map(str, answers)) == {"[True, 1, 3]": 1, "[False, 1, 3]": EIGHT - 1}
    registry = backends.registry(site)
    assert wrong_after_repeating(backends, site, life["roll_back"]) == ""
    (hold,) = registry.holds("flight_delay")
    assert (hold.number, hold.in_force) == (2, True)


def test_of_promoting_and_archiving_one_version_one_comes_first(
    backends: Combination, life: Life, copied: Callable[[Site], Site], tmp_path: Path
) -> None:
    site = copied(life["promote"].before)
    answers = {str(answer) for answer in at_once(site, promote_or_archive, tmp_path)}
    registry = backends.registry(site)
    moved = [
        {"['moved', True]", "['moved', False]", "['retiring_refused', False]"},
        {"['archived', True]", "['archived', False]"},
    ]
    assert answers in moved
    held = registry.pointer("flight_delay").version
    assert held == (1 if "['moved', True]" in answers else None)
    assert registry.verify().problems == ()


def test_eight_requests_for_one_recipe_reserve_one_number_and_two_trainers_commit_it_once(
    local: Combination, local_life: Life, tmp_path: Path
) -> None:
    site = local.copy(local_life["promote"].before, tmp_path / "project")
    counted = Counter(map(str, at_once(site, reserve, tmp_path)))
    assert counted == {"['reserved', 2]": 1, "['in_progress', 2]": EIGHT - 1}

    first, second = at_once(site, train, tmp_path, count=2)
    registry = local.registry(site)
    assert first == second == registry.resolve("flight_delay:2").digest
    committed = [e for e in registry.log("flight_delay") if e.kind == "version_committed"]
    assert [event.body["facts"]["version"] for event in committed] == [1, 2]
    assert registry.verify().problems == ()


def test_eight_publishers_of_the_same_bytes_commit_one_version(
    backends: Combination, life: Life, copied: Callable[[Site], Site], tmp_path: Path
) -> None:
    site = copied(life["commit"].before)
    answers = at_once(site, commit, tmp_path)
    assert set(answers) == {backends.registry(life["train"].after).resolve("flight_delay:1").digest}
    assert wrong_after_repeating(backends, site, life["commit"]) == ""


def test_eight_publishers_of_versions_that_share_a_file_commit_all_of_them(
    backends: Combination, published: Site, tmp_path: Path
) -> None:
    answers = at_once(published, publish_own, tmp_path)
    registry = backends.registry(published)
    assert [registry.resolve(f"{MODEL}:{n + 1}").digest for n in range(EIGHT)] == answers
    assert len(set(answers)) == EIGHT
    assert registry.verify().problems == ()


def test_of_eight_publishers_of_other_bytes_for_one_number_one_wins_and_all_are_told(
    backends: Combination, published: Site, tmp_path: Path
) -> None:
    (digest,) = set(at_once(published, publish_one, tmp_path))
    registry = backends.registry(published)
    assert registry.resolve(f"{MODEL}:1").digest == digest
    kinds = Counter(event.kind for event in registry.log(MODEL))
    assert kinds["version_committed"] == 1
    assert registry.verify().problems == ()


def test_deployments_that_follow_production_see_it_only_move_on_and_always_whole(
    backends: Combination, published: Site, tmp_path: Path
) -> None:
    assert set(at_once(published, move_or_follow, tmp_path, count=4)) == {MOVES}
    registry = backends.registry(published)
    assert registry.pointer(MODEL).generation == MOVES
    assert registry.verify().problems == ()


def test_whoever_waits_too_long_for_the_write_lock_is_told_and_can_repeat(
    backends: Combination, published: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = processes()
    held, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(published, held, release))
    holder.start()
    assert held.wait(60)
    with published.settings():
        history = reopened(published.folder)
        with monkeypatch.context() as impatient:
            impatient.setattr(Driver, "busy_seconds", 0.3)
            with pytest.raises(CatalogBusy, match=r"lock|needed") as caught:
                publish(reopened(published.folder), 1, {"own": b"bytes"})
        assert (caught.value.transient, "nothing was changed" in caught.value.hint) == (True, True)
        assert history.registry.verify().clean
        release.set()
        assert ended(holder) == 0
        assert publish(history, 1, {"own": b"bytes"}).state == "committed"
        assert history.registry.verify().clean


def _hold(site: Site, held: Event, release: Event) -> None:
    site.enter()
    with Registry.open(site.folder).backends.catalog.write():
        held.set()
        release.wait(60)


@pytest.mark.parametrize("collections", [1, 2])
def test_a_publisher_that_was_stopped_finds_its_bytes_again_or_is_told(
    backends: Combination,
    life: Life,
    copied: Callable[[Site], Site],
    collections: int,
) -> None:
    site = copied(life["commit"].before)
    process = start("commit", site, fault="stop:train.published")
    assert process.pid is not None
    wait_until_stopped(process.pid)
    registry = backends.registry(site)
    assert registry.version_numbered("flight_delay", 1).version.state == "reserved"
    for _ in range(collections):
        # To the trash by the first, and out of it for good by the second.
        done = registry.collect(act=True, older_than=-CLOCKS, purge_after=-CLOCKS, run=PERSON)
        assert done.discarded or done.purged
    os.kill(process.pid, signal.SIGCONT)
    assert ended(process) == (0 if collections == 1 else REFUSED)
    assert registry.verify().problems == ()
    assert run("commit", site) == 0
    expected = backends.registry(life["commit"].after).resolve("flight_delay:1").digest
    assert registry.resolve("flight_delay:1").digest == expected
    assert registry.verify().problems == ()


def wait_until_stopped(process: int) -> None:
    """Wait until a process has stopped itself."""
    deadline = time.monotonic() + 60
    state = Path(f"/proc/{process}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it does not stop"
        time.sleep(0.01)
