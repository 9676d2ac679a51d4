"""Live: one instant of a past period after the other, by the real steps, on the data's time.

What Dagster's sensors and schedule would ask for is asked for here, in their order: what arrived
is watched, a candidate is promoted if nothing holds it, and then a version is asked for if one is
due.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import get_pointer
from registry_assets.catalog.versions import get_version
from registry_assets.clock import ReplayClock, timestamp
from registry_assets.declaration import RegisteredModel, Schedule
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.governance.active import read_active
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision, find_candidate, read_decision
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.evaluating import evaluate_version
from registry_assets.lifecycle.monitoring.threads import tell_ended
from registry_assets.lifecycle.promoting import promote_version
from registry_assets.lifecycle.replaying.arriving import Arrival, bring, find_arrivals
from registry_assets.lifecycle.replaying.cron import instants
from registry_assets.lifecycle.replaying.declared import as_replayed, headline
from registry_assets.lifecycle.replaying.scratch import Scratch, make_scratch
from registry_assets.lifecycle.replaying.values import (
    Moved,
    Plan,
    Replayed,
    Retrained,
    Step,
    Told,
)
from registry_assets.lifecycle.replaying.watching import told_since, watch
from registry_assets.lifecycle.reserving import Request, declare_model, reserve_version
from registry_assets.lifecycle.retraining import RetrainingDue, due_retraining, pointer_of
from registry_assets.lifecycle.training import train_version

RUN = RunInfo(actor="sensor:simulation", run_id="simulation")
"""Who acts: nobody in person, so nobody is kept from approving what was asked for."""

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many partitions of it are, and of how many."""

_BEGIN = "the first version"
_LAST_PERIOD = timedelta(days=31)
"""How long the period of a partition is taken to be of which there is no other to tell by."""


def replay(
    source: Backends,
    model: RegisteredModel,
    plan: Plan,
    *,
    folder: Path,
    progress: Progress = lambda _what, _done, _total: None,
) -> Replayed:
    """Live a past period again, in a registry of its own in a folder that has none.

    Args:
        source: the real registry, which is only read.

    Raises:
        NotFound: the features have no such partitions.
        FolderTaken: the folder has a registry.
        DeclarationError: the schedule cannot be read here.
        DataUnusable: the model cannot be lived with: it says why.
    """
    with source.catalog.read() as connection:
        before, during = find_arrivals(connection, model, plan)
        active = read_active(connection)
    lived, remarks = as_replayed(model)
    first = (before[-1:] or during[:1])[0].at
    clock = ReplayClock(first)
    until = _horizon(before, during)
    fires = tuple(_fires(lived, after=first, before=until))
    scratch = make_scratch(
        folder,
        lived,
        clock=clock,
        document=plan.document or (active.document if active else None),
        approve_all=plan.approve_all,
        run=RUN,
    )
    life = _Life(source, scratch, lived, clock, until)
    progress(f"{model.name} before {plan.start}", 0, len(during))
    began = life.begin(before)
    steps: list[Step] = []
    for step in life.live(during, fires, began=began):
        steps.append(step)
        done = len(steps) - (began is not None)
        progress(f"{model.name} in {step.partition}", done, len(during))
    return Replayed(
        model=model.name,
        metric=headline(lived),
        policy=scratch.policy,
        before=len(before),
        steps=tuple(steps if began is None else steps[1:]),
        began=None if began is None else steps[0],
        remarks=remarks,
    )


def _horizon(before: Sequence[Arrival], during: Sequence[Arrival]) -> datetime:
    """Give the instant at which the partition after the last one would have come."""
    known = [each.at for each in (*before, *during)]
    return known[-1] + (known[-1] - known[-2] if len(known) > 1 else _LAST_PERIOD)


def _fires(model: RegisteredModel, *, after: datetime, before: datetime) -> Iterator[datetime]:
    for each in model.triggers:
        if isinstance(each, Schedule):
            yield from instants(each, after=after, before=before)


