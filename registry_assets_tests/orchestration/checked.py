"""A model with asset checks of its user's own as gates, which say what a test wants. Not a test."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import dagster as dg

from registry_assets import AssetCheck, RegisteredModel, registry_definitions
from registry_assets.orchestration import version_check
from registry_assets.orchestration.unstable import quiet_previews
from registry_assets_tests.orchestration.stage import EVALUATION, MODEL

FEW_LATE = AssetCheck("few_late", sentence="few of the held-out flights are late")
SMALL = AssetCheck("small", on="model")
VERSIONS = dg.DynamicPartitionsDefinition(name="ontime/versions")
LOOK = "look_at_few_late"
"""A job of the user's own that runs one check and materializes nothing."""

Act = Callable[[dg.AssetCheckExecutionContext], None]


class Said:
    """What the checks say when they run; `act` is what happens while few_late looks."""

    def __init__(self) -> None:
        self.few_late: bool | None = True
        self.small: bool | None = True
        self.act: Act | None = None

    def result(
        self, passed: bool | None, context: dg.AssetCheckExecutionContext
    ) -> dg.AssetCheckResult:
        """Say so, or raise where there is nothing to say."""
        if passed is None:
            raise RuntimeError("the service that knows is down")
        return dg.AssetCheckResult(
            passed=passed,
            description=f"version {context.partition_key} was looked at",
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"value": 0.25, "seen": "all of it"},
        )


SAID = Said()


@version_check("ontime", FEW_LATE)
def few_late(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Say what SAID says."""
    if SAID.act is not None:
        SAID.act(context)
    return SAID.result(SAID.few_late, context)


# The ordinary way, without our decorator.
with quiet_previews():

    @dg.asset_check(asset=MODEL, partitions_def=VERSIONS)
    def small(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """Say what SAID says."""
        return SAID.result(SAID.small, context)


def asked(project: ModuleType, *gates: AssetCheck) -> RegisteredModel:
    """The project's model, with these gates beside its own."""
    model: RegisteredModel = project.ontime
    return replace(model, gates=(*model.gates, *gates))


def definitions(
    project: ModuleType, model: RegisteredModel, *checks: dg.AssetChecksDefinition
) -> dg.Definitions:
    """The code location with this model and these checks."""
    return registry_definitions(
        models=[model],
        assets=[project.flights, project.planes, project.ontime_features],
        asset_checks=checks,
        executor=dg.in_process_executor,
    )


def checked_location(project: ModuleType) -> dg.Definitions:
    """The code location in which both checks are gates, and can be run alone."""
    made = definitions(project, asked(project, FEW_LATE, SMALL), few_late, small)
    key = dg.AssetCheckKey(EVALUATION, "few_late")
    look = dg.define_asset_job(LOOK, selection=dg.AssetSelection.checks(key))
    return dg.Definitions.merge(made, dg.Definitions(jobs=[look]))
