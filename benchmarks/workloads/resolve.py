"""Resolve a pointer to version and digest, warm: what every deployment asks."""

from benchmarks.cases import MANY, Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, line, production
from benchmarks.targets import TimesFaster


def cases(scale: Scale) -> list[Case]:
    """At every size, in one model."""
    return [
        Case(
            workload="resolve",
            title=f"resolve a pointer, warm, {size:,} versions",
            fixture=line(size),
            size=size,
            peers={"mlflow": ("MLflow", TimesFaster(20))},
            samples=MANY,
            line="resolve a pointer",
        )
        for size in scale.sizes
    ]


def ours(setting: Setting) -> Operation:
    """`Registry.resolve`."""
    from registry_assets import Registry

    registry = Registry.open(setting.folder)
    expected = registry.version_numbered(MODEL, production(setting.size)).version.digest
    return Operation(
        lambda _: registry.resolve(f"{MODEL}@production"),
        check=lambda version: require(version.digest, expected),
    )


def mlflow(setting: Setting) -> Operation:
    """`get_model_version_by_alias`."""
    from benchmarks.peer.client import open_mlflow
    from benchmarks.peer.loading import ALIAS

    client = open_mlflow(setting.folder)
    return Operation(
        lambda _: int(client.get_model_version_by_alias(MODEL, ALIAS).version),
        check=lambda version: require(version, production(setting.size)),
    )
