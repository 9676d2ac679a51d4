"""Checks of datasets, blocking: what they refuse saves the training."""

from collections.abc import Callable, Sequence

import dagster as dg
import pandas as pd

from registry_assets.orchestration.unstable import quiet_previews


def data_check(
    asset: dg.AssetsDefinition,
    problems: Callable[[pd.DataFrame], Sequence[str]],
    *,
    name: str = "usable",
) -> dg.AssetChecksDefinition:
    """Make a blocking check of a function that tells what is wrong with a table.

    Args:
        problems: gives one sentence per problem; an empty answer passes.
    """
    with quiet_previews():

        @dg.asset_check(
            asset=asset,
            name=name,
            blocking=True,
            partitions_def=asset.partitions_def,
            description=(problems.__doc__ or "").strip().split("\n")[0],
        )
        def check(
            context: dg.AssetCheckExecutionContext, table: pd.DataFrame
        ) -> dg.AssetCheckResult:
            found = list(problems(table))
            return dg.AssetCheckResult(
                passed=not found,
                description="; ".join(found) or "nothing is wrong",
                metadata={"rows": len(table), "problems": len(found)},
            )

    return check
