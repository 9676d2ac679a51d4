"""Proof that a package works elsewhere: loaded in a fresh, limited process.

A package that needs something of the process that made it, or that would crash whoever
loads it, must be found before it becomes a version.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.packaging.disposable import REPRODUCE, in_a_disposable_process
from registry_assets.packaging.package import Package


@dataclass(frozen=True, slots=True)
class LoadCheck:
    """A check that passed.

    `receipt` has `package`, the digest of what was checked, python, seconds, rows and
    max_difference.
    """

    receipt: Mapping[str, Json]


def load_check(package: Package, *, timeout: float = 120.0, memory: int = 4 * 2**30) -> LoadCheck:
    """Load a package in a fresh process and let it reproduce its sample.

    Args:
        timeout: seconds.
        memory: bytes of address space.

    Raises:
        LoadCheckFailed: it crashed, ran out of time or memory, or predicted otherwise.
    """
    report = in_a_disposable_process(package.files, task=REPRODUCE, timeout=timeout, memory=memory)
    return LoadCheck({"package": package.digest, **report.receipt})
