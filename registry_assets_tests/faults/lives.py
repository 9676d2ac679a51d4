"""A version's life as it goes when nobody interferes, and what must hold when somebody does.

Not a test.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from registry_assets.errors import RegistryError
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import reopened
from registry_assets_tests.faults import agreeing, watching
from registry_assets_tests.faults.calls import PREFIXES
from registry_assets_tests.faults.steps import GIVEN, STEPS, run
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.worlds import small_world

MODEL = "flight_delay"


@dataclass(frozen=True, slots=True)
class Held:
    """Number and stage of each version, and how often each kind of thing happened."""

    stages: list[tuple[int, str]]
    events: Counter[str]

    @classmethod
    def of(cls, registry: Registry) -> "Held":
        """Read what a registry holds."""
        return cls(stages(registry), events(registry))


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step: the points and calls that it passes, and the project before and after it.

    What the two hold is read once: they are copied by several threads, and a catalog that
    somebody has open in one of them is no whole copy in the other.
    """

    passed: Counter[str]
    before: Site
    after: Site
    held_before: "Held"
    held_after: "Held"

    @property
    def points(self) -> Counter[str]:
        """The named points."""
        return Counter({n: c for n, c in self.passed.items() if not n.startswith(PREFIXES)})

    @property
    def calls(self) -> Counter[str]:
        """The calls of file system, database and service."""
        return Counter({n: c for n, c in self.passed.items() if n.startswith(PREFIXES)})

    @property
    def files(self) -> Counter[str]:
        """The calls of the file system."""
        return Counter({n: c for n, c in self.passed.items() if n.startswith("os.")})


Life: TypeAlias = Mapping[str, Recorded]


def recorded_life(backends: Combination, root: Path) -> Life:
    """Let every step happen, one after the other, in one project; each must leave it sound."""
    start = backends.site(root / "start")
    with (
        start.settings(),
        small_world(start.folder, months=("2013-01", "2013-02", "2013-03")),
    ):
        pass
    found: dict[str, Recorded] = {}
    before = start
    for step in STEPS:
        if step == "roll_back":
            before = _followed(backends, before, root)
        if step != "commit":
            found[step] = _record(backends, step, before, root)
            before = found[step].after
    # What was trained is what is given to `commit`, in a project where it was not yet.
    untrained = backends.copy(found["train"].before, root / "untrained")
    trained = backends.registry(found["train"].after)
    trained.pull(f"{MODEL}:1", untrained.folder / GIVEN)
    committed = _record(backends, "commit", untrained, root)
    after = found["train"]
    found["commit"] = replace(committed, after=after.after, held_after=after.held_after)
    return {step: found[step] for step in STEPS}


def recorded_agreement(backends: Combination, root: Path) -> Life:
    """Let people agree on a version and take that back, one step after the other."""
    before = backends.site(root / "start")
    with before.settings():
        agreeing.begin(before.folder)
    found: dict[str, Recorded] = {}
    for step in agreeing.AGREEING:
        prepared = backends.copy(before, root / f"before {step}")
        with prepared.settings():
            agreeing.prepare(step, prepared.folder)
        found[step] = _record(backends, step, prepared, root)
        before = found[step].after
    return found


def recorded_packing(backends: Combination, promoted: Site, root: Path) -> Life:
    """Let everything about a version that is live be written into one file."""
    before = backends.copy(promoted, root / "before pack")
    with before.settings():
        agreeing.begin_to_pack(before.folder)
    return {"pack": _record(backends, "pack", before, root)}


def recorded_watching(backends: Combination, promoted: Site, root: Path) -> Life:
    """Let a version that is live be watched, people told of it, and another follow."""
    before = backends.copy(promoted, root / "before watching")
    with before.settings():
        watching.begin(before.folder)
    found: dict[str, Recorded] = {}
    for step in watching.WATCHING:
        found[step] = _record(backends, step, before, root)
        before = found[step].after
    return found


