"""What happens: from three models in MLflow to an alias that somebody moved there.

Each chapter is one function. What people type are real commands (`terminal`); what Dagster does
is done by the jobs and sensors of the team's own code location (`team`).
"""

from collections.abc import Sequence

import registry_assets
from registry_assets.converting.mlflow_signature import split_frame
from registry_assets.errors import RegistryError
from registry_assets.models.cast import MARTA, OTTO
from registry_assets.models.mirrored import Team, loaded
from registry_assets.models.mlflow.history import (
    ALCOHOL,
    CRATES,
    KEPT_ORIGINS,
    ORIGIN,
    make_history,
    move_alias,
)
from registry_assets.models.mlflow.programs import served_model
from registry_assets.models.mlflow.stage import Stage
from registry_assets.models.mlflow.team import BOTTLES, FEATURES, MIRROR, MODEL, NAMES

REFERENCE = f"{MODEL}@production"
SERVED = f"models:/{ORIGIN}@production"
ASKED_ROWS = slice(55, 179, 20)
"""Bottles of each cultivar."""
MOVED_TO = KEPT_ORIGINS[-1]
"""Where somebody moves the alias: to the version that was in production before."""


def live(stage: Stage) -> None:
    """Live the whole story."""
    before_us(stage)
    history_comes_in(stage)
    with loaded(stage.folder, model=MODEL, mirror=MIRROR) as team:
        a_version_goes_out(stage, team)
        mlflow_serves_it(stage)
        somebody_moves_the_alias(stage, team)
        it_is_put_right(stage, team)


def before_us(stage: Stage) -> None:
    """Three models with history, in a real server."""
    stage.title("1  Three models in MLflow")
    stage.typed(OTTO, f"{stage.server.command} &")
    make_history(stage.server.url)
    stage.say(
        f"Over the years the team has logged {ORIGIN} (saved by skops), {ALCOHOL} (pickled) and"
        f" {CRATES} (LightGBM) by MLflow's own client, and moved aliases and stages."
    )
    stage.typed(OTTO, f"export MLFLOW_TRACKING_URI={stage.server.url}")


def history_comes_in(stage: Stage) -> None:
    """What they were comes along, as history; a pickle is kept and never opened."""
    stage.title("2  Their history comes in")
    stage.run(OTTO, "init", ".")
    stage.run(OTTO, "migrate", "mlflow", ORIGIN, "--as", MODEL)
    stage.run(OTTO, "migrate", "mlflow", ALCOHOL)
    stage.run(OTTO, "migrate", "mlflow", CRATES)
    stage.say("It may be repeated, and brings only what is new.")
    stage.run(OTTO, "migrate", "mlflow", ALCOHOL)
    stage.run(OTTO, "versions", MODEL)
    stage.run(OTTO, "show", f"{ALCOHOL}:2")


def a_version_goes_out(stage: Stage, team: Team) -> None:
    """A version is trained, gated and promoted here, and published there."""
    stage.title("3  A version of one's own passes its gates here, and goes out")
    team.materialize(BOTTLES, FEATURES)
    team.promote(stage.say, MARTA.name, reason="the first that is trained here")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    stage.run(OTTO, "mirrors")


def mlflow_serves_it(stage: Stage) -> None:
    """What MLflow serves answers as what is loaded from here, row by row."""
    from cellar.data import bottles

    stage.title("4  MLflow serves it")
    rows = bottles().iloc[ASKED_ROWS].drop(columns="cultivar")
    asked = {"dataframe_split": split_frame(rows)}
    with served_model(stage.server, SERVED) as serving:
        stage.typed(OTTO, f"{serving.command} &")
        there = serving.ask(asked)
        chances = serving.ask({**asked, "params": {"predict_method": "predict_proba"}})
    model = registry_assets.load(REFERENCE)
    answered = list(zip(there, chances, strict=True))
    ours = model.predict_proba(rows).tolist()
    expected = list(zip(model.predict(rows).tolist(), ours, strict=True))
    shown = [
        (str(bottle), *_told(theirs), *_told(own), "equal" if theirs == own else "DIFFERS")
        for bottle, theirs, own in zip(rows["bottle"], answered, expected, strict=True)
    ]
    stage.say(f"{len(rows)} raw rows, of MLflow, and of registry_assets.load({REFERENCE!r}):")
    stage.table(("bottle", "MLflow", "its chance", "here", "its chance", ""), shown)
    if answered != expected:
        raise RegistryError(
            f"{SERVED} answers otherwise than {REFERENCE}",
            hint="this is a fault of the registry: report it with the table above",
        )


def somebody_moves_the_alias(stage: Stage, team: Team) -> None:
    """Whoever may write there can move production behind the gate's back, and is noticed."""
    stage.title("5  Somebody moves production there, behind the gate's back")
    moved = (ORIGIN, "production", MOVED_TO)
    stage.say(f"Somebody calls MlflowClient().set_registered_model_alias{moved}.")
    move_alias(stage.server.url, *moved)
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=False)
    stage.run(OTTO, "mirrors", code=1)


def it_is_put_right(stage: Stage, team: Team) -> None:
    """One command, and the ledger tells all of it."""
    stage.title("6  It is put right")
    stage.run(OTTO, "mirrors", MODEL, "--repair")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    stage.run(OTTO, "log", MODEL)


def _told(answer: tuple[str, Sequence[float]]) -> tuple[str, str]:
    """Give what a model says of a row, and how sure it is, with every digit."""
    said, chances = answer
    return said, repr(max(chances))
