"""What happens: from two versions of theirs to an alias that somebody moved there.

Each chapter is one function. What people type are real commands (`terminal`); what they do with
the client of Weights & Biases is done by the real one (`people`); its server is a double.
"""

import tempfile
from pathlib import Path

import registry_assets
from registry_assets.converting.folder import load_folder
from registry_assets.errors import RegistryError
from registry_assets.models.cast import MARTA, OTTO
from registry_assets.models.mirrored import Team, loaded
from registry_assets.models.wandb.people import COLLECTION, PATH, TEAM
from registry_assets.models.wandb.stage import Stage
from registry_assets.models.wandb.team import FEATURES, FLOWERS, MIRROR, MODEL, NAMES

REFERENCE = f"{MODEL}@production"
ASKED_ROWS = slice(5, 150, 25)
"""Flowers of each species."""
MOVED_TO = "v0"
"""Where somebody moves the alias: to the team's first version."""


def live(stage: Stage) -> None:
    """Live the whole story."""
    before_us(stage)
    history_comes_in(stage)
    with loaded(stage.folder, model=MODEL, mirror=MIRROR) as team:
        a_version_goes_out(stage, team)
        their_client_gets_it(stage)
        the_alias_follows(stage, team)
        somebody_moves_the_alias(stage, team)
        it_is_put_right(stage, team)


def before_us(stage: Stage) -> None:
    """A collection with history, in a double of their server."""
    stage.title("1  A collection at Weights & Biases")
    stage.say(
        "Their server cannot be installed. This one is a double, made for tests: it answers the"
        " real client as far as is known. Nobody here has asked the real service."
    )
    stage.typed(OTTO, f"{stage.server.command} &")
    stage.server.let("history")
    stage.say(f"The team has logged two versions by the real client, linked to {PATH}.")
    stage.typed(OTTO, f"export WANDB_BASE_URL={stage.server.url} WANDB_API_KEY=…")


def history_comes_in(stage: Stage) -> None:
    """What there was comes along, as history."""
    stage.title("2  Its history comes in")
    stage.run(OTTO, "init", ".")
    asked = ("migrate", "wandb", COLLECTION, "--entity", TEAM, "--as", MODEL)
    stage.run(OTTO, *asked)
    stage.say("It may be repeated, and brings only what is new.")
    stage.run(OTTO, *asked)
    stage.run(OTTO, "versions", MODEL)


def a_version_goes_out(stage: Stage, team: Team) -> None:
    """A version is trained, gated and promoted here, and published there."""
    stage.title("3  A version of one's own passes its gates here, and goes out")
    team.materialize(FLOWERS, FEATURES)
    team.promote(stage.say, MARTA.name, reason="the first that is trained here")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    stage.run(OTTO, "mirrors")


def their_client_gets_it(stage: Stage) -> None:
    """Whoever has only their client downloads what is promoted here, byte by byte."""
    from grove.data import flowers

    stage.title("4  Whoever has only their client gets exactly this")
    stage.typed(MARTA, f"python: wandb.Api().artifact('{PATH}:production').download('got')")
    rows = flowers().iloc[ASKED_ROWS].drop(columns="species")
    with tempfile.TemporaryDirectory() as got:
        said, number = stage.server.let("fetch", "production", got).split()
        theirs = load_folder(Path(got), digest=said).predict_proba(rows).tolist()
    ours = registry_assets.load(REFERENCE)
    expected = ours.predict_proba(rows).tolist()
    stage.say(f"{number} says that it is {said}, whose files hold; of {len(rows)} flowers:")
    shown = [
        (str(flower), str(species), repr(max(there)), "equal" if there == here else "DIFFERS")
        for flower, species, there, here in zip(
            rows["flower"], ours.predict(rows).tolist(), theirs, expected, strict=True
        )
    ]
    stage.table(("flower", "species", "chance", ""), shown)
    if theirs != expected:
        raise RegistryError(
            f"what is in production there answers otherwise than {REFERENCE}",
            hint="this is a fault of the registry: report it with the table above",
        )


def the_alias_follows(stage: Stage, team: Team) -> None:
    """A promotion and a rollback here are followed there."""
    stage.title("5  The alias follows a promotion, and a rollback")
    team.promote(stage.say, MARTA.name, reason="less is held back", params={"C": 2.0})
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    stage.run(OTTO, "rollback", REFERENCE, "--reason", "the field guide wants the first")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)


def somebody_moves_the_alias(stage: Stage, team: Team) -> None:
    """Whoever may write there can move production behind the gate's back, and is noticed."""
    stage.title("6  Somebody moves production there, behind the gate's back")
    stage.typed(MARTA, f"python: wandb.Api().artifact('{PATH}:{MOVED_TO}'), alias 'production'")
    stage.server.let("move", "production", MOVED_TO)
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=False)
    stage.run(OTTO, "mirrors", code=1)


def it_is_put_right(stage: Stage, team: Team) -> None:
    """One command, and the ledger tells all of it."""
    stage.title("7  It is put right")
    stage.run(OTTO, "mirrors", MODEL, "--repair")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    stage.run(OTTO, "log", MODEL)