@dataclass(slots=True)
class _Life:
    """The scratch registry, and what happened in it since the last partition came.

    Args:
        until: when the period is over.
    """

    source: Backends
    scratch: Scratch
    model: RegisteredModel
    clock: ReplayClock
    until: datetime
    retrained: list[Retrained] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    skipped: dict[str, None] = field(default_factory=dict)

    @property
    def backends(self) -> Backends:
        """The scratch registry's."""
        return self.scratch.backends

    def begin(self, before: Sequence[Arrival]) -> Step | None:
        """Let what came before the period be there, with a first version if one can be made.

        Returns:
            The step that lasts until the period begins; None where nothing came before.
        """
        for each in before:
            self._bring(each)
        # What is declared is known from the beginning: its pointers are asked for.
        declare_model(self.backends, self.model, actor=RUN.actor)
        if not before:
            return None
        self._first_version()
        return Step(before[-1].partition, timestamp(before[-1].at))

    def live(
        self, during: Sequence[Arrival], fires: Sequence[datetime], *, began: Step | None
    ) -> Iterator[Step]:
        """Live the period, giving each step when the next partition comes, the beginning first."""
        came, fired, looked = range(3)  # in this order, where they are at one instant
        events = [(each.at, came, number) for number, each in enumerate(during)]
        events += [(at, fired, 0) for at in fires]
        heapq.heapify(events)
        current, last = began, self.until
        while events:
            at, what, number = heapq.heappop(events)
            if what == came and current is not None:
                yield self._step(current)
            self.clock.now = at
            if what == came:
                current = self._arrived(during[number])
            self._settle()
            if what == fired:
                self._scheduled(at)
            self._first_version()
            again = self._triggered()
            # A limit ends while nothing arrives, and the sensor would see that.
            if again is not None and again < last and (again, looked, 0) not in events:
                heapq.heappush(events, (again, looked, 0))
        if current is not None:
            yield self._step(current)

    def _arrived(self, arrival: Arrival) -> Step:
        self._bring(arrival)
        came = Step(arrival.partition, timestamp(arrival.at))
        return watch(self.backends, self.model, came, run=RUN)

    def _bring(self, arrival: Arrival) -> None:
        self.clock.now = arrival.at
        for each in arrival.snapshots:
            bring(self.source, self.backends, each, run=RUN)

    def _step(self, step: Step) -> Step:
        """Give a step with what happened in it, and begin to collect anew."""
        told = told_since(self.backends, self.model.name, len(self.told))
        self.told += told
        done = replace(
            step,
            told=told,
            retrained=tuple(self.retrained),
            moved=tuple(self.moved),
            skipped=tuple(self.skipped),
        )
        self.retrained, self.moved, self.skipped = [], [], {}
        return done

    def _first_version(self) -> None:
        """Ask for the version that a team begins with by hand: no trigger needs to."""
        with self.backends.catalog.read() as connection:
            held = get_pointer(connection, self.model.name, pointer_of(self.model)).version
            candidate = find_candidate(connection, self.model.name, pointer_of(self.model))
        if held is None and candidate is None:
            self._retrain(Request(f"begin:{timestamp(self.clock())}", reason=_BEGIN), why=_BEGIN)

    def _scheduled(self, at: datetime) -> None:
        cron = next(each.cron for each in self.model.triggers if isinstance(each, Schedule))
        why = f"scheduled: {cron}"
        self._retrain(Request(f"schedule:{timestamp(at)}", trigger="schedule", reason=why), why=why)

    def _triggered(self) -> datetime | None:
        """Ask for a version if one is due; else give when to look again, if that is known."""
        if all(isinstance(each, Schedule) for each in self.model.triggers):
            return None
        with self.backends.catalog.read() as connection:
            due = due_retraining(connection, self.model, now=self.clock())
        if isinstance(due, RetrainingDue):
            self._retrain(due.asked, why=due.reason)
            return None
        self.skipped[due.sentence] = None
        return due.until

    def _retrain(self, request: Request, *, why: str) -> None:
        """Reserve, train, evaluate, and promote it if nothing holds it."""
        try:
            asked = reserve_version(self.backends, self.model, request, run=RUN)
        except DataUnusable as error:
            self.skipped[error.message] = None
            return
        if asked.outcome != "reserved":
            self.skipped[asked.sentence] = None
            return
        number = asked.version.number
        outcome, held_by = self._become(number)
        self.retrained.append(
            Retrained(
                version=number,
                at=timestamp(self.clock()),
                trigger=request.trigger,
                why=why,
                outcome=outcome,
                held_by=held_by,
            )
        )
        if request.trigger in ("drift", "decay"):
            tell_ended(self.backends, self.model.name, run=RUN)

    def _become(self, number: int) -> tuple[str, str]:
        """Train a version, and give what became of it: the outcome, and what is against it."""
        if failure := self._train(number):
            return "failed", failure
        self._settle()
        pointer = pointer_of(self.model)
        if any((each.version, each.pointer) == (number, pointer) for each in self.moved):
            return "promoted", ""
        answer = self._decision(number, pointer).answer
        return "held", answer.sentence if isinstance(answer, Held) else ""

    def _train(self, number: int) -> str:
        """Train and evaluate a version; say why that failed, "" if it did not."""
        try:
            train_version(self.backends, self.model, number, run=RUN)
        except RegistryError:
            with self.backends.catalog.read() as connection:
                version = get_version(connection, self.model.name, number)
            if version.state != "failed":
                raise
            return version.failure or "it does not say why"
        evaluate_version(self.backends, self.model, number, run=RUN)
        return ""

    def _settle(self) -> None:
        """Promote the candidate of each pointer that nothing holds, production last."""
        for pointer in sorted(self.model.pointers, key=lambda name: name == PRODUCTION):
            with self.backends.catalog.read() as connection:
                number = find_candidate(connection, self.model.name, pointer)
            if number is not None:
                self._promote(number, pointer)

    def _promote(self, number: int, pointer: str) -> None:
        decision = self._decision(number, pointer)
        if isinstance(decision.answer, Held) and decision.answer.needs_evaluation:
            evaluate_version(self.backends, self.model, number, run=RUN)
            decision = self._decision(number, pointer)
        if isinstance(decision.answer, Held) and self._only_people_are_missing(decision.answer):
            self.scratch.approve(self.model.name, number, pointer, run=RUN)
            decision = self._decision(number, pointer)
        if not decision.ready:
            return
        made = promote_version(
            self.backends, self.model.name, number, run=RUN, pointer=pointer, reason="simulated"
        ).promotion
        self.moved.append(Moved(pointer, number, made.from_version, made.created_at))

    def _only_people_are_missing(self, answer: Held) -> bool:
        # Nobody who looks at the evidence approves what its gates hold.
        codes = {each.code for each in answer.reasons}
        return bool(self.scratch.signers) and all(code.startswith("approval_") for code in codes)

    def _decision(self, number: int, pointer: str) -> Decision:
        with self.backends.catalog.read() as connection:
            now = timestamp(self.clock())
            return read_decision(connection, self.model.name, number, pointer, now=now)
