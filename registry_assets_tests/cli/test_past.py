"""`lineage`, `at`, `log` and lists by the page: questions about all that ever was."""

import re

import pytest

from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.worlds import World


def test_lineage_of_data_lists_what_stands_on_it(command: Command) -> None:
    out = flat(command("lineage", "flights[2013-01]").out)
    for said in (
        "Built on flights[2013-01]",
        "2 times in a pointer",
        "flight_delay@production 2 2013-05-01 now",
        "flight_delay@production 1 2013-04-01 2013-05-01",
        "3 versions",
        "flight_delay:3 rejected",
        "3 evaluations",
        "1 snapshot snapshot rows since digest flight_features[2013-01] 400",
    ):
        assert said in out


def test_lineage_downward_as_json_has_whole_digests_and_totals(
    command: Command, world: World
) -> None:
    document = command("lineage", "planes", "--limit", "1", "--json").document
    assert document["subject"] == "planes"
    assert document["totals"]["versions"] == 4
    assert len(document["versions"]) == 1
    assert document["complete"] is True
    (origin,) = document["origins"]
    assert (origin["asset"], origin["rows"]) == ("planes", 3)
    again = command("lineage", origin["digest"], "--json").document
    assert again["totals"] == document["totals"]
    commit = world.registry.version("flight_delay:2").version.metadata["code_commit"]
    found = command("lineage", "--commit", commit[:7], "--json").document
    assert {version["commit"] for version in found["versions"]} == {commit}
    assert {held["until"] for held in found["pointers"]} == {None, "2013-05-01T06:00:00.000000Z"}


def test_lineage_says_how_many_more_there_are(command: Command) -> None:
    out = flat(command("lineage", "planes", "--limit", "1").out)
    assert "and 3 more; --limit 4 lists them" in out


def test_lineage_goes_either_way_if_asked_to(command: Command) -> None:
    down = flat(command("lineage", "flight_delay:1", "--down").out)
    assert "Built on flight_delay:1" in down
    assert "trained on" not in down
    up = flat(command("lineage", "flight_features[2013-02]", "--up").out)
    assert "input:flights flights[2013-02] sha256:" in up
    document = command("lineage", "flight_features[2013-02]", "--up", "--json").document
    assert [m["name"] for m in document["manifests"]] == [
        "flight_features[2013-02]", "flights[2013-02]", "planes"
    ]  # fmt: skip
    leaf = command("show", "flight_delay:2", "--json").document["evaluation"]
    assert "Nothing was built on it." in command("lineage", leaf).out


def test_at_shows_what_was_held_and_on_what(command: Command) -> None:
    out = flat(command("at", "flight_delay@production", "2013-04-15T00:00Z", width=120).out)
    for said in (
        "flight_delay@production at 2013-04-15 00:00 UTC held version 1 sha256:",
        "since 2013-04-01 06:00 UTC, generation 1 recorded only on 20",
        "until 2013-05-01 06:00 UTC",
        "promoted by dagster/flight_delay__promotion",
        "no baseline roc_auc_not_worse_than_production",
        "approvals none (risk: low)",
        "trained on flight_features[2013-01] sha256:",
        "held out flight_features[2013-03] sha256:",
    ):
        assert said in out
    before = command("at", "flight_delay", "2013-03-01T00:00Z")
    assert (before.code, "first moved on 2013-04-01 06:00 UTC" in before.out) == (0, True)
    never = command("at", "seat_credit", "2013-03-01T00:00Z")
    assert "and never has" in never.out


def test_at_as_json_gives_the_same_fields_whether_or_not_something_was_held(
    command: Command,
) -> None:
    held = command("at", "flight_delay", "2013-05-01T06:00Z", "--json").document
    nothing = command("at", "flight_delay", "2013-03-01T00:00Z", "--json").document
    (then,), (before,) = held["pointers"], nothing["pointers"]
    assert tuple(then) == tuple(before)
    assert (then["version"], before["version"]) == (2, None)
    assert then["until"] is None
    assert {verdict["outcome"] for verdict in then["verdicts"]} == {"passed"}
    assert [ref["partition"] for ref in then["inputs"]["holdout"]] == ["2013-04"]
    assert before["first_promotion"] == "2013-04-01T06:00:00.000000Z"


def test_the_log_of_a_version_is_its_story(command: Command) -> None:
    events = command("log", "flight_delay:1", "--json").document["events"]
    assert [event["kind"] for event in events][-2:] == ["pointer_moved", "pointer_moved"]
    assert "version 2" in events[-1]["sentence"]
    (moved,) = command(
        "log", "flight_delay", "--json", "--kind", "pointer_moved", "--since", "2013-04-15T00:00Z"
    ).document["events"]
    assert moved["facts"]["version"] == 2
    by_alice = command("log", "flight_delay", "--json", "--actor", "alice").document["events"]
    assert {event["actor"] for event in by_alice} == {"alice"}
    assert command("log", "flight_delay", "--actor", "nobody").out == "No such event.\n"


def test_a_list_that_goes_on_says_by_which_command(command: Command) -> None:
    out = command("log", "flight_delay", "--last", "2").out
    assert "12 earlier: registry log flight_delay --before 13" in out
    versions = command("versions", "flight_delay", "--limit", "2").out
    assert "3 older: registry versions flight_delay --before 4" in versions
    assert "older:" not in command("versions", "flight_delay").out
    models = command("models", "--limit", "1").out
    assert "2 in all; more: registry models --after flight_delay" in models
    assert "more:" not in command("models", "--after", "flight_delay").out


def test_pages_together_are_the_whole(command: Command) -> None:
    whole = command("versions", "flight_delay", "--json").document
    newest = command("versions", "flight_delay", "--json", "--limit", "3").document
    oldest = command("versions", "flight_delay", "--json", "--before", "3").document
    assert oldest["versions"] + newest["versions"] == whole["versions"]
    assert {page["total"] for page in (whole, newest, oldest)} == {5}
    models = command("models", "--json").document
    first = command("models", "--json", "--limit", "1").document
    second = command("models", "--json", "--after", "flight_delay").document
    assert first["models"] + second["models"] == models["models"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lineage",), "Name one thing"),
        (("lineage", "planes", "--commit", "abcdef0"), "Name one thing"),
        (("lineage", "--commit", "abc"), "is no commit"),
        (("lineage", "flights[2012-01]"), "no partition '2012-01'"),
        (("lineage", "flight"), "did you mean flights?"),
        (("lineage", "flights", "--up"), "several partitions"),
        (("lineage", "--commit", "abcdef0", "--up"), "was made from no data"),
        (("at", "flight_delay", "2013-05-01"), "write 2013-05-01T00:00Z"),
        (("at", "flight_delay", "3013-05-01T00:00Z"), "has not come yet"),
        (("at", "flight_delay:1", "2013-05-01T00:00Z"), "the same at any time"),
        (("log", "flight_delay@production"), "the log knows versions by their number"),
        (("log", "flight_delay:9"), "no version 9"),
        (("log", "--since", "today"), "is no time"),
        (("compare", "flight_delay:1"), "Missing argument 'B'"),
        (("compare", "flight_delay:1", "flight_delay"), "not one of its versions"),
    ],
)
def test_what_is_mistyped_gives_code_2_and_says_what_would_be_right(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    ran = command(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    assert not re.search("Traceback", ran.err)
