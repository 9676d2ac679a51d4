"""`docs/governance.md`: its commands are commands, its policy is one, and no field is left out."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import click
import pytest

from registry_assets.cli.app import registry
from registry_assets.governance.document import (
    Activation,
    Freeze,
    ModelRules,
    Override,
    Person,
    PointerRules,
    PolicyDocument,
    Rollback,
    Tier,
    WeeklyFreeze,
    read_policy_text,
)
from registry_assets.governance.document.sentences import sentences

PAGE = Path(__file__).parents[2] / "docs" / "governance.md"
TEXT = PAGE.read_text()
ROWS = [line for line in TEXT.splitlines() if line.startswith("|")]
ANSWERS = [row for row in ROWS if row.count("|") == 4 and "`registry " in row.split("|")[3]]
IN_TEXT = re.findall(r"`(registry [^`]*)`", TEXT) + re.findall(r"^\$ (registry .*)$", TEXT, re.M)
FIELDS = {
    "": PolicyDocument, "people": Person, "activation": Activation, "tiers": Tier,
    "models": ModelRules, "override": Override, "rollback": Rollback,
}  # fmt: skip


def parse(line: str) -> click.Context:
    """Let click parse a command as it is typed; nothing is run.

    Raises:
        click.ClickException: there is no such command, or no such option or argument.
    """
    words = shlex.split(line)
    assert words[0] == "registry"
    return parsed(registry, words[1:], name="registry", parent=None)


def parsed(
    command: click.Command, words: list[str], *, name: str, parent: click.Context | None
) -> click.Context:
    context = command.make_context(name, list(words), parent=parent)
    if not isinstance(command, click.Group) or not context._protected_args:
        return context
    rest = [*context._protected_args, *context.args]
    found, following, arguments = command.resolve_command(context, rest)
    assert following is not None
    return parsed(following, arguments, name=str(found), parent=context)


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a command asks to be there is there."""
    monkeypatch.chdir(tmp_path)
    for name in ("KEY", "FILE", "FILE.sig", "policy.yaml", "kept.json", "signed.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "delivered").mkdir()


def test_a_command_that_there_is_not_would_be_found() -> None:
    for line in (
        "registry approove loan_approval:2",
        "registry evidence loan_approval:2",
        "registry log --sort-of",
        "registry policy forget policy.yaml",
        "registry search --limit many",
    ):
        with pytest.raises(click.ClickException):
            parse(line)


@pytest.mark.parametrize("row", ANSWERS, ids=[row.split("|")[1].strip()[:40] for row in ANSWERS])
def test_what_answers_an_auditor_is_a_command_with_its_options(row: str) -> None:
    cell = row.split("|")[3]
    commands = re.findall(r"`([^`]*)`", cell)
    assert commands
    for command in commands:
        parse(command)


def test_every_other_command_of_the_page_is_one_too() -> None:
    assert len(ANSWERS) > 25
    for command in IN_TEXT:
        if re.fullmatch(r"registry [a-z]+( [a-z]+)?", command):
            continue  # named, not typed
        parse(command)


def test_the_commands_of_the_readme_are_commands_too() -> None:
    readme = (PAGE.parents[1] / "README.md").read_text()
    lines = re.findall(r"^\.venv/bin/(registry [^#\n]+)", readme, re.M)
    governing = [line for line in lines if re.match(r"registry (policy|approve|rollback)", line)]
    assert len(governing) >= 5
    for line in lines:
        parse(line.partition(" > policy.yaml")[0])


def test_what_no_command_answers_is_said_so() -> None:
    act = TEXT.partition("## The EU AI Act")[2].partition("##")[0]
    for article in ("9 ", "73 "):
        (row,) = [row for row in act.splitlines() if row.startswith(f"| {article}")]
        assert "**not answered**" in row, article
    (logs,) = [row for row in act.splitlines() if row.startswith("| 26(6) ")]
    assert "**Not**" in logs
    for asked in ("ongoing monitoring", "vendor and other"):
        (row,) = [row for row in ROWS if row.startswith(f"| {asked}")]
        assert "**Not**" in row, asked


def example() -> PolicyDocument:
    found = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return read_policy_text(found[1], where="the example")


def test_its_policy_is_sound_and_says_what_the_page_says() -> None:
    document = example()
    rules = document.rules("loan_approval", "production", declared_tier="low")
    assert (rules.approvals, rules.roles, rules.after) == (2, ("risk",), "canary")
    assert document.tiers["high"].retention_years == 10
    said = " ".join(line for _, lines in sentences(document) for line in lines)
    for words in (
        "2 people of the role risk must approve",
        "Another person reviews that within",
        "Nothing moves each week from fri 16:00 to mon 06:00 Europe/Berlin: the weekend.",
        "The gate roc_auc_at_least is pinned",
    ):
        assert words in said
    # It shows every rule: one that has its default would be one that nobody saw.
    given = {field.name: getattr(rules, field.name) for field in fields(PointerRules)}
    assert [name for name, value in given.items() if value in (None, (), {}, 0)] == ["unsigned"]


def test_every_field_is_explained() -> None:
    explained = {name for row in ROWS for name in re.findall(r"`([a-z_.]+)`", row.split("|")[1])}
    rules = {field.name for field in fields(PointerRules)}
    assert rules - {"override", "rollback"} <= explained
    for where, kind in FIELDS.items():
        names = {f"{where}.{f.name}" if where else f.name for f in fields(kind)}
        groups = {"activation", "models"} if not where else set[str]()
        assert names - groups <= explained, where
    for kind in (Freeze, WeeklyFreeze):
        for field in fields(kind):
            assert re.search(rf"\b{field.name}: ", TEXT), field.name


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("https://"):
            continue
        name, _, part = target.partition("#")
        page = (PAGE.parent / name).read_text() if name else TEXT
        titles = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not part or part in anchors, target
