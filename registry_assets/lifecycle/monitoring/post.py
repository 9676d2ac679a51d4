"""What waits to be told, and what was given up: asked by sensors, the command line and `doctor`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.alerting import AlertSettings
from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog import outbox

_MOST_LETTERS = 100_000


@dataclass(frozen=True, slots=True)
class Post:
    """Where the letters about alerts are.

    Args:
        unaddressed: of which it is not settled who gets them.
        to_address: those of them that are settled now: none where no sink is configured.
        due: deliveries that may be made now, a hundred at most.
        waiting: deliveries whose time has not come, those due included.
        unknown: of those that wait, how many are for sinks that are not configured.
        state: names what is to be done now: it is another one after each attempt.
    """

    unaddressed: int
    to_address: int
    due: int
    waiting: int
    given_up: int
    unknown: Mapping[str, int]
    state: str

    @property
    def is_for_now(self) -> bool:
        """Whether a round of delivering would do anything."""
        return bool(self.to_address or self.due)


def read_post(connection: sa.Connection, settings: AlertSettings, *, now: str) -> Post:
    """Read where the letters are."""
    names = [each.name for each in settings.sinks]
    # Where nobody can be told, nothing is settled either: see `delivering`.
    letters = outbox.unaddressed(connection) if names else ()
    found = outbox.due(connection, now=now, sinks=names)
    waiting = outbox.list_deliveries(connection, states=("waiting",))
    counts = outbox.count_deliveries(connection)
    others = Counter(each.sink for each in waiting if each.sink not in names)
    to_do: list[Json] = [
        *(letter.id for letter in letters),
        *(f"{each.letter.id}/{each.sink}/{each.attempts}/{each.updated_at}" for each in found),
    ]
    unaddressed = outbox.count_unaddressed(connection)
    return Post(
        unaddressed=unaddressed,
        to_address=unaddressed if names else 0,
        due=len(found),
        waiting=counts.get("waiting", 0),
        given_up=counts.get("given_up", 0),
        unknown=dict(sorted(others.items())),
        state=sha256_digest(canonical_json(to_do))[7:19],
    )


@dataclass(frozen=True, slots=True)
class Untold:
    """What of one alert was not told yet: occasions, each counted for every sink.

    Args:
        waiting: to be told yet, those of which it is not settled to whom included.
        given_up: of which nobody will be told unless a person has them tried again.
    """

    waiting: int
    given_up: int


def read_untold(
    connection: sa.Connection, model: str | None = None
) -> Mapping[tuple[str, int], Untold]:
    """Read what was not told yet, by model and alert; those that everybody was told are absent."""
    waiting: Counter[tuple[str, int]] = Counter()
    given_up: Counter[tuple[str, int]] = Counter()
    for delivery in outbox.list_deliveries(connection, model, states=("waiting", "given_up")):
        counted = waiting if delivery.state == "waiting" else given_up
        counted[delivery.letter.model, delivery.letter.alert] += 1
    for letter in outbox.unaddressed(connection, limit=_MOST_LETTERS):
        if model in (None, letter.model):
            waiting[letter.model, letter.alert] += 1
    return {each: Untold(waiting[each], given_up[each]) for each in waiting | given_up}
