"""When a delivery that failed is tried again, and when it is given up.

Half a minute, then twice as long each time, an hour at most. Given up after the attempts of a
day; they are counted, so that a night in which nothing ran costs no alert its attempts.
"""

import math
from datetime import datetime, timedelta

FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
LONGEST_ASKED = timedelta(hours=6)
"""What a sink may ask for: a wrong clock of its own must not silence it for ever."""
GIVEN_UP_AFTER = timedelta(days=1)


def wait(attempts: int) -> timedelta:
    """Give the time between one attempt and the next.

    Args:
        attempts: made so far, from 1.
    """
    # 2**7 half minutes are longer than an hour; the power must not grow for ever.
    doubled: timedelta = FIRST * 2 ** min(attempts - 1, 7)
    return min(doubled, LONGEST)


def _attempts() -> int:
    made, passed = 1, timedelta()
    while (passed := passed + wait(made)) <= GIVEN_UP_AFTER:
        made += 1
    return made


MOST_ATTEMPTS = _attempts()
"""So many are made within a day, when a sink asks for no other times."""


def next_attempt(
    now: datetime, *, attempts: int, permanent: bool = False, retry_after: float | None = None
) -> datetime | None:
    """Give when to try again; None to give up.

    Args:
        now: when the last attempt failed.
        attempts: made so far, that one included.
        permanent: it was refused for what it is: see `DeliveryFailed`.
        retry_after: seconds that the sink asked for; it may be called later, never sooner.
    """
    if permanent or attempts >= MOST_ATTEMPTS:
        return None
    asked = timedelta()
    if retry_after is not None and not math.isnan(retry_after):
        seconds = min(max(retry_after, 0.0), LONGEST_ASKED.total_seconds())
        asked = timedelta(seconds=seconds)
    return now + max(wait(attempts), asked)
