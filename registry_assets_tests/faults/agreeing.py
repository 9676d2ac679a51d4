"""The steps by which people agree on a version, and take that back, each to be cut short.

What somebody signs is signed before, as a person does it elsewhere: repeating a step gives the
same envelope again. No version here was trained. Not a test.
"""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from registry_assets.catalog.approvals import list_approvals
from registry_assets.decisions import Decided
from registry_assets.governance.document import Override, PointerRules, PolicyDocument, Rollback
from registry_assets.lifecycle.activating import NAMESPACE
from registry_assets.recipe import SnapshotRef
from registry_assets.registry import Registry
from registry_assets.signing.dsse import Envelope, pae
from registry_assets.signing.statement import MEDIA_TYPE
from registry_assets_tests.catalog.history import History, new_history, reopened
from registry_assets_tests.governance.people import (
    Governed,
    Signatory,
    governed,
    governed_again,
)
from registry_assets_tests.worlds import PERSON, SENSOR, World

MODEL = "flight_delay"
DATA = "flights[2013-02]"
KEYS, SIGNED = "keys", "signed"
"""Folders of a project: the keys of its people, and what they signed before a step."""

PACK = "pack.zip"
RULES = PointerRules(
    approvals=2,
    roles=("risk",),
    override=Override(roles=("owner",), expires=3600, waives=("staging",)),
    rollback=Rollback(roles=("risk",), review=86_400),
)
ROLES = {"ann": ["trainer"], "bob": ["risk"], "cleo": ["risk"], "dan": ["owner"], "eve": ["risk"]}
WRITER = ("ann@example.com",)


def begin(folder: Path) -> None:
    """Make a project with an owner, in which version 1 is live and four others wait."""
    history = new_history(folder)
    history.declare(MODEL, gates={"good_enough": False})
    history.promote(history.version(1, model=MODEL, authors=WRITER), model=MODEL)
    data = history.snapshot("2013-02")
    train = [SnapshotRef(data.asset, data.partition, data.digest)]
    for seed in range(2, 6):
        history.version(seed, model=MODEL, authors=WRITER, train=train)
    governed(history, folder / KEYS)
    (folder / SIGNED).mkdir()


def begin_to_pack(folder: Path) -> None:
    """Let a policy come into force in a project in which a version was really trained."""
    world = governed(reopened(folder), folder / KEYS)
    document = policy(world)
    signed = activation(world, document, world.owner)
    world.history.registry.activate_policy(document, signed, run=PERSON)


def people(folder: Path) -> Governed:
    """Open the registry of a project, with the keys of its people."""
    return governed_again(reopened(folder), folder / KEYS)


def policy(world: Governed, *, rules: PointerRules = RULES, name: str = "host") -> PolicyDocument:
    """Give the policy that comes into force; another name makes it another one."""
    return world.document(
        rules, roles=ROLES, services=("host", name) if name != "host" else (name,)
    )


def activation(world: Governed, document: PolicyDocument, *signers: Signatory) -> bytes:
    """Sign a policy as things stand now."""
    statement = world.history.registry.activation_statement(document)
    message = pae(MEDIA_TYPE, statement)
    made = (each.signer.sign(message, namespace=NAMESPACE) for each in signers)
    return Envelope.of(statement, *made).to_bytes()


def statement(world: Governed, number: int, person: str, decision: Decided = "approve") -> bytes:
    """Sign what there is to sign about a version."""
    said = world.statement(number, person, decision=decision, model=MODEL)
    return world[person].sign(said)


def record(world: Governed, number: int, *persons: str) -> None:
    """Let people approve a version."""
    for person in persons:
        world.history.registry.record_approval(statement(world, number, person), run=PERSON)


