"""What must be there before a case is measured: registries of a shape, on both sides."""

from pathlib import Path

from benchmarks import shapes


def make_ours(name: str, folder: str) -> None:
    """Make one of our registries; runs in a worker of ours."""
    if name == shapes.TRAINED:
        from benchmarks.subject.trained import make_trained

        make_trained(Path(folder))
        return
    from registry_assets.registry import Registry

    registry = Registry.init(Path(folder))
    if name == shapes.EMPTY:
        return
    from benchmarks.bulk.loading import Shape, load

    models, versions = shapes.dimensions(name)
    shape = Shape(
        range(models),
        versions,
        promoted_every=shapes.PROMOTED_EVERY,
        production=shapes.production(versions),
        stored=shapes.MOVABLE + shapes.PROMOTED_EVERY,
    )
    load(registry, shape)


def make_mlflow(name: str, folder: str) -> None:
    """Make one of MLflow's registries; runs in a worker of MLflow's environment."""
    if name == shapes.TRAINED:
        from benchmarks.peer.trained import make_trained

        make_trained(Path(folder))
        return
    if name == shapes.EMPTY:
        from benchmarks.peer.client import open_mlflow

        open_mlflow(Path(folder))
        return
    from benchmarks.peer.loading import load

    models, versions = shapes.dimensions(name)
    load(folder, models, versions, shapes.production(versions))