def _followed(backends: Combination, site: Site, root: Path) -> Site:
    """Copy a project, and let a version that was never trained follow in production."""
    followed = backends.copy(site, root / "followed")
    with followed.settings():
        history = reopened(followed.folder)
        history.promote(history.version(2, model=MODEL), model=MODEL)
    return followed


def _record(backends: Combination, step: str, before: Site, root: Path) -> Recorded:
    after, log = backends.copy(before, root / step), root / f"{step}.log"
    assert run(step, after, log=log) == 0
    assert backends.registry(after).verify().problems == ()
    held = (Held.of(backends.registry(site)) for site in (before, after))
    return Recorded(Counter(log.read_text().split()), before, after, *held)


def points(life: Life, step: str) -> list[str]:
    """The named points that this step is the first to pass."""
    earlier = list(life)[: list(life).index(step)]
    tried = {point for each in earlier for point in life[each].points} - {"store.linked"}
    if step == "train":
        tried.add("store.linked")
    counted = life[step].points.items()
    return [f"{point}:{number // 2 + 1}" for point, number in counted if point not in tried]


def wrong_after_a_crash(backends: Combination, site: Site, step: Recorded) -> str:
    """Say what is half-done in a project in which a step was cut short, if anything is."""
    registry = backends.registry(site)
    left = registry.verify().problems
    # Until it is repeated deployments may be told the state before, and verify says so.
    if {problem.code for problem in left} - {"pointer_file_behind"}:
        return f"afterwards {left}"
    found = stages(registry)
    expected = (step.held_before.stages, step.held_after.stages)
    return "" if found in expected else f"afterwards {found}"


def wrong_after_repeating(
    backends: Combination, site: Site, step: Recorded, *, twice: str = ""
) -> str:
    """Say what differs from a project in which a step went well at once, if anything does.

    Args:
        twice: a kind of event that the step, done before and now repeated, adds again.
    """
    found, expected = backends.registry(site), step.held_after
    problems = found.verify().problems
    if problems:
        return f"after repeating it {problems}"
    kinds, wanted = events(found), Counter(expected.events)
    if twice:
        wanted[twice] += 1
    if kinds != wanted:
        return f"events {kinds}, expected {wanted}"
    if stages(found) != expected.stages:
        return f"{stages(found)}, expected {expected.stages}"
    if kinds["model_declared"]:
        evaluations = {(e.version, e.digest) for e in found.evaluations(MODEL)}
        if len(evaluations) > len({number for number, _ in evaluations}):
            return "two evaluations of one version differ"
    return ""


def wrong_until_repeated(
    backends: Combination, site: Site, name: str, step: Recorded, *, fault: str = ""
) -> str:
    """Repeat a step that was cut short; say what is wrong before or after, if anything is."""
    wrong = wrong_after_a_crash(backends, site, step)
    if not wrong and (code := run(name, site)):
        wrong = f"repeating it ended with {code}"
    twice = "version_evaluated" if fault.startswith("version_evaluated.committed") else ""
    return wrong or wrong_after_repeating(backends, site, step, twice=twice)


def refusal(act: Callable[[], object]) -> RegistryError | None:
    """Do something; give the error of ours it ends in; one without a hint is none."""
    try:
        act()
    except RegistryError as error:
        if not error.hint:
            raise
        return error
    return None


def stages(registry: Registry) -> list[tuple[int, str]]:
    """Number and stage of each version."""
    if not registry.models():
        return []
    return [(v.version.number, v.stage) for v in registry.versions(MODEL)]


def events(registry: Registry) -> Counter[str]:
    """How often each kind of thing happened."""
    chains = ("-registry", *(model.name for model in registry.models()))
    return Counter(event.kind for chain in chains for event in registry.log(chain))


def forget(site: Site) -> None:
    """Remove a project's folder: a thousand copies would fill the disk."""
    shutil.rmtree(site.folder, ignore_errors=True)
