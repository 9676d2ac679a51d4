"""Any sequence of steps, crashes and restores, held against a model of what should be.

The model is a few lines of dictionaries: what the registry promises, without how it keeps it.
"""

import copy
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from registry_assets import faults
from registry_assets.errors import PromotionHeld, RegistryError, RetiringRefused, VersionFailed
from registry_assets.home import MARKER
from registry_assets.lifecycle.collecting import Collected
from registry_assets_tests.catalog.history import (
    MODEL,
    PERSON,
    History,
    fail_training,
    new_history,
    reopened,
)
from registry_assets_tests.faults.steps import ended, processes
from registry_assets_tests.laws.combinations import (
    LOCAL,
    REMOTE,
    Combination,
    Site,
    combination,
)
from registry_assets_tests.store.places import CLOCKS

SEEDS = st.integers(0, 4)
NUMBERS = st.integers(0, 2)
"""Which version, counted back from the newest."""
TAGS = st.sampled_from(["a", "b", None])
COMMIT_POINTS = (
    *("store.tmp_written", "store.fsynced", "store.linked"),
    *("version_committed.begin", "version_committed.written", "version_committed.committed"),
)
PROMOTE_POINTS = (
    *("promote.verified", "pointer_moved.begin", "pointer_moved.written"),
    *("pointer_moved.committed", "pointer_file.tmp_written", "pointer_file.renamed"),
)
COLLECT_POINTS = ("collect.begun", "collect.discarded", "collect.moved")
TOO_LATE = ("version_committed.committed", "pointer_moved.committed", "pointer_file.")
"""A kill from here on comes after the change was committed."""


@dataclass
class Version:
    """What should be known of one number."""

    seed: int
    state: str = "reserved"
    mark: str | None = None
    tag: str | None = None
    evaluated: tuple[int, bool] | None = None
    """At which generation of the pointer, and whether all of it passed."""


@dataclass
class Expected:
    """What should be known of the model."""

    versions: dict[int, Version] = field(default_factory=dict)
    held: list[int] = field(default_factory=list)

    def twin(self, seed: int) -> tuple[str, int] | None:
        """What a recipe was asked for before: how that stands, and its number."""
        for state in ("committed", "reserved"):
            for number in sorted(self.versions, reverse=True):
                found = self.versions[number]
                if (found.seed, found.state) == (seed, state):
                    return state, number
        return None

    def holds(self, number: int) -> bool:
        """Whether production is this version."""
        return self.held[-1:] == [number]

    def may_move_to(self, number: int) -> bool:
        """Whether production may move to a version that it does not hold."""
        version = self.versions[number]
        return (
            version.state == "committed"
            and version.mark in (None, "none")
            and version.evaluated == (len(self.held), True)
            and number > max(self.held, default=0)
        )


def any_version(machine: "Machine") -> bool:
    """Whether there is a version to do something with."""
    return bool(machine.expected.versions)


