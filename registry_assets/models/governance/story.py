"""What happens: from a version that is too good to be true, to an attack that is refused.

Each chapter is one function. What people type are real commands (`terminal`); what Dagster does
is done by the jobs and sensors of the team's own code location (`location`).
"""

from registry_assets.models.governance import rules
from registry_assets.models.governance.cast import OLGA, RAUL, RITA, TARA
from registry_assets.models.governance.location import FEATURES, LOANS, MODEL
from registry_assets.models.governance.repository import DEPLOYED
from registry_assets.models.governance.rules import POLICY
from registry_assets.models.governance.stage import Stage

LOOKS = 100
"""How often the sensor looks after the rollback."""

DECLARATION_FILE = "lending/declaration.py"
THRESHOLDS = (
    ('AtLeast("roc_auc", 0.74)', 'AtLeast("roc_auc", 0.60)'),
    (
        'NotWorseThanProduction("roc_auc", margin=0.02)',
        'NotWorseThanProduction("roc_auc", margin=0.2)',
    ),
)
"""What the declaration asks for, and what Tara would rather have it ask for."""

_FEATURES_FILE = "lending/features.py"
# Every gate passes it as they are declared by then, and AtLeast("roc_auc", 0.74) would not.
_SMALL = {"n_estimators": 5, "max_depth": 3, "min_samples_leaf": 20}


def live(stage: Stage) -> None:
    """Live the whole story."""
    too_good_to_be_true(stage)
    a_policy(stage)
    a_reviewer_says_no(stage)
    two_people_agree(stage)
    an_approval_goes_stale(stage)
    back_again(stage)
    a_lower_threshold(stage)
    a_policy_of_ones_own(stage)
    a_deployment_checks(stage)
    on_record(stage)


def too_good_to_be_true(stage: Stage) -> None:
    """Version 1 sees the whole file, and passes every gate."""
    stage.title("1  Tara trains a version on everything that stands in the lender's file")
    with stage.loaded() as location:
        location.materialize(LOANS, FEATURES)
        location.retrain(TARA, reason="first version")
        stage.trained(1)
        stage.sensor(location, holds=None)
    stage.run(TARA, "versions", MODEL)


def a_policy(stage: Stage) -> None:
    """The owner names the people, and pins the gates as they are declared."""
    stage.title("2  Olga, who owns the registry, brings a policy into force")
    draft = stage.run(OLGA, "policy", "draft", first=4)
    stage.say(f"She saves it as {POLICY}, and writes people and rules into it.")
    (stage.folder / POLICY).write_text(rules.fill_in(draft, stage.folder))
    stage.run(OLGA, "policy", "check", POLICY)
    signed = ("--key", OLGA.key, "--reason", "the first policy")
    stage.run(OLGA, "policy", "activate", POLICY, *signed)
    stage.run(OLGA, "policy", "explain", first=22)
    stage.commit(OLGA, "The policy in force", first=1)


def a_reviewer_says_no(stage: Stage) -> None:
    """Rita sees what no gate looked for."""
    stage.title("3  Rita looks at the evidence, and rejects version 1")
    why = "typur and gdlin tell it best, and neither is known when somebody applies"
    stage.run(RITA, "reject", f"{MODEL}:1", "--key", RITA.key, "--reason", why)


def two_people_agree(stage: Stage) -> None:
    """Version 2 needs two people who did not train it."""
    stage.title("4  Version 2 sees what is known at the application, and two people agree")
    stage.edit(_FEATURES_FILE, "FEATURES = (*APPLICATION, *FILE)", "FEATURES = APPLICATION")
    stage.commit(TARA, "Only what is known when somebody applies")
    with stage.loaded() as location:
        location.materialize(FEATURES)
        location.retrain(TARA, reason="only what is known when somebody applies")
        stage.trained(2)
        stage.sensor(location, holds=None)
        stage.approve(RITA, 2, "nothing in it is known only afterwards")
        stage.sensor(location, holds=None)
        stage.approve(TARA, 2, "I know it best", code=1)
        stage.approve(RAUL, 2, "calibrated, and the groups are close")
        stage.sensor(location, holds=2)


