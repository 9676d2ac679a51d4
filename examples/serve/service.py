"""A service around what a pointer holds: predicts, follows the pointer, logs by version.

    uvicorn --app-dir examples/serve --factory service:create_app --port 8000

What is to be set is `Settings`; README.md beside it says how.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd
from anyio.to_thread import current_default_thread_limiter
from prediction_log import Log
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import registry_assets
from registry_assets.converting.json_rows import typed
from registry_assets.deployment.following import FollowedModel
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.packaging.predictions import fast_predictions


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, each in SERVE_ and its name.

    Args:
        pointer: what is served.
        log: the folder of the log; "" logs nothing.
        keys: columns of the rows that are logged, by which labels are joined later.
        partition: of the log, by the time in UTC: "%Y-%m" is a month.
        references: a folder with the reference frames, `<name>.parquet`.
        every: seconds between two readings of the pointer.
        flush: seconds between two files of the log.
    """

    pointer: str
    log: str = ""
    keys: tuple[str, ...] = ()
    partition: str = "%Y-%m"
    references: str = ""
    every: float = 5.0
    flush: float = 60.0

    @classmethod
    def from_environment(cls) -> Self:
        """Read them.

        Raises:
            RegistryError: one is missing, or is no number.
        """
        said = {name: os.environ.get(f"SERVE_{name.upper()}", "") for name in cls.__annotations__}
        given: dict[str, Any] = {name: text for name, text in said.items() if text}
        if "keys" in given:
            given["keys"] = tuple(given["keys"].split(","))
        if "pointer" not in given:
            raise RegistryError("SERVE_POINTER names nothing", hint="MODEL@production is served")
        given |= {name: _seconds(name, given[name]) for name in ("every", "flush") if name in given}
        return cls(**given)


def _seconds(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RegistryError(f"SERVE_{name.upper()} is no number of seconds: {text}") from None


def _references(settings: Settings, needed: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Read the reference frames.

    Raises:
        RegistryError: there are none of those that the model needs.
    """
    found = sorted(Path(settings.references).glob("*.parquet")) if settings.references else []
    missing = sorted({*needed} - {file.stem for file in found})
    if missing:
        raise RegistryError(
            f"{settings.pointer} needs reference frames that were not given: {', '.join(missing)}",
            hint=f"put {missing[0]}.parquet into the folder that SERVE_REFERENCES names",
        )
    return {file.stem: pd.read_parquet(file) for file in found}


class Service:
    """The endpoints, over a model that is followed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model: FollowedModel = registry_assets.follow(settings.pointer, every=settings.every)
        self.log = Log(Path(settings.log), settings.partition) if settings.log else None
        self.log_problem: str | None = None
        self.references = _references(settings, self.model.model.signature.references)

    async def predict(self, request: Request) -> JSONResponse:
        """Predict `{"rows": [{…}, …]}`; every answer is of one version, which it names."""
        try:
            rows = pd.DataFrame((await request.json())["rows"])
        # The last two are of numbers beyond every type, and of brackets without end.
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            expected = {"error": 'expected a JSON object {"rows": [{"column": value, …}, …]}'}
            return JSONResponse(expected, status_code=400)
        try:
            return JSONResponse(await run_in_threadpool(self._predict, rows))
        except DataUnusable as error:
            return JSONResponse({"error": error.message, "hint": error.hint}, status_code=422)

    def _predict(self, rows: pd.DataFrame) -> dict[str, Any]:
        missing = [key for key in self.settings.keys if key not in rows]
        if missing and len(rows):
            raise DataUnusable(f"rows lack {', '.join(missing)}", hint="The log needs them.")
        model = self.model.model  # taken once: it may be another one a moment later
        signature = model.signature
        rows = typed(rows, signature.inputs[signature.rows_input])
        known = {n: self.references[n] for n in signature.references if n in self.references}
        features = model.features(rows, **known)
        try:
            said = fast_predictions(model.estimator, features, output=signature.output)
        except ValueError as error:
            # So estimators say that they cannot take a value: scikit-learn's of what is missing.
            said_so = f"version {model.version} cannot predict these rows: {error}".strip()
            raise DataUnusable(said_so.partition("\n")[0]) from error
        names = {f"proba_{i}": f"probability_{each}" for i, each in enumerate(model.classes)}
        answer = {names.get(name, name): said[name].tolist() for name in said.columns}
        if self.log is not None:
            keys = {key: rows[key].tolist() for key in self.settings.keys}
            self.log.add({**answer, **keys}, version=model.version, digest=model.digest)
        return {"version": model.version, "digest": model.digest, **answer}

    async def version(self, request: Request) -> JSONResponse:
        """Say which version answers now."""
        return JSONResponse({**asdict(self.model.resolved), "pointer": self.settings.pointer})

    async def health(self, request: Request) -> JSONResponse:
        """Say what keeps it from following (200: it goes on predicting), and from logging (503)."""
        problem = self.model.problem
        said = {"following": problem and type(problem).__name__, "logging": self.log_problem}
        return JSONResponse(said, status_code=503 if self.log_problem else 200)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Follow the pointer and flush the log, until the end."""
        # More at a time would only take turns at the interpreter's lock, and all end late.
        current_default_thread_limiter().total_tokens = os.cpu_count() or 1
        with self.model:
            flushing = asyncio.create_task(self._flush_now_and_then())
            try:
                yield
            finally:
                flushing.cancel()
                self._flush()

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self.settings.flush)
            await run_in_threadpool(self._flush)

    def _flush(self) -> None:
        try:
            if self.log is not None:
                self.log.flush()
            self.log_problem = None
        except OSError as error:
            self.log_problem = error.strerror or type(error).__name__


def create_app() -> Starlette:
    """Make the application; there is none before a first version is loaded."""
    try:
        service = Service(Settings.from_environment())
    except RegistryError as error:
        sys.exit(str(error))  # what is set is wrong, and no line of this code
    routes = [
        Route("/predict", service.predict, methods=["POST"]),
        Route("/version", service.version),
        Route("/health", service.health),
    ]
    return Starlette(routes=routes, lifespan=service.lifespan)
