"""LightGBM's boosters by its own text, and the class that scikit-learn knows them by."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from registry_assets.canonical import Json
from registry_assets.errors import PackagingRefused
from registry_assets.packaging.formats.lightgbm_text import (
    WHAT,
    check_text,
    objective_of,
    without_parameters,
)
from registry_assets.packaging.formats.parameters import plain_parameters, unfitted
from registry_assets.packaging.formats.protocol import (
    Stored,
    Surroundings,
    beyond,
    damaged,
    is_of,
)
from registry_assets.packaging.signature import Label

_BOOSTER = "lightgbm.basic.Booster"
_WRAPPERS = ("LGBMClassifier", "LGBMRegressor", "LGBMRanker")
_CLASSES = (_BOOSTER, *(f"lightgbm.sklearn.{name}" for name in _WRAPPERS))
_LEFT_OUT = frozenset({"n_jobs", "verbose", "verbosity", "device", "device_type"})
# Of LightGBM's hundred parameters many name files and machines; these texts name neither.
_TEXTS = frozenset({"boosting_type", "objective", "class_weight", "importance_type"})
_CLASSIFIES = {"binary": 2, "multiclass": 0, "multiclassova": 0}
_MOST_BYTES = 2**31


class LightGBM:
    """`LGBMClassifier`, `LGBMRegressor`, `LGBMRanker`, and a plain `Booster`.

    The file is what `save_model` writes: text with the numbers of each tree, the names of
    features and the values of categories. It names no code. Its block of training parameters can
    name files and machines, so a reader is not given that block at all. Counts and the links of
    the trees are checked here before LightGBM reads them: each row of numbers is as long as its
    tree says, each link leads to a node or leaf of the same tree and none in a circle, each
    feature and category is one that the model has. Limits: 2 GiB, 100,000 trees, 1,000,000
    features, 10,000 classes. Tried against it: truncated and edited files, counts of 2^62, links
    out of the tree and in circles, sizes that overlap, paths in place of numbers, pickles, other
    frameworks' files.
    """

    name = "lightgbm"
    file = "estimator.lightgbm.txt"
    distributions = ("lightgbm",)
    relative = 1e-9

    def takes(self, estimator: object) -> bool:
        return is_of(estimator, *_CLASSES)

    def predictor(self, estimator: Any) -> Any:
        if not is_of(estimator, _BOOSTER):
            return estimator
        objective = objective_of(estimator.model_to_string(num_iteration=1))
        kind, _, more = objective.partition(" ")
        if kind not in _CLASSIFIES:
            return _wrapper("LGBMRegressor", {}, estimator, classes=None)
        known = _CLASSIFIES[kind] or int(more.partition("num_class:")[2].partition(" ")[0])
        return _wrapper("LGBMClassifier", {}, estimator, classes=range(known))

    def write(self, estimator: Any) -> Stored:
        kind = type(estimator).__name__
        if is_of(estimator, _BOOSTER):
            return Stored(self.name, estimator.model_to_string().encode(), {"class": kind})
        parameters = plain_parameters(estimator.get_params(), left_out=_LEFT_OUT)
        about: dict[str, Json] = {
            "class": kind,
            "parameters": {
                name: value
                for name, value in parameters.items()
                if name in _TEXTS or _is_numbers(value)
            },
        }
        if not estimator.__sklearn_is_fitted__():
            return Stored(self.name, b"", about)
        if callable(estimator.objective):
            raise PackagingRefused(
                f"The {kind} was fitted with an objective that is a function: LightGBM answers "
                "with raw scores for it, and its file does not keep the function.",
                hint="Train with one of LightGBM's own objectives; or keep the booster_ in a class "
                "of your own that turns its raw scores into predictions.",
            )
        if kind == "LGBMClassifier":
            about["classes"] = np.asarray(estimator.classes_).tolist()
        return Stored(self.name, estimator.booster_.model_to_string().encode(), about)

    def recognises(self, data: bytes) -> bool:
        return data.startswith((b"tree\n", b"tree\r\n"))

    def check(self, stored: Stored, *, around: Surroundings) -> None:
        kind = stored.about.get("class", "Booster")
        if kind not in ("Booster", *_WRAPPERS):
            raise damaged(WHAT, f"it is to be of the class {kind!r}")
        parameters = stored.about.get("parameters", {})
        if not isinstance(parameters, dict) or not all(
            name in _TEXTS or _is_numbers(value) for name, value in parameters.items()
        ):
            raise damaged(WHAT, f"the package gives it the parameters {parameters!r:.200}")
        if unfitted(stored):
            return
        if len(stored.data) > _MOST_BYTES:
            raise beyond("bytes", len(stored.data), _MOST_BYTES)
        check_text(stored.data)

    def load(self, stored: Stored, *, around: Surroundings) -> Any:
        import lightgbm

        kind = str(stored.about.get("class", "Booster"))
        parameters = stored.about.get("parameters") or {}
        assert isinstance(parameters, dict)
        if unfitted(stored):
            return getattr(lightgbm, kind)(**parameters)
        booster = lightgbm.Booster(model_str=without_parameters(stored.data).decode())
        if kind == "Booster":
            return booster
        classes = stored.about.get("classes")
        if (kind == "LGBMClassifier") != isinstance(classes, list):
            raise damaged(WHAT, f"the package gives the classes {classes!r:.80} for a {kind}")
        return _wrapper(kind, parameters, booster, classes=classes)  # type: ignore[arg-type]


FORMAT = LightGBM()


def _is_numbers(value: Json) -> bool:
    if isinstance(value, list):
        return all(map(_is_numbers, value))
    return isinstance(value, bool | int | float)


def _wrapper(
    kind: str,
    parameters: Mapping[str, Any],
    booster: Any,
    *,
    classes: Sequence[Label] | range | None,
) -> Any:
    """Give a booster its class of scikit-learn's kind, which LightGBM itself cannot load.

    These attributes are what `predict` and scikit-learn's checks read of a fitted one; a test
    compares them with those of a fitted one of the installed release.
    """
    import lightgbm
    from sklearn.preprocessing import LabelEncoder

    from registry_assets.packaging.named_classes import as_labels

    made: Any = getattr(lightgbm, kind)(**parameters)
    # Those that it makes up where it was fitted on an array, it does not ask of others either.
    names = booster.feature_name()
    objective = objective_of(booster.model_to_string(num_iteration=1)).partition(" ")[0]
    state: dict[str, Any] = {
        "_Booster": booster,
        "_n_features": booster.num_feature(),
        "_n_features_in": booster.num_feature(),
        "_fitted_with_feature_names": names != [f"Column_{i}" for i in range(len(names))],
        "_best_iteration": booster.best_iteration,
        "_objective": objective or made.objective,
        "fitted_": True,
    }
    if classes is not None:
        encoder = LabelEncoder()
        encoder.classes_ = as_labels(list(classes))
        state |= {"_le": encoder, "_classes": encoder.classes_, "_n_classes": len(classes)}
    vars(made).update(state)
    return made
