"""Replay: a past period lived again in a scratch registry, as a declaration has it today.

The way a team tries triggers, thresholds and policies out before it trusts them. The rows are
copied from the real registry, which is only read; trainings, evaluations, gates and promotions are
the real steps, on the time of the data. (`simulating` only decides past promotions again, and
trains nothing.)

values      what was lived, partition by partition
arriving    which data came when, and the copy of it
cron        the instants of a schedule
scratch     the registry that it is lived in, with a policy and people of its own
living      one instant after the other
"""

from registry_assets.lifecycle.replaying.living import replay
from registry_assets.lifecycle.replaying.values import Plan, Replayed

__all__ = ["Plan", "Replayed", "replay"]
