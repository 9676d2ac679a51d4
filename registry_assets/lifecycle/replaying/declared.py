"""A declaration as it can be lived with again, and the one metric that is shown of it."""

from dataclasses import replace

from registry_assets.declaration import RegisteredModel


def headline(model: RegisteredModel) -> str:
    """Give the metric that is shown: the first that may decay, else the first that is measured."""
    decay = model.monitoring.decay if model.monitoring else ()
    return decay[0].metric if decay else model.evaluation.measures[0].name


def as_replayed(model: RegisteredModel) -> tuple[RegisteredModel, tuple[str, ...]]:
    """Give a declaration whose versions predict by themselves, and say what is other than it was.

    A log holds what the real versions said, and none of those that are made anew.
    """
    remarks = []
    if model.mirrors:
        named = ", ".join(mirror.mirror for mirror in model.mirrors)
        remarks.append(f"nothing is published to {named}")
        # Nor by who looks at the registry that is kept: these versions are nobody's to deploy.
        model = replace(model, mirrors=())
    if model.own_checks:
        named = ", ".join(gate.name for gate in model.own_checks)
        remarks.append(f"asset checks of your own are not run: every version is held by {named}")
    plan = model.monitoring
    if plan is None:
        remarks.append(f"{model.name} is not watched: nothing is known of drift and performance")
    if plan is None or plan.predictions is None:
        return model, tuple(remarks)
    remarks.append("what a service logged is not read: the versions that are made score the rows")
    keep = model.features.keep
    lost = plan.labels is not None and not set(plan.labels.on) <= set(keep)
    if lost:
        remarks.append(
            "the features keep no column to join the labels by: the target kept beside them counts"
        )
    own = replace(
        plan,
        predictions=None,
        keys=tuple(key for key in plan.keys if key in keep),
        labels=None if lost else plan.labels,
    )
    return replace(model, monitoring=own), tuple(remarks)
