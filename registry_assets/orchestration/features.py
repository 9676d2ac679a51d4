"""`features_asset`: a row-wise function becomes an asset whose partitions are snapshots."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd

from registry_assets.errors import DataUnusable, DeclarationError, InvalidName, PackagingRefused
from registry_assets.orchestration.io_manager import FACTS, KIND, asset_name
from registry_assets.orchestration.resource import refuse
from registry_assets.orchestration.unstable import quiet_previews
from registry_assets.orchestration.unstable.partitions import newest_ended
from registry_assets.packaging.closure import code_closure
from registry_assets.references import check_name

IO_MANAGER = "snapshots"
CHECK = "usable"

# Of several columns pandas says in a sentence which are missing: "['b'] not in index", or
# "None of [Index(['b'], dtype='str')] are in the [columns]" where all of them are.
_SEVERAL = re.compile(
    r"(?:None of )?(?:\[Index\()?(\[.*?\])(?:,\s+dtype=.*\)\])?"
    r" (?:not in index|not found in axis|are in the \[?columns\]?)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, eq=False)
class FeaturesAsset:
    """What `features_asset` made: the Dagster asset, and what a declaration needs of it."""

    asset: dg.AssetsDefinition
    make_features: Callable[..., Any]
    keep: tuple[str, ...]

    @property
    def asset_key(self) -> dg.AssetKey:
        """The asset's key."""
        return self.asset.key

    @property
    def key(self) -> str:
        """The asset's key as the registry writes it."""
        return asset_name(self.asset.key)

    @property
    def partitioned(self) -> bool:
        """Whether the asset has partitions."""
        return self.asset.partitions_def is not None

    @property
    def timed(self) -> bool:
        """Whether its partitions are of periods."""
        return isinstance(self.asset.partitions_def, dg.TimeWindowPartitionsDefinition)

    def ended_partition(self, now: datetime, *, days: float) -> str:
        """Give the newest partition whose period ended so many days ago, or longer.

        "" if none did, or the partitions are of no times.
        """
        partitions = self.asset.partitions_def
        if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
            return ""
        return newest_ended(partitions, now - timedelta(days=days))


def features_asset(
    make_features: Callable[..., pd.DataFrame],
    *,
    name: str,
    keep: Sequence[str],
    inputs: Mapping[str, dg.AssetKey | dg.AssetsDefinition] | None = None,
    partitions_def: dg.PartitionsDefinition[str] | None = None,
    code_version: str | None = None,
    description: str | None = None,
    group_name: str | None = None,
) -> FeaturesAsset:
    """Make an asset of a function that turns raw rows into features, one for one.

    The function's parameters name its inputs; the first is the one whose rows are scored,
    the others are looked things up in.

    Args:
        keep: columns of the first input carried beside the features, never given to the
            estimator: the target, keys, sensitive attributes.
        inputs: the asset behind each parameter; by default the asset of the same name.
        code_version: by default the digest of the function's own code.

    Raises:
        DeclarationError: the function cannot be packaged, or its parameters and `inputs`
            differ.
    """
    _check_names(name, keep)
    parameters = _parameters(name, make_features)
    given = {key: _key(value) for key, value in (inputs or {}).items()}
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise DeclarationError(
            f"features_asset {name!r}: make_features takes ({', '.join(parameters)});"
            f" inputs names {', '.join(unknown)}",
            hint="name each input as the parameter it is for",
        )
    try:
        closure = code_closure(make_features)
    except PackagingRefused as error:
        raise DeclarationError(
            f"features_asset {name!r}: {error.message}", hint=error.hint
        ) from error
    kept = tuple(keep)

    def compute(
        context: dg.AssetExecutionContext, **frames: Any
    ) -> Iterator[dg.MaterializeResult[pd.DataFrame]]:
        frame = _compute(make_features, {p: frames[p] for p in parameters}, kept)
        problems = _problems(frame, kept)
        if problems:
            # Not a failed check beside a stored snapshot: the next training would take it.
            where = f"{name}[{context.partition_key}]" if context.has_partition_key else name
            raise refuse(
                DataUnusable(
                    f"{where} is not stored: {'; '.join(problems)}",
                    hint=f"mend {', '.join(parameters)}, then materialize it again",
                )
            )
        yield dg.MaterializeResult(
            value=frame,
            check_results=[
                dg.AssetCheckResult(
                    check_name=CHECK,
                    passed=True,
                    description="rows, and a value in every column",
                    metadata={"rows": len(frame)},
                )
            ],
        )

    asset = dg.asset(
        name=name,
        ins={p: dg.AssetIn(key=given.get(p, dg.AssetKey(p))) for p in parameters},
        partitions_def=partitions_def,
        io_manager_key=IO_MANAGER,
        code_version=code_version or closure.digest[7:19],
        description=description or inspect.getdoc(make_features),
        group_name=group_name,
        kinds={"pandas", "parquet"},
        metadata={
            KIND: "features",
            FACTS: {"kept": list(kept), "inputs": list(parameters), "code": closure.digest},
        },
        check_specs=[_usable(name, partitions_def)],
    )(compute)
    return FeaturesAsset(asset, make_features, kept)