class Machine(RuleBasedStateMachine):
    """One registry, and what it should be."""

    def __init__(self, backends: Combination, ready: Site, root: Path, number: int) -> None:
        super().__init__()
        self.backends = backends
        self.root = root / str(number)
        self.root.mkdir()
        self.site = backends.copy(ready, self.root / "project")
        self.expected = Expected()
        self.backup: Expected | None = None
        self.requests = count()
        self.history: History = self.opened()

    def opened(self) -> History:
        """Open the registry, as another process would."""
        with self.site.settings():
            return reopened(self.site.folder)

    def version(self, back: int) -> tuple[int, Version]:
        """Give a number, so far back from the newest, and what should be known of it."""
        number = max(1, len(self.expected.versions) - back)
        return number, self.expected.versions[number]

    @rule(seed=SEEDS)
    def reserve(self, seed: int) -> None:
        twin = self.expected.twin(seed)
        found = self.history.reserve(f"request {next(self.requests)}", seed=seed)
        if twin is None:
            number = len(self.expected.versions) + 1
            assert (found.outcome, found.version.number) == ("reserved", number)
            self.expected.versions[number] = Version(seed)
        else:
            outcome = {"committed": "repeats", "reserved": "in_progress"}[twin[0]]
            assert (found.outcome, found.version.number) == (outcome, twin[1])

    @precondition(any_version)
    @rule(back=NUMBERS, content=st.integers(0, 1))
    def commit(self, back: int, content: int) -> None:
        number, version = self.version(back)
        if version.state == "failed":
            with pytest.raises(VersionFailed):
                self.history.commit(number, content=content)
            return
        before = self.history.registry.version_numbered(MODEL, number).version.digest
        digest = self.history.commit(number, content=content).digest
        assert before in (None, digest)
        version.state = "committed"

    @precondition(any_version)
    @rule(back=NUMBERS)
    def fail(self, back: int) -> None:
        number, version = self.version(back)
        fail_training(self.history, number)
        version.state = "failed" if version.state == "reserved" else version.state

    @precondition(any_version)
    @rule(back=NUMBERS, passes=st.booleans())
    def evaluate(self, back: int, passes: bool) -> None:
        number, version = self.version(back)
        if version.state == "committed":
            self.history.evaluate(number, failing=() if passes else ("good_enough",))
            version.evaluated = (len(self.expected.held), passes)

    @rule(seed=SEEDS)
    def make_ready(self, seed: int) -> None:
        """What mostly happens: the newest version is trained, and passes."""
        self.reserve(seed)
        if self.version(0)[1].state == "reserved":
            self.commit(0, 0)
        self.evaluate(0, passes=True)

    @precondition(any_version)
    @rule(back=NUMBERS)
    def promote(self, back: int) -> None:
        number, _ = self.version(back)
        if self.expected.holds(number):
            assert not self.history.registry.promote(MODEL, number, run=PERSON).moved
        elif self.expected.may_move_to(number):
            assert self.history.registry.promote(MODEL, number, run=PERSON).moved
            self.expected.held.append(number)
        else:
            with pytest.raises(PromotionHeld):
                self.history.registry.promote(MODEL, number, run=PERSON)

    @precondition(any_version)
    @rule(back=NUMBERS, verb=st.sampled_from(["archive", "unarchive", "reject"]))
    def retire(self, back: int, verb: str) -> None:
        number, version = self.version(back)
        if version.state != "committed":
            return
        mark = {"archive": "archived", "unarchive": "none", "reject": "rejected"}[verb]
        act = getattr(self.history.registry, verb)
        refused = version.mark != mark and (
            version.mark == "rejected"
            or (mark == "none" and version.mark is None)
            or (mark != "none" and self.expected.holds(number))
        )
        if refused:
            with pytest.raises(RetiringRefused):
                act(f"{MODEL}:{number}", run=PERSON, reason="so")
            return
        done = act(f"{MODEL}:{number}", run=PERSON, reason="so")
        assert (done.changed, done.mark.mark) == (version.mark != mark, mark)
        version.mark = mark

    @precondition(any_version)
    @rule(back=NUMBERS, value=TAGS)
    def tag(self, back: int, value: str | None) -> None:
        number, version = self.version(back)
        if version.state == "committed":
            self.history.registry.tag(f"{MODEL}:{number}", {"quarter": value}, run=PERSON)
            version.tag = value

    @rule(stray=st.binary(min_size=1, max_size=4))
    def collect(self, stray: bytes) -> None:
        store = self.history.registry.backends.store
        digest = store.put(stray)
        done = collected(self.history)
        assert digest in {blob.digest for blob in (*done.discarded, *done.purged)}
        assert not store.has(digest)

    @rule()
    def open_again(self) -> None:
        self.history = self.opened()

    @precondition(any_version)
    @rule(back=NUMBERS, point=st.sampled_from(COMMIT_POINTS))
    def crash_while_committing(self, back: int, point: str) -> None:
        number, version = self.version(back)
        if self._crashed("commit", number, point):
            version.state = "committed"

    @precondition(any_version)
    @rule(back=NUMBERS, point=st.sampled_from(PROMOTE_POINTS))
    def crash_while_promoting(self, back: int, point: str) -> None:
        number, _ = self.version(back)
        may = self.expected.may_move_to(number)
        if self._crashed("promote", number, point):
            assert may or self.expected.holds(number)
            if may:
                self.expected.held.append(number)
            # Who was told nothing repeats, and then deployments are told as well.
            assert not self.history.registry.promote(MODEL, number, run=PERSON).moved
        assert self.history.registry.verify().clean

    @rule(stray=st.binary(min_size=1, max_size=4), point=st.sampled_from(COLLECT_POINTS))
    def crash_while_collecting(self, stray: bytes, point: str) -> None:
        self.history.registry.backends.store.put(stray)
        self._crashed("collect", 0, point)
        assert self.history.registry.verify().clean

    @precondition(lambda self: self.backends.local)
    @rule()
    def back_up(self) -> None:
        """While nothing writes, a copy of the folder is a backup.

        By another process: closing a file here would end the locks that SQLite holds on it.
        """
        shutil.rmtree(self.root / "backup", ignore_errors=True)
        subprocess.run(["cp", "-a", self.site.folder / MARKER, self.root / "backup"], check=True)
        self.backup = copy.deepcopy(self.expected)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        shutil.rmtree(self.site.folder / MARKER)
        shutil.copytree(self.root / "backup", self.site.folder / MARKER)
        self.expected = copy.deepcopy(self.backup) or Expected()
        self.history = self.opened()
        assert self.history.registry.verify().clean

    @invariant()
    def is_as_expected(self) -> None:
        registry, expected = self.history.registry, self.expected
        found = {summary.version.number: summary for summary in registry.versions(MODEL)}
        assert {n: s.version.state for n, s in found.items()} == {
            n: v.state for n, v in expected.versions.items()
        }
        for number, version in expected.versions.items():
            mark = found[number].mark
            assert (mark.mark if mark else "none") == (version.mark or "none")
            if version.state == "committed":
                words = registry.words(f"{MODEL}:{number}")
                assert words.tags.get("quarter") == version.tag
        pointer = registry.pointer(MODEL)
        assert pointer.generation == len(expected.held)
        assert pointer.version == (expected.held[-1] if expected.held else None)
        kinds = Counter(event.kind for event in registry.log(MODEL))
        assert kinds["pointer_moved"] == len(expected.held)

    def teardown(self) -> None:
        """Everything ends with a clean registry."""
        try:
            assert self.history.registry.verify().problems == ()
        finally:
            self.backends.drop(self.site)
            shutil.rmtree(self.root)

    def _crashed(self, act: str, number: int, point: str) -> bool:
        """Kill a process on its way through an act; say whether it came too late to stop it."""
        process = processes().Process(target=_act, args=(self.site, act, number, point))
        process.start()
        code = ended(process)
        assert code in (0, 1, -signal.SIGKILL)
        return code == 0 or (code != 1 and point.startswith(TOO_LATE))