def prepare(step: str, folder: Path) -> None:
    """Let everything happen that a step needs, and be signed what it takes."""
    world = people(folder)
    if step == "activate":
        given(folder, step).write_bytes(activation(world, policy(world), world.owner))
    elif step == "approve":
        record(world, 2, "cleo")
        given(folder, step).write_bytes(statement(world, 2, "bob"))
    elif step == "reject_signed":
        given(folder, step).write_bytes(statement(world, 3, "bob", "reject"))
    elif step == "roll_back_signed":
        record(world, 4, "bob", "cleo")
        given(folder, step).write_bytes(statement(world, 1, "bob", "rollback"))
    elif step == "review":
        given(folder, step).write_bytes(statement(world, 1, "cleo", "review"))


def given(folder: Path, step: str) -> Path:
    """Give the file with what was signed for a step."""
    return folder / SIGNED / f"{step}.json"


def _signed(world: World, step: str) -> bytes:
    return given(world.folder, step).read_bytes()


def activate(world: World) -> None:
    """The first policy comes into force."""
    document = policy(governed_again(History(world.registry, world.clock), world.folder / KEYS))
    world.registry.activate_policy(document, _signed(world, "activate"), run=PERSON, reason="so")


def approve(world: World) -> None:
    """The second of two people approves version 2."""
    world.registry.record_approval(_signed(world, "approve"), run=PERSON)


def promote_approved(world: World) -> None:
    """Version 2 takes production, on what two people signed."""
    world.registry.promote(MODEL, 2, run=SENSOR)


def pack(world: World) -> None:
    """Everything about what is live is written into one file, unless it was before."""
    if not (world.folder / PACK).exists():
        world.registry.evidence(f"{MODEL}@production", world.folder / PACK)


def reject_signed(world: World) -> None:
    """Version 3 is rejected by somebody who signs it."""
    world.registry.reject(f"{MODEL}:3", envelope=_signed(world, "reject_signed"), run=PERSON)


def roll_back_signed(world: World) -> None:
    """Production goes back to version 1, on what one person signed."""
    world.registry.record_approval(_signed(world, "roll_back_signed"), run=PERSON)
    world.registry.rollback(MODEL, leaving=2, reason="it was slow", run=SENSOR)


def review(world: World) -> None:
    """Another person looks at that rollback."""
    world.registry.record_approval(_signed(world, "review"), run=PERSON)


def release(world: World) -> None:
    """Version 2 may come back."""
    world.registry.release(f"{MODEL}:2", reason="the machine was slow", run=PERSON)


def recall(world: World) -> None:
    """The data was wrong that all but version 1 were made from."""
    world.registry.recall(DATA, reason="a day came twice", run=PERSON)


def lift(world: World) -> None:
    """It was right after all."""
    world.registry.lift_recall(DATA, reason="it was another day", run=PERSON)


def rotate(world: World) -> None:
    """The registry signs with another key from now on."""
    world.registry.rotate_key(reason="a year has passed", run=PERSON)


AGREEING: Mapping[str, Callable[[World], None]] = {
    step.__name__: step
    for step in (
        *(activate, approve, promote_approved, reject_signed, roll_back_signed),
        *(review, release, recall, lift, rotate),
    )
}
"""In the order in which they happen; each needs those before it. `pack` needs another past."""


def agreed(registry: Registry, folder: Path) -> dict[str, object]:
    """Give everything that people agreed on, as it stands; and what was packed is whole."""
    policy, pointer = registry.policy(), registry.pointer(MODEL)
    packed = folder / PACK
    if packed.exists():
        with zipfile.ZipFile(packed) as opened:
            assert opened.testzip() is None
    return {
        "policy": policy and policy.digest,
        "production": (pointer.version, pointer.generation),
        "signed": _statements(registry),
        "holds": [(hold.number, hold.state) for hold in registry.holds(MODEL)],
        "recalls": [(recall.name, recall.state) for recall in registry.recalls()],
        "packed": packed.exists(),
    }


def _statements(registry: Registry) -> Sequence[tuple[int, str, str]]:
    with registry.backends.catalog.read() as connection:
        found = [
            each for number in range(1, 6) for each in list_approvals(connection, MODEL, number)
        ]
    return sorted((each.version, each.person, each.decision) for each in found)