def _check_names(name: str, keep: Sequence[str]) -> None:
    try:
        check_name(name, what="features asset")
    except InvalidName as error:
        raise DeclarationError(f"features_asset: {error.message}", hint=error.hint) from error
    if isinstance(keep, str):
        raise DeclarationError(
            f"features_asset {name!r}: keep={keep!r} is a text, not a list of columns",
            hint=f"keep=[{keep!r}]",
        )


def _parameters(name: str, make_features: Callable[..., Any]) -> tuple[str, ...]:
    """Give the function's parameters, each of which is an input."""
    if not callable(make_features):
        raise DeclarationError(
            f"features_asset {name!r}: make_features is a {type(make_features).__name__}",
            hint="give the function itself",
        )
    parameters = inspect.signature(make_features).parameters.values()
    odd = [str(p) for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    odd += [str(p) for p in parameters if p.default is not p.empty]
    if odd or not parameters:
        raise DeclarationError(
            f"features_asset {name!r}: make_features takes ({', '.join(map(str, parameters))});"
            " every parameter must name one table",
            hint="def make_features(flights, weather): … with the rows to score first",
        )
    return tuple(p.name for p in parameters)


def _usable(name: str, partitions: dg.PartitionsDefinition[str] | None) -> dg.AssetCheckSpec:
    with quiet_previews():
        return dg.AssetCheckSpec(
            CHECK,
            asset=name,
            blocking=True,
            partitions_def=partitions,
            description="There are rows, and no feature is missing everywhere.",
        )


def _compute(
    make_features: Callable[..., pd.DataFrame],
    frames: Mapping[str, pd.DataFrame],
    keep: tuple[str, ...],
) -> pd.DataFrame:
    """Call the function and put the kept columns of the rows beside what it gave."""
    rows_name, rows = next(iter(frames.items()))
    absent = [column for column in keep if column not in rows.columns]
    if absent:
        raise refuse(
            DataUnusable(
                f"{rows_name} has no column {', '.join(absent)} to keep;"
                f" it has {', '.join(map(str, rows.columns))}",
                hint=f"add it to {rows_name}, or correct keep=[…]",
            )
        )
    try:
        features = make_features(**frames)
    except KeyError as error:
        there = "; ".join(f"{n} has {', '.join(map(str, f.columns))}" for n, f in frames.items())
        missing = _missing_columns(error)
        which = f"columns {', '.join(missing)}, which are"
        if len(missing) == 1:
            which = f"column {missing[0]}, which is"
        raise refuse(
            DataUnusable(
                f"make_features needs the {which} not there: {there}",
                hint="the dataset changed its columns: mend it, or the function",
            )
        ) from error
    if len(features) != len(rows):
        raise refuse(
            DataUnusable(
                f"make_features gave {len(features):,} rows for {len(rows):,} of {rows_name}",
                hint="features are row-wise: drop rows in the dataset asset, not here",
            )
        )
    both = sorted(set(features.columns) & set(keep))
    if both:
        raise refuse(
            DataUnusable(
                f"make_features gives {', '.join(both)}, which is also kept beside the features",
                hint="the target must not be among the features; remove it from one of the two",
            )
        )
    beside = rows[list(keep)].reset_index(drop=True)
    return pd.concat([features.reset_index(drop=True), beside], axis=1)


def _missing_columns(error: KeyError) -> list[str]:
    """Name the columns that pandas did not find, quoted."""
    key = error.args[0] if error.args else ""
    if isinstance(key, list | pd.Index):
        return [repr(name) for name in key]
    several = _SEVERAL.fullmatch(key) if isinstance(key, str) else None
    if several is None:
        return [repr(key)]
    names = several[1]
    try:
        return [repr(name) for name in ast.literal_eval(names)]
    except (ValueError, SyntaxError):  # a quote in a name; more names than pandas writes out
        return [" ".join(names.split())]


def _problems(frame: pd.DataFrame, keep: tuple[str, ...]) -> list[str]:
    if frame.empty:
        return ["there are no rows"]
    features = frame.drop(columns=list(keep))
    empty = [str(column) for column in features.columns if features[column].isna().all()]
    return [f"{', '.join(empty)} is missing in every row"] if empty else []


def _key(value: dg.AssetKey | dg.AssetsDefinition) -> dg.AssetKey:
    return value.key if isinstance(value, dg.AssetsDefinition) else value
