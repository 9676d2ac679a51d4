"""What happens: from two versions of a team's to one that somebody approved by hand.

Each chapter is one function. What people type are real commands (`terminal`); what they do at AWS
is done by boto3 (`people`); AWS is a double.
"""

import tempfile
from pathlib import Path

import registry_assets
from registry_assets.converting.mlflow_signature import split_frame
from registry_assets.errors import RegistryError
from registry_assets.models.cast import MARTA, OTTO
from registry_assets.models.mirrored import Team, loaded
from registry_assets.models.sagemaker import people, programs
from registry_assets.models.sagemaker.stage import Stage
from registry_assets.models.sagemaker.team import FEATURES, GROUP, MIRROR, MODEL, NAMES, READINGS

REFERENCE = f"{MODEL}@production"
ASKED_ROWS = slice(0, 1700, 240)
APPROVED_BY_HAND = "2"
"""What somebody approves: the version that was in use before."""


def live(stage: Stage) -> None:
    """Live the whole story."""
    before_us(stage)
    history_comes_in(stage)
    with loaded(stage.folder, model=MODEL, mirror=MIRROR) as team:
        a_version_goes_out(stage, team)
        a_container_runs_it(stage)
        approval_follows(stage, team)
        somebody_approves_another(stage, team)
        it_is_put_right(stage, team)


def before_us(stage: Stage) -> None:
    """A group with history, in a double of AWS."""
    stage.title("1  A model package group at SageMaker")
    stage.say(
        "This is no AWS, but moto, a double: it answers boto3 as far as its makers know. Nobody"
        " here has asked the real service."
    )
    stage.typed(OTTO, f"{stage.server.command} &")
    people.make_history()
    stage.say(f"The team has registered two versions of {GROUP} by boto3; the second is Approved.")
    stage.typed(OTTO, f"export AWS_ENDPOINT_URL={stage.server.url} AWS_ACCESS_KEY_ID=…")


def history_comes_in(stage: Stage) -> None:
    """What there was comes along, as history."""
    stage.title("2  Its history comes in")
    stage.run(OTTO, "init", ".")
    below = f"s3://{people.BUCKET}/{people.TEAMS}"
    asked = ("migrate", "sagemaker", GROUP, "--as", MODEL, "--from", below)
    stage.run(OTTO, *asked)
    stage.say("It may be repeated, and brings only what is new.")
    stage.run(OTTO, *asked)
    stage.run(OTTO, "versions", MODEL)


def a_version_goes_out(stage: Stage, team: Team) -> None:
    """A version is trained, gated and promoted here, and published there."""
    stage.title("3  A version of one's own passes its gates here, and goes out")
    team.materialize(READINGS, FEATURES)
    team.promote(stage.say, MARTA.name, reason="the first that is trained here")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    stage.run(OTTO, "mirrors")
    _there(stage)


def a_container_runs_it(stage: Stage) -> None:
    """What is Approved there, run as SageMaker's container runs it, answers as it does here."""
    from meters.data import readings

    stage.title("4  What is Approved there answers as it does here")
    package = people.newest_approved()
    (container,) = package["InferenceSpecification"]["Containers"]
    rows = readings().iloc[ASKED_ROWS].drop(columns="digit")
    asked = {
        "dataframe_split": split_frame(rows),
        "params": {"predict_method": "predict_proba"},
    }
    with tempfile.TemporaryDirectory() as unpacked:
        people.download(package, Path(unpacked))
        theirs = programs.answers(Path(unpacked), container["Environment"], asked)
    model = registry_assets.load(REFERENCE)
    ours = model.predict_proba(rows).tolist()
    stage.say(
        f"No container runs here: inference.py of {container['ModelDataUrl'].rpartition('/')[2]} is"
        f" called as SageMaker's container does. Of {len(rows)} readings:"
    )
    shown = [
        (str(reading), str(digit), repr(max(there)), "equal" if there == here else "DIFFERS")
        for reading, digit, there, here in zip(
            rows["reading"], model.predict(rows).tolist(), theirs, ours, strict=True
        )
    ]
    stage.table(("reading", "digit", "chance", ""), shown)
    if theirs != ours:
        raise RegistryError(
            f"what is Approved there answers otherwise than {REFERENCE}",
            hint="this is a fault of the registry: report it with the table above",
        )


def approval_follows(stage: Stage, team: Team) -> None:
    """A promotion and a rollback here are followed there: one version is Approved, no more."""
    stage.title("5  Approval follows a promotion, and a rollback")
    team.promote(stage.say, MARTA.name, reason="less is held back", params={"C": 2.0})
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    stage.run(OTTO, "rollback", REFERENCE, "--reason", "the new meters are not out yet")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    _there(stage)


def somebody_approves_another(stage: Stage, team: Team) -> None:
    """Whoever may write there can approve behind the gate's back, and is noticed."""
    stage.title("6  Somebody approves another version there, behind the gate's back")
    stage.typed(MARTA, f"python: update_model_package({GROUP}/{APPROVED_BY_HAND}, Approved)")
    people.approve(APPROVED_BY_HAND)
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=False)
    stage.run(OTTO, "mirrors", code=1)


def it_is_put_right(stage: Stage, team: Team) -> None:
    """One command, and the ledger tells all of it."""
    stage.title("7  It is put right")
    stage.run(OTTO, "mirrors", MODEL, "--repair")
    team.tell_launched(stage.say, NAMES.mirrors_sensor)
    team.tell_check(stage.say, passes=True)
    _there(stage)
    stage.run(OTTO, "log", MODEL)


def _there(stage: Stage) -> None:
    """Show what stands there."""
    stage.typed(OTTO, f"python: describe_model_package of each version of {GROUP}")
    stage.table(("version there", "approval", "why"), people.versions())
