"""The assets `<model>/model` and `<model>/evaluation`: one partition per version number."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.orchestration.approved import approved_result
from registry_assets.orchestration.checks import check_results, evaluation_checks, model_checks
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation import evaluation_metadata, version_metadata
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info

_TAG = re.compile(r"[A-Za-z0-9_.-]{1,63}")
# What the UI has pictures of, by the module that brings it. An asset may have three.
_KINDS = {
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "onnx": "onnx",
    "torch": "pytorch",
}
_MOST_KINDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class VersionAssets:
    """The two assets of a model, and the partitions they share."""

    partitions: dg.DynamicPartitionsDefinition
    model: dg.AssetsDefinition
    evaluation: dg.AssetsDefinition
    model_specs: tuple[dg.AssetCheckSpec, ...]
    evaluation_specs: tuple[dg.AssetCheckSpec, ...]


def version_assets(declared: RegisteredModel, source: RegistryResource) -> VersionAssets:
    """Make the assets of one registered model."""
    names = Names(declared.name)
    partitions = dg.DynamicPartitionsDefinition(name=names.versions)
    model_specs = model_checks(names, partitions)
    evaluation_specs = evaluation_checks(declared, names, partitions)
    return VersionAssets(
        partitions,
        _model_asset(declared, names, partitions, model_specs, source),
        _evaluation_asset(declared, names, partitions, evaluation_specs, source),
        model_specs,
        evaluation_specs,
    )


def kinds_of(declared: RegisteredModel) -> set[str]:
    """Give the frameworks that `train` and its module name; else scikit-learn's."""
    train = declared.train
    names = list(getattr(getattr(train, "__code__", None), "co_names", ()))
    names += [
        str(getattr(value, "__module__", None) or getattr(value, "__name__", None))
        for value in vars(sys.modules[train.__module__]).values()
    ]
    tops = {name.partition(".")[0] for name in names}
    found = sorted(kind for module, kind in _KINDS.items() if module in tops)
    return set(found[:_MOST_KINDS]) or {"scikitlearn", "skops"}


def asset_tags(declared: RegisteredModel) -> dict[str, str]:
    """Give those tags of a declaration that Dagster can hold."""
    return {
        key: value
        for key, value in declared.tags.items()
        if _TAG.fullmatch(key) and _TAG.fullmatch(value)
    }


def _model_asset(
    declared: RegisteredModel,
    names: Names,
    partitions: dg.DynamicPartitionsDefinition,
    specs: tuple[dg.AssetCheckSpec, ...],
    source: RegistryResource,
) -> dg.AssetsDefinition:
    mapping = dg.AllPartitionMapping() if declared.features.partitioned else None
    features = dg.AssetKey.from_user_string(declared.features.key)

    @dg.asset(
        key=names.model_key,
        partitions_def=partitions,
        # Not an input: the recipe of a version names the snapshots, never "the latest".
        deps=[dg.AssetDep(features, partition_mapping=mapping)],
        check_specs=specs,
        description=f"{declared.description}\n\nOne partition per version: reserved by the job"
        f" `{names.retrain_job}`, trained on the snapshots that its recipe names.",
        group_name=declared.name,
        kinds=kinds_of(declared),
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def model(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        registry = source.open()
        run = run_info(context.instance, context.run)
        try:
            version = registry.train(declared, _number(context), run=run)
        except RegistryError as error:
            raise refuse(error) from error
        summary = registry.version(version.reference)
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(str(version.digest)),
            metadata=version_metadata(version),
            check_results=check_results(
                specs,
                [verdict.finding for verdict in summary.verdicts],
                version=version,
                recalled=summary.decision.standing.recalled,
            ),
        )

    return model


def _evaluation_asset(
    declared: RegisteredModel,
    names: Names,
    partitions: dg.DynamicPartitionsDefinition,
    specs: tuple[dg.AssetCheckSpec, ...],
    source: RegistryResource,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.evaluation_key,
        partitions_def=partitions,
        deps=[names.model_key],
        check_specs=specs,
        description="Metrics, slices and the comparison with production of each version, on the"
        " rows it was never trained on. Its checks are the gates. Materialize a partition again"
        " to evaluate that version under today's suite.",
        group_name=declared.name,
        kinds={"report"},
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def evaluation(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        registry = source.open()
        run = run_info(context.instance, context.run)
        try:
            done = registry.evaluate(declared, _number(context), run=run)
        except RegistryError as error:
            raise refuse(error) from error
        digest = done.record.digest
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(digest),
            metadata=evaluation_metadata(done.version, digest, done.result),
            check_results=check_results(
                specs,
                done.findings,
                version=done.version,
                evaluation=digest,
                decision=registry.decision(declared.name, done.version.number),
                gates=declared.gates,
                result=done.result,
                approved=approved_result(registry, declared, done.version.number),
            ),
        )

    return evaluation


def _number(context: dg.AssetExecutionContext) -> int:
    key = context.partition_key
    if not re.fullmatch(r"[1-9][0-9]{0,8}", key):
        raise dg.Failure(
            description=f"{key!r} is no version number: expected 1, 2, 3 …"
            "\nHint: launch the retrain job; it reserves the next number and adds its partition",
            allow_retries=False,
        )
    return int(key)
