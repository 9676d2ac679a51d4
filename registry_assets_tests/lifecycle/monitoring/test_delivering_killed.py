"""A deliverer that is killed anywhere loses nothing; what it sent without saying so comes twice."""

import signal
import subprocess
import sys
from collections import Counter

import pytest

from registry_assets import faults
from registry_assets_tests.lifecycle.monitoring.post import Post

SCRIPT = """
import sys
from datetime import datetime
from registry_assets.clock import ReplayClock
from registry_assets.registry import Registry
Registry.open(sys.argv[1], clock=ReplayClock(datetime.fromisoformat(sys.argv[2]))).deliver()
"""

POINTS = {
    # Where it dies, and how many letters are told twice for it.
    "deliver.addressed": 0,
    "deliver.claimed": 0,
    "deliver.claimed:2": 0,
    "deliver.sent": 1,
    "deliver.sent:3": 1,
    "deliver.settled:2": 0,
}
KEYS = ["late/1/1", "late/1/2", "late/2/1"]


def killed(post: Post, at: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Deliver in a process of its own that dies at a point; give its exit code."""
    with monkeypatch.context() as patch:
        patch.setenv(faults.VARIABLE, at)
        now = post.history.clock.now.isoformat()
        command = [sys.executable, "-c", SCRIPT, str(post.folder), now]
        return subprocess.run(command, check=False).returncode


@pytest.mark.parametrize("at", POINTS)
def test_what_a_killed_deliverer_left_is_told_by_the_next_one(
    post: Post, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    post.log_to("log")
    post.find()
    post.find(outcome="passed", partition="2013-06")
    post.find("data_quality")
    assert killed(post, at, monkeypatch) == -signal.SIGKILL
    before = post.keys()
    # Whoever comes at once leaves alone what may still be under way.
    post.deliver()
    assert Counter(post.keys()).most_common(1)[0][1:] <= (1,)
    post.later(minutes=5)
    post.deliver()
    post.deliver()
    counted = Counter(post.keys())
    assert sorted(counted) == KEYS
    assert sum(counted.values()) - len(KEYS) == POINTS[at]
    assert len(before) < len(KEYS) or at == "deliver.sent:3"
    # Of one alert, in the order in which it happened, whatever came twice.
    of_first = [key for key in dict.fromkeys(post.keys()) if key.startswith("late/1/")]
    assert of_first == KEYS[:2]
    assert set(post.states().values()) == {"delivered"}
    assert post.history.registry.verify().clean
