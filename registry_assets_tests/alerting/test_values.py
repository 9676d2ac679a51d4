"""Alerts and occasions: stable keys, JSON and back, and texts that cannot deceive."""

import json
from typing import Any

import pytest

from registry_assets.alerting import Alert, Moved, Occasion
from registry_assets.alerting.values import KINDS, at_least
from registry_assets.canonical import canonical_json
from registry_assets.errors import AlertUnreadable
from registry_assets_tests.alerting.occasions import (
    HOSTILE,
    REGISTRY,
    an_alert,
    an_occasion,
    hostile,
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_occasion_comes_back_from_its_canonical_json(kind: str) -> None:
    occasion = an_occasion(kind, sequence=4, acknowledged_by="ann", resolved_why="it is well")
    assert Occasion.from_json(json.loads(canonical_json(occasion.to_json()))) == occasion


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_users_wrote_can_be_stored_and_comes_back_as_it_was_stored(text: str) -> None:
    occasion = hostile(text)
    written = canonical_json(occasion.to_json())
    # PostgreSQL keeps no NUL, and an outbox that grows by megabytes helps nobody.
    assert b"\\u0000" not in written
    assert len(written) < 40_000
    assert Occasion.from_json(json.loads(written)) == occasion


def test_a_text_that_is_too_long_says_that_it_was_cut() -> None:
    alert = an_alert(sentence="x" * 10_000, partition="p" * 10_000)
    assert alert.sentence == "x" * 999 + "…"
    assert alert.partition == "p" * 299 + "…"


def test_keys_are_the_same_at_every_attempt_and_in_no_two_registries() -> None:
    occasion = an_occasion(sequence=7)
    assert (occasion.key, occasion.alert.name) == ("flight_delay/3/7", "flight_delay/3")
    assert occasion.alert.key == f"{REGISTRY}/flight_delay/3"
    assert occasion.alert.reference == "flight_delay:2"
    assert occasion.alert.target == "flight_delay@production"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(float("nan"), "nan"), (float("inf"), "inf"), (2**60, str(2**60)), (0.5, 0.5), ("int64",) * 2],
)
def test_a_number_that_json_cannot_say_is_told_as_text(given: Any, kept: Any) -> None:
    alert = an_alert(moved=(Moved("distance", given, given, given, given),))
    assert alert.moved == (Moved("distance", kept, kept, kept, kept),)
    assert Alert.from_json(json.loads(canonical_json(alert.to_json()))) == alert


@pytest.mark.parametrize("changed", [{"severity": "bad"}, {"state": "closed"}])
def test_a_severity_or_state_that_there_is_not_is_no_alert(changed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="an alert of severity"):
        an_alert(**changed)


def test_an_occasion_of_a_kind_that_there_is_not_is_none() -> None:
    with pytest.raises(ValueError, match="of the kind 'closed'"):
        an_occasion("closed")


def test_what_a_newer_release_wrote_is_not_half_understood() -> None:
    newer = {**an_alert().to_json(), "format": "registry_assets/alert/2"}
    with pytest.raises(AlertUnreadable, match="registry_assets/alert/2") as caught:
        Alert.from_json(newer)
    assert "upgrade registry_assets" in caught.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        {"version": "2"},
        {"version": None},
        {"severity": "bad"},
        {"moved": [{"before": 1}]},
        {"moved": [{"name": "x", "before": [1]}]},
        {"lineage": 3},
        {"links": {"a": 1}},
        {"sentence": None},
    ],
    ids=str,
)
def test_a_damaged_alert_is_named_as_such(damage: dict[str, Any]) -> None:
    with pytest.raises(AlertUnreadable, match="cannot be read"):
        Alert.from_json({**an_alert().to_json(), **damage})


@pytest.mark.parametrize("value", [None, [], "alert", {}, {"format": 1}])
def test_what_is_no_alert_at_all_is_named_as_such(value: Any) -> None:
    with pytest.raises(AlertUnreadable, match="has the format"):
        Alert.from_json(value)


def test_an_occasion_without_its_alert_is_named_as_such() -> None:
    value = an_occasion().to_json()
    del value["alert"]
    with pytest.raises(AlertUnreadable, match="alert"):
        Occasion.from_json(value)


def test_severities_ascend() -> None:
    assert at_least("critical", "error")
    assert at_least("error", "error")
    assert not at_least("info", "warning")
