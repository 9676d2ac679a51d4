"""A service that goes from version to version under load, and is monitored by its own log."""

import importlib
import importlib.util
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from registry_assets.declaration import Drift, Monitoring, PredictionLog
from registry_assets.packaging.loaded import LoadedModel
from registry_assets_tests.servers.serve_example import EXAMPLE, Example, serve_example
from registry_assets_tests.worlds import SENSOR, World, flights, planes, small_world

CALLERS, ROWS = 3, 40
MAY = "2013-05"
MODEL = "flight_delay"


@dataclass
class Caller:
    """Somebody who asks again and again, and keeps every answer."""

    example: Example
    rows: pd.DataFrame
    ended: threading.Event
    answers: list[Any] = field(default_factory=list)

    def ask(self) -> None:
        document = {"rows": self.rows.to_dict("records")}
        while not self.ended.is_set():
            self.answers.append(self.example.ask("/predict", document))


@dataclass(frozen=True)
class Lived:
    """What there is after version 2 was promoted while requests ran.

    Args:
        models: what each version says, as it is loaded here.
    """

    world: World
    folder: Path
    callers: tuple[Caller, ...]
    models: dict[int, LoadedModel]
    before: Any
    after: Any
    health: Any
    refused: tuple[Any, ...]
    status: int
    said: str


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("serve")
    (folder / "references").mkdir()
    planes().to_parquet(folder / "references" / "planes.parquet")
    months = ("2013-01", "2013-02", "2013-03")
    with small_world(folder / "project", months=months) as world:
        registry = world.registry
        registry.promote(MODEL, world.version(request="april"), run=SENSOR)
        world.version(request="stronger", params={"C": 0.01})
        models = {number: registry.load(f"{MODEL}:{number}") for number in (1, 2)}
        environment = {
            "REGISTRY_STORE": str(registry.home.store),
            "REGISTRY_STATE": str(folder / "state"),
            "SERVE_POINTER": f"{MODEL}@production",
            "SERVE_LOG": str(folder / "log"),
            "SERVE_KEYS": "key",
            "SERVE_PARTITION": MAY,
            "SERVE_REFERENCES": str(folder / "references"),
            "SERVE_EVERY": "0.2",
            "SERVE_FLUSH": "0.5",
        }
        with serve_example(folder, environment=environment) as example:
            refused = _refused(example)
            before = example.ask("/version").document
            ended = threading.Event()
            callers = tuple(
                Caller(example, flights(ROWS, seed=seed).drop(columns="late"), ended)
                for seed in range(CALLERS)
            )
            threads = [threading.Thread(target=caller.ask) for caller in callers]
            for thread in threads:
                thread.start()
            _wait(lambda: all(len(caller.answers) > 5 for caller in callers))
            world.clock.now = datetime(2013, 5, 20, tzinfo=UTC)
            registry.promote(MODEL, 2, run=SENSOR)
            _wait(lambda: all(_version(caller) == 2 for caller in callers))
            after, health = example.ask("/version").document, example.ask("/health")
            ended.set()
            for thread in threads:
                thread.join()
            status, said = example.stop(), example.said()
        yield Lived(world, folder, callers, models, before, after, health, refused, status, said)


def _version(caller: Caller) -> int:
    document = caller.answers[-1].document
    return int(document["version"]) if isinstance(document, dict) else 0


def _wait(happened: Any) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, "it did not happen within two minutes"
        time.sleep(0.05)


def _refused(example: Example) -> tuple[Any, ...]:
    whole = flights(2).drop(columns="late")
    return (
        example.ask("/predict", b"no JSON"),
        example.ask("/predict", {"lines": []}),
        example.ask("/predict", {"rows": []}),
        example.ask("/predict", {"rows": whole.drop(columns="distance").to_dict("records")}),
        example.ask("/predict", {"rows": whole.drop(columns="key").to_dict("records")}),
        example.ask("/predict", {"rows": whole.assign(distance="far").to_dict("records")}),
        example.ask("/predict", {"rows": whole.assign(distance=float("nan")).to_dict("records")}),
        example.ask("/predict", b'{"rows": [{"distance": 1' + b"0" * 400 + b"}]}"),
        example.ask("/predict", b'{"rows": ' + b"[" * 100_000),
    )


def test_no_request_fails_while_the_pointer_moves(lived: Lived) -> None:
    for caller in lived.callers:
        assert {answer.status for answer in caller.answers} == {200}
        versions = [answer.document["version"] for answer in caller.answers]
        assert versions == sorted(versions)
        assert set(versions) == {1, 2}


