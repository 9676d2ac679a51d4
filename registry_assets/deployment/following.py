"""A model in this process that is loaded again whenever its pointer moves.

The model that serves is replaced in one assignment, and only by one that was verified and
loaded: a prediction in flight ends on the model it began with, and a version that does not
load changes nothing. The same for a folder of files: `folders`.
"""

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from registry_assets.deployment.polling import Pauses
from registry_assets.deployment.versions import ResolvedVersion, Source, load_version, resolve
from registry_assets.references import Reference

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.packaging.loaded import LoadedModel, Rows


@dataclass(frozen=True, slots=True)
class _Held:
    """A version and the model made of it: read together, replaced together."""

    version: ResolvedVersion
    model: "LoadedModel"


class FollowedModel:
    """The model that a pointer holds, and whatever it holds next.

    `refresh` reads the pointer once. In a `with` block a thread does so by itself:

        with registry_assets.follow("flight_delay@production", every=30.0) as model:
            model.predict(rows)

    Args:
        every: seconds between two readings of the pointer; more after failures.

    Raises:
        RegistryError: there is no first version to serve.
    """

    def __init__(self, source: Source, reference: Reference, *, every: float) -> None:
        self.reference = reference
        self.every = every
        self._pauses = Pauses(every)
        self._source = source
        self._refreshing = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._problem: BaseException | None = None
        version = resolve(source, reference)
        self._held = _Held(version, load_version(source.store, version))

    @property
    def model(self) -> "LoadedModel":
        """Give the model that serves now; whoever keeps it keeps that version."""
        return self._held.model

    @property
    def resolved(self) -> ResolvedVersion:
        """Give number, digest and generation of what serves now, read together."""
        return self._held.version

    @property
    def version(self) -> int:
        """Give the number of the version that serves now."""
        return self._held.version.version

    @property
    def digest(self) -> str:
        """Give the digest of the version that serves now."""
        return self._held.version.digest

    @property
    def generation(self) -> int:
        """Give how often the pointer had moved when it came to what serves now."""
        return self._held.version.generation or 0

    @property
    def problem(self) -> BaseException | None:
        """Give why the last reading brought nothing to serve; None if it did."""
        return self._problem

    def predict(self, rows: "Rows", /, **references: "pd.DataFrame") -> "np.ndarray":
        """Predict with the version that serves now: see `LoadedModel.predict`."""
        return self.model.predict(rows, **references)

    def predict_proba(self, rows: "Rows", /, **references: "pd.DataFrame") -> "np.ndarray":
        """Give probabilities by the version that serves now: see `LoadedModel.predict_proba`."""
        return self.model.predict_proba(rows, **references)

    def refresh(self) -> bool:
        """Read the pointer once; say whether another version serves now.

        What goes wrong is in `problem`, and the version that served goes on.
        """
        with self._refreshing:
            try:
                version = resolve(self._source, self.reference)
                held = self._held
                moved = version.digest != held.version.digest
                model = load_version(self._source.store, version) if moved else held.model
            # Packaged code may raise anything, and call sys.exit.
            except (Exception, SystemExit) as error:  # noqa: BLE001
                self._problem = error
                return False
            self._problem = None
            self._held = _Held(version, model)
            return moved

    def start(self) -> None:
        """Let a thread read the pointer from now on; it ends with the process, or with `stop`."""
        with self._refreshing:
            if self._thread is None:
                self._ended.clear()
                self._thread = threading.Thread(
                    target=self._follow, name=f"follow {self.reference}", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End that thread; what serves now goes on serving."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ended.set()
            thread.join()

    def __enter__(self) -> Self:
        """Start following."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Stop following."""
        self.stop()

    def __repr__(self) -> str:
        return f"<FollowedModel {self.reference} version {self.version} {self.digest}>"

    def _follow(self) -> None:
        while not self._ended.wait(self._pauses.next(failed=self._problem is not None)):
            self.refresh()

    def __reduce__(self) -> Any:
        # A copy in another process would have neither thread nor lock.
        raise TypeError("A FollowedModel lives in one process; follow the pointer in each.")
