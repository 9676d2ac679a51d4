"""`mirrors`: listed as they were found last, asked, put right and adopted from."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.servers.mlflow import MLflowServer
from registry_assets_tests.worlds import SENSOR, World, opened_world, small_world

DECLARED = '''
"""The project's model, as its code location declares it, and where it is published to."""

import os

from ontime.features import make_features
from ontime.training import train

from registry_assets.declaration import (
    AtLeast, Evaluation, LatestPartitions, MLflow, Params, RegisteredModel,
)
from registry_assets_tests import worlds

flight_delay = RegisteredModel(
    name="flight_delay",
    description="Will a flight be late?",
    features=worlds.Features("flight_features", make_features, worlds.KEPT, True),
    target="late",
    task="binary",
    train=train,
    params=Params(C=1.0, sense=True, fail=False),
    holdout=LatestPartitions(1),
    evaluation=Evaluation(metrics=("roc_auc",), resamples=100),
    gates=(AtLeast("roc_auc", 0.6),),
    mirrors=(MLflow(tracking_uri=os.environ["TEST_SERVER"], name=os.environ["TEST_NAME"]),),
    owners=("team:ops",),
    tags=worlds.TAGS,
)
'''
REFERENCE = ("--declaration", "ontime.declared:flight_delay")


@pytest.fixture(scope="module")
def delayed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirrored") / "project"
    with small_world(folder, months=("2013-01", "2013-02", "2013-03")) as world:
        world.code.write({"ontime/declared.py": DECLARED})
        world.version(request="april")
        world.registry.promote("flight_delay", 1, run=SENSOR)
    return folder


@dataclass(frozen=True, slots=True)
class Delayed:
    """A project with a model in production, and a server with a name for it."""

    world: World
    server: MLflowServer
    name: str


@pytest.fixture
def delayed(
    delayed_folder: Path, tmp_path: Path, mlflow: MLflowServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Delayed]:
    """Version 1 is in production, and nothing is published."""
    # The command puts folders there for the rest of its process.
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("TEST_SERVER", mlflow.url)
    monkeypatch.setenv("TEST_NAME", tmp_path.name)
    with opened_world(delayed_folder) as original:
        original.copy(tmp_path / "project")
    with opened_world(tmp_path / "project") as world:
        yield Delayed(world, mlflow, tmp_path.name)


def test_it_is_published_listed_put_right_and_adopted_from(
    command: Command, delayed: Delayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = delayed.world.folder
    nothing = command("mirrors", folder=folder)
    assert (nothing.code, nothing.err) == (0, "")
    assert "published to no other registry" in nothing.out

    published = command("mirrors", "flight_delay", "--publish", *REFERENCE, folder=folder)
    assert published.code == 0, published.err
    said = flat(published.out)
    for part in (
        "flight_delay/mlflow in step since",
        f"mlflow at {delayed.server.url}, as {delayed.name}",
        "1 version published; production is version 1 (1 there)",
        f"its page: {delayed.server.url}/#/models/{delayed.name}/versions/1",
        "every byte compared",
    ):
        assert part in said, part
    # An address is copied: whole, on the narrowest page.
    page = f"{delayed.server.url}/#/models/{delayed.name}/versions/1\n"
    monkeypatch.setenv("COLUMNS", "40")
    assert page in command("mirrors", folder=folder).out
    assert page in command("show", "flight_delay:1", folder=folder).out
    monkeypatch.delenv("COLUMNS")
    version = command("show", "flight_delay:1", folder=folder)
    assert f"Published to mlflow {delayed.name}/1 since" in flat(version.out)
    document = command("show", "flight_delay:1", "--json", folder=folder).document
    (receipt,) = document["published_to"]
    assert (receipt["mirror"], receipt["there"]) == ("mlflow", f"{delayed.name}/1")
    assert "Mirrors flight_delay/mlflow in step" in flat(
        command("show", "flight_delay", folder=folder).out
    )

    client = delayed.server.client()
    client.delete_registered_model_alias(delayed.name, "production")
    # Nobody has looked since.
    assert command("mirrors", "--json", folder=folder).document["mirrors"][0]["in_step"]
    looked = command("mirrors", "flight_delay", "--look", "--json", *REFERENCE, folder=folder)
    assert looked.code == 1
    (found,) = looked.document["mirrors"]
    assert (found["state"], found["in_step"]) == ("out_of_step", False)
    (differs,) = found["differences"]
    assert (differs["kind"], differs["subject"]) == ("pointer_missing", "production")
    (receipt,) = found["receipts"]
    assert (receipt["version"], receipt["there"]) == (1, f"{delayed.name}/1")
    listed = command("mirrors", folder=folder)
    assert listed.code == 1
    assert "production holds nothing there; expected version 1 (1 there)" in flat(listed.out)
    assert "Next: registry mirrors flight_delay --repair" in flat(listed.out)
    model = command("show", "flight_delay", "--json", folder=folder).document
    assert [each["state"] for each in model["mirrors"]] == ["out_of_step"]

    why = ("--reason", "nobody may move it there")
    repaired = command("mirrors", "flight_delay", "--repair", *why, *REFERENCE, folder=folder)
    assert repaired.code == 0, repaired.err
    told = flat(command("log", "flight_delay", folder=folder).out)
    assert "mlflow was put right: production holds nothing there; expected version 1" in told
    assert "nobody may move it there" in told
    assert "production holds nothing there" in flat(repaired.out)
    assert "Now all is there as it is here; every byte was compared." in flat(repaired.out)
    again = command("mirrors", "flight_delay", "--repair", "--json", *REFERENCE, folder=folder)
    assert again.document["mirrors"][0]["amiss"] == []

    ours = command("mirrors", "flight_delay", "--adopt", "1", *REFERENCE, folder=folder)
    assert (ours.code, "which was published from here" in ours.err) == (1, True)


def test_a_server_that_is_down_is_told_and_no_traceback_is(
    command: Command, delayed: Delayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SERVER", "http://127.0.0.1:9")
    folder = delayed.world.folder
    repaired = command("mirrors", "flight_delay", "--repair", *REFERENCE, folder=folder)
    assert repaired.code == 3
    assert "http://127.0.0.1:9 does not answer: [Errno 111] Connection refused" in repaired.err
    assert "repeat once the server can be reached again" in repaired.err
    looked = command("mirrors", "flight_delay", "--look", *REFERENCE, folder=folder)
    assert (looked.code, "unreachable" in looked.out) == (1, True)
    assert "flight_delay/mlflow: it cannot be looked at: " in looked.err
    assert "http://127.0.0.1:9 does not answer" in looked.err
    assert "Hint: " in looked.err
    looked = command("mirrors", "flight_delay", "--look", *REFERENCE, folder=folder)
    assert looked.code == 1
    said = flat(looked.out)
    assert "unreachable since" in said
    assert "publishing failed 1 time" in said
    assert "tried again by itself after" in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nobody",), 2, "no registered model is called 'nobody'"),
        (("nobody", "--look", *REFERENCE), 2, "no registered model is called 'nobody'"),
        (("flight_delay", "--mirror", "wandb"), 2, "no mirror is called 'wandb'"),
        (
            ("flight_delay", "--look", "--mirror", "wandb", *REFERENCE),
            2,
            "no mirror called 'wandb'",
        ),
        (("flight_delay", "--look"), 2, "names a code location"),
        (("--look",), 2, "--look is about one model"),
        (("flight_delay", "--look", "--reason", "why"), 2, "kept with --repair and --adopt"),
        (("flight_delay", "--look", "--repair"), 2, "--look stands alone"),
        (("flight_delay", "--adopt", "77", *REFERENCE), 2, "has no version '77'"),
    ],
)
def test_what_is_typed_wrongly_is_named(
    command: Command, delayed: Delayed, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = command("mirrors", *arguments, folder=delayed.world.folder)
    assert (ran.code, said in flat(ran.err)) == (code, True), ran.err


def test_a_model_without_mirrors_says_how_to_declare_one(
    command: Command, delayed: Delayed
) -> None:
    plain = DECLARED.replace("mirrors=(MLflow(", "mirrors=() or (MLflow(").replace(
        'name=os.environ["TEST_NAME"]),),', 'name=os.environ["TEST_NAME"]),)[:0],'
    )
    delayed.world.code.write({"ontime/plain.py": plain})
    arguments = ("flight_delay", "--look", "--declaration", "ontime.plain:flight_delay")
    ran = command("mirrors", *arguments, folder=delayed.world.folder)
    assert ran.code == 2
    assert "declares no mirror" in ran.err
    assert "mirrors=[MLflow(" in ran.err
