"""What a version's training, and its answers on the holdout, were like: kept with it for ever.

A deployment is held against these profiles, so that nobody has to read old data again, nor to
have it any more.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from registry_assets.declaration import ByKey, RegisteredModel
from registry_assets.lifecycle.data import FeatureRows, held_out, recorded_holdout, require_columns
from registry_assets.packaging.package import TRAINING_PROFILE, TRAINING_SAMPLE, TRAINING_SLICES
from registry_assets.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.monitoring.profile import Groups, Profile


def training_profile(recipe: Recipe, parts: Sequence[FeatureRows]) -> "Profile":
    """Give the profile of the features that a recipe trains on.

    Args:
        parts: its partitions, whole.
    """
    from registry_assets.monitoring.profile import profile_of

    return profile_of(features for features, _ in _trained_on(recipe, parts))


def training_groups(
    recipe: Recipe, parts: Sequence[FeatureRows], *, by: Sequence[str]
) -> "tuple[Groups, ...]":
    """Give the profiles of the same rows told apart by each of some columns."""
    return profiled(_trained_on(recipe, parts), by=by)[1]


def require_watched(model: RegisteredModel, parts: Sequence[FeatureRows]) -> None:
    """Refuse features without a column that their drift is declared by: asked before training.

    Else nobody would find a name that was typed wrong until the months come in which it is
    never looked at.

    Raises:
        DataUnusable: naming the snapshot and every column that it lacks.
    """
    rule = model.monitoring.drift if model.monitoring else None
    if rule is None:
        return
    hint = "correct the name in Drift(…); or keep the column in features_asset(keep=[…])"
    for part in parts:
        features, where = list(part.features.columns), str(part.ref)
        for name, columns, there in (
            ("watch", rule.watch, features),
            ("ignore", rule.ignore, features),
            ("slices", rule.slices, [*features, *part.kept.columns]),
        ):
            what = f"that Drift({name}=…) names"
            require_columns(there, columns, where=where, what=what, hint=hint)


def training_files(
    model: RegisteredModel, recipe: Recipe, parts: Sequence[FeatureRows]
) -> dict[str, bytes]:
    """Give what a package keeps for whoever watches it, by path.

    Profiles always; slices and rows for Evidently where they are declared.

    Raises:
        DataUnusable: a column that is declared to be looked at is not there.
    """
    from registry_assets.evaluation.data.sampling import sampled
    from registry_assets.monitoring.profile.grouping import groups_to_bytes
    from registry_assets.snapshots import encode

    require_watched(model, parts)
    rule = model.monitoring.drift if model.monitoring else None
    slices = rule.slices if rule else ()
    profile, groups = profiled(_trained_on(recipe, parts), by=slices)
    files = {TRAINING_PROFILE: profile.to_bytes()}
    if slices:
        files[TRAINING_SLICES] = groups_to_bytes(groups)
    if rule is not None and rule.evidently is not None:
        import pandas as pd

        rows = pd.concat([each for each, _ in _trained_on(recipe, parts)], ignore_index=True)
        drawn = sampled(rows, rows=rule.evidently.rows, seed=0)
        files[TRAINING_SAMPLE] = encode(drawn.reset_index(drop=True)).data
    return files


def profiled(
    rows: "Iterator[tuple[pd.DataFrame, pd.DataFrame]]", *, by: Sequence[str]
) -> "tuple[Profile, tuple[Groups, ...]]":
    """Give the profile of features, and those of their slices, in one pass.

    Args:
        rows: features, and what is kept beside them, a part at a time.
        by: columns of either; a group's profiles are of the features alone.
    """
    from dataclasses import replace

    from registry_assets.monitoring.profile import Profile, profiles_by

    beside: dict[str, None] = {}

    def parts() -> "Iterator[pd.DataFrame]":
        for features, kept in rows:
            there = [name for name in by if name in kept and name not in features]
            beside.update(dict.fromkeys(there))
            yield features.assign(**{name: kept[name].array for name in there})

    def of_features(profile: Profile) -> Profile:
        columns = profile.columns.items()
        return Profile(profile.rows, {name: each for name, each in columns if name not in beside})

    whole, groups = profiles_by(parts(), by=by)
    return of_features(whole), tuple(
        replace(
            each, profiles={value: of_features(found) for value, found in each.profiles.items()}
        )
        for each in groups
    )


def _trained_on(
    recipe: Recipe, parts: Sequence[FeatureRows]
) -> "Iterator[tuple[pd.DataFrame, pd.DataFrame]]":
    rule = recorded_holdout(recipe)
    for part in parts:
        if isinstance(rule, ByKey):
            trained = ~held_out(rule, part)
            yield part.features[trained], part.kept[trained]
        else:
            yield part.features, part.kept
