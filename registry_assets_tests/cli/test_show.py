"""`models`, `versions`, `show`, `lineage`: which versions there are, and made from what."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from registry_assets.cli.figures import backtest_body
from registry_assets.cli.tables import decision_panel, versions_table
from registry_assets.declaration import Backtest
from registry_assets.evaluation.results.backtest import BacktestFold, BacktestResult
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.worlds import SENSOR, World, opened_world

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def flat(text: str) -> str:
    """The words alone, wherever the lines broke."""
    return " ".join(re.sub("[│├└─╭╮╰╯]", " ", text).split())


def test_models_say_what_is_in_production_and_what_is_newest(command: Command) -> None:
    ran = command("models", width=120)
    assert ran.code == 0
    assert re.search(r"flight_delay +low +5 +2 since 2013-05-01 +5 development", ran.out)
    assert re.search(r"seat_credit +high +1 +nothing yet +1 staging", ran.out)


def test_models_as_json_are_their_cards(command: Command) -> None:
    models = command("models", "--json").document["models"]
    assert [model["model"] for model in models] == ["flight_delay", "seat_credit"]
    first = models[0]
    assert first["stages"] == {
        "archived": 1, "production": 1, "rejected": 1, "failed": 1, "development": 1
    }  # fmt: skip
    assert first["pointers"][0]["version"] == 2
    assert first["pointers"][0]["since"] == "2013-05-01T06:00:00.000000Z"


def test_versions_tell_the_story(command: Command) -> None:
    out = command("versions", "flight_delay", width=120).out
    assert re.search(
        r"1 +archived +2013-01 – 2013-02 +2013-03 +0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]"
        r" +all 5 passed +production until 2013-05-01",
        out,
    )
    assert re.search(r"2 +production .* all 5 passed +production since 2013-05-01", out)
    assert re.search(r"3 +rejected .* 2 of 5 passed", out)
    assert "version 3: roc_auc_at_least failed: roc_auc 0." in out
    assert "version 4 failed: train raised ValueError: the sky fell" in out
    assert re.search(r"5 +development .* not trained", out)


def test_a_held_version_says_what_it_waits_for(command: Command) -> None:
    out = flat(command("versions", "seat_credit").out)
    assert "50 % of rows by key" in command("versions", "seat_credit", width=120).out
    assert "version 1 is held: seat_credit:1 waits for 1 approval by a person of role risk" in out


def test_at_80_columns_neither_dates_nor_intervals_are_broken(command: Command) -> None:
    out = command("versions", "flight_delay", width=80).out
    assert max(len(line) for line in out.splitlines()) <= 80
    table = out.split("version 3:")[0]
    assert len(re.findall(r"\[0\.\d{3}, 0\.\d{3}\]", table)) == 3
    assert table.count("2013-05-01") == 2
    assert "2013-02" in table


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    "arguments",
    [
        ("models",),
        ("versions", "flight_delay"),
        ("versions", "seat_credit"),
        ("show", "flight_delay"),
        ("show", "flight_delay:4"),
        ("lineage", "flight_delay:2"),
        ("explain", "flight_delay"),
        ("log", "flight_delay"),
        ("compare", "flight_delay:1", "flight_delay:2"),
        ("compare", "flight_delay:2", "flight_delay:3"),
        ("lineage", "flights[2013-01]"),
        ("at", "flight_delay", "2013-04-15T00:00Z"),
    ],
)
def test_every_page_fits_the_terminal_and_nothing_is_cut_off(
    command: Command, width: int, arguments: tuple[str, ...]
) -> None:
    ran = command(*arguments, width=width)
    assert ran.code == 0
    assert ran.err == ""
    assert max(len(line) for line in ran.out.splitlines()) <= width
    # Folding may share characters out among more lines; each of them stays.
    whole = command(*arguments, width=200)
    assert letters(ran.out) == letters(whole.out)


def letters(text: str) -> Counter[str]:
    """How often each letter and digit is there."""
    return Counter(character for character in text if character.isalnum())


def test_tables_for_the_main_job_read_no_markup_whatever_console_prints_them(world: World) -> None:
    console = Console(width=120, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(versions_table(world.registry, "flight_delay", width=120))
        console.print(decision_panel(world.registry, "seat_credit"))
    out = capture.get()
    assert "production since 2013-05-01" in out
    assert "seat_credit@production" in out
    assert "waits for 1 approval" in out


def test_show_answers_everything_about_what_is_in_production(command: Command) -> None:
    out = flat(command("show", "flight_delay@production", width=200).out)
    for said in (
        "flight_delay:2 production sha256:",
        "In production since 2013-05-01 06:00 UTC: promoted by dagster/flight_delay__promotion",
        "run 7f0c2a34-1111-4222-8333-444455556666",
        "flight_features[2013-03] sha256:",
        "held out flight_features[2013-04] sha256:",
        "datasets flights 2013-01 – 2013-04 1,600 rows planes 1 snapshot 3 rows",
        "params C=1.0, fail=false, sense=true",
        "(clean) sha256:",
        "framework scikit-learn",
        "environment Python 3.11",
        "reserved 2013-05-01 06:00 UTC by alice (manual): the month of April arrived",
        "owners team:airline-ops",
        "use_case=delay",
        "Metrics on the holdout, 400 rows",
        "passed loads_and_reproduces",
        "passed roc_auc_not_worse_than_production roc_auc is not worse than that of production",
    ):
        assert said in out


def test_show_says_how_a_version_compares_and_where_it_is_weak(command: Command) -> None:
    out = flat(command("show", "flight_delay:2", width=200).out)
    assert "Against production version 1, on the same rows metric difference" in out
    assert re.search(r"roc_auc [+-]0\.\d{4} \[[+-]0\.\d{4}, [+-]0\.\d{4}\]", out)
    assert re.search(r"log_loss [+-]0\.\d{4} \[.*?\] (better|not worse|worse|undecided)", out)
    assert re.search(
        r"\d+ of 400 rows decided otherwise: \d+ for the better, \d+ for the worse", out
    )
    assert "Weak slices that nobody named: advice" in out
    assert re.search(r"By slice slice rows roc_auc .* origin EWR \d+ 0\.\d{4} \[", out)

    document = command("show", "flight_delay:2", "--json").document
    assert document["comparison"]["outcome"] == "compared"
    assert document["comparison"]["baseline_version"] == 1
    assert {(s["column"], s["value"]) for s in document["slices"]} == {
        ("origin", "EWR"),
        ("origin", "JFK"),
    }
    assert all(len(part["estimates"]) == 2 for part in document["slices"])
    assert set(document["comparison"]["verdicts"]) == {"roc_auc", "log_loss"}
    assert document["comparison"]["changes"]["rows"] == 400
    assert document["weak_slices"]["rows"] == 400
    assert (document["fairness"], document["speed"], document["backtest"]) == ([], None, None)
    assert (document["limits"], document["license"]) == ("", "")


def test_rows_held_out_by_key_are_told_apart_from_those_of_the_snapshot(command: Command) -> None:
    document = command("show", "seat_credit:1", "--json").document
    (snapshot,) = {parent["rows"] for parent in document["parents"] if parent["role"] == "train"}
    card = command("card", "seat_credit:1").out
    used = re.search(r"It was trained on (\d+) rows and judged on (\d+) rows\.", card)
    assert used is not None
    trained, judged = map(int, used.groups())
    assert trained + judged == snapshot
    assert {found["rows"] for found in document["metrics"].values()} == {judged}
    assert "| trained and judged on | `seat_features` |" in card
    assert "| rows in the snapshot |" in card

    out = flat(command("show", "seat_credit:1", width=200).out)
    assert re.search(rf"trained on seat_features sha256:\w+ part of {snapshot} rows", out)
    assert f"held out 50 % of rows by key: judged on {judged} rows, trained on {trained}" in out
    tree = command("lineage", "seat_credit:1", width=200).out
    assert len(re.findall(rf"seat_features .*part of {snapshot} rows", tree)) == 2
    assert "part of" not in command("lineage", "flight_delay:2", width=200).out
    assert "part of" not in command("show", "flight_delay:2", width=200).out


def test_show_and_card_say_how_the_recipe_would_have_done_before(
    command: Command, copied: Path
) -> None:
    with opened_world(copied) as world:
        model = world.model()
        plan = replace(model.evaluation, backtest=Backtest(folds=2))
        world.registry.evaluate(replace(model, evaluation=plan), 2, run=SENSOR)
    ran = command("show", "flight_delay:2", folder=copied)
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    out = flat(command("show", "flight_delay:2", folder=copied, width=200).out)
    document = command("show", "flight_delay:2", "--json", folder=copied).document
    card = command("card", "flight_delay:2", folder=copied).out
    first, second = document["backtest"]["folds"]
    assert (first["holdout"], first["trained_on"]) == ("2013-02", ["2013-01"])
    assert (second["holdout"], second["trained_on"]) == ("2013-03", ["2013-01", "2013-02"])
    assert "Backtest: trained again before each judged on trained on rows roc_auc" in out
    for fold, window in ((first, "2013-01"), (second, "2013-01 – 2013-02")):
        found = fold["metrics"][0]
        value, low, high = (f"{found[name]:.4f}" for name in ("value", "low", "high"))
        assert f"{fold['holdout']} {window} 400 {value} [{low}, {high}]" in out
        assert f"| {fold['holdout']} | {window} | 400 | {value} | [{low}, {high}] |" in card


def test_a_backtest_in_the_terminal_says_why_there_is_no_number() -> None:
    undefined = {"roc_auc": Estimate.undefined(rows=1, reason="a single row")}
    folds = (
        *(BacktestFold(f"week {at}", ("week 0",), 9) for at in range(1, 13)),
        BacktestFold("week 13", ("week 0",), 7, reason="ValueError: \x1b[31mno"),
        BacktestFold("week 14", ("week 0", "week 13"), 1, undefined),
    )
    out = printed(backtest_body(BacktestResult(folds), "roc_auc"))
    assert "week 13 week 0 7 – ValueError: \\x1b[31mno" in out
    assert "week 14 week 0 – week 13 1 – a single row" in out
    assert "week 3 week 0 9" in out
    assert "week 2 week 0 9" not in out
    assert "and 2 earlier" in out
    assert printed(backtest_body(BacktestResult(reason="one month"), "")) == "none: one month"


def printed(body: RenderableType) -> str:
    """The words of something that is shown."""
    console = Console(width=120, force_terminal=False)
    with console.capture() as capture:
        console.print(body)
    return flat(capture.get())


def test_show_of_a_first_version_says_that_there_was_nothing_to_compare_with(
    command: Command,
) -> None:
    out = flat(command("show", "flight_delay:1", width=200).out)
    assert "production has never held a version: nothing to compare with" in out
    document = command("show", "flight_delay:1", "--json").document
    assert document["comparison"]["outcome"] == "no_baseline"
    reserved = command("show", "flight_delay:5", "--json").document
    assert (reserved["comparison"], reserved["slices"]) == (None, [])


def test_people_see_short_digests_and_programs_whole_ones(command: Command) -> None:
    assert not DIGEST.search(command("show", "flight_delay:2").out)
    document = command("show", "flight_delay:2", "--json").document
    digests = [
        document["digest"],
        document["recipe"],
        document["evaluation"],
        document["code"]["digest"],
        *(parent["digest"] for parent in document["parents"]),
        *(dataset["digest"] for dataset in document["datasets"]),
    ]
    assert all(DIGEST.fullmatch(digest) for digest in digests)


def test_show_as_json_uses_the_vocabulary(command: Command, world: World) -> None:
    document = command("show", "flight_delay@production", "--json").document
    version = world.registry.resolve("flight_delay:2")
    assert document["reference"] == "flight_delay:2"
    assert (document["model"], document["version"]) == ("flight_delay", 2)
    assert (document["stage"], document["digest"]) == ("production", version.digest)
    assert list(document["metrics"]) == ["roc_auc", "log_loss"]
    assert set(document["metrics"]["roc_auc"]) == {"value", "low", "high", "rows", "reason"}
    assert [parent["role"] for parent in document["parents"]] == ["train"] * 3 + ["holdout"]
    assert {parent["rows"] for parent in document["parents"]} == {400}
    verdict = document["verdicts"][2]
    assert (verdict["gate"], verdict["outcome"], verdict["passed"]) == (
        "roc_auc_at_least",
        "passed",
        True,
    )
    assert verdict["threshold"] == 0.6
    assert document["promotions"][0]["since"] == "2013-05-01T06:00:00.000000Z"
    assert document["code"]["dirty"] is False
    assert document["environment"]["python"].startswith("3.11")


def test_a_reference_by_digest_gives_the_same_answer(command: Command) -> None:
    by_number = command("show", "flight_delay:3", "--json").document
    by_digest = command("show", f"flight_delay@{by_number['digest']}", "--json").document
    assert by_digest == by_number


def test_an_archived_version_says_when_it_was_in_production(command: Command) -> None:
    out = flat(command("show", "flight_delay:1").out)
    assert "Was in production since 2013-04-01 06:00 UTC until 2013-05-01 06:00 UTC" in out
    assert "no baseline roc_auc_not_worse_than_production" in out
    (promotion,) = command("show", "flight_delay:1", "--json").document["promotions"]
    assert promotion["until"] == "2013-05-01T06:00:00.000000Z"


def test_a_rejected_version_says_what_to_do(command: Command) -> None:
    out = flat(command("show", "flight_delay:3").out)
    assert "failed roc_auc_at_least" in out
    assert "launch the job flight_delay__retrain" in out


def test_a_version_in_staging_says_what_it_waits_for(command: Command) -> None:
    out = flat(command("show", "seat_credit:1").out)
    assert "Waits for - 1 approval by a person of role risk" in out
    reasons = command("show", "seat_credit:1", "--json").document["reasons"]
    assert [reason["code"] for reason in reasons] == ["approval_missing"]


def test_failed_and_reserved_versions_can_be_shown(command: Command) -> None:
    failed = command("show", "flight_delay:4")
    assert failed.code == 0
    assert "Training failed: train raised ValueError: the sky fell" in failed.out
    document = command("show", "flight_delay:5", "--json").document
    assert (document["state"], document["digest"], document["environment"]) == (
        "reserved",
        None,
        None,
    )


def test_show_of_a_model_is_its_card(command: Command) -> None:
    out = flat(command("show", "flight_delay").out)
    assert "Will a flight arrive 30 minutes late or more? Not for blaming carriers." in out
    assert "risk low: no approval needed" in out
    assert "production version 2 since 2013-05-01 06:00 UTC" in out
    assert "5: 1 production, 1 development, 1 rejected, 1 failed, 1 archived" in out
    assert "roc_auc on the holdout is at least 0.6" in out
    card = command("show", "seat_credit", "--json").document
    assert (card["risk"], card["approvals"], card["roles"]) == ("high", 1, ["risk"])
    assert card["versions"] == 1


def test_lineage_goes_back_to_the_data(command: Command, world: World) -> None:
    out = flat(command("lineage", "flight_delay@production", width=120).out)
    assert "trained on flight_features[2013-01] sha256:" in out
    assert "flights[2013-01] sha256:" in out
    assert "planes sha256:" in out
    assert "held out flight_features[2013-04]" in out
    assert "baseline flight_delay:1 sha256:" in out
    document = command("lineage", "flight_delay@production", "--json").document
    manifests = {manifest["digest"]: manifest for manifest in document["manifests"]}
    assert len(manifests) == len(document["manifests"])
    first = document["manifests"][0]
    assert first["digest"] == world.registry.resolve("flight_delay:2").digest
    # Every parent that is named can be looked up in the same document.
    parents = [parent for m in manifests.values() for parent in m["parents"]]
    assert {parent["digest"] for parent in parents} <= set(manifests)
    assert "baseline" in {parent["role"] for parent in parents}
