"""Which partition of a timed asset has ended; Dagster says that in no public function."""

from datetime import datetime

import dagster as dg


def newest_ended(partitions: dg.TimeWindowPartitionsDefinition, by: datetime) -> str:
    """Give the newest partition whose period had ended by then; "" if none had.

    Args:
        by: an instant with a time zone.
    """
    with dg.partition_loading_context(effective_dt=by):
        # Those that exist, which with an offset may end later; and the last that has ended.
        existing = partitions.get_last_partition_window()
        ended = partitions.get_prev_partition_window(by)
        if existing is None or ended is None:
            return ""
        window = min(existing, ended, key=lambda each: each.start.timestamp())
        return partitions.get_partition_key_for_timestamp(window.start.timestamp())


def is_partition(
    partitions: dg.PartitionsDefinition[str], key: str, instance: dg.DagsterInstance
) -> bool:
    """Tell whether there is a partition of this key now."""
    with dg.partition_loading_context(dynamic_partitions_store=instance):
        return partitions.has_partition_key(key)