def test_every_answer_is_what_the_version_that_it_names_says(lived: Lived) -> None:
    for caller in lived.callers:
        known = {
            number: (
                model.digest,
                model.predict(caller.rows, planes=planes()).tolist(),
                model.predict_proba(caller.rows, planes=planes())[:, 1].tolist(),
            )
            for number, model in lived.models.items()
        }
        assert known[1][2] != known[2][2]
        for answer in caller.answers:
            said = answer.document
            found = (said["digest"], said["prediction"], said["probability_True"])
            assert found == known[said["version"]]


def test_it_says_which_version_answers(lived: Lived) -> None:
    for said, number in ((lived.before, 1), (lived.after, 2)):
        promotion = lived.world.registry.promotions(MODEL, "production")[number - 1]
        assert said == {
            "model": MODEL,
            "pointer": f"{MODEL}@production",
            "version": number,
            "digest": lived.models[number].digest,
            "generation": number,
            "attestation": promotion.evidence["attestation"],
        }
    assert (lived.health.status, lived.health.document) == (
        200,
        {"following": None, "logging": None},
    )


def test_a_caller_who_errs_is_told(lived: Lived) -> None:
    statuses = [400, 400, 422, 422, 422, 422, 422, 400, 400]
    assert [answer.status for answer in lived.refused] == statuses
    said = [answer.document["error"] for answer in lived.refused]
    words = (
        *("object", "object", "nothing to predict", "distance: missing", "lack key", "distance"),
        *("version 1 cannot predict these rows: Input X contains NaN", "object", "object"),
    )
    for word, sentence in zip(words, said, strict=True):
        assert word in sentence


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SERVE_POINTER": ""}, "SERVE_POINTER names nothing"),
        ({"SERVE_EVERY": "soon"}, "SERVE_EVERY is no number of seconds: soon"),
        ({"SERVE_POINTER": "flight_dealy@production"}, "did you mean flight_delay@production"),
        ({"SERVE_REFERENCES": ""}, "reference frames that were not given: planes"),
        ({"SERVE_REFERENCES": "/nowhere"}, "put planes.parquet into the folder"),
    ],
)
def test_who_starts_it_wrongly_is_told(
    lived: Lived,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    said: str,
) -> None:
    environment = {
        "REGISTRY_STORE": str(lived.world.registry.home.store),
        "REGISTRY_STATE": str(tmp_path),
        "SERVE_POINTER": f"{MODEL}@production",
        **settings,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(EXAMPLE))
    with pytest.raises(SystemExit, match=said):
        importlib.import_module("service").create_app()


def test_its_log_holds_every_answer_once(lived: Lived) -> None:
    rows = pd.concat(batch.to_pandas() for batch in _log()(lived.folder / "log")(MAY))
    assert list(rows.columns) == [
        "probability_False", "probability_True", "prediction", "key", "version", "digest",
    ]  # fmt: skip
    answered = Counter[int]()
    for caller in lived.callers:
        for answer in caller.answers:
            answered[answer.document["version"]] += ROWS
    assert Counter(rows["version"].tolist()) == answered
    assert lived.status in (0, -15), lived.said  # uvicorn raises the signal again at its end
    assert "Traceback" not in lived.said
    assert list((lived.folder / "log" / MAY).glob(".*")) == []


def test_it_is_monitored_by_its_log(lived: Lived) -> None:
    model = replace(
        lived.world.model(),
        monitoring=Monitoring(
            predictions=PredictionLog(read=_log()(lived.folder / "log")),
            keys=("key",),
            drift=Drift(min_rows=50),
        ),
    )
    lived.world.month(MAY)
    registry = lived.world.registry
    seen = registry.observe_predictions(model, MAY, run=SENSOR)
    asked = {each.version: each.rows for each in seen.recorded.observations}
    assert set(asked) == {1, 2}
    assert all(rows > 0 for rows in asked.values())
    drift = registry.observe_drift(model, MAY, run=SENSOR)
    found = {
        (each.finding.check, each.version): (each.finding.outcome, each.finding.rows)
        for each in drift.recorded.results
    }
    assert found == {
        ("feature_drift", 1): ("passed", 400),
        ("feature_drift", 2): ("passed", 400),
        ("prediction_drift", 1): ("passed", asked[1]),
        ("prediction_drift", 2): ("passed", asked[2]),
    }
    assert registry.verify().problems == ()


def _log() -> Any:
    spec = importlib.util.spec_from_file_location("prediction_log", EXAMPLE / "prediction_log.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.read_log