def an_approval_goes_stale(stage: Stage) -> None:
    """What was signed stands on one evaluation, and falls with it."""
    stage.title("5  Version 3 is approved, evaluated again, and has to be approved again")
    with stage.loaded() as location:
        location.retrain(TARA, reason="smaller leaves", params={"min_samples_leaf": 5})
        stage.trained(3)
        for person in (RITA, RAUL):
            stage.approve(person, 3, "as good as version 2")
        stage.say(f"Before the sensor looks, Tara evaluates {MODEL}:3 again.")
        location.evaluate(TARA, 3)
        stage.sensor(location, holds=2)
        stage.run(RITA, "explain", MODEL)
        for person in (RITA, RAUL):
            stage.approve(person, 3, "the figures are the same")
        stage.sensor(location, holds=3)


def back_again(stage: Stage) -> None:
    """One person rolls back at once, and nothing moves forward by itself."""
    stage.title("6  Raul rolls back, alone and at once")
    signed = ("--key", RAUL.key, "--reason", "officers report odd refusals")
    stage.run(RAUL, "rollback", MODEL, *signed)
    with stage.loaded() as location:
        runs = sum(len(location.promote().runs) for _ in range(LOOKS))
        stage.say(f"The promotion sensor looks {LOOKS} times, and launches {runs} runs.")
        stage.sensor(location, holds=2)
        why = "the refusals were right"
        stage.run(RAUL, "release", f"{MODEL}:3", "--reason", why)
        stage.sensor(location, holds=2)
    looked = ("--as", "review", "--reason", "he was right to be quick")
    stage.run(RITA, "approve", f"{MODEL}:2", "--key", RITA.key, *looked, first=3, last=3)


def a_lower_threshold(stage: Stage) -> None:
    """Whoever writes the code writes the declaration too, and what is pinned is not theirs."""
    stage.title("7  Tara lowers a threshold for a version that would not reach it")
    for asked, lowered in THRESHOLDS:
        stage.edit(DECLARATION_FILE, asked, lowered)
    stage.commit(TARA, "Thresholds that suit us better")
    with stage.loaded() as location:
        location.retrain(TARA, reason="small and fast", params=_SMALL)
        stage.trained(4)
        stage.sensor(location, holds=2)
    stage.run(RAUL, "explain", MODEL)


def a_policy_of_ones_own(stage: Stage) -> None:
    """A file is only a file: what is in force, people signed who may."""
    stage.title("8  Tara makes herself a governor")
    policy = stage.folder / POLICY
    policy.write_text(rules.let_in(policy.read_text(), TARA, "governor"))
    stage.run(TARA, "policy", "check", POLICY, first=1)
    signed = ("--key", TARA.key, "--reason", "one more governor")
    stage.run(TARA, "policy", "activate", POLICY, *signed, code=1)


def a_deployment_checks(stage: Stage) -> None:
    """Whoever runs the model needs no registry to see who agreed to it."""
    stage.title("9  A deployment takes what production holds, and checks it by public keys alone")
    trusted, model = f"{DEPLOYED}/trusted_keys", f"{DEPLOYED}/model"
    (stage.folder / DEPLOYED).mkdir()
    (stage.folder / trusted).write_text(stage.run(OLGA, "keys", first=3))
    stage.say(f"This list is kept as {trusted}.")
    stage.run(OLGA, "pull", f"{MODEL}@production", model)
    stage.run(OLGA, "verify", "--offline", model, "--trusted", trusted)


def on_record(stage: Stage) -> None:
    """Who agreed to what, on which evidence, and that all of it is there."""
    stage.title("10  What is on record")
    stage.run(OLGA, "log", MODEL)
    stage.run(OLGA, "explain", MODEL, first=8)
    stage.run(OLGA, "verify", "--deep")
