"""What somebody changes at a real MLflow server is told: what, and only as often as it is news."""

import shutil
from collections.abc import Callable

import pytest

from registry_assets_tests.lifecycle.mirroring.mirrored import MIRROR, MODEL, Mirrored, settled
from registry_assets_tests.sometimes import some
from registry_assets_tests.worlds import SENSOR


def move_the_alias(published: Mirrored) -> None:
    published.there.set_registered_model_alias(published.name, "production", "1")


def delete_the_alias(published: Mirrored) -> None:
    published.there.delete_registered_model_alias(published.name, "production")


def delete_the_version(published: Mirrored) -> None:
    published.there.delete_model_version(published.name, "2")


def delete_the_model(published: Mirrored) -> None:
    published.there.delete_registered_model(published.name)


def delete_the_run(published: Mirrored) -> None:
    """And its files, as `mlflow gc` does."""
    client = published.there
    client.delete_run(client.get_model_version(published.name, "2").run_id)
    shutil.rmtree(published.artifact("2"))


def swap_bytes(published: Mirrored) -> None:
    """Change one byte and no size: what MLflow loads without a word."""
    file = published.artifact("2") / "version" / "estimator.skops"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut_a_file(published: Mirrored) -> None:
    file = published.artifact("2") / "MLmodel"
    file.write_bytes(file.read_bytes()[:-1])


def delete_a_file(published: Mirrored) -> None:
    (published.artifact("2") / "version" / "estimator.skops").unlink()


def add_a_file(published: Mirrored) -> None:
    (published.artifact("2") / "code" / "sitecustomize.py").write_text("print('hello')\n")


def claim_another_digest(published: Mirrored) -> None:
    tag = "registry_assets.digest"
    published.there.set_model_version_tag(published.name, "2", tag, published.digest(1))


CHANGES: dict[Callable[[Mirrored], None], tuple[str, ...]] = {
    move_the_alias: ("pointer_moved",),
    delete_the_alias: ("pointer_missing",),
    delete_the_version: ("version_missing", "pointer_missing"),
    delete_the_model: ("model_missing",),
    delete_the_run: ("artifact_missing",),
    swap_bytes: ("artifact_changed",),
    cut_a_file: ("artifact_changed",),
    delete_a_file: ("artifact_missing",),
    add_a_file: ("artifact_added",),
    claim_another_digest: ("digest_changed",),
}


@pytest.fixture
def twice(published: Mirrored) -> Mirrored:
    """Versions 1 and 2 are there, and production is at 2."""
    published.registry.promote(MODEL, 2, run=SENSOR)
    published.publish()
    assert published.observe(verify=True).in_step
    return published


ALWAYS = (move_the_alias, delete_the_version, swap_bytes, claim_another_digest)


@pytest.mark.parametrize("change", some(CHANGES, always=ALWAYS), ids=lambda change: change.__name__)
def test_what_was_changed_there_is_told_and_put_right(
    twice: Mirrored, change: Callable[[Mirrored], None]
) -> None:
    change(twice)
    found = twice.observe(verify=True)
    assert tuple(each.kind for each in found.differences) == CHANGES[change], found.sentence
    assert not found.is_lag
    # It is told once, and stands there until it is over, also for who does not read every byte.
    events = len(twice.registry.log(MODEL))
    again = twice.look()
    assert not again.is_news, again.sentence
    assert twice.registry.mirror_state(MODEL, MIRROR).state == "out_of_step"
    assert len(twice.registry.log(MODEL)) == events
    # Nothing here has moved for it, and nothing is put right unasked.
    assert twice.registry.pointer(MODEL).version == 2
    assert twice.registry.mirror_due(twice.declared, MIRROR) is None

    repaired = twice.repair()
    assert [each.kind for each in repaired.amiss] == list(CHANGES[change])
    assert repaired.now.in_step, repaired.now.sentence
    settled(twice, 2)
    # The ledger tells what was amiss, and who put it right.
    told = twice.registry.log(MODEL)[-1]
    assert (told.kind, told.body["actor"]) == ("mirror_repaired", SENSOR.actor)
    assert found.sentence in told.body["sentence"]
    assert told.body["sentence"].endswith(
        "; now all is there as it is here; every byte was compared"
    )
    assert [each["kind"] for each in told.facts["repaired"]] == list(CHANGES[change])
    twice.repair()
    assert [each.kind for each in twice.registry.log(MODEL)].count("mirror_repaired") == 1


def test_it_says_where_an_alias_was_moved_to_and_what_was_expected(twice: Mirrored) -> None:
    move_the_alias(twice)
    assert twice.look().sentence == (
        f"production was moved there to 1 ({twice.digest(1)[:19]}, a version of ours); expected"
        " version 2 (2 there)"
    )


def test_an_alias_of_theirs_alone_is_no_business_of_ours(twice: Mirrored) -> None:
    twice.there.set_registered_model_alias(twice.name, "champion", "1")
    assert twice.look(verify=True).in_step
    twice.repair()
    assert twice.aliases() == {"production": "2", "champion": "1"}


def test_a_promotion_here_wins_over_a_move_there(twice: Mirrored) -> None:
    move_the_alias(twice)
    assert not twice.observe().in_step
    twice.registry.rollback(MODEL, run=SENSOR, reason="it was slow")
    twice.publish()
    assert twice.aliases() == {"production": "1"}
    assert twice.observe().in_step


def test_every_byte_is_compared_as_often_as_is_declared(twice: Mirrored) -> None:
    registry, declared = twice.registry, twice.declared
    assert not registry.is_mirror_to_be_verified(declared, MIRROR)
    swap_bytes(twice)
    assert twice.observe().in_step  # sizes are the same, and it was compared a moment ago
    twice.world.clock.now = twice.world.clock.now.replace(day=3)
    assert registry.is_mirror_to_be_verified(declared, MIRROR)
    assert [each.kind for each in twice.observe().differences] == ["artifact_changed"]
