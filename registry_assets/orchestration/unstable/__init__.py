"""Every call into Dagster that is not its public API, each with the reason it is needed.

Nothing outside this package imports a private Dagster module or silences one of its warnings,
so a Dagster upgrade that breaks us breaks us here. In this file: what definitions and steps
need. `workspace` holds the daemon's part and `runs` what is read of a run; both are imported
by `local.py` only, because the daemon's modules double the time in which definitions load.
"""

import math
import warnings
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import dagster as dg


@contextmanager
def quiet_previews() -> Iterator[None]:
    """Silence, inside the block, the one preview warning that our asset checks cause.

    A check of a version must carry `partitions_def`: without it Dagster stores its results
    with no partition, and a verdict could not be told from that of another version.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            message=r"Specifying a partitions_def on an AssetCheckSpec is currently in preview",
            category=dg.PreviewWarning,
        )
        yield


def set_data_version(context: dg.OutputContext, digest: str) -> None:
    """Make `digest` the data version of the asset whose output is being stored.

    Only the IO manager knows the digest, and an IO manager has no public way to say it: the
    asset's own body would have to return it, and users' assets return plain data frames.
    """
    context.step_context.set_data_version(context.asset_key, dg.DataVersion(digest))


def step_attempt(context: dg.InputContext | dg.OutputContext) -> Hashable:
    """An object that all inputs and outputs of one try of one step share, and nothing else.

    For an IO manager that must know, when it stores an output, what it loaded for it: key a
    `weakref.WeakKeyDictionary` by it. A retried step has a new one and loads its inputs again.
    """
    return context.step_context


def runtime_limit(instance: dg.DagsterInstance, run: dg.DagsterRun) -> float:
    """Seconds after which run monitoring ends a run; 0 where nothing limits it.

    A tag of the run goes before the setting of the instance, which only monitoring reads.
    """
    try:
        tagged = float(run.tags["dagster/max_runtime"])
    except (KeyError, ValueError):
        tagged = math.nan
    return tagged if math.isfinite(tagged) else float(instance.run_monitoring_max_runtime_seconds)
