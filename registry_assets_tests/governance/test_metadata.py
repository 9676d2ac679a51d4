"""Required facts about a version: everything that is missing is named, all at once."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.canonical import canonical_json
from registry_assets.declaration.model import REQUIRED_TAGS
from registry_assets.errors import MetadataMissing
from registry_assets.governance.metadata import VersionMetadata, check_metadata, missing_metadata

COMPLETE = VersionMetadata(
    dataset={"features[2013-01]": "sha256:" + "1" * 64},
    params={},
    evaluation_plan={"metrics": ["roc_auc"]},
    owners=("team:ops",),
    description="Is it late?",
    tags=dict.fromkeys(REQUIRED_TAGS, "x"),
    code_commit="abc",
    code_dirty=False,
    code_repository=None,
    started_at="2013-04-01T06:00:00.000000Z",
    finished_at="2013-04-01T06:00:01.000000Z",
    duration_seconds=1.0,
    framework="scikit-learn",
    framework_version="1.6",
    run_id="run-1",
)
REQUIRED = (
    "dataset",
    "evaluation_plan",
    "owners",
    "description",
    "code_commit",
    "started_at",
    "finished_at",
    "framework",
    "framework_version",
    "run_id",
)
EMPTY: dict[str, object] = {"dataset": {}, "evaluation_plan": {}, "owners": ()}


def without(*names: str) -> VersionMetadata:
    """Complete metadata but for these facts."""
    tags = {tag: "x" for tag in REQUIRED_TAGS if f"tags.{tag}" not in names}
    gone = {name: EMPTY.get(name, "") for name in names if not name.startswith("tags.")}
    return replace(COMPLETE, tags=tags, **gone)  # type: ignore[arg-type]


def test_what_is_complete_misses_nothing() -> None:
    assert missing_metadata(COMPLETE) == ()
    check_metadata(COMPLETE)


@given(st.sets(st.sampled_from([*REQUIRED, *(f"tags.{tag}" for tag in REQUIRED_TAGS)]), min_size=1))
def test_everything_that_is_missing_is_named_at_once(gone: set[str]) -> None:
    found = without(*gone)
    assert set(missing_metadata(found)) == gone
    with pytest.raises(MetadataMissing) as caught:
        check_metadata(found)
    assert set(caught.value.names) == gone
    for name in gone:
        assert name in caught.value.message
    assert "nothing was registered" in caught.value.hint


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_blank_text_is_no_metadata(blank: str) -> None:
    tags = {**COMPLETE.tags, "team": blank}
    found = replace(COMPLETE, description=blank, run_id=blank, framework=blank, tags=tags)
    assert set(missing_metadata(found)) == {"description", "run_id", "framework", "tags.team"}


def test_owners_that_are_blank_are_nobody() -> None:
    assert missing_metadata(replace(COMPLETE, owners=("", " "))) == ("owners",)


def test_training_without_parameters_is_allowed_but_not_their_absence() -> None:
    assert missing_metadata(replace(COMPLETE, params={})) == ()
    absent = replace(COMPLETE, params=None)  # type: ignore[arg-type]
    assert missing_metadata(absent) == ("params",)


def test_all_facts_are_in_the_json() -> None:
    written = COMPLETE.to_json()
    assert set(written) == {field.name for field in fields(VersionMetadata)}
    assert written["owners"] == ["team:ops"]
    assert canonical_json(dict(written))
