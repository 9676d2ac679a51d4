"""What a version contains: estimator, code, environment, signature, sample.

Here belongs everything between a fitted estimator and a set of named bytes, and the way
back. Where the bytes are kept is `store`; which version they belong to is `catalog`.
Names are resolved on first use, so that a command which only reads does not pay for
pandas or scikit-learn. `environment` and `load_check` are imported from their modules,
which have the same names.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_assets.packaging.build import build_package as build_package
    from registry_assets.packaging.closure import CodeClosure as CodeClosure
    from registry_assets.packaging.closure import code_closure as code_closure
    from registry_assets.packaging.commit import CodeCommit as CodeCommit
    from registry_assets.packaging.commit import code_commit as code_commit
    from registry_assets.packaging.loaded import LoadedModel as LoadedModel
    from registry_assets.packaging.loaded import load_package as load_package
    from registry_assets.packaging.package import Package as Package
    from registry_assets.packaging.signature import Signature as Signature

_HOMES = {
    "CodeClosure": "closure",
    "CodeCommit": "commit",
    "LoadedModel": "loaded",
    "Package": "package",
    "Signature": "signature",
    "build_package": "build",
    "code_closure": "closure",
    "code_commit": "commit",
    "load_package": "loaded",
}

__all__ = [  # noqa: PLE0604  # the names of _HOMES, resolved below
    *_HOMES
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
