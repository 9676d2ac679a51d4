"""What happened is told in OpenLineage's words, with the digests that the registry has."""

from typing import Any

from registry_assets.openlineage.destination import FileDestination
from registry_assets_tests.catalog.history import History
from registry_assets_tests.lifecycle.openlineage.conftest import names, told
from registry_assets_tests.worlds import SENSOR, World

MANIFEST, LEDGER = "registryAssets_manifest", "registryAssets_ledger"


def digest_of(dataset: dict[str, Any]) -> str:
    facets = dataset["facets"]
    assert facets["version"]["datasetVersion"] == facets[MANIFEST]["digest"]
    return str(facets[MANIFEST]["digest"])


def ended(events: list[dict[str, Any]], job: str) -> list[dict[str, Any]]:
    """The events by which the runs of a job came to their end."""
    runs = [each for each in events if each.get("job", {}).get("name") == job and "run" in each]
    began = [each["run"]["runId"] for each in runs if each["eventType"] == "START"]
    found = [each for each in runs if each["eventType"] != "START"]
    assert [each["run"]["runId"] for each in found] == began
    return found


def test_everything_that_makes_or_moves_a_version_is_told(
    history: History, file: FileDestination
) -> None:
    done = history.registry.tell_lineage(file)
    events = told(file)
    assert (done.sent, done.refused, done.error, done.waiting) == (len(events), (), "", 0)
    said = names(events)
    assert said[:3] == ["job train/late", "job evaluate/late", "job promote/late"]
    assert {"dataset snapshots/flights[2013-01]", "dataset snapshots/flights[2013-02]"} <= {*said}
    assert said.count("COMPLETE train/late") == 2
    assert said.count("FAIL train/late") == 1
    assert said.count("COMPLETE evaluate/late") >= 3
    # To 1, to 2, back to 1, and to 2 again.
    held = [each["outputs"][0]["facets"][MANIFEST] for each in ended(events, "promote/late")]
    assert [each["reference"] for each in held[:4]] == ["late:1", "late:2", "late:1", "late:2"]
    assert [
        each["run"]["facets"][LEDGER]["generation"] for each in ended(events, "promote/late")[:4]
    ] == [1, 2, 3, 4]


def test_a_training_reads_features_that_were_made_from_data(
    succeeded: World, tmp_path: Any
) -> None:
    registry = succeeded.registry
    registry.promote("flight_delay", 2, run=SENSOR)
    file = FileDestination(tmp_path / "told.jsonl")
    assert registry.tell_lineage(file).error == ""
    events = told(file)
    version = registry.resolve("flight_delay:2")
    trained = ended(events, "train/flight_delay")[-1]
    assert {each["name"]: digest_of(each) for each in trained["inputs"]} == {
        f"snapshots/{ref}": ref.digest for ref in version.recipe.train
    }
    (model,) = trained["outputs"]
    assert (model["name"], digest_of(model)) == ("models/flight_delay", version.digest)
    assert trained["run"]["facets"][LEDGER]["recipe"] == version.recipe_digest
    evaluated = ended(events, "evaluate/flight_delay")[-1]
    judged, *held_out = evaluated["inputs"]
    assert digest_of(judged) == version.digest
    assert {digest_of(each) for each in held_out} == {ref.digest for ref in version.recipe.holdout}
    gates = judged["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {each["success"] for each in gates} == {True}
    assert len(gates) == 3
    card = registry.card("flight_delay:2")
    assert card.evaluated is not None
    assert digest_of(evaluated["outputs"][0]) == card.evaluated.digest
    (pointer,) = ended(events, "promote/flight_delay")[-1]["outputs"]
    assert (pointer["name"], digest_of(pointer)) == (
        "pointers/flight_delay@production", version.digest,
    )  # fmt: skip
    features = ended(events, "features/flight_features")[0]
    assert {each["name"] for each in features["inputs"]} == {
        "snapshots/flights[2013-01]", "snapshots/planes",
    }  # fmt: skip
    (made,) = features["outputs"]
    assert digest_of(made) == version.recipe.train[0].digest
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 400


def test_no_person_and_no_reason_is_told(history: History, file: FileDestination) -> None:
    history.registry.tell_lineage(file)
    text = file.path.read_text()
    for private in ("ann", "bob", "it is better", "it was slow", "the sky fell"):
        assert f'"{private}"' not in text
        assert private not in text or private == "ann"  # in a word such as "annotations"
    (failed,) = [each for each in told(file) if each.get("eventType") == "FAIL"]
    assert failed["run"]["facets"]["errorMessage"]["message"] == (
        "the training of late:3 failed; `registry show` says why"
    )
