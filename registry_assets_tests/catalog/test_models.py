"""A declaration is recorded once, and again only when it says something else."""

import pytest

from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.models import ModelRecord, declare, get_model
from registry_assets.catalog.pointers import get_pointer
from registry_assets.errors import NotFound
from registry_assets_tests.catalog.history import MODEL, History, policy, suite


def declared(
    history: History, *pointers: str, name: str = MODEL, description: str = "Is it late?"
) -> ModelRecord:
    """Declare the model of the history, or another one, with these pointers."""
    return declare(
        history.catalog,
        name=name,
        description=description,
        task="binary",
        owners=("team:ops",),
        tags={"team": "ops"},
        suite=suite(),
        policy=policy(),
        actor="ann",
        clock=history.clock,
        pointers=pointers,
    )


def generations(history: History, name: str = MODEL) -> dict[str, int]:
    """A model's pointers, and how often each has moved."""
    return {pointer.name: pointer.generation for pointer in history.registry.pointers(name)}


def kinds(history: History, chain: str) -> list[str]:
    """The kinds of a chain's events."""
    return [event.kind for event in history.registry.log(chain)]


def test_a_new_model_has_an_empty_production_pointer(history: History) -> None:
    assert [model.name for model in history.registry.models()] == [MODEL]
    pointer = history.registry.pointer(MODEL)
    assert (pointer.version, pointer.generation) == (None, 0)
    assert kinds(history, REGISTRY)[1:] == ["model_declared"]


def test_declaring_the_same_again_changes_nothing(history: History) -> None:
    before = history.registry.model(MODEL)
    assert history.declare() == before
    assert (kinds(history, REGISTRY)[1:], kinds(history, MODEL)) == (["model_declared"], [])


def test_a_changed_declaration_is_one_event_that_names_what_changed(history: History) -> None:
    changed = history.declare(description="Is it very late?", gates={"good_enough": False})
    assert changed.description == "Is it very late?"
    (event,) = history.registry.log(MODEL)
    assert event.kind == "declaration_changed"
    assert event.body["facts"] == {"changed": ["description", "suite"]}
    assert "description, suite" in event.sentence


def test_a_new_model_has_every_pointer_of_its_declaration(history: History) -> None:
    declared(history, "canary", "production", name="other")
    assert generations(history, "other") == {"canary": 0, "production": 0}
    assert kinds(history, REGISTRY)[1:] == ["model_declared", "model_declared"]
    assert history.registry.verify().clean


def test_a_pointer_that_is_added_is_one_event_that_says_so(history: History) -> None:
    history.version(1)
    history.promote(1)
    before = kinds(history, MODEL)
    record = history.registry.model(MODEL)

    assert declared(history, "canary", "production") == record
    assert generations(history) == {"canary": 0, "production": 1}
    assert kinds(history, MODEL) == [*before, "declaration_changed"]
    event = history.registry.log(MODEL)[-1]
    assert event.sentence == f"the declaration of {MODEL} changed: the pointer canary is new"
    assert event.facts == {"changed": [], "pointers": ["canary"]}

    declared(history, "canary", "production")
    assert kinds(history, MODEL) == [*before, "declaration_changed"]
    assert history.registry.verify().clean


def test_a_pointer_and_other_words_change_in_one_event(history: History) -> None:
    declared(history, "canary", "production", "blue", description="Is it very late?")
    (event,) = history.registry.log(MODEL)
    assert event.facts == {"changed": ["description"], "pointers": ["canary", "blue"]}
    assert event.sentence.endswith(
        "changed: description, the pointer canary is new, the pointer blue is new"
    )


def test_a_pointer_that_is_declared_no_longer_stays_as_it_was(history: History) -> None:
    declared(history, "canary", "production")
    before = kinds(history, MODEL)
    declared(history, "production")
    assert generations(history) == {"canary": 0, "production": 0}
    assert kinds(history, MODEL) == before


def test_a_change_of_the_declaration_takes_no_number_back(history: History) -> None:
    history.reserve("one")
    history.declare(description="Is it very late?")
    assert history.reserve("two", seed=2).version.number == 2


def test_the_suite_has_the_digest_of_its_declaration(history: History) -> None:
    assert history.registry.model(MODEL).suite == suite()
    assert history.registry.model(MODEL).headline == "roc_auc"
    other = history.declare(gates={})
    assert other.suite_digest != history.declare().suite_digest


def test_an_unknown_model_is_refused_with_the_nearest_name(history: History) -> None:
    with history.catalog.read() as connection:
        with pytest.raises(NotFound, match="'lates'") as caught:
            get_model(connection, "lates")
        assert caught.value.hint == "did you mean late?"
        with pytest.raises(NotFound) as caught:
            get_model(connection, "zzz")
        assert caught.value.hint == "there are: late"


def test_an_unknown_pointer_is_refused_with_those_there_are(history: History) -> None:
    with history.catalog.read() as connection:
        with pytest.raises(NotFound, match="no pointer called 'canary'") as caught:
            get_pointer(connection, MODEL, "canary")
        assert "production" in caught.value.hint
        with pytest.raises(NotFound, match="no registered model"):
            get_pointer(connection, "other", "production")
