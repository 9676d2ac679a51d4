"""Get one registered model, with its pointers, however many versions it has."""

from typing import Any

from benchmarks.cases import MANY, Case, Scale
from benchmarks.measuring import Operation, Setting, require
from benchmarks.shapes import MODEL, line, production
from benchmarks.targets import TimesFaster

MEANT_AT = 10_000


def cases(scale: Scale) -> list[Case]:
    """At every size; the target is for 10,000 versions."""
    return [
        Case(
            workload="get_model",
            title=f"get a model with {size:,} versions",
            fixture=line(size),
            size=size,
            peers={"mlflow": ("MLflow", TimesFaster(300) if size == MEANT_AT else None)},
            samples=MANY,
            line="get a model",
        )
        for size in scale.sizes
    ]


def ours(setting: Setting) -> Operation:
    """`Registry.model` and `Registry.pointers`."""
    from registry_assets import Registry

    registry = Registry.open(setting.folder)

    def get(_: None) -> tuple[str, int | None]:
        (pointer,) = registry.pointers(MODEL)
        return registry.model(MODEL).name, pointer.version

    return Operation(get, check=lambda got: require(got, (MODEL, production(setting.size))))


def mlflow(setting: Setting) -> Operation:
    """`get_registered_model`, which gives the aliases too."""
    from benchmarks.peer.client import open_mlflow
    from benchmarks.peer.loading import ALIAS

    client = open_mlflow(setting.folder)

    def check(model: Any) -> None:
        require((model.name, int(model.aliases[ALIAS])), (MODEL, production(setting.size)))

    return Operation(lambda _: client.get_registered_model(MODEL), check=check)
