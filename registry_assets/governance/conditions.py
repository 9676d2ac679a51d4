"""What a policy asks of times and of order: tags and facts, ages, freezes, one pointer first."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from registry_assets.clock import parse_timestamp
from registry_assets.governance.document import Freeze, WeeklyFreeze
from registry_assets.governance.document.checks import minute_of_week
from registry_assets.governance.policy import Policy, allowed_values
from registry_assets.governance.values import (
    PROMOTE_FIRST,
    RE_EVALUATE,
    RETRAIN,
    TAG,
    WAIT_UNTIL,
    Reason,
    Standing,
)
from registry_assets.governance.wording import exactly, in_words


def conditions(policy: Policy, standing: Standing) -> Iterator[Reason]:
    """Give every condition of a policy that does not hold now."""
    yield from _tags(policy, standing)
    yield from _facts(policy, standing)
    yield from _age(policy, standing)
    yield from _staging(policy, standing)
    yield from _order(policy, standing)
    now = parse_timestamp(standing.now)
    for freeze in policy.rules.freeze:
        if (until := freeze_end(freeze, now)) is not None:
            why = f": {freeze.why}" if freeze.why else ""
            said = f"{standing.pointer.name} is frozen until {until:%Y-%m-%d %H:%M} UTC{why}"
            yield Reason("frozen", standing.pointer.name, said, WAIT_UNTIL)


def freeze_end(freeze: Freeze | WeeklyFreeze, now: datetime) -> datetime | None:
    """Give the instant at which a freeze ends that holds now; None where it does not hold."""
    if isinstance(freeze, Freeze):
        start, end = parse_timestamp(freeze.start), parse_timestamp(freeze.end)
        return end if start <= now < end else None
    here = now.astimezone(ZoneInfo(freeze.timezone))
    minute = here.weekday() * 1440 + here.hour * 60 + here.minute
    start_at, end_at = minute_of_week(freeze.start), minute_of_week(freeze.end)
    length = (end_at - start_at) % _WEEK or _WEEK
    if (minute - start_at) % _WEEK >= length:
        return None
    left = (end_at - minute) % _WEEK or _WEEK
    # By the wall clock there: an hour that is set back in between is none of the freeze's.
    ended = here.replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=left)
    once = ended.replace(tzinfo=here.tzinfo).astimezone(now.tzinfo)
    # A time that the clock shows twice is meant for the second time where the first is over.
    return once if once > now else ended.replace(tzinfo=here.tzinfo, fold=1).astimezone(now.tzinfo)


_WEEK = 7 * 1440


def _tags(policy: Policy, standing: Standing) -> Iterator[Reason]:
    version = standing.version
    for name, allowed in policy.tags.items():
        value, subject = standing.tags.get(name, ""), f"tags.{name}"
        asked = f"the policy asks for {allowed_values(allowed)}"
        if not value.strip():
            said = f"{version.reference} has no tag {name}; {asked}"
            yield Reason("tag_missing", subject, said, TAG)
        elif allowed and value not in allowed:
            said = f"{version.reference} has the tag {name}={value}; {asked}"
            yield Reason("tag_not_allowed", subject, said, TAG)


def _facts(policy: Policy, standing: Standing) -> Iterator[Reason]:
    for name in policy.rules.metadata:
        found: object = standing.version.metadata
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found in (None, "", [], {}) or (isinstance(found, str) and not found.strip()):
            said = f"{standing.version.reference} does not say its {name}; the policy asks for it"
            yield Reason("fact_missing", name, said, RETRAIN)


def _age(policy: Policy, standing: Standing) -> Iterator[Reason]:
    limit, evaluation = policy.rules.evaluation_max_age, standing.evaluation
    if limit is None or evaluation is None:
        return
    age = (parse_timestamp(standing.now) - parse_timestamp(evaluation.created_at)).total_seconds()
    if age > limit:
        allowed, old = exactly(limit), in_words(age)
        if old == allowed:
            old = exactly(math.ceil(age))
        said = (
            f"its evaluation is {old} old; the policy allows {allowed} for {standing.pointer.name}"
        )
        yield Reason("evaluation_too_old", standing.version.reference, said, RE_EVALUATE)


def _staging(policy: Policy, standing: Standing) -> Iterator[Reason]:
    asked, since = policy.rules.min_staging, standing.staging_since
    if asked is None or standing.evaluation is None:
        return  # without an evaluation it is held already
    version = standing.version.reference
    said = f"{version} has to stand in staging for {exactly(asked)}"
    if since is None:
        # Said although a gate holds it too: whoever may set gates aside may not set this aside.
        said += ", and is not there: not every gate has passed"
        yield Reason("not_in_staging", version, said)
        return
    ends = parse_timestamp(since) + timedelta(seconds=asked)
    if parse_timestamp(standing.now) < ends:
        said += f", until {ends:%Y-%m-%d %H:%M} UTC"
        yield Reason("staging_too_short", version, said, WAIT_UNTIL)


def _order(policy: Policy, standing: Standing) -> Iterator[Reason]:
    first = policy.rules.after
    if first is None:
        return
    version, asked = standing.version.reference, policy.rules.after_for
    now = parse_timestamp(standing.now)
    times = [
        parse_timestamp(tenure.until or standing.now) - parse_timestamp(tenure.promotion.created_at)
        for tenure in standing.elsewhere
    ]
    if not times:
        said = f"{standing.pointer.name} comes after {first}, which has not held {version}"
        yield Reason("pointer_first", first, said, PROMOTE_FIRST)
        return
    held = sum(times, timedelta())
    if asked is not None and held.total_seconds() < asked:
        left = now + timedelta(seconds=asked) - held
        said = (
            f"{first} has to hold {version} for {exactly(asked)} first: until"
            f" {left:%Y-%m-%d %H:%M} UTC, while it does"
        )
        yield Reason("pointer_first", first, said, WAIT_UNTIL)
