"""`registry search`: tables for people, JSON for programs, mistakes with a caret."""

import pytest

from registry_assets_tests.cli.conftest import Command


def test_versions_are_found_by_stage_tag_metric_and_parameter(command: Command) -> None:
    ran = command(
        "search",
        "model = 'flight_delay' and stage = 'production' and tags.team = 'airline-ops'"
        " and metrics.roc_auc > 0.5 and params.C >= 1 and params.sense = true",
        "--json",
    )
    assert ran.code == 0
    (found,) = ran.document["versions"]
    assert (found["model"], found["stage"]) == ("flight_delay", "production")
    assert found["tags"]["team"] == "airline-ops"
    assert found["metrics"]["roc_auc"] > 0.5
    assert (ran.document["next_cursor"], ran.document["notes"]) == (None, [])


def test_models_and_evaluations_are_found_too(command: Command) -> None:
    names = command("search", "owner = 'team:airline-ops'", "--models", "--json").document
    assert "flight_delay" in [found["model"] for found in names["models"]]
    ran = command("search", "passed = true and metrics.roc_auc > 0.5", "--evaluations", "--json")
    assert {found["passed"] for found in ran.document["evaluations"]} == {"yes"}


def test_people_see_a_table_and_how_to_go_on(command: Command) -> None:
    ran = command("search", "--order-by", "version desc", "--limit", "1", width=120)
    assert "flight_delay:" in ran.out
    cursor = ran.out.rsplit("--cursor ", 1)[1].strip()
    following = command("search", "--order-by", "version desc", "--limit", "1", "--cursor", cursor)
    assert following.code == 0
    assert following.out.split()[5] != ran.out.split()[5]
    assert "No versions found." in command("search", "stage = 'failed' and version > 900").out


def test_it_says_how_it_would_search(command: Command) -> None:
    ran = command("search", "tags.team = 'risk' and not stage = 'archived'", "--explain")
    assert ran.out == (
        "walk: versions with tags.team = 'risk', by index, in the order created_at desc\n"
        "test: not stage = 'archived', row by row\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("stage = production",), "  stage = production\n          ^\nHint: text stands in single"),
        (("", "--cursor", "x"), "this is no cursor of a search"),
        (("", "--order-by", "beauty"), "versions cannot be ordered by beauty"),
        (("params.C = '1'",), "params.C is compared with text, and known as a number only"),
        (("actor = '\x1b[2J' nd",), "expected and, or, or the end"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    ran = command("search", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "\x1b" not in ran.err