def collected(history: History) -> Collected:
    """Collect whatever nothing names, however young."""
    return history.registry.collect(
        act=True, older_than=-CLOCKS, purge_after=CLOCKS * 1000, run=PERSON
    )


def _act(site: Site, act: str, number: int, point: str) -> None:
    site.enter()
    os.environ[faults.VARIABLE] = point
    acts: dict[str, Callable[[History], object]] = {
        "commit": lambda history: history.commit(number),
        "promote": lambda history: history.promote(number),
        "collect": collected,
    }
    try:
        acts[act](reopened(site.folder))
    except RegistryError:
        os._exit(1)


@pytest.mark.parametrize(
    ("name", "examples", "steps"),
    [
        (LOCAL, 8, 20),
        pytest.param(LOCAL, 150, 50, marks=pytest.mark.thorough),
        pytest.param(REMOTE, 30, 30, marks=pytest.mark.thorough),
    ],
)
def test_whatever_happens_the_registry_is_as_its_model_says(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, examples: int, steps: int
) -> None:
    backends = combination(name, request)
    ready, numbers = backends.site(tmp_path / "ready"), count()
    with ready.settings():
        new_history(ready.folder).declare()
    run_state_machine_as_test(
        # It may be anything that gives a machine.
        lambda: Machine(backends, ready, tmp_path, next(numbers)),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            deadline=None,
            # Not made smaller: that may take longer than all else together.
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
